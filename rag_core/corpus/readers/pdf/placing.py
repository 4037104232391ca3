"""Words that stand over a page, put among its lines where a person sees them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from rag_core.corpus.readers.pdf.annotations import Mark
from rag_core.corpus.readers.pdf.page_lines import Box, Line, letter_box

if TYPE_CHECKING:
    from pypdfium2 import PdfTextPage


def with_marks(page: PdfTextPage, lines: Sequence[Line], marks: Sequence[Mark]) -> list[Line]:
    """The lines with each mark in the line that it stands in, else as lines of its own below the next one above."""
    within: dict[int, list[tuple[int, str]]] = defaultdict(list)
    below: dict[int, list[Line]] = defaultdict(list)
    for mark in sorted(marks, key=lambda mark: (-_middle(mark.box), mark.box[0])):
        row = None if "\n" in mark.text else _row_of(lines, mark.box)
        if row is None:
            own = [Line(part.strip(), box=mark.box) for part in mark.text.split("\n") if part.strip()]
            below[_above(lines, mark.box)] += own
        else:
            within[row].append((_place_in(page, lines[row], mark.box), mark.text))
    result = list(below[-1])
    for place, line in enumerate(lines):
        result += [replace(line, text=_inserted(line.text, within[place])), *below[place]]
    return result


def missing_marks(lines: Sequence[Line], marks: Sequence[Mark], looks: Sequence[Mark]) -> list[Mark]:
    """The looks that hold a word which neither the lines nor the marks have."""
    known = "".join("".join(text.split()) for text in [*(line.text for line in lines), *(mark.text for mark in marks)])
    missing = []
    for look in looks:
        if any(word not in known for word in look.text.split()):
            missing.append(look)
            known += "".join(look.text.split())
    return missing


def _row_of(lines: Sequence[Line], box: Box) -> int | None:
    """The line that stands at the height of the box, the nearest one to its left if there are several."""
    height = _middle(box)
    rows = [
        place for place, line in enumerate(lines) if line.first is not None and line.box and _holds(line.box, height)
    ]
    return min(rows, key=lambda place: _distance(lines[place], box), default=None)


def _holds(box: Box, height: float) -> bool:
    return box[1] <= height <= box[3]


def _distance(line: Line, box: Box) -> float:
    left, _, right, _ = line.box or box
    return box[0] - right if right <= box[0] else max(left - box[2], 0.0)


def _above(lines: Sequence[Line], box: Box) -> int:
    """The place of the line next above the box; -1 where there is none, the last one where no line has a place."""
    placed = [(line.box[1] - _middle(box), place) for place, line in enumerate(lines) if line.box]
    if not placed:
        return len(lines) - 1
    return min(((gap, place) for gap, place in placed if gap > 0), default=(0.0, -1))[1]


def _place_in(page: PdfTextPage, line: Line, box: Box) -> int:
    """Before which letter of the line the box stands; never within a word."""
    first = line.first or 0
    for place in range(len(line.text)):
        left, _, right, _ = letter_box(page, first + place)
        if right > left and (left + right) / 2 > box[0]:
            return len(line.text[:place].rpartition(" ")[0])
    return len(line.text)


def _inserted(text: str, marks: Sequence[tuple[int, str]]) -> str:
    """The text with each mark before its place, set off by blanks."""
    pieces, at = [], 0
    for place, mark in sorted(marks, key=lambda one: one[0]):
        pieces += [text[at:place].strip(), mark]
        at = place
    return " ".join(piece for piece in [*pieces, text[at:].strip()] if piece)


def _middle(box: Box) -> float:
    return (box[1] + box[3]) / 2
