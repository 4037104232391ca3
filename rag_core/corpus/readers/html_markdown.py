"""A page's visible elements as Markdown: headings, lists, tables with their spans filled, raised letters marked."""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, Any

from markdownify import MarkdownConverter

from rag_core.corpus.readers.scripts import lowered, raised, struck

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

_MOST_SPAN = 100
_MOST_CELLS = 20_000
_MARKS = {"¶", "#", "§", "🔗", "⚓", "\u200b"}
_CELLS = ("td", "th")
_BLOCKS = frozenset(
    {"address", "aside", "center", "details", "fieldset", "figure", "footer", "form", "header", "hgroup", "legend"}
    | {"main", "marquee", "search", "summary"}
)
"""Elements that begin a line of their own and that markdownify does not know as such."""
_STRIKES = ["del", "s", "strike"]
_LINES = [*(f"h{level}" for level in range(1, 7)), "p", "div", "blockquote", "pre", "hr", "ul", "ol", "li", "dl", "dt"]
_LINES += ["dd", "table", "caption", "thead", "tbody", "tfoot", "tr", "td", "th", "article", "section", "nav"]
"""Elements of which each has lines of its own."""
_OWN_LINE = re.compile(r"display\s*:\s*(?:block|flex|grid|list-item|table)\b", re.IGNORECASE)
_STRUCK = re.compile(r"text-decoration[^;]*\bline-through\b", re.IGNORECASE)


class _Converter(MarkdownConverter):
    """markdownify, with superscripts and subscripts told from the number before them, and all that is struck through
    marked: `~~$50~~ $40`."""

    def convert_sup(self, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002 - its names
        return raised(text)

    def convert_sub(self, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002 - its names
        return lowered(text)

    def convert_strike(self, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002 - its names
        return struck(text)


def markdown_of(soup: BeautifulSoup) -> str:
    """The page as Markdown; link targets and images are left out. Changes the soup. Raises RecursionError for one that
    is nested too deeply."""
    for span in soup.find_all("span", style=_STRUCK):
        span.name = "del"
    for link in soup.select("a[href^='#'], a.headerlink, a.anchor"):
        if link.get_text(strip=True) in _MARKS:
            link.decompose()
    _set_apart(soup)
    _strike(soup)
    for table in soup.find_all("table"):
        if table.find("table"):
            _unwrap(table)
        else:
            _fill(table)
    converter = _Converter(
        heading_style="atx",
        bullets="-",
        strip=["a", "img"],
        escape_asterisks=False,
        escape_underscores=False,
        escape_misc=False,
    )
    return str(converter.convert_soup(soup)).strip()


def _set_apart(soup: BeautifulSoup) -> None:
    """Every element that begins a line of its own as one that markdownify takes for one; else `<summary>More</summary>`
    runs into the words behind it. A reading beside a sign in brackets: 東 (ひ)."""
    for block in soup.find_all(lambda tag: tag.name in _BLOCKS or (tag.name == "span" and _is_block(tag))):
        block.name = "div"
    for menu in soup.find_all(["menu", "dir"]):
        menu.name = "ul" if menu.find("li", recursive=False) else "div"
    for box in soup.find_all(["button", "textarea"]):
        box.insert_before(" ")
        box.insert_after(" ")
    for mark in soup.find_all("rp"):
        mark.decompose()
    for reading in soup.find_all("rt"):
        reading.insert_before(" (")
        reading.insert_after(")")


def _strike(soup: BeautifulSoup) -> None:
    """Strike each line of text through once: marks around a heading, a table or two paragraphs would take their form
    away."""
    for inner in [part for part in soup.find_all(_STRIKES) if part.find_parent(_STRIKES)]:
        inner.name = "span"
    for part in soup.find_all(_STRIKES):
        if part.find(_LINES):
            part.name = "div"
            _strike_lines(part)


def _strike_lines(block: Tag) -> None:
    """Put `<del>` around what stands in a line of this block, and of those in it."""
    from bs4 import BeautifulSoup, Tag

    line = None
    for child in list(block.children):
        if isinstance(child, Tag) and (child.name in _LINES or child.find(_LINES)):
            line = None
            if child.name != "pre":
                _strike_lines(child)
        elif line is not None:
            line.append(child.extract())
        elif not child.get_text(strip=True):
            continue
        else:
            line = BeautifulSoup("", "lxml").new_tag("del")
            child.replace_with(line)
            line.append(child)


def _is_block(tag: Tag) -> bool:
    return bool(_OWN_LINE.search(str(tag.get("style") or "")))


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
