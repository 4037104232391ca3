"""Text whose lines a mail program wrapped, put together again (RFC 3676): `format=flowed`."""

from __future__ import annotations

import re
from email.message import Message

_QUOTES = re.compile(r">*")


def is_flowed(part: Message) -> bool:
    """Whether the part says that its lines are wrapped so."""
    return str(part.get_param("format", "")).lower() == "flowed"


def unwrapped(text: str, *, drop_blanks: bool) -> str:
    """The text with lines that end in a blank joined to the next one. `drop_blanks`: that blank is none of the text's
    (`delsp=yes`), so that a word may go on.

    >>> unwrapped("A long \\nline.\\n> quo \\n> ted\\n-- \\nAnn", drop_blanks=False)
    'A long line.\\n> quo ted\\n-- \\nAnn'
    """
    lines: list[str] = []
    depth, open_ = 0, False
    for line in text.split("\n"):
        quotes = _QUOTES.match(line)
        own = quotes.end() if quotes else 0
        words = line[own:].removeprefix(" ")
        if open_ and own == depth and words != "-- ":
            lines[-1] += words
        else:
            lines.append(f"{'>' * own}{' ' if own and words else ''}{words}")
        open_, depth = words.endswith(" ") and words != "-- ", own
        if open_ and drop_blanks:
            lines[-1] = lines[-1][:-1]
    return "\n".join(lines)
