"""Words that a style sheet puts before or behind elements (`content: " (required)"`): seen, and no text of the page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bs4 import BeautifulSoup

_RULE = re.compile(
    r"""(?P<selector>[^{};@]+?)::?(?:before|after)\s*\{[^{}]*?\bcontent\s*:\s*(?P<sign>["'])(?P<words>[^"'\\]*)(?P=sign)""",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]{2,}")


def added_words(soup: BeautifulSoup, css: str) -> list[str]:
    """The words that rules add to elements of this page; signs and icons are none."""
    import soupsieve

    found: dict[str, None] = {}
    for rule in _RULE.finditer(css):
        words = " ".join(rule["words"].split())
        if not _WORD.search(words):
            continue
        try:
            if soupsieve.select_one(rule["selector"].strip(), soup):
                found[words] = None
        except (soupsieve.SelectorSyntaxError, NotImplementedError):
            continue
    return list(found)
