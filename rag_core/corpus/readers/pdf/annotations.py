"""What is written over a PDF page: values of form fields, words and stamps put on it, and notes beside it.

What a person sees on the page goes into its lines, where it stands; comments that open by a click are left out, named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ctypes import POINTER, cast, create_string_buffer
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from pypdfium2 import raw

from rag_core.corpus.readers.base import left_out
from rag_core.corpus.readers.pdf.page_lines import Box
from rag_core.schema.files import FileNote

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

_UNSEEN = raw.FPDF_ANNOT_FLAG_HIDDEN | raw.FPDF_ANNOT_FLAG_NOVIEW
_PASSWORD_FIELD = 1 << 13
_SIGNS = (
    raw.FPDF_ANNOT_TEXT,
    raw.FPDF_ANNOT_HIGHLIGHT,
    raw.FPDF_ANNOT_UNDERLINE,
    raw.FPDF_ANNOT_SQUIGGLY,
    raw.FPDF_ANNOT_STRIKEOUT,
    raw.FPDF_ANNOT_CARET,
    raw.FPDF_ANNOT_INK,
    raw.FPDF_ANNOT_FILEATTACHMENT,
)
"""Kinds that are drawn without words of their own: an icon, a line over the page's words."""
_NO_WORDS = (raw.FPDF_ANNOT_LINK, raw.FPDF_ANNOT_POPUP)


@dataclass(frozen=True)
class Mark:
    """Words that are seen on the page in this box, and are no part of its own text."""

    text: str
    box: Box


@dataclass
class Annotations:
    """What is seen on the page, the notes of what is not, the boxes whose look may hold further words, and those in
    which a reader struck words through."""

    marks: list[Mark] = field(default_factory=list)
    notes: list[FileNote] = field(default_factory=list)
    looks: list[Box] = field(default_factory=list)
    struck: list[Box] = field(default_factory=list)


def read_annotations(pdf: PdfDocument, number: int) -> Annotations:
    """The annotations of the page at place `number`. Changes nothing."""
    found = Annotations()
    page = pdf[number]
    for place in range(raw.FPDFPage_GetAnnotCount(page.raw)):
        with _annotation(page.raw, place) as one:
            kind = raw.FPDFAnnot_GetSubtype(one)
            if raw.FPDFAnnot_GetFlags(one) & _UNSEEN or kind in _NO_WORDS:
                continue
            if kind == raw.FPDF_ANNOT_WIDGET:
                _field(pdf, one, number, found)
            elif kind == raw.FPDF_ANNOT_FREETEXT and (words := _string(one, "Contents")):
                found.marks.append(Mark(words, _box(one)))
            else:
                if kind not in _SIGNS:
                    found.looks.append(_box(one))
                elif kind == raw.FPDF_ANNOT_STRIKEOUT:
                    found.struck += _marked_boxes(one)
                if words := _string(one, "Contents"):
                    author = f" by {name}" if (name := _string(one, "T")) else ""
                    found.notes.append(left_out(f"page {number + 1}", f"It is a comment{author}.", words))
    return found


def looks_of(pdf: PdfDocument, number: int, boxes: list[Box]) -> list[Mark]:
    """What these boxes show once all annotations are drawn. Draws them into the page: read its text before."""
    page = pdf[number]
    raw.FPDFPage_Flatten(page.raw, raw.FLAT_NORMALDISPLAY)
    page.close()
    text = pdf[number].get_textpage()
    return [Mark(words, box) for box in boxes if (words := " ".join(text.get_text_bounded(*box).split()))]


def _field(pdf: PdfDocument, one: Any, number: int, found: Annotations) -> None:
    """A form field: its value, a tick as `[x]`; buttons and signatures by what they look like."""
    kind = raw.FPDFAnnot_GetFormFieldType(pdf.formenv, one) if pdf.formenv else raw.FPDF_FORMFIELD_UNKNOWN
    box = _box(one)
    if kind in (raw.FPDF_FORMFIELD_CHECKBOX, raw.FPDF_FORMFIELD_RADIOBUTTON):
        found.marks.append(Mark("[x]" if raw.FPDFAnnot_IsChecked(pdf.formenv, one) else "[ ]", box))
        return
    if kind == raw.FPDF_FORMFIELD_TEXTFIELD and raw.FPDFAnnot_GetFormFieldFlags(pdf.formenv, one) & _PASSWORD_FIELD:
        found.notes.append(left_out(f"page {number + 1}", "It is a field for a password."))
        return
    found.looks.append(box)
    words = "\n".join(_chosen(pdf, one)) or _read(partial(raw.FPDFAnnot_GetFormFieldValue, pdf.formenv, one))
    if words and kind in _WRITTEN:
        found.marks.append(Mark(words, box))


_WRITTEN = (raw.FPDF_FORMFIELD_TEXTFIELD, raw.FPDF_FORMFIELD_COMBOBOX, raw.FPDF_FORMFIELD_LISTBOX)


def _chosen(pdf: PdfDocument, one: Any) -> Iterator[str]:
    """The options of a list that are chosen, as they are shown."""
    for place in range(max(raw.FPDFAnnot_GetOptionCount(pdf.formenv, one), 0)):
        if raw.FPDFAnnot_IsOptionSelected(pdf.formenv, one, place):
            yield _read(partial(raw.FPDFAnnot_GetOptionLabel, pdf.formenv, one, place))


def _string(one: Any, key: str) -> str:
    """A text of the annotation's dictionary; "" for none."""
    return _read(partial(raw.FPDFAnnot_GetStringValue, one, key.encode()))


def _read(getter: Callable[[Any, int], int]) -> str:
    """What a PDFium function writes into a buffer, given the size that it asks for first."""
    size = getter(None, 0)
    if size <= 2:
        return ""
    buffer = create_string_buffer(size)
    getter(cast(buffer, POINTER(raw.FPDF_WCHAR)), size)
    return buffer.raw[: size - 2].decode("utf-16-le", "replace").replace("\r\n", "\n").replace("\r", "\n").strip()


def _box(one: Any) -> Box:
    box = raw.FS_RECTF()
    raw.FPDFAnnot_GetRect(one, box)
    return box.left, box.bottom, box.right, box.top


def _marked_boxes(one: Any) -> list[Box]:
    """The boxes of the words that a mark is put on."""
    boxes = []
    quad = raw.FS_QUADPOINTSF()
    for place in range(raw.FPDFAnnot_CountAttachmentPoints(one)):
        if raw.FPDFAnnot_GetAttachmentPoints(one, place, quad):
            across, up = (quad.x1, quad.x2, quad.x3, quad.x4), (quad.y1, quad.y2, quad.y3, quad.y4)
            boxes.append((min(across), min(up), max(across), max(up)))
    return boxes or [_box(one)]


@contextmanager
def _annotation(page: Any, place: int) -> Iterator[Any]:
    """One annotation of the page, closed again."""
    one = raw.FPDFPage_GetAnnot(page, place)
    try:
        yield one
    finally:
        raw.FPDFPage_CloseAnnot(one)
