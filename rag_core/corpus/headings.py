"""Markdown headings of a text, with their exact spans. Lines inside code fences are no headings.

Every reader turns its format's headings into `#` lines, so this is the only place that knows what a heading is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_LINE = re.compile(r"[^\n]*\n?")
_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))??(?:[ \t]+#+)?[ \t]*\n?")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")


@dataclass(frozen=True)
class Heading:
    """A heading line: `text[start:end]` is the whole line without its line break; `title` is what it says."""

    level: int
    title: str
    start: int
    end: int


def headings(text: str) -> Iterator[Heading]:
    """All headings in order. `## Refunds ##` -> level 2, title `Refunds`; a heading without words is none."""
    fence = ""
    for match in _LINE.finditer(text):
        line = match.group()
        if not line:
            continue
        fence, was_fenced = _after(line, fence), bool(fence)
        if was_fenced or fence:
            continue
        found = _HEADING.fullmatch(line)
        title = _plain(found.group(2) or "") if found else ""
        if found and title:
            yield Heading(len(found.group(1)), title, match.start(), match.start() + len(line.rstrip("\n")))


def first_heading(text: str) -> str:
    """The title of the first heading, or an empty string."""
    return next((heading.title for heading in headings(text)), "")


def _after(line: str, fence: str) -> str:
    """The fence that is open after this line ("" for none): a fence closes with its own mark, at least as long."""
    found = _FENCE.match(line)
    if not found:
        return fence
    mark, rest = found.group(1), found.group(2)
    if not fence:
        return "" if mark[0] == "`" and "`" in rest else mark
    closes = mark[0] == fence[0] and len(mark) >= len(fence) and not rest.strip()
    return "" if closes else fence


def _plain(title: str) -> str:
    """A heading's words without Markdown emphasis, code marks and link targets."""
    return " ".join(_LINK.sub(r"\1", title).replace("**", "").replace("`", "").split())
