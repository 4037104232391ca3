"""Whether a page's text may be in another order than a person reads it: columns of prose, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from rag_core.corpus.readers.pdf.page_lines import Box

if TYPE_CHECKING:
    from pypdfium2 import PdfTextPage

_FEWEST_ROWS = 3
_GAP = 1.5
"""Pieces of a row that are further apart than this many heights are not of one line."""
_PROSE = 10
"""A piece wider than this many heights is prose; a table's cells, as a rule, are not."""


def order_is_doubtful(page: PdfTextPage) -> bool:
    """True where columns of prose are read across, or the right one before the left one."""
    pieces = list(_pieces([page.get_rect(place) for place in range(page.count_rects())]))
    across = sum(_beside(a, b) and _is_prose(a) and _is_prose(b) for a, b in pairwise(pieces))
    return across >= _FEWEST_ROWS or any(_right_before_left(a, b) for a, b in pairwise(_runs(pieces)))


def _pieces(boxes: Sequence[Box]) -> Iterator[Box]:
    """Boxes of text that stand close behind each other in one row, as one."""
    last: Box | None = None
    for box in boxes:
        if last and _same_row(last, box) and -_height(last) < box[0] - last[2] < _GAP * _height(last):
            last = (min(last[0], box[0]), min(last[1], box[1]), max(last[2], box[2]), max(last[3], box[3]))
            continue
        if last:
            yield last
        last = box
    if last:
        yield last


def _runs(pieces: Sequence[Box]) -> list[list[Box]]:
    """The pieces, cut wherever the next one stands higher on the page."""
    runs: list[list[Box]] = []
    for piece in pieces:
        if runs and piece[1] <= runs[-1][-1][3]:
            runs[-1].append(piece)
        else:
            runs.append([piece])
    return runs


def _right_before_left(first: list[Box], then: list[Box]) -> bool:
    """True where a whole column of prose is followed by one to the left of it, at the same height."""
    if min(len(first), len(then)) < _FEWEST_ROWS or not any(map(_is_prose, first)):
        return False
    to_the_left = max(box[2] for box in then) < min(box[0] for box in first)
    return to_the_left and then[0][3] > min(box[1] for box in first)


def _beside(a: Box, b: Box) -> bool:
    """True where `b` stands in the same row as `a`, clearly to the right of it."""
    return b[1] < a[3] and a[1] < b[3] and b[0] - a[2] >= _GAP * _height(a)


def _same_row(a: Box, b: Box) -> bool:
    return min(a[3], b[3]) - max(a[1], b[1]) > min(_height(a), _height(b)) / 2


def _is_prose(box: Box) -> bool:
    return box[2] - box[0] > _PROSE * _height(box)


def _height(box: Box) -> float:
    return max(box[3] - box[1], 1.0)
