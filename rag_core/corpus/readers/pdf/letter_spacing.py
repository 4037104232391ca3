"""Words that are set with wide gaps between their letters: `H e re i s` is read as `Here is`.

PDFium writes a blank wherever the gap is wide for the font. Of a line that falls into single letters that way, only
gaps that are wide for that line part words.
"""

from __future__ import annotations

from dataclasses import replace
from statistics import median
from typing import TYPE_CHECKING

from rag_core.corpus.readers.pdf.page_lines import Line, letter_box

if TYPE_CHECKING:
    from pypdfium2 import PdfTextPage

_LONGEST_PIECE = 2.5
_FEWEST_BLANKS = 4
_WIDER = 2.0
"""How much wider than the usual gap between two letters of the line a gap between words is."""

_WIDEST = 0.25
"""In heights of the line: letters that are usually further apart are a list of letters, and no words."""


def closed_up(page: PdfTextPage, line: Line) -> Line:
    """The line without the blanks that PDFium put into its words. Its words must be as the page has them."""
    from pypdfium2 import raw

    blanks = [place for place, sign in enumerate(line.text) if sign == " "]
    letters = sum(map(str.isalpha, line.text))
    figures = len(line.text) - len(blanks) - letters
    if line.first is None or len(blanks) < _FEWEST_BLANKS or not 4 * figures < letters <= _LONGEST_PIECE * len(blanks):
        return line
    made = [place for place in blanks if raw.FPDFText_IsGenerated(page.raw, line.first + place) == 1]
    gaps = {place: _gap(page, line, place) for place in range(1, len(line.text)) if line.text[place - 1] != " "}
    usual = median(gaps.values())
    if line.box is None or usual > _WIDEST * (line.box[3] - line.box[1]):
        return line
    dropped = {place for place in made if gaps[place] < _WIDER * usual}
    if len(dropped) == len(blanks):  # nothing tells a word in wide type from a list of letters
        return line
    return replace(line, text="".join(sign for place, sign in enumerate(line.text) if place not in dropped))


def _gap(page: PdfTextPage, line: Line, place: int) -> float:
    """The white between the letter before this place and the next letter, in points."""
    first = line.first or 0
    after = place + (line.text[place] == " ")
    return letter_box(page, first + after)[0] - letter_box(page, first + place - 1)[2]
