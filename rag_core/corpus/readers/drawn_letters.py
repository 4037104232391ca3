"""Letters that a style strikes through, raises or lowers, as the elements that say so: `<del>`, `<sup>`, `<sub>`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rag_core.corpus.readers.cascade import Cascade

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

_STRUCK = re.compile(r"\bline-through\b", re.IGNORECASE)
_SHIFTED = {"super": "sup", "sub": "sub"}
_INLINE = ("span", "font", "a", "b", "i", "em", "strong", "small", "code", "u", "label", "ins")


def name_drawn_letters(soup: BeautifulSoup, cascade: Cascade) -> None:
    """Put what a style draws so into the element that means it."""
    for tag in soup.find_all(True):
        values = cascade.values(tag)
        lines = [values[name].text for name in ("text-decoration", "text-decoration-line") if name in values]
        if any(map(_STRUCK.search, lines)) and tag.name not in ("del", "s", "strike"):
            _wrap_inside(soup, tag, "del")
        shift = values["vertical-align"].text.lower() if "vertical-align" in values else ""
        if shift in _SHIFTED and tag.name in _INLINE and not tag.find(["sup", "sub"]):
            _wrap_inside(soup, tag, _SHIFTED[shift])


def _wrap_inside(soup: BeautifulSoup, tag: Tag, name: str) -> None:
    inside = soup.new_tag(name)
    for child in list(tag.contents):
        inside.append(child.extract())
    tag.append(inside)
