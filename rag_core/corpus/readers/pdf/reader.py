"""PDF: text, form fields and what is written over the pages, as Markdown. Lines that run along all pages stand once.

No optical character recognition: a scan without a text layer is refused with that reason, and so is named each page
that has only images. Columns come in the order of the file; where that may not be the order of reading, it is said.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rag_core.corpus.loading.metadata import clean_text
from rag_core.corpus.readers.base import Parsed, Record, Source, in_doubt, left_out, told
from rag_core.corpus.readers.pdf.columns import order_is_doubtful
from rag_core.corpus.readers.pdf.markdown import to_markdown
from rag_core.corpus.readers.pdf.page_lines import Box, Line, page_lines
from rag_core.corpus.readers.pdf.running_lines import drop_running_lines
from rag_core.corpus.readers.places import numbered
from rag_core.schema.files import FileNote

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage, PdfTextPage

_PASSWORD = 4
_STRUCK = "A line is drawn across these words, so that they may be struck through. They were read."
_UNCHECKED = (
    "The file is long, so these pages were not checked for words that nobody sees or that are struck through, for "
    "columns and for fonts that do not name their letters. Split it to have them checked."
)
_STRUCK_BY_READERS = "Somebody marked these words as struck through. They were read."


@dataclass
class _Pages:
    """The lines of all pages, what was left out of them, and which pages (from 1) are damaged, pictures only, may be
    in another order, have letters that their fonts do not name, or were not checked."""

    lines: list[list[Line]] = field(default_factory=list)
    notes: list[FileNote] = field(default_factory=list)
    damaged: list[int] = field(default_factory=list)
    pictures: list[int] = field(default_factory=list)
    doubtful: list[int] = field(default_factory=list)
    unnamed: list[int] = field(default_factory=list)
    unchecked: list[int] = field(default_factory=list)


def read_pdf(source: Source) -> Parsed:
    """One document. Raises DocumentError for broken, encrypted, too long or scanned files."""
    import pypdfium2

    try:
        pdf = pypdfium2.PdfDocument(source.data)
    except pypdfium2.PdfiumError as exc:
        if getattr(exc, "err_code", None) == _PASSWORD:
            raise source.error("It is protected with a password. Save a copy without one.") from exc
        raise source.error("It is damaged or not a PDF: it cannot be opened. Save or export it again.") from exc
    with pdf:
        pages = len(pdf)
        if pages > source.limits.pages:
            raise source.error(f"It has {pages:,} pages; at most {source.limits.pages:,} are read. Split it.")
        found = _read_pages(pdf, source.limits.check_seconds)
        title = pdf.get_metadata_value("Title").strip()
        notes = [*found.notes, *_whole_file(pdf)]
    lines, running = drop_running_lines(found.lines)
    if not any(lines):  # a document of page numbers, say, is one all the same
        lines, running = found.lines, []
    text, guesses = to_markdown([line for page in lines for line in page])
    if not clean_text(text).strip():
        raise source.error(f"{_why_empty(found)}{told(notes)}")
    metadata: dict[str, object] = {"title": title, "pages": pages} if title else {"pages": pages}
    return Parsed([Record(text, metadata)], notes=[*notes, *running, *_page_notes(found), *guesses])


def _why_empty(pages: _Pages) -> str:
    """Why no word of the file can be read, and what to do."""
    if pages.damaged:
        return f"Its {numbered('page', pages.damaged)} cannot be read. Save or export it again."
    if pages.unnamed:
        return "Its fonts do not say which letters they draw. Run text recognition (OCR) on it first."
    if pages.pictures:
        return "It has no text, only images: probably a scan. Run text recognition (OCR) on it first."
    return "It has no text: its pages are empty or drawn. If you see words on them, run text recognition (OCR) first."


def _read_pages(pdf: PdfDocument, check_seconds: float) -> _Pages:
    """All pages in order. Those that come after so much processor time are not checked for what may be read wrongly."""
    import pypdfium2

    pages = _Pages()
    if pdf.get_formtype():
        pdf.init_forms()
    until = time.thread_time() + check_seconds
    for number in range(len(pdf)):
        try:
            _read_page(pdf, number, pages, checked=time.thread_time() < until)
        except pypdfium2.PdfiumError:
            pages.damaged.append(number + 1)
    return pages


def _read_page(pdf: PdfDocument, number: int, pages: _Pages, checked: bool) -> None:
    """One page: its text, then what stands over it."""
    from pypdfium2 import raw

    from rag_core.corpus.readers.pdf.annotations import looks_of, read_annotations
    from rag_core.corpus.readers.pdf.letter_spacing import closed_up
    from rag_core.corpus.readers.pdf.placing import missing_marks, with_marks
    from rag_core.corpus.readers.pdf.raised_letters import has_scripts, with_scripts
    from rag_core.corpus.readers.pdf.right_to_left import has_right_to_left, in_order

    page = pdf[number]
    text = page.get_textpage()
    lines = page_lines(text)
    better = {line: closed_up(text, line) for line in lines}
    if has_scripts(text):
        better |= {line: marked for line in lines if (marked := with_scripts(text, line)) != line}
    better |= {line: in_order(text, line) for line in lines if has_right_to_left(line.text)}
    if checked:
        _check_page(page, text, lines, number + 1, pages)
    else:
        pages.unchecked.append(number + 1)
    if not lines and any(page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE])):
        pages.pictures.append(number + 1)
    if raw.FPDFPage_GetAnnotCount(page.raw):
        found = read_annotations(pdf, number)
        pages.notes += _struck_by_readers(text, found.struck, number + 1)
        looks = looks_of(pdf, number, found.looks) if found.looks else []
        marks = [*found.marks, *missing_marks(lines, found.marks, looks)]
        lines = with_marks(text, lines, marks)
        pages.notes += found.notes
    pages.lines.append([better.get(line, line) for line in lines])


def _struck_by_readers(text: PdfTextPage, boxes: list[Box], number: int) -> list[FileNote]:
    """A note of the words that a person who read the file marked so."""
    words = [" ".join(text.get_text_bounded(*box).split()) for box in boxes]
    return [in_doubt(f"page {number}", _STRUCK_BY_READERS, "\n".join(filter(None, words)))] if any(words) else []


def _check_page(page: PdfPage, text: PdfTextPage, lines: list[Line], number: int, pages: _Pages) -> None:
    """What of this page may be read wrongly: words that nobody sees or that are struck through, columns, fonts."""
    from rag_core.corpus.readers.pdf.drawing import drawing_of
    from rag_core.corpus.readers.pdf.struck_words import struck_words
    from rag_core.corpus.readers.pdf.unnamed_letters import letters_of
    from rag_core.corpus.readers.pdf.white_letters import unseen_words

    drawing, where = drawing_of(page), f"page {number}"
    pages.notes += [in_doubt(where, reason, words) for reason, words in unseen_words(page, text, drawing)]
    if struck := struck_words(text, lines, drawing.lines):
        pages.notes.append(in_doubt(where, _STRUCK, "\n".join(struck)))
    if letters_of(text).doubtful:
        pages.unnamed.append(number)
    if order_is_doubtful(text):
        pages.doubtful.append(number)


def _page_notes(pages: _Pages) -> list[FileNote]:
    """Pages that are damaged, pages without text, and pages whose order or letters are in doubt."""
    notes = []
    if pages.damaged:
        reason = "Damaged: it cannot be read. Save or export the file again."
        notes.append(left_out(numbered("page", pages.damaged), reason))
    if pages.pictures:
        reason = "No text, only images: probably a scan. Run text recognition (OCR) on the file first."
        notes.append(left_out(numbered("page", pages.pictures), reason))
    if pages.doubtful:
        reason = "The text is in columns side by side. Sentences of different columns may be mixed or out of order."
        notes.append(in_doubt(numbered("page", pages.doubtful), reason))
    if pages.unchecked:
        reason = (
            "The file is long, so these pages were not checked for words that nobody sees or that are struck through, "
        )
        reason += "for columns and for fonts that do not name their letters. Split it to have them checked."
        notes.append(in_doubt(numbered("page", pages.unchecked), reason))
    if pages.unnamed:
        reason = "A font does not say which letters it draws, so some may be wrong or missing. Compare the page."
        notes.append(in_doubt(numbered("page", pages.unnamed), reason))
    return notes


def _whole_file(pdf: PdfDocument) -> list[FileNote]:
    """Files within the file, and forms that only Adobe's own programs draw."""
    from pypdfium2 import raw

    names = [pdf.get_attachment(place).get_name() for place in range(pdf.count_attachments())]
    notes = [left_out("attached files", "Add them by themselves to have them read.", "\n".join(names))] if names else []
    if pdf.get_formtype() in (raw.FORMTYPE_XFA_FULL, raw.FORMTYPE_XFA_FOREGROUND):
        reason = "It is an XFA form, which only Adobe's own programs draw: what they show may differ from what is read."
        notes.append(in_doubt("the whole file", reason))
    return notes
