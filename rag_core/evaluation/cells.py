"""The cells of judgments and runs: lines of three to six cells between white space, tabs, commas or semicolons.

    q1 0 d1 2            TREC
    q1,"my terms.md",2   a spreadsheet's

What the cells mean is for `beir.py` and `runs.py`.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice

from rag_core.evaluation.files import Faults, File, lines

HEADERS = {"query-id", "query_id", "query id", "qid", "queryid", "query"}
"""First cells of a header, in small letters; a data frame writes an empty cell for its index before it."""
_WHOLE = re.compile(r"\A(-?\d+),0{1,2}\Z")
_SIGNS = ("\t", None, ",", ";")
"""What may be between cells; None: any white space."""
LOOKED_AT = 100
"""Lines that say what is between the cells of a file."""


def rows(
    file: File, faults: Faults, counts: Sequence[int], value_at: int, value_of: Callable[[str], float]
) -> Iterator[tuple[int, list[str]]]:
    """(line number, cells) of each line below the header, if there is one.

    All lines are cut at one sign: the one that cuts most of the first lines into one of these counts of cells with a
    value at `value_at` (`value_of`: nan for none), of several the header's. What is wrong with the cells of a line is
    the caller's to tell.
    """

    def cut(text: str, sign: str | None) -> list[str]:
        """The cells, or [] where this sign does not cut the line into ones that fit."""
        cells = _cells(text, sign)[index:]
        return cells if len(cells) in counts and math.isfinite(value_of(cells[value_at])) else []

    index, signs = 0, list(_SIGNS)
    every = lines(file, faults)
    first = list(islice(every, LOOKED_AT))
    if first and first[0][0] == 1 and not any(cut(first[0][1], sign) for sign in signs):
        sign, header = _header(first[0][1])
        if header:
            index = header.index(next(filter(None, header)))
            signs.sort(key=lambda one: one != sign)
            del first[0]
    lines_cut = {sign: sum(bool(cut(text, sign)) for _, text in first) for sign in signs}
    best = max(lines_cut, key=lines_cut.__getitem__) if any(lines_cut.values()) else None
    for number, text in chain(first, every):
        yield number, _cells(text, best)[index:] or text.split()


def number_in(cell: str) -> float:
    """The number in a cell, nan for none: `2`, `2.0`, or `2,0` as spreadsheets write it in most of Europe."""
    try:
        return float(_WHOLE.sub(r"\1", cell))
    except ValueError:
        return math.nan


def _header(text: str) -> tuple[str | None, list[str]]:
    """The sign between the cells of a header, and these; none for a line that is no header. White space comes last: it
    may be in a name of a column."""
    for sign in sorted(_SIGNS, key=lambda one: one is None):
        cells = _cells(text, sign)
        if len(cells) > 1 and next(filter(None, cells), "").lower() in HEADERS:
            return sign, cells
    return None, []


def _cells(text: str, sign: str | None) -> list[str]:
    if sign is None:
        return text.split()
    try:
        return [cell.strip() for cell in next(csv.reader([text], delimiter=sign, skipinitialspace=True), [])]
    except csv.Error:  # a cell of more than 131,072 characters
        return []
