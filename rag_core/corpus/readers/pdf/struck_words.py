"""Words of a PDF page with a line drawn across their middle. A PDF does not say that words are struck through.

A line below the words underlines them, one between them is a table's; one that goes on beyond the words is a rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rag_core.corpus.readers.pdf.page_lines import Box, Line, baseline, letter_box

if TYPE_CHECKING:
    from pypdfium2 import PdfTextPage

_LOWEST, _HIGHEST = 0.1, 0.5
"""Where a line across words stands above what they are written on, in heights of their font."""
_FEWEST = 2
_THICKEST = 0.2
_BEYOND = 0.8
"""How far a line may go on beyond the words, in the same heights."""


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
    """The words, or parts of words, of this line that the rule goes across; "" for none."""
    first = line.first or 0
    tall = (line.box[3] - line.box[1]) if line.box else 0.0
    if rule[3] - rule[1] > max(_THICKEST * tall, 1.0):
        return ""
    boxes = [letter_box(page, first + place) for place in range(len(line.text))]
    under = [at for at, box in enumerate(boxes) if rule[0] <= (box[0] + box[2]) / 2 <= rule[2]]
    covered = [at for at in under if line.text[at].isalnum()]
    if len(covered) < _FEWEST:  # a line of a drawing across one letter
        return ""
    above = (height - baseline(page, first + covered[0])) / max(tall, 1.0)
    left, right = min(boxes[at][0] for at in under), max(boxes[at][2] for at in under)
    beyond = max(left - rule[0], rule[2] - right) > _BEYOND * tall
    return "" if beyond or not _LOWEST <= above <= _HIGHEST else "".join(line.text[at] for at in under).strip()
