"""The lines of one PDF page: their words, the size and weight of their type, where they stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pypdfium2 import PdfTextPage

_BOLD = ("bold", "black", "heavy")
_FIRST_CJK = 0x2E80

Box = tuple[float, float, float, float]
"""Left, bottom, right, top in points; the page's origin is at its bottom left."""


@dataclass(frozen=True)
class Line:
    """A line of a page. `size` of its type in points (0: not known), whether it starts in bold, its box and the page's
    number of its first letter (None: not known)."""

    text: str
    size: float = 0.0
    bold: bool = False
    box: Box | None = None
    first: int | None = None


def page_lines(page: PdfTextPage) -> list[Line]:
    """The lines of one page that are not empty, in the order of the file."""
    text = page.get_text_range()
    sized = len(text) == page.count_chars()  # not so with characters beyond the BMP: then no sizes, no headings
    lines, start = [], 0
    for part in text.split("\n"):
        words = part.strip()
        first = start + len(part) - len(part.lstrip())
        if words and sized:
            lines += [_typed(page, row, place) for place, row in _rows(page, words, first)]
        elif words:
            lines.append(Line(words))
        start += len(part) + 1
    return lines


def _rows(page: PdfTextPage, words: str, first: int) -> Iterator[tuple[int, str]]:
    """The line, cut wherever a letter stands wholly below the one before: PDFium draws short lines together (`7`, `9`
    as `79`), as if they were written downwards. Turned text, and scripts that are written so, are left as they are."""
    from pypdfium2 import raw

    last = first + len(words) - 1
    level = letter_box(page, last)[3] > letter_box(page, first)[1]
    if level or raw.FPDFText_GetCharAngle(page.raw, first) or ord(words[0]) >= _FIRST_CJK:
        yield first, words
        return
    start, bottom = 0, letter_box(page, first)[1]
    for place, letter in enumerate(words):
        if letter.isspace():
            continue
        _, low, _, top = letter_box(page, first + place)
        if top <= bottom:
            yield first + start, words[start:place].rstrip()
            start = place
        bottom = low
    yield first + start, words[start:]


def _typed(page: PdfTextPage, words: str, first: int) -> Line:
    """A line with what its first letter, at the page's place `first`, says of its type."""
    from ctypes import c_int, create_string_buffer

    from pypdfium2 import raw

    font = create_string_buffer(128)
    raw.FPDFText_GetFontInfo(page.raw, first, font, len(font), c_int())
    name = font.value.decode("utf-8", "replace").lower()
    size = round(float(raw.FPDFText_GetFontSize(page.raw, first)), 1)
    left, bottom, _, top = letter_box(page, first)
    right = letter_box(page, first + len(words) - 1)[2]
    return Line(words, size, any(mark in name for mark in _BOLD), (left, bottom, right, top), first)


def letter_box(page: PdfTextPage, place: int) -> Box:
    """The box of one letter of the page, as high as its font."""
    from pypdfium2 import raw

    box = raw.FS_RECTF()
    raw.FPDFText_GetLooseCharBox(page.raw, place, box)
    return box.left, box.bottom, box.right, box.top


def baseline(page: PdfTextPage, place: int) -> float:
    """The height on the page of the line that a letter is written on."""
    from ctypes import c_double

    from pypdfium2 import raw

    x, y = c_double(), c_double()
    raw.FPDFText_GetCharOrigin(page.raw, place, x, y)
    return y.value
