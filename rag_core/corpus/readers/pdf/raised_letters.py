"""Raised and lowered letters of a PDF's words: 10 with a small 6 above the line is `10^6`, never `106`.

In words with a figure any raised letter makes another number. In other words only a mark behind them is looked for, as
that of a note: a large first letter is no word with raised ones behind it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

from rag_core.corpus.readers.pdf.page_lines import Box, Line, baseline, letter_box
from rag_core.corpus.readers.scripts import lowered, raised

if TYPE_CHECKING:
    from pypdfium2 import PdfTextPage

_WORD = re.compile(r"\S+")
_LONGEST_MARK = 3
_SHORTEST_WORD = 2
_SMALLER = 0.85
_OFF_THE_LINE = 0.06
"""How far from its line a small letter is to be, in heights of the full ones."""


def has_scripts(page: PdfTextPage) -> bool:
    """Whether a piece of text stands straight beside one of another height, as each raised letter does: a quick look
    at the page, for most have none."""
    boxes = [page.get_rect(place) for place in range(page.count_rects())]
    return any(_may_be_script(one, other) for one, other in pairwise(boxes))


def _may_be_script(one: Box, other: Box) -> bool:
    heights = sorted((one[3] - one[1], other[3] - other[1]))
    beside = abs(other[0] - one[2]) < heights[1] and one[1] < other[3] and other[1] < one[3]
    return beside and heights[0] < _SMALLER * heights[1]


def with_scripts(page: PdfTextPage, line: Line) -> Line:
    """The line with its raised and lowered letters marked. Its words must be as the page has them."""
    if line.first is None:
        return line
    text, at = "", 0
    for found in _WORD.finditer(line.text):
        start, end = found.span()
        text += line.text[at:start] + _word(page, found.group(), line.first + start)
        at = end
    return replace(line, text=text + line.text[at:])


def _word(page: PdfTextPage, word: str, first: int) -> str:
    """The word that begins at this place of the page, its raised and lowered letters marked."""
    if len(word) < 2:
        return word
    boxes = [letter_box(page, first + place) for place in range(len(word))]
    heights = [top - bottom for _, bottom, _, top in boxes]
    full = max(heights)
    if min(heights) >= _SMALLER * full:
        return word
    line = baseline(page, first + heights.index(full))
    shifts = [baseline(page, first + place) - line for place in range(len(word))]
    kinds = [
        _kind(shift / full) if height < _SMALLER * full else "" for shift, height in zip(shifts, heights, strict=True)
    ]
    if not (any(map(str.isdigit, word)) or _is_mark_behind(kinds)):
        return word
    parts = groupby(zip(word, kinds, strict=True), key=lambda one: one[1])
    return "".join(_MARKED[kind]("".join(letter for letter, _ in letters)) for kind, letters in parts)


def _is_mark_behind(kinds: Sequence[str]) -> bool:
    """Whether a word goes over into a few raised letters at its end."""
    full = list(kinds).index("raised") if "raised" in kinds else 0
    mark = kinds[full:]
    short = full >= _SHORTEST_WORD and len(mark) <= _LONGEST_MARK
    return short and set(kinds[:full]) == {""} and set(mark) == {"raised"}


def _kind(shift: float) -> str:
    return "raised" if shift > _OFF_THE_LINE else "lowered" if shift < -_OFF_THE_LINE else ""


_MARKED: dict[str, Callable[[str], str]] = {"raised": raised, "lowered": lowered, "": str}
