"""The run of a trace: its question, its lists as steps, what the language model read of them, its answer, and what was
said of that. What a judge of the answer did in the trace is no part of the pipeline.

It may be made again whenever more of the trace has arrived. Spans say nothing of score spaces: these stay unknown.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from rag_core.runs.passage_book import PassageBook
from rag_core.runs.recorder.shapes import cleaned, scalars
from rag_core.runs.run import Run
from rag_core.runs.sent import run_from, unique_name
from rag_core.runs.spans import names
from rag_core.runs.spans.documents import answered, asked, json_of, messages, texts_in
from rag_core.runs.spans.feedback import feedback_of
from rag_core.runs.spans.names import SpanKind
from rag_core.runs.spans.span import Span
from rag_core.runs.spans.steps import Listed, Steps, book_of, lists_of
from rag_core.runs.spans.tree import Tree
from rag_core.runs.values import MAX_TEXT, MOST_MS, Evidence, StepKind

SHORTEST = 20
"""Characters below which a passage that stands in a prompt may stand there by chance."""


def run_of_spans(spans: Iterable[Span], source: str = "otlp", left_out: int = 0) -> Run | None:
    """The run of one trace; None for a trace without retrieval. `left_out`: how many more spans it has."""
    whole = Tree(spans, left_out)
    tree = whole.without(SpanKind.EVALUATOR)
    if not tree.lists:
        return None
    found = {span.span_id: lists_of(span) for span in tree.lists}
    book = book_of(found.values())
    steps = Steps(tree, book, found).collect()
    top = tree.top() or tree.lists[0]
    query = _query(tree, top)
    sent = [_sent(one, query, tree.spans[0].started_ns) for one in steps]
    sent += _read_by_model(tree, steps, book)
    return run_from(
        {
            "id": top.trace_id,
            "project": tree.lists[0].project,
            "query": query,
            "started_at": datetime.fromtimestamp(tree.spans[0].started_ns / 1e9, UTC),
            "steps": sent[:200],
            "passages": book.passages(),
            "answer": _answer(tree, top),
            "feedback": feedback_of(whole.spans),
            "attributes": _attributes(tree),
            "source": source,
            "warnings": _notes(tree, sum(one.left_out for one in found.values())),
        }
    )


def _query(tree: Tree, top: Span) -> str:
    """What was asked: of the outermost span, else of the first search or reranker that says so."""
    first = tree.lists[0]
    given = (top.text(names.INPUT), first.text(names.INPUT), first.text(names.RERANK_QUERY))
    return cleaned(next((found for one in given if one and (found := asked(one))), ""), MAX_TEXT)


def _sent(one: Listed, query: str, began_ns: int) -> dict[str, Any]:
    span, failed = one.span, one.span.error is not None and one.evidence is Evidence.RECORDED
    started_ms = (span.started_ns - began_ns) / 1e6
    timed = one.evidence is Evidence.RECORDED and span.ended_ns >= span.started_ns > 0
    timed = timed and max(started_ms, span.took_ms) <= MOST_MS
    asked_here = cleaned(one.query, MAX_TEXT)
    return {
        "name": one.name,
        "kind": one.kind,
        "inputs": one.inputs,
        "hits": [{"passage_id": passage_id, "score": score} for passage_id, score in one.hits[:10_000]],
        "timing": {"started_ms": started_ms, "took_ms": span.took_ms} if timed else None,
        "model": one.model,
        "query": asked_here if asked_here and asked_here != query else None,
        "evidence": one.evidence,
        "warnings": [{"code": "step-failed", "message": cleaned(span.error or "", 2000)}] if failed else [],
    }


def _read_by_model(tree: Tree, steps: list[Listed], book: PassageBook) -> list[dict[str, Any]]:
    """The passages of the last list that stand in the prompt of the language model after it, in their order there."""
    prompts = [span for span in tree.spans if span.kind == SpanKind.LLM]
    last = steps[-1]
    after = [span for span in prompts if span.started_ns >= last.span.started_ns]
    if not after:
        return []
    given = messages(after[-1].attributes, names.LLM_INPUT) or texts_in(after[-1].text(names.INPUT))
    prompt = _plain("\n".join(given))
    texts = {one.id: _plain(one.text or "") for one in book.passages()}
    places = {one: prompt.find(texts[one]) for one in last.order if len(texts[one]) >= SHORTEST}
    read = sorted((place, one) for one, place in places.items() if place >= 0)
    if not read:
        return []
    return [
        {
            "name": unique_name("read by the model", {one.name for one in steps}),
            "kind": StepKind.SELECT,
            "inputs": [last.name],
            "hits": [{"passage_id": one} for _, one in read],
            "evidence": Evidence.INFERRED,
        }
    ]


def _plain(text: str) -> str:
    """The text with single spaces."""
    return " ".join(text.split())


def _answer(tree: Tree, top: Span) -> str | None:
    """What the outermost span gave back, unless that is a list; else what the last language model wrote."""
    if top.kind not in (SpanKind.RETRIEVER, SpanKind.RERANKER, SpanKind.EMBEDDING) and (
        given := top.text(names.OUTPUT)
    ):
        return cleaned(answered(given), MAX_TEXT)
    models = [span for span in tree.spans if span.kind == SpanKind.LLM]
    if not models:
        return None
    written = messages(models[-1].attributes, names.LLM_OUTPUT) or [answered(models[-1].text(names.OUTPUT))]
    return cleaned(written[-1], MAX_TEXT) or None


def _attributes(tree: Tree) -> dict[str, Any]:
    """Session, user, metadata, tags and models, of the first span that has each."""
    found: dict[str, Any] = {}
    for span in tree.spans:
        metadata = json_of(span.attributes.get(names.METADATA))
        tags = span.attributes.get(names.TAGS)
        given = {
            "session": span.attributes.get(names.SESSION),
            "user": span.attributes.get(names.USER),
            "language_model": span.attributes.get(names.LLM_MODEL),
            "tags": ", ".join(map(str, tags)) if isinstance(tags, list) else tags,
            **(metadata if isinstance(metadata, dict) else {}),
        }
        found = scalars(given) | found
    return found


def _notes(tree: Tree, left_out: int) -> list[dict[str, str]]:
    notes = []
    if left_out:
        message = f"{left_out} of the documents in this trace have neither id nor text and are left out."
        notes.append({"code": "passages-left-out", "message": message})
    if tree.incomplete:
        notes.append({"code": "incomplete-trace", "message": "Parts of this trace have not arrived."})
    if tree.left_out:
        message = f"This trace is too long; its last {tree.left_out} spans are left out."
        notes.append({"code": "trace-cut", "message": message})
    failed = [span for span in tree.spans if span.error is not None and span.kind not in SpanKind.__members__]
    failed += [span for span in tree.spans if span.error is not None and span.kind in (SpanKind.LLM, SpanKind.CHAIN)]
    if failed:
        message = f"{failed[0].name} failed: {failed[0].error}"
        notes.append({"code": "failed", "message": cleaned(message, 2000)})
    return notes
