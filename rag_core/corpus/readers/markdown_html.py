"""HTML within Markdown, as a page shows it: tables with their spans filled, raised and struck letters.

Comments are out, each listed. Code is left as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from rag_core.corpus.readers.base import Source, left_out
from rag_core.corpus.readers.html import few, read_fragment
from rag_core.corpus.readers.scripts import lowered, raised, struck
from rag_core.schema.files import FileNote

CODE = re.compile(
    r"^ {0,3}(?:```|~~~).*?(?:^ {0,3}(?:```|~~~)[ \t]*$|\Z)|(?<!`)(?P<ticks>`+)(?!`)[^\n]+?(?<!`)(?P=ticks)(?!`)",
    re.DOTALL | re.MULTILINE,
)
"""A fenced block, or code within a line."""
_COMMENT = re.compile(r"<!--(.*?)-->|^\[//\]: # [(\"']([^\n]*)[)\"'][ \t]*$", re.DOTALL | re.MULTILINE)
_TABLE = re.compile(r"^[ \t]*<table\b.*?</table>[ \t]*$", re.DOTALL | re.MULTILINE | re.IGNORECASE)
_DRAWN = re.compile(r"<(sup|sub|s|del|strike)>([^<>\n]*)</\1>", re.IGNORECASE)
_UNSEEN = "It is a comment of the file, which no reader of the page sees."


def shown(source: Source, text: str) -> tuple[str, list[FileNote]]:
    """The text as its page shows it, and notes of what that leaves out."""
    notes: list[FileNote] = []
    text = _outside_code(text, lambda part: _TABLE.sub(lambda match: _table(source, match, notes), part))
    text = _outside_code(text, lambda part: _DRAWN.sub(_drawn, part))
    text = _outside_code(text, lambda part: _COMMENT.sub(lambda match: _comment(match, notes), part))
    kinds = ("left out", "in doubt")
    return text, [note for kind in kinds for note in few([one for one in notes if one.kind == kind])]


def _outside_code(text: str, change: Callable[[str], str]) -> str:
    """The text with every stretch between pieces of code changed."""
    parts, at = [], 0
    for code in CODE.finditer(text):
        parts += [change(text[at : code.start()]), code.group()]
        at = code.end()
    return "".join([*parts, change(text[at:])])


def _table(source: Source, match: re.Match[str], notes: list[FileNote]) -> str:
    if match.group().lower().count("<table") > 1:  # one in a cell of another: where it ends is not known here
        return match.group()
    words, found = read_fragment(source, match.group())
    notes.extend(found)
    return f"\n{words}\n"


def _drawn(match: re.Match[str]) -> str:
    return _MARKS[match[1].lower()](match[2])


_MARKS: dict[str, Callable[[str], str]] = {"sup": raised, "sub": lowered, "s": struck, "del": struck, "strike": struck}


def _comment(match: re.Match[str], notes: list[FileNote]) -> str:
    words = (match[1] or match[2] or "").strip()
    if words:
        notes.append(left_out("a comment", _UNSEEN, words))
    return ""
