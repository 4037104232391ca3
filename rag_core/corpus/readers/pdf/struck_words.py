"""Words of a PDF page with a line drawn across their middle. A PDF does not say that words are struck through.

A line below the words underlines them, one between them is a table's; one that goes on beyond the words is a rule.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rag_core.corpus.readers.pdf.page_lines import Box, Line, baseline, letter_box

if TYPE_CHECKING:
    from pypdfium2 import PdfTextPage

_LOWEST, _HIGHEST = 0.1, 0.5
"""Where a line across words stands above what they are written on, in heights of their font."""
_THICKEST = 0.2
_BEYOND = 0.8
"""How far a line may go on beyond the words, in the same heights."""
_COVERED = 0.8


def struck_words(page: PdfTextPage, lines: Sequence[Line], rules: Sequence[Box]) -> list[str]:
    """What is struck through, a line of words each. The words must be as the page has them."""
    found: dict[tuple[int, str], None] = {}
    for rule in rules:
        height = (rule[1] + rule[3]) / 2
        for line in lines:
            if line.first is None or line.box is None or not line.box[1] < height < line.box[3]:
                continue
            if words := _across(page, line, rule, height):
                found[line.first, words] = None
    return [words for _, words in found]


def _across(page: PdfTextPage, line: Line, rule: Box, height: float) -> str:
    """The words of this line that the rule goes across; "" for none."""
    first = line.first or 0
    tall = (line.box[3] - line.box[1]) if line.box else 0.0
    if rule[3] - rule[1] > max(_THICKEST * tall, 1.0):
        return ""
    words = list(_covered(page, line, first, rule))
    if not words:
        return ""
    place = words[0][1]
    above = (height - baseline(page, place)) / max(tall, 1.0)
    left, right = min(word[2] for word in words), max(word[3] for word in words)
    beyond = max(left - rule[0], rule[2] - right) > _BEYOND * tall
    return "" if beyond or not _LOWEST <= above <= _HIGHEST else " ".join(word[0] for word in words)


def _covered(page: PdfTextPage, line: Line, first: int, rule: Box) -> Iterator[tuple[str, int, float, float]]:
    """The words that are mostly under the rule: word, place on the page, left and right."""
    at = 0
    for word in line.text.split(" "):
        start, at = at, at + len(word) + 1
        if not word:
            continue
        left = letter_box(page, first + start)[0]
        right = letter_box(page, first + start + len(word) - 1)[2]
        shared = min(right, rule[2]) - max(left, rule[0])
        if shared > 0 and shared >= _COVERED * (right - left) and any(map(str.isalnum, word)):
            yield word, first + start, left, right
