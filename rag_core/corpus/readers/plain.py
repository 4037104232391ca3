"""Text that is no Markdown, put where Markdown stands: its lines never become headings or open a block of code."""

from __future__ import annotations

import re

_MARKS = re.compile(r"^( {0,3})(?=#{1,6}(?:[ \t]|$)|`{3,}|~{3,})", re.MULTILINE)


def escaped(text: str) -> str:
    r"""The text with a backslash before a mark that Markdown would take for its own.

    >>> escaped("# of seats"), escaped("#7 is open")
    ('\\# of seats', '#7 is open')
    """
    return _MARKS.sub(r"\1\\", text)
