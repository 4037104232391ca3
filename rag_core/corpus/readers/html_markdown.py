"""A page's visible elements as Markdown: headings, lists, tables with their spans filled, raised letters marked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from markdownify import MarkdownConverter

from rag_core.corpus.readers.html_blocks import COUNTED, prepare_blocks
from rag_core.corpus.readers.html_tables import lay_out
from rag_core.corpus.readers.mathml import write_out_formulas
from rag_core.corpus.readers.scripts import lowered, raised, struck

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

_MARKS = {"¶", "#", "§", "🔗", "⚓", "\u200b", "↩", "↩\ufe0e", "↑"}
_BLOCKS = frozenset(
    {"address", "aside", "center", "details", "fieldset", "figure", "footer", "form", "header", "hgroup", "legend"}
    | {"main", "marquee", "search", "summary", "dialog", "noframes"}
)
"""Elements that begin a line of their own and that markdownify does not know as such."""
_STRIKES = ["del", "s", "strike"]
_LINES = [*(f"h{level}" for level in range(1, 7)), "p", "div", "blockquote", "pre", "hr", "ul", "ol", "li", "dl", "dt"]
_LINES += ["dd", "table", "caption", "thead", "tbody", "tfoot", "tr", "td", "th", "article", "section", "nav"]
"""Elements of which each has lines of its own."""
_WIDE = "\u2e80-\u303f\u3041-\u30ff\u3400-\u9fff\uf900-\ufaff\uff01-\uff60"
_WRAPPED = re.compile(rf"(?<=[{_WIDE}])[ \t]*\n\s*(?=[{_WIDE}])")
_BREAK = re.compile(r"[ \t]*[\r\n]\s*")
_LINES_KEPT = re.compile(r"white-space\s*:\s*(?:pre|break-spaces)", re.IGNORECASE)
_OWN_LINE = re.compile(r"display\s*:\s*(?:block|flex|grid|list-item|table)\b", re.IGNORECASE)


_NUMBER = re.compile(r"\A(\s*)\d+\. ")


class _Converter(MarkdownConverter):
    """markdownify, with superscripts and subscripts told from the number before them, all that is struck through marked
    (`~~$50~~ $40`), and items counted as the page counts them."""

    def convert_sup(self, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002 - its names
        return raised(text)

    def convert_sub(self, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002 - its names
        return lowered(text)

    def convert_li(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        item = str(super().convert_li(el, text, parent_tags))  # type: ignore[misc]
        counted = el.get(COUNTED)
        return _NUMBER.sub(lambda match: f"{match[1]}{counted} ", item, count=1) if counted else item

    def convert_dd(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        return f"\n{super().convert_dd(el, text, parent_tags)}"  # type: ignore[misc]

    def convert_strike(self, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002 - its names
        return struck(text)


def markdown_of(soup: BeautifulSoup) -> str:
    """The page as Markdown; link targets and images are left out. Changes the soup. Raises RecursionError for one that
    is nested too deeply."""
    for link in soup.select("a[href^='#'], a.headerlink, a.anchor"):
        if link.get_text(strip=True) in _MARKS:
            link.decompose()
    write_out_formulas(soup)
    _set_apart(soup)
    _join_lines(soup)
    _strike(soup)
    for table in soup.find_all("table"):
        if not table.decomposed:
            lay_out(table)
    prepare_blocks(soup)
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


def _join_lines(soup: BeautifulSoup) -> None:
    """Text that goes on in the next line of the source goes on in the line, as browsers show it; Chinese and Japanese
    without a blank."""
    for words in soup.find_all(string=_BREAK):
        kept = words.find_parent(["pre", "textarea"]) or words.find_parent(style=_LINES_KEPT)
        if not kept and type(words).__name__ == "NavigableString" and words.strip():
            words.replace_with(_BREAK.sub(" ", _WRAPPED.sub("", words)))


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
