"""Text from documents as safe HTML: escaped always, matched terms marked, what a model never saw greyed."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable


def spans_of_terms(text: str, terms: Iterable[str]) -> list[tuple[int, int]]:
    """Where the terms stand in the text, case folded, at the start of a word; longest term first, no overlaps."""
    wanted = sorted({term for term in terms if len(term) > 1}, key=len, reverse=True)
    if not wanted:
        return []
    pattern = re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, wanted)) + ")", re.IGNORECASE)
    return [match.span() for match in pattern.finditer(text)]


def marked(text: str, spans: Iterable[tuple[int, int]], seen: int | None = None) -> str:
    """HTML of the text with `<mark>` around the spans and, from character `seen` on, a greyed tail.

    Spans are sorted and do not overlap. Every character of the text is escaped.
    """
    end = len(text) if seen is None else max(0, min(seen, len(text)))
    head = _with_marks(text[:end], spans)
    if end >= len(text):
        return head
    return f'{head}<span class="sp-unseen" title="The reranker did not see this part">{html.escape(text[end:])}</span>'


def _with_marks(text: str, spans: Iterable[tuple[int, int]]) -> str:
    pieces, at = [], 0
    for start, end in spans:
        if start < at or end > len(text):
            continue
        pieces.append(html.escape(text[at:start]))
        pieces.append(f"<mark>{html.escape(text[start:end])}</mark>")
        at = end
    pieces.append(html.escape(text[at:]))
    return "".join(pieces)
