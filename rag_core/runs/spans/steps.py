"""The ranked lists of a trace as steps: what made each, and which lists it read.

Spans do not say what a list was made from, so that is worked out:

- a retriever that holds several retrievers has fused their lists; one that holds one has cut or reordered its list
  (or only passed it on: then it is no step)
- a retriever without documents that is the only list in another is no step: the outer one has its documents
- a reranker read the latest list that has all its input documents; where none has, its input is a step of its own,
  marked as inferred, which fuses the open searches if these have the documents
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain

from rag_core.runs.passage_book import PassageBook
from rag_core.runs.sent import unique_name
from rag_core.runs.spans import names
from rag_core.runs.spans.documents import Found, asked, documents
from rag_core.runs.spans.names import SpanKind
from rag_core.runs.spans.span import Span
from rag_core.runs.spans.tree import Tree
from rag_core.runs.values import Evidence, StepKind
from rag_core.schema.documents import MADE_UP

Ranked = tuple[tuple[str, float | None], ...]
"""Passage ids with their scores, best first."""


@dataclass(frozen=True)
class Lists:
    """The ranked lists of one span, by the attribute that has them, and how many documents were left out."""

    found: Mapping[str, list[Found]]
    left_out: int


@dataclass(frozen=True)
class Listed:
    """A step to be: its ranked list, the span that it comes from, and what is known of it."""

    name: str
    kind: StepKind
    hits: Ranked
    span: Span
    inputs: tuple[str, ...] = ()
    model: str = ""
    query: str = ""
    evidence: Evidence = Evidence.RECORDED

    @property
    def order(self) -> tuple[str, ...]:
        """The passage ids, best first."""
        return tuple(dict.fromkeys(passage_id for passage_id, _ in self.hits))


@dataclass
class Steps:
    """Collects the steps of a trace. `lists`: the ranked lists of its spans, by span id."""

    tree: Tree
    book: PassageBook
    lists: Mapping[str, Lists]
    found: list[Listed] = field(default_factory=list)
    by_span: dict[str, str] = field(default_factory=dict)

    def collect(self) -> list[Listed]:
        """The steps in order."""
        for span in self.tree.lists:
            READ[span.kind](self, span)
        return self.found

    def retriever(self, span: Span) -> None:
        """A search; or, where it holds other lists, what it made of them."""
        made = self._listed(span, StepKind.SEARCH, names.RETRIEVED, asked(span.text(names.INPUT)))
        if not made.hits and self._only_one_in_another(span):
            return
        made = replace(made, model=self._embedding(span))
        inner = [self.by_span[one.span_id] for one in self._lists_in(span) if one.span_id in self.by_span]
        open_ones = [name for name in inner if name in self._unread()]
        if not open_ones:
            self._add(made, span)
        elif len(open_ones) > 1:
            self._add(replace(made, kind=StepKind.FUSION, inputs=tuple(open_ones), model=""), span)
        else:
            self._wrapper(made, open_ones[0], span)

    def _only_one_in_another(self, span: Span) -> bool:
        """True for a retriever that is the one list in another retriever: LlamaIndex wraps each in two spans, of which
        the outer has the documents."""
        outer = self.tree.nearest(span)
        if outer is None or outer.kind != SpanKind.RETRIEVER:
            return False
        siblings = (one for one in self.tree.lists if self.tree.nearest(one) is outer)
        return all(one is span for one in siblings)

    def reranker(self, span: Span) -> None:
        """A reranking, with the list that it read."""
        query = span.text(names.RERANK_QUERY) or asked(span.text(names.INPUT))
        made = self._listed(span, StepKind.RERANK, names.RERANK_OUTPUT, query)
        made = replace(made, model=span.text(names.RERANK_MODEL)[:400])
        read = self._listed(span, StepKind.SEARCH, names.RERANK_INPUT, query)
        wanted = set(read.order or made.order)
        before = next((one for one in reversed(self.found) if wanted and wanted <= set(one.order)), None)
        if before is None and read.hits:
            before = self._input(read)
        self._add(replace(made, inputs=(before.name,) if before else ()), span)

    def _input(self, read: Listed) -> Listed:
        """The list that a reranker read and no span has."""
        open_ones = [one for one in self.found if one.name in self._unread()]
        known = {passage_id for one in open_ones for passage_id in one.order}
        fused = len(open_ones) > 1 and set(read.order) <= known
        inferred = replace(
            read,
            name=f"input of {read.name}"[:180],
            kind=StepKind.FUSION if fused else StepKind.SEARCH,
            inputs=tuple(one.name for one in open_ones) if fused else (),
            evidence=Evidence.INFERRED,
        )
        return self._add(inferred)

    def _wrapper(self, made: Listed, inner: str, span: Span) -> None:
        """A retriever around one list: no step where it passed that on, else a cut or a new order."""
        before = next(one for one in self.found if one.name == inner)
        if made.order == before.order:
            self.by_span[span.span_id] = inner
            return
        kept = tuple(one for one in before.order if one in set(made.order))
        kind = StepKind.SELECT if made.order == kept else StepKind.ADJUST
        self._add(replace(made, kind=kind, inputs=(inner,), model=""), span)

    def _listed(self, span: Span, kind: StepKind, prefix: str, query: str) -> Listed:
        hits = tuple((self.book.add(passage), score) for passage, score in self.lists[span.span_id].found[prefix])
        name = (span.name or span.kind.lower()).replace("\x00", "")[:180]
        return Listed(name=name, kind=kind, hits=hits, span=span, query=query)

    def _add(self, made: Listed, span: Span | None = None) -> Listed:
        made = replace(made, name=unique_name(made.name, {one.name for one in self.found}))
        self.found.append(made)
        if span is not None:
            self.by_span[span.span_id] = made.name
        return made

    def _unread(self) -> set[str]:
        """The steps that no other has read."""
        return {one.name for one in self.found} - {name for one in self.found for name in one.inputs}

    def _lists_in(self, span: Span) -> list[Span]:
        return self.tree.within(span, (SpanKind.RETRIEVER, SpanKind.RERANKER))

    def _embedding(self, span: Span) -> str:
        """The bi-encoder that embedded the query inside a search; empty where no span says so."""
        models = (one.text(names.EMBEDDING_MODEL) for one in self.tree.within(span, (SpanKind.EMBEDDING,)))
        return next(filter(None, models), "")[:400]


READ: dict[str, Callable[[Steps, Span], None]] = {
    SpanKind.RETRIEVER: Steps.retriever,
    SpanKind.RERANKER: Steps.reranker,
}


def lists_of(span: Span) -> Lists:
    """The ranked lists of a span."""
    prefixes = (names.RETRIEVED, names.RERANK_INPUT, names.RERANK_OUTPUT)
    read = {prefix: documents(span.attributes, prefix) for prefix in prefixes}
    found = {prefix: some for prefix, (some, _) in read.items()}
    return Lists(found, sum(left_out for _, left_out in read.values()))


def book_of(spans: Iterable[Lists]) -> PassageBook:
    """The passages that have an id and a text, so that a text alone finds its id."""
    book = PassageBook()
    for lists in spans:
        for passage, _ in chain.from_iterable(lists.found.values()):
            if passage.text and not passage.id.startswith(MADE_UP):
                book.add(passage)
    return book
