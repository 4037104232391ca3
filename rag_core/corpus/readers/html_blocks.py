"""Blocks of a page as Markdown takes them: what items of lists are counted as, ticks of forms, words that only look
like marks of Markdown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rag_core.corpus.readers.word.numbering import roman

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag
    from bs4.element import PageElement

COUNTED = "data-counted-as"
"""Where an item of a list keeps what stands before it."""
_LETTERS = {"lower-alpha": "a", "lower-latin": "a", "upper-alpha": "A", "upper-latin": "A"}
_LETTERS |= {"lower-roman": "i", "upper-roman": "I", "none": ""}
_STYLE = re.compile(r"list-style(?:-type)?\s*:[^;]*?\b(lower-\w+|upper-\w+|none)\b", re.IGNORECASE)
_INLINE = frozenset(
    {"a", "abbr", "b", "bdi", "cite", "del", "em", "font", "i", "ins", "label", "mark", "q", "s", "small", "span"}
    | {"strong", "sub", "sup", "time", "u", "var"}
)
_MARK = re.compile(r"(\s*)(#{1,6}(?=\s|\Z)|`{3,}|~{3,})")
_KEPT = ["pre", "code", "textarea", "h1", "h2", "h3", "h4", "h5", "h6", "td", "th"]


def prepare_blocks(soup: BeautifulSoup) -> None:
    """Change the page so that its blocks are written as a person sees them."""
    for heading in soup.find_all(re.compile(r"\Ah[1-6]\Z")):
        if not heading.get_text(strip=True):
            heading.unwrap()
    for numbered in soup.find_all("ol"):
        _count(numbered)
    _escape_marks(soup)


def write_ticks(soup: BeautifulSoup) -> None:
    """Boxes of a form as what they show: `[x]` where they are ticked."""
    for box in soup.find_all("input", type=re.compile(r"\A(?:checkbox|radio)\Z", re.IGNORECASE)):
        box.replace_with("[x]" if box.has_attr("checked") else "[ ]")


def _count(numbered: Tag) -> None:
    """Note with each item what a browser counts it as, where that is no plain number from `start` on."""
    items = numbered.find_all("li", recursive=False)
    kind = _kind(numbered)
    backwards = numbered.has_attr("reversed")
    if kind == "1" and not backwards and not any(item.has_attr("value") for item in items):
        return
    number = _whole(numbered.get("start"), len(items) if backwards else 1)
    for item in items:
        number = _whole(item.get("value"), number)
        item[COUNTED] = f"{_written(number, kind)}." if kind else "-"
        number += -1 if backwards else 1


def _kind(numbered: Tag) -> str:
    """`1`, `a`, `A`, `i`, `I`, or "" for a list that shows no numbers."""
    styled = _STYLE.search(str(numbered.get("style") or ""))
    if styled:
        return _LETTERS.get(styled[1].lower(), "1")
    written = str(numbered.get("type") or "1")
    return written if written in ("a", "A", "i", "I") else "1"


def _written(number: int, kind: str) -> str:
    if kind in "iI":
        return roman(number) if kind == "i" else roman(number).upper()
    if kind in "aA" and 1 <= number <= 26:
        return chr(ord(kind) + number - 1)
    return str(number)


def _whole(written: object, otherwise: int) -> int:
    text = str(written or "").strip()
    return int(text) if re.fullmatch(r"-?\d{1,9}", text) else otherwise


def _escape_marks(soup: BeautifulSoup) -> None:
    """Put a backslash before words that begin a line and that Markdown would take for a heading or a block of code."""
    for words in soup.find_all(string=re.compile(rf"\A{_MARK.pattern}")):
        match = _MARK.match(words)
        if match and type(words).__name__ == "NavigableString" and not words.find_parent(_KEPT) and _begins_line(words):
            words.replace_with(f"{match[1]}\\{words[match.end(1) :]}")


def _begins_line(node: PageElement) -> bool:
    """Whether nothing stands before it in its line."""
    for before in node.previous_siblings:
        if getattr(before, "name", None) == "br" or getattr(before, "name", None) not in (None, *_INLINE):
            return True
        if before.get_text(strip=True):
            return False
    parent = node.parent
    return parent is None or parent.name not in _INLINE or _begins_line(parent)
