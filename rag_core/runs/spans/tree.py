"""Which span of a trace stands in which. Parts may be missing and in any order."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from rag_core.runs.run import MAX_STEPS
from rag_core.runs.spans.names import SpanKind
from rag_core.runs.spans.span import Span

LISTS = (SpanKind.RETRIEVER, SpanKind.RERANKER)
"""Kinds of spans that have ranked lists."""


MAX_SPANS = 5000
"""Spans of a trace that are looked at, the earliest."""


class Tree:
    """The spans of one trace. `left_out` counts those past the limit."""

    def __init__(self, spans: Iterable[Span], left_out: int = 0) -> None:
        known = {span.span_id: span for span in spans}
        self.spans = sorted(known.values(), key=_begun)[:MAX_SPANS]
        self.left_out = left_out + len(known) - len(self.spans)
        self._by_id = {span.span_id: span for span in self.spans}

    def without(self, kind: SpanKind) -> Tree:
        """The tree without spans of a kind and what stands in them; as it is where no ranked list would remain."""
        out = {span.span_id for span in self.spans if span.kind == kind}
        open_ones = list(out)
        while open_ones:
            below = [one.span_id for one in self._children.get(open_ones.pop(), ()) if one.span_id not in out]
            out.update(below)
            open_ones += below
        rest = [span for span in self.spans if span.span_id not in out]
        return Tree(rest, self.left_out) if out and any(span.kind in LISTS for span in rest) else self

    @cached_property
    def roots(self) -> list[Span]:
        """The spans whose parent is not there, the earliest first."""
        return [span for span in self.spans if span.parent_id not in self._by_id]

    @cached_property
    def lists(self) -> list[Span]:
        """The spans with ranked lists, in the order in which they ended: what stands in another before it."""
        inner = [span for span in self.spans if span.kind in LISTS][:MAX_STEPS]
        return sorted(inner, key=lambda span: (self._ended(span), -self._depth(span), span.started_ns, span.span_id))

    def _ended(self, span: Span) -> int:
        """When it ended; where that is not known, the latest that is known of it: its start, or an end within it."""
        latest, seen, open_ones = span.ended_ns or span.started_ns, {span.span_id}, [] if span.ended_ns else [span]
        while open_ones:
            below = [one for one in self._children.get(open_ones.pop().span_id, ()) if one.span_id not in seen]
            seen.update(one.span_id for one in below)
            latest = max((latest, *(one.ended_ns or one.started_ns for one in below)))
            open_ones += [one for one in below if not one.ended_ns]
        return latest

    @property
    def incomplete(self) -> bool:
        """True where a span names a parent that is not there."""
        return any(span.parent_id for span in self.roots)

    def top(self) -> Span | None:
        """The outermost span with an OpenInference kind: what the program was asked and what it answered."""
        return next((span for span in sorted(self.spans, key=self._depth) if span.kind), None)

    def within(self, span: Span, kinds: Iterable[str]) -> list[Span]:
        """The spans with ranked lists, or embeddings, that are of these kinds and stand in it, at any depth."""
        wanted, open_ones = set(kinds), [span.span_id]
        inner: list[Span] = []
        while open_ones:
            below = self._below.get(open_ones.pop(), ())
            open_ones += [one.span_id for one in below]
            inner += [one for one in below if one.kind in wanted]
        return sorted(inner, key=_begun)

    def nearest(self, span: Span) -> Span | None:
        """The innermost span with ranked lists that this one stands in."""
        seen = {span.span_id}
        while (parent := self._by_id.get(span.parent_id)) is not None and parent.span_id not in seen:
            if parent.kind in LISTS:
                return parent
            seen.add(parent.span_id)
            span = parent
        return None

    @cached_property
    def _below(self) -> dict[str, list[Span]]:
        """By the span with a ranked list that each stands in: the lists and embeddings directly below it."""
        below: dict[str, list[Span]] = {}
        for span in (*self.lists, *(one for one in self.spans if one.kind == SpanKind.EMBEDDING)):
            if (outer := self.nearest(span)) is not None and not self._in_ring(span):
                below.setdefault(outer.span_id, []).append(span)
        return below

    def _in_ring(self, span: Span) -> bool:
        """True where its parents form a ring, so that it stands in itself."""
        return span.span_id not in self._depths

    @cached_property
    def _children(self) -> dict[str, list[Span]]:
        children: dict[str, list[Span]] = {}
        for span in self.spans:
            children.setdefault(span.parent_id, []).append(span)
        return children

    @cached_property
    def _depths(self) -> dict[str, int]:
        """How many spans each stands in. Spans whose parents form a ring are not among them."""
        depths = {span.span_id: 0 for span in self.roots}
        open_ones = list(depths)
        while open_ones:
            above = open_ones.pop()
            for span in self._children.get(above, ()):
                depths[span.span_id] = depths[above] + 1
                open_ones.append(span.span_id)
        return depths

    def _depth(self, span: Span) -> int:
        return self._depths.get(span.span_id, 0)


def _begun(span: Span) -> tuple[int, str]:
    return span.started_ns, span.span_id
