"""Tables of a page: spans filled, several header rows made one, a table in a cell written on its line.

A table that is there for the layout of the page becomes blocks, one below the other.
"""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bs4 import Tag

_MOST_SPAN = 100
_MOST_CELLS = 20_000
_CELLS = ("td", "th")
_PARTS_OF_A_PAGE = ["h1", "h2", "h3", "h4", "h5", "h6", "p", "ul", "ol", "form", "pre", "blockquote"]
_LONGEST_CELL = 100
"""Letters of a cell of a table within a table that is still data."""


def lay_out(table: Tag) -> None:
    """Change a table, with those in it, so that markdownify writes each row as a row."""
    for part in table.find_all(["col", "colgroup"]):  # before the first row they make markdownify leave out its line
        part.unwrap()
    foot = table.find("tfoot", recursive=False)
    if foot is not None:  # browsers show it below all rows
        table.append(foot.extract())
    for part in table.find_all(["tbody", "tfoot"], recursive=False):
        part.unwrap()
    inner = table.find_all("table")
    if inner and not _is_data(table):
        _unwrap(table)
        return
    for one in reversed(inner):
        _fill(one)
        _write_out(one)
    _fill(table)


def _is_data(table: Tag) -> bool:
    """Whether a table with tables in it holds data: it names its columns, or it has several rows and columns, none of
    which is a part of a page."""
    rows = [row for row in table.find_all("tr") if row.find_parent("table") is table]
    widths = [len(row.find_all(_CELLS, recursive=False)) for row in rows]
    if table.find("thead", recursive=False) or any(row.find("th", recursive=False) for row in rows):
        return max(widths) > 1
    cells = [cell for one in table.find_all("table") for cell in one.find_all(_CELLS) if not cell.find("table")]
    short = all(len(cell.get_text()) <= _LONGEST_CELL for cell in cells)
    return sum(width > 1 for width in widths) > 1 and short and not table.find(_PARTS_OF_A_PAGE)


def _write_out(table: Tag) -> None:
    """A table in a cell as its rows, one after another: `North, 12 days; South, 5 days`. Other words come first."""
    from bs4 import BeautifulSoup

    line = BeautifulSoup("", "lxml").new_tag("span")
    for row in table.find_all("tr"):
        cells = [cell for cell in row.find_all(_CELLS, recursive=False) if cell.get_text(strip=True)]
        for place, cell in enumerate(cells):
            line.append(", " if place else "; " if line.contents else "")
            line.extend(list(cell.contents))
    others = table.get_text(" ").split()
    table.insert_before(" ".join(["", *others, ""]), line, " ")
    table.decompose()


def _unwrap(table: Tag) -> None:
    """A table that holds tables is there for the layout: its cells become blocks of the page."""
    for part in table.find_all(["tbody", "thead", "tfoot", "tr", *_CELLS]):
        if part.find_parent("table") is table:
            part.name = "div"
    table.name = "div"


def _fill(table: Tag) -> None:
    """Write a cell that goes over several rows or columns into each of them, and several header rows into one. What
    stands in a row and in no cell goes before the table, as browsers put it."""
    rows = table.find_all("tr")
    within = {id(cell) for row in rows for cell in row.find_all(_CELLS, recursive=False)}
    for loose in [part for row in rows for part in row.children]:
        if id(loose) not in within and loose.get_text(strip=True):
            table.insert_before(loose.extract(), " ")
    grid: dict[tuple[int, int], Tag] = {}
    for number, row in enumerate(rows):
        column = 0
        for cell in row.find_all(_CELLS, recursive=False):
            while (number, column) in grid:
                column += 1
            down, right = _span(cell, "rowspan", len(rows) - number), _span(cell, "colspan", _MOST_SPAN)
            for place in ((number + y, column + x) for y in range(down) for x in range(right)):
                if len(grid) < _MOST_CELLS:
                    grid.setdefault(place, cell)
    width = max((column for _, column in grid), default=-1) + 1
    head = len([row for row in rows if row.find_parent("thead")])
    for number, row in enumerate(rows):
        cells = [_copied(grid.get((number, column))) for column in range(width)]
        row.clear()
        row.extend(cells)
    _merge(rows[:head])


def _span(cell: Tag, name: str, most: int) -> int:
    """How far a cell goes; `0` is "to the end" for rows."""
    written = re.match(r"\s*(\d{1,4})", str(cell.get(name) or "1"))
    number = int(written.group(1)) if written else 1
    return min(number or most, most)


def _copied(cell: Tag | None) -> Any:
    from bs4 import BeautifulSoup

    if cell is None:
        return BeautifulSoup("", "lxml").new_tag("td")
    made = copy.copy(cell)
    for name in ("rowspan", "colspan"):
        made.attrs.pop(name, None)
    return made


def _merge(rows: list[Tag]) -> None:
    """Several header rows as one: `Price` over `EU` becomes `Price EU`."""
    if len(rows) < 2:
        return
    columns = zip(*(row.find_all(_CELLS, recursive=False) for row in rows), strict=True)
    for column in list(columns):
        words = [" ".join(cell.get_text(" ").split()) for cell in column]
        column[0].string = " ".join(dict.fromkeys(word for word in words if word))
    for row in rows[1:]:
        row.decompose()
