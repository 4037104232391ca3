"""Words of a PDF page that nobody sees, since they are white and nothing dark is behind them."""

from __future__ import annotations

from ctypes import c_uint
from typing import TYPE_CHECKING

from rag_core.corpus.readers.pdf.page_lines import Box

if TYPE_CHECKING:
    from pypdfium2 import PdfPage

_WHITE = 250
_LONGEST = 1500
"""Pixels of the longer side of the picture of a page."""


def white_words(page: PdfPage) -> list[str]:
    """The words whose place on the page is white. The page is drawn only if it has white letters; one that cannot
    be drawn shows nothing at all, which says nothing of its words."""
    from pypdfium2 import PdfiumError

    try:
        boxes = _white_boxes(page)
        blank = _blank(page, boxes) if boxes else []
    except PdfiumError:
        return []
    text = page.get_textpage()
    words = [" ".join(text.get_text_bounded(*box).split()) for box in blank]
    return [one for one in words if any(letter.isalnum() for letter in one)]


def _white_boxes(page: PdfPage) -> list[Box]:
    """Where pieces of text are filled with white."""
    from pypdfium2 import raw

    boxes = []
    for piece in page.get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT]):
        color = [c_uint() for _ in range(4)]
        filled = raw.FPDFTextObj_GetTextRenderMode(piece.raw) == raw.FPDF_TEXTRENDERMODE_FILL
        if filled and raw.FPDFPageObj_GetFillColor(piece.raw, *color) and min(one.value for one in color[:3]) >= _WHITE:
            boxes.append(piece.get_bounds())
    return boxes


def _blank(page: PdfPage, boxes: list[Box]) -> list[Box]:
    """Those of the boxes in which the drawn page is white all over."""
    width, height = page.get_size()
    scale = min(1.0, _LONGEST / max(width, height, 1))
    upright = (360 - page.get_rotation()) % 360
    picture = page.render(scale=scale, rotation=upright, grayscale=True).to_numpy()
    left, _, _, top = page.get_bbox()
    blank = []
    for box in boxes:
        columns = slice(max(int((box[0] - left) * scale), 0), int((box[2] - left) * scale) + 1)
        rows = slice(max(int((top - box[3]) * scale), 0), int((top - box[1]) * scale) + 1)
        inside = picture[rows, columns]
        if inside.size and inside.min() >= _WHITE:
            blank.append(box)
    return blank
