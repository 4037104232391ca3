"""Text from documents as safe HTML: escaped always, matched terms marked, what a model never saw greyed.

Where the matched terms stand is `rag_core.retrieval.tokenize.term_spans`'s to say.
"""

from __future__ import annotations

import html
from collections.abc import Iterable


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
