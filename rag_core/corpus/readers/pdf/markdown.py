"""The lines of a PDF as Markdown: larger type makes headings, wrapped lines and hyphenated words are joined again."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from rag_core.corpus.readers.base import in_doubt
from rag_core.corpus.readers.pdf.page_lines import Line
from rag_core.corpus.readers.plain import escaped
from rag_core.schema.files import FileNote

_LARGER = 1.3
_LARGER_AND_BOLD = 1.05
_LONGEST_HEADING = 150
_WRAPPED_FROM = 40
_PARTED = re.compile(r"([^\W_]*)\ufffe\n?([^\W_]*)")
_WORDS = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
_AFTER_SCRIPT = re.compile(r"(?:\^\S+|\^\([^()]*\)|[₀-₉]+)\Z")
_BULLET = re.compile("^[\ue000-\uf8ff]\\s+(?=\\S)")
"""A sign of a font of signs that begins an item of a list. Such signs are in the private area of Unicode."""
_LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"})


def to_markdown(lines: Sequence[Line]) -> tuple[str, list[FileNote]]:
    """The text, and a note of the words that were joined without knowing that they are one."""
    body = _body_size(lines)
    sizes = {line.size for line in lines if _is_heading(line, body)}
    level = {size: min(place, 6) for place, size in enumerate(sorted(sizes, reverse=True), start=1)}
    pieces: list[str] = []
    before = Line("")
    for line in (replace(one, text=_BULLET.sub("- ", one.text)) for one in lines):
        if _is_heading(line, body):
            same = _is_heading(before, body) and before.size == line.size
            pieces.append(f" {line.text}" if same else f"\n\n{'#' * level[line.size]} {line.text}")
        else:
            pieces.append(_joint(before, line, after_heading=_is_heading(before, body)) + escaped(line.text))
        before = line
    text, guessed = unhyphenated("".join(pieces).translate(_LIGATURES))
    reason = "These words break at the end of a line and are joined without the hyphen. It may be one of their own."
    return text.strip(), [in_doubt("line ends", reason, ", ".join(guessed))] if guessed else []


def _body_size(lines: Sequence[Line]) -> float:
    """The size of type that most of the text is in; 0 where none is known."""
    weights: Counter[float] = Counter()
    for line in lines:
        weights[line.size] += len(line.text)
    return max((size for size in weights if size > 0), key=lambda size: weights[size], default=0.0)


def _is_heading(line: Line, body: float) -> bool:
    """In much larger type than the body text, or in larger and bold type; short, and with a letter in it."""
    larger = _LARGER_AND_BOLD if line.bold else _LARGER
    words = len(line.text) <= _LONGEST_HEADING and any(letter.isalpha() for letter in line.text)
    return body > 0 and line.size >= larger * body and words


def _joint(before: Line, line: Line, after_heading: bool) -> str:
    """What goes between two lines: nothing after a hyphen, a blank where a sentence runs on, else a line break.

    PDFium also parts a line behind a raised letter: that is one line again.
    """
    if after_heading:
        return "\n\n"
    if _AFTER_SCRIPT.search(before.text) and _same_row(before, line):
        return "" if line.text[0] in ".,;:!?)" else " "
    if len(before.text) >= _WRAPPED_FROM and before.text[-1] == "-" and before.text[-2].isalnum():
        return ""
    runs_on = len(before.text) >= _WRAPPED_FROM and line.text[:1].islower() and before.text[-1] not in ".!?:;|"
    return " " if runs_on else "\n"


def _same_row(before: Line, line: Line) -> bool:
    """Whether the line goes on where the one before it ends."""
    if before.box is None or line.box is None:
        return False
    height = line.box[3] - line.box[1]
    overlap = min(before.box[3], line.box[3]) - max(before.box[1], line.box[1])
    return overlap > height / 2 and -height < line.box[0] - before.box[2] < height


def unhyphenated(text: str) -> tuple[str, list[str]]:
    """The text with words that were parted at a line's end (U+FFFE) as one, and those for which nothing speaks.

    The rest of the text decides: a word that also stands there whole is joined, one that stands there with its hyphen
    keeps it. A code (`KB-ERR-`, `v2-`) keeps it too. Other words in small letters are joined, and reported.

    >>> unhyphenated("well\\ufffe\\nknown, inter\\ufffe\\nnational, a well-known one")
    ('well-known, international, a well-known one', ['inter-national'])
    """
    known = {word.casefold() for word in _WORDS.findall(text)}
    guessed: dict[str, None] = {}

    def joined(match: re.Match[str]) -> str:
        left, right = match.groups()
        one, two = f"{left}{right}", f"{left}-{right}"
        if one.casefold() in known:
            return one
        if two.casefold() in known or not (left.islower() and right.islower()):
            return two
        guessed[two] = None
        return one

    return _PARTED.sub(joined, text), list(guessed)
