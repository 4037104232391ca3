"""The header rows of tables in a text, so that a passage from the middle of a table knows what its columns are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TABLE = re.compile(
    r"^(?P<header>[^\n|]*+\|[^\n]*)\n[ \t]*+(?:\|[ \t]*+)?:?-++:?[ \t]*+(?:\|[ \t]*+:?-++:?[ \t]*+)*+\|?[ \t]*+"
    r"(?P<rows>(?:\n[^\n]*\|[^\n]*)*)",
    re.MULTILINE,
)
_BAR = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True)
class Table:
    """A table with its header row: the rows below it are `text[start:end]`, `header` says `Model | Price`."""

    header: str
    start: int
    end: int


def tables(text: str) -> Iterator[Table]:
    r"""All Markdown tables in order.

    >>> list(tables("| Model | Price |\n|---|---|\n| A | 7 |"))
    [Table(header='Model | Price', start=27, end=37)]
    """
    for match in _TABLE.finditer(text):
        cells = [" ".join(cell.split()) for cell in _BAR.split(match["header"])]
        header = " | ".join(cell.replace("\\|", "|") for cell in cells if cell)
        if header and match["rows"]:
            yield Table(header, match.start("rows"), match.end("rows"))


def header_at(found: list[Table], start: int) -> str:
    """The header of the table in whose rows a passage starts; "" elsewhere."""
    return next((table.header for table in found if table.start < start < table.end), "")
