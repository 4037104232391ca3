"""Where the sentences of a passage stand. A few rules, no model: prose, list items, table rows, code lines.

Spans are exact: `text[start:end]` is the sentence. Which sentences matter is left to others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

ABBREVIATIONS = frozenset({"e.g", "i.e", "vs", "cf", "dr", "mr", "mrs", "ms", "prof", "a.m", "p.m", "u.s", "u.k"})
BEFORE_NUMBERS = frozenset({"no", "nr", "fig", "eq", "sec", "vol", "p", "pp", "approx", "ca", "ver"})
"""These end a sentence unless a number follows: `No. 5`, but `The answer is no.`"""

HEAD = 3
"""Words that the head of a list item has at most."""

WRAP = 60
"""A line shorter than this was ended by its writer, not by a page's margin."""

_END = re.compile(r"""(?:[.!?…]+["'”’)\]]*(?:\^?\[\^?\w{1,4}\]|\^\d{1,3})*(?=\s)|[。！？]+)""")
"""The end of a sentence; marks of notes may be glued to it, as in `in 1998.[2] It`."""
_ITEM = re.compile(r"\s*(?:[-*•+–]|\d{1,3}[.)]|[a-z][.)])\s+")
_HEADING = re.compile(r"\s{0,3}#{1,6}\s")
_RULE = re.compile(r"[\s|:=*_+-]+")
_FENCE = re.compile(r"\s*(?:```|~~~)")
_CODE = re.compile(r"(?: {4}|\t)\s*\S")


@dataclass(frozen=True)
class Sentence:
    """`text[start:end]`; `context` is the header row of a row's table, else empty. `head`: whether it
    may only say what the next one is about, as the first of `- Monthly plans. They simply end.`"""

    start: int
    end: int
    context: str = ""
    head: bool = False


@dataclass(frozen=True)
class _Line:
    start: int
    end: int
    kind: str


def sentences(text: str) -> list[Sentence]:
    """The sentences in reading order; headings, rules and blank lines are none.

    sentences("It takes 3.5 days. See e.g. Smith.") -> [Sentence(0, 18), Sentence(19, 34)]
    """
    found: list[Sentence] = []
    prose: list[_Line] = []
    header = ""
    lines = [*_lines(text), _Line(len(text), len(text), "blank")]
    for line, following in zip(lines, [*lines[1:], lines[-1]], strict=True):
        row = text[line.start : line.end].strip()
        if prose and (line.kind != "prose" or _ends_here(text, prose[-1], line)):
            found += _split(text, prose[0].start, prose[-1].end)
            prose = []
        if line.kind in ("prose", "item"):
            prose.append(line)
        elif line.kind == "row":
            if header or not _is_header(row, following):
                found += _trimmed(text, line.start, line.end, header)
            else:
                header = row
        elif line.kind == "code":
            found += _trimmed(text, line.start, line.end)
        if line.kind not in ("row", "rule"):
            header = ""
    return found or list(_trimmed(text, 0, len(text)))


def _is_header(row: str, following: _Line) -> bool:
    """Whether the first row of a table names its columns: a Markdown one has a rule below it, unless it was cut off."""
    return following.kind == "rule" or "|" not in row


def _lines(text: str) -> Iterator[_Line]:
    start, fenced = 0, False
    for raw in text.splitlines(keepends=True):
        line = raw.rstrip()
        fence = bool(_FENCE.match(line))
        yield _Line(start, start + len(line), "rule" if fence else "code" if fenced and line.strip() else _kind(line))
        fenced ^= fence
        start += len(raw)


def _kind(line: str) -> str:
    """What a line outside of a code fence is."""
    if not line.strip():
        return "blank"
    for kind, pattern in (("rule", _RULE), ("heading", _HEADING), ("item", _ITEM), ("code", _CODE)):
        if (pattern.fullmatch if kind == "rule" else pattern.match)(line):
            return kind
    return "row" if line.count("|") >= 2 or "\t" in line.strip() else "prose"


def _ends_here(text: str, last: _Line, line: _Line) -> bool:
    """True where the line break between two lines of prose ends a sentence, as in a chat or after a title."""
    begins = text[line.start : line.end].lstrip()[:1]
    return last.end - last.start < WRAP and not begins.islower()


def _split(text: str, start: int, end: int) -> Iterator[Sentence]:
    """Sentences of one paragraph or list item."""
    item = _ITEM.match(text, start, end)
    start = begins = item.end() if item else start
    for mark in _END.finditer(text, start, end):
        if not _is_abbreviation(text, start, mark, end):
            of_item = item is not None and start == begins and mark.group() == "." and mark.end() < end
            head = of_item and len(text[start : mark.end()].split()) <= HEAD
            yield from (replace(one, head=head) for one in _trimmed(text, start, mark.end()))
            start = mark.end()
    yield from _trimmed(text, start, end)


def _is_abbreviation(text: str, start: int, mark: re.Match[str], end: int) -> bool:
    """True for the dot of `e.g.`, `No. 5`, `J. Smith`, and for any dot before a lower-case letter."""
    if mark.group() != ".":
        return False
    follows = text[mark.end() : end].lstrip()[:1]
    if follows.islower():
        return True
    token = re.split(r"[^\w.]", text[start : mark.start()])[-1]
    if token.lower() in BEFORE_NUMBERS:
        return follows.isdigit()
    return token.lower() in ABBREVIATIONS or (len(token) == 1 and token.isupper())


def _trimmed(text: str, start: int, end: int, context: str = "") -> Iterator[Sentence]:
    """The span without white space around it; nothing where nothing is left."""
    piece = text[start:end]
    if piece.strip():
        yield Sentence(start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip()), context)
