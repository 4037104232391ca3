"""Words of Arabic, Hebrew and other scripts that are written from right to left, in the order of reading.

PDFium takes letters as a file has them, which may be from the left. Where they stand on the page decides.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from rag_core.corpus.readers.pdf.page_lines import Line, letter_box

if TYPE_CHECKING:
    from pypdfium2 import PdfTextPage

_LETTER = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff"
_WORD = re.compile(rf"[{_LETTER}]+")
_RUN = re.compile(rf"[{_LETTER}]+(?: +[{_LETTER}]+)*")
_DIGITS = re.compile("[\u0660-\u0669\u06f0-\u06f9]")
_LAM = "\u0644"
_ALEFS = "\u0622\u0623\u0625\u0627"


def has_right_to_left(text: str) -> bool:
    """Whether any of it is written from right to left."""
    return _WORD.search(text) is not None


def in_order(page: PdfTextPage, line: Line) -> Line:
    """The line with its words from right to left in the order of reading. Its words must be as the page has them."""
    if line.first is None:
        return line
    first = line.first
    return replace(line, text=_RUN.sub(lambda run: _run(page, run.group(), first + run.start()), line.text))


def _run(page: PdfTextPage, text: str, first: int) -> str:
    """Words beside each other, the rightmost first."""
    words = [_word(page, word.group(), first + word.start()) for word in _WORD.finditer(text)]
    blanks = re.findall(" +", text)
    ordered = sorted(words, key=lambda word: -word[1])
    return "".join(f"{word}{blank}" for (word, _), blank in zip(ordered, [*blanks, ""], strict=True))


def _word(page: PdfTextPage, word: str, first: int) -> tuple[str, float]:
    """A word with its letters from right to left, and its right edge. Figures, written from left to right, stay."""
    boxes = [letter_box(page, first + place) for place in range(len(word))]
    right = max(box[2] for box in boxes)
    if _DIGITS.search(word):
        return word, right
    places = sorted(range(len(word)), key=lambda place: -boxes[place][0])
    ordered = [(word[place], boxes[place][0]) for place in places]
    for at in range(len(ordered) - 1):
        (letter, here), (after, there) = ordered[at], ordered[at + 1]
        if here == there and letter in _ALEFS and after == _LAM:  # one sign for both, taken apart from the left
            ordered[at], ordered[at + 1] = ordered[at + 1], ordered[at]
    return "".join(letter for letter, _ in ordered), right
