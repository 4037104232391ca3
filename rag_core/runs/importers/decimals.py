"""Whether a column of numbers is written with decimal commas (`0,83`), as spreadsheets in many languages write it.

The whole column decides: one number alone cannot tell `1,234` from a thousand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from rag_core.schema.base import Frozen

COMMA = re.compile(r"[-+]?(?:\d+|\d{1,3}(?:\.\d{3})+),\d+(?:[eE][-+]?\d+)?")
"""`0,83`, `1.234,5`, `1,2e-3`."""

THOUSANDS = re.compile(r"[-+]?\d{1,3}(?:,\d{3})+(?:,\d{3}|\.\d+)")
"""`1,234.5`, `1,234,567`: what only commas between thousands can be."""

POINT = re.compile(r"[-+]?\d*\.\d+(?:[eE][-+]?\d+)?")


class Decimals(Frozen):
    """How the numbers of a column are written.

    commas   whether the commas are decimal ones
    note     how they are read, where that could be meant otherwise
    points   where a number has a decimal point, beside others with a comma, which are then not read
    """

    commas: bool = False
    note: str = ""
    points: str = ""


def decimals_of(cells: Iterable[tuple[str, object]]) -> Decimals:
    """How these cells, each with its place, are written. What is a number already has no comma.

    >>> decimals_of([("line 2", "0,83"), ("line 3", "1")]).commas
    True
    >>> decimals_of([("line 2", "0,83"), ("line 3", "0.41")]).points
    '“0.41” on line 3'
    """
    comma, point = "", ""
    for place, cell in cells:
        text = str(cell).strip()
        if isinstance(cell, str) and COMMA.fullmatch(text):
            comma = comma or text
        elif not isinstance(cell, str) or POINT.fullmatch(text) or THOUSANDS.fullmatch(text):
            point = point or f"“{text}” on {place}"
    if not comma:
        return Decimals()
    if point:
        return Decimals(points=point)
    return Decimals(commas=True, note=f"its commas are read as decimal commas: {comma} is {value_of(comma):g}.")


def value_of(text: str) -> float:
    """The number of a text with a decimal comma.

    >>> value_of("1.234,5"), value_of("12")
    (1234.5, 12.0)
    """
    return float(text.replace(".", "").replace(",", ".") if COMMA.fullmatch(text) else text)
