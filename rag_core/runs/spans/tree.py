"""Which span of a trace stands in which. Parts may be missing and in any order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

from rag_core.runs.spans.names import SpanKind
from rag_core.runs.spans.span import Span

LISTS = (SpanKind.RETRIEVER, SpanKind.RERANKER)
"""Kinds of spans that have ranked lists."""


class Tree:
    """The spans of one trace."""

    def __init__(self, spans: Iterable[Span]) -> None:
        by_id = {span.span_id: span for span in spans}
        self.spans = sorted(by_id.values(), key=lambda span: (span.started_ns, span.span_id))
        self._by_id = by_id

    @cached_property
    def roots(self) -> list[Span]:
        """The spans whose parent is not there, the earliest first."""
        return [span for span in self.spans if span.parent_id not in self._by_id]

    @cached_property
    def lists(self) -> list[Span]:
        """The spans with ranked lists, in the order in which they ended: what stands in another before it."""
        inner = [span for span in self.spans if span.kind in LISTS]
        return sorted(inner, key=lambda span: (span.ended_ns, -self._depth(span), span.started_ns, span.span_id))

    @property
    def incomplete(self) -> bool:
        """True where a span names a parent that is not there."""
        return any(span.parent_id for span in self.roots)

    def top(self) -> Span | None:
        """The outermost span with an OpenInference kind: what the program was asked and what it answered."""
        return next((span for span in sorted(self.spans, key=self._depth) if span.kind), None)

    def within(self, span: Span, kinds: Iterable[str]) -> list[Span]:
        """The spans of these kinds that stand in it, at any depth."""
        wanted = set(kinds)
        inner = (one for one in self.spans if one.kind in wanted)
        return [one for one in inner if any(above.span_id == span.span_id for above in self._above(one))]

    def nearest(self, span: Span) -> Span | None:
        """The innermost span with ranked lists that this one stands in."""
        return next((one for one in self._above(span) if one.kind in LISTS), None)

    def _depth(self, span: Span) -> int:
        return sum(1 for _ in self._above(span))

    def _above(self, span: Span) -> Iterator[Span]:
        """Its parent, that one's parent, and so on. A ring of parents ends where it began."""
        seen = {span.span_id}
        while (parent := self._by_id.get(span.parent_id)) is not None and parent.span_id not in seen:
            seen.add(parent.span_id)
            yield parent
            span = parent
