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

from rag_core.evaluation.files import Faults, File, lines

HEADERS = {"query-id", "query_id", "qid", "queryid", "query"}
"""First cells of a header, in small letters; a data frame writes an empty cell for its index before it."""
_WHOLE = re.compile(r"\A(-?\d+),0{1,2}\Z")
_SIGNS = ("\t", None, ",", ";")
"""What may stand between cells; None: any white space."""


def rows(
    file: File, faults: Faults, counts: Sequence[int], value_at: int, value_of: Callable[[str], float]
) -> Iterator[tuple[int, list[str]]]:
    """(line number, cells) of each line below the header, if there is one.

    A line is cut at the sign that gives one of these counts of cells, with a value at `value_at` (`value_of`: nan for
    none); one that no sign cuts so is cut at white space, and its faults are the caller's to tell.
    """
    index = 0
    for number, text in lines(file, faults):
        cut = (_cells(text, sign)[index:] for sign in _SIGNS)
        fitting = (cells for cells in cut if len(cells) in counts and math.isfinite(value_of(cells[value_at])))
        found = next(fitting, [])
        if number == 1 and not found and (header := _header(text)):
            index = header.index(next(filter(None, header)))
            continue
        yield number, found or text.split()


def number_in(cell: str) -> float:
    """The number in a cell, nan for none: `2`, `2.0`, or `2,0` as spreadsheets write it in most of Europe."""
    try:
        return float(_WHOLE.sub(r"\1", cell))
    except ValueError:
        return math.nan


def _header(text: str) -> list[str]:
    """The cells of a header; [] for a line that is none."""
    cut = (_cells(text, sign) for sign in _SIGNS)
    return next((cells for cells in cut if next(filter(None, cells), "").lower() in HEADERS and len(cells) > 1), [])


def _cells(text: str, sign: str | None) -> list[str]:
    if sign is None:
        return text.split()
    try:
        return [cell.strip() for cell in next(csv.reader([text], delimiter=sign, skipinitialspace=True), [])]
    except csv.Error:  # a cell of more than 131,072 characters
        return []
