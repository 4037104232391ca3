"""The one writer of tables for spreadsheets (CSV): a cell is shown there, and never runs as a formula.

Texts and titles come from documents that anybody may have uploaded. What a spreadsheet would take for a formula gets an
apostrophe before it, also behind a separator within a cell: another country's program parts the line there.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Sequence

_NUMBER = re.compile(r"[+-]?(?:\d+(?:[.,]\d+)*|\.\d+)(?:[eE][+-]?\d+)?%?")
_FORMULA = re.compile(r'(^|[;,\t\r\n|])((?:[^\S\t\r\n]|")*)(?=[=+\-@＝＋－＠\t\r])')


def inert(value: object) -> object:
    """The value as a cell. Numbers stay numbers, also those that are text; nothing is the empty text.

    >>> inert("=1+1"), inert("-5"), inert("a;=1"), inert(-0.5), inert(None)
    ("'=1+1", '-5', "a;'=1", -0.5, '')
    """
    if _missing(value):
        return ""
    if isinstance(value, bool | int | float):
        return value
    text = str(value)
    return text if _NUMBER.fullmatch(text.strip()) else _FORMULA.sub(r"\1'\2", text)


def _missing(value: object) -> bool:
    """None, NaN, and what a table says instead: pandas' NA and NaT."""
    if value is None or isinstance(value, str | bool | int):
        return value is None
    if isinstance(value, float):
        return math.isnan(value)
    import pandas as pd

    return bool(pd.api.types.is_scalar(value) and pd.isna(value))  # type: ignore[call-overload]


def csv_text(header: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    """The table as CSV, every text in quotes."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow([inert(name) for name in header])
    writer.writerows([inert(value) for value in row] for row in rows)
    return out.getvalue()
