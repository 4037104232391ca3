"""Words of a PDF page that nobody sees: white with nothing dark behind them, drawn without ink, outside of the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rag_core.corpus.readers.pdf.drawing import WHITE, Drawing
from rag_core.corpus.readers.pdf.page_lines import Box

if TYPE_CHECKING:
    from pypdfium2 import PdfPage, PdfTextPage

_LONGEST = 1500
"""Pixels of the longer side of the picture of a page."""
_BLANK = "It is white with nothing dark behind it, so that nobody sees it. It was read."
_NO_INK = "It is drawn without ink, so that nobody sees it. It was read."
_TINY = "Its letters are too small to be seen. It was read."
_OUTSIDE = "It is outside of what is shown of the page, so that nobody sees it. It was read."


def unseen_words(page: PdfPage, text: PdfTextPage, drawing: Drawing) -> list[tuple[str, str]]:
    """Reasons why words are not seen, and the words. The page is drawn only if it has letters that are white or without
    ink, on no dark rectangle; one that cannot be drawn shows nothing at all, which says nothing of its words."""
    white, no_ink = _blank(page, drawing.white), _blank(page, drawing.no_ink)
    boxes = ((_BLANK, white), (_NO_INK, no_ink), (_OUTSIDE, drawing.outside), (_TINY, drawing.tiny))
    found = [(reason, _words(text, those)) for reason, those in boxes]
    return [(reason, words) for reason, words in found if words]


def _words(text: PdfTextPage, boxes: Sequence[Box]) -> str:
    words = [" ".join(text.get_text_bounded(*box).split()) for box in boxes]
    return "\n".join(one for one in words if any(letter.isalnum() for letter in one))


def _blank(page: PdfPage, boxes: list[Box]) -> list[Box]:
    """Those of the boxes in which the drawn page is white all over."""
    from pypdfium2 import PdfiumError

    if not boxes:
        return []
    width, height = page.get_size()
    scale = min(1.0, _LONGEST / max(width, height, 1))
    upright = (360 - page.get_rotation()) % 360
    try:
        picture = page.render(scale=scale, rotation=upright, grayscale=True).to_numpy()
    except PdfiumError:
        return []
    left, _, _, top = page.get_bbox()
    blank = []
    for box in boxes:
        columns = slice(max(int((box[0] - left) * scale), 0), int((box[2] - left) * scale) + 1)
        rows = slice(max(int((top - box[3]) * scale), 0), int((top - box[1]) * scale) + 1)
        inside = picture[rows, columns]
        if inside.size and inside.min() >= WHITE:
            blank.append(box)
    return blank
