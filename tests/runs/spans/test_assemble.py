"""A trace becomes the run that it is the trace of, in whatever order and however much of it has arrived."""

from __future__ import annotations

import json
import random

import pytest

from rag_core.runs.as_trace import trace_of
from rag_core.runs.passage_book import content_key
from rag_core.runs.sent import read_run
from rag_core.runs.spans.assemble import run_of_spans
from rag_core.runs.values import Evidence, Space, StepKind
from rag_core.wording.numbers import title_of
from tests.runs.spans.traces import BEGAN, TRACE, reranker, retriever, span

A, B, C = ("n-a", "Refunds take thirty days.", 0.9), ("n-b", "We ship worldwide, always.", 0.5), ("n-c", "Closed.", 0.1)
PROMPT = {"llm.input_messages.0.message.content": f"Use this:\n{B[1]}\n\n{A[1]}", "llm.model_name": "gpt"}


def llama_index():
    """A query engine: retrieve (embedding inside), rerank, synthesise (language model inside)."""
    top = {
        "input.value": "How long?",
        "output.value": "Thirty days.",
        "session.id": "s",
        "metadata": '{"tier": "gold"}',
    }
    return [
        span(1, "CHAIN", 0, 100, attributes=top, name="query"),
        retriever(2, 1, 20, 1, A, B, C, name="retrieve"),
        span(3, "EMBEDDING", 2, 8, 2, attributes={"embedding.model_name": "minilm"}),
        reranker(4, 21, 60, 1, [A, B, C], [(B[0], B[1], 7.5), (A[0], A[1], -1.0)], name="rerank"),
        span(5, "CHAIN", 61, 99, 1, name="synthesize"),
        span(6, "LLM", 62, 98, 5, attributes=PROMPT),
    ]


def ids(step):
    return [hit.passage_id for hit in step.hits]


def test_a_query_engine_becomes_search_rerank_and_what_the_model_read():
    run = run_of_spans(llama_index())
    assert (run.id, run.project, run.query, run.answer) == (TRACE, "bot", "How long?", "Thirty days.")
    assert run.started_at.timestamp() == BEGAN / 1e9 and run.took_ms == 60 and run.source == "otlp"
    retrieve, rerank, read = run.steps
    assert (retrieve.kind, ids(retrieve), retrieve.model) == (StepKind.SEARCH, ["n-a", "n-b", "n-c"], "minilm")
    assert (rerank.kind, rerank.inputs, rerank.model) == (StepKind.RERANK, ("retrieve",), "cohere")
    assert [(hit.passage_id, hit.score) for hit in rerank.hits] == [("n-b", 7.5), ("n-a", -1.0)]
    assert {step.space for step in run.steps} == {Space.UNKNOWN} and rerank.better is None
    assert (read.kind, ids(read), read.evidence) == (StepKind.SELECT, ["n-b", "n-a"], Evidence.INFERRED)
    assert run.attributes == {"session": "s", "language_model": "gpt", "tier": "gold"} and run.warnings == ()


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_arrival_changes_nothing_and_twice_counts_once(seed):
    spans = llama_index()
    expected = run_of_spans(spans)
    random.Random(seed).shuffle(spans)
    assert run_of_spans(spans + spans[:3]) == expected


@pytest.mark.parametrize("missing", range(6))
def test_any_part_may_be_missing(missing):
    spans = llama_index()
    del spans[missing]
    run = run_of_spans(spans)
    assert run is not None and run.query == "How long?" and read_run(run.to_json()) == run
    assert bool([note for note in run.warnings if note.code == "incomplete-trace"]) == (missing in (0, 1, 4))


def test_a_trace_without_retrieval_is_no_run():
    assert run_of_spans([span(1, "LLM", 0, 1), span(2, "", 0, 1), span(3, "CHAIN", 0, 1)]) is None
    assert run_of_spans([]) is None


def test_a_retriever_of_retrievers_fuses_them():
    spans = [
        retriever(1, 0, 50, 0, A, C, B, name="ensemble"),
        retriever(2, 1, 20, 1, A, B, name="dense"),
        span(4, "CHAIN", 1, 30, 1),
        retriever(3, 1, 30, 4, C, name="bm25"),
    ]
    run = run_of_spans(spans)
    assert [(step.name, step.kind, step.inputs) for step in run.steps] == [
        ("dense", StepKind.SEARCH, ()),
        ("bm25", StepKind.SEARCH, ()),
        ("ensemble", StepKind.FUSION, ("dense", "bm25")),
    ]


@pytest.mark.parametrize(
    ("out", "kinds"),
    [
        ([A, B, C], [StepKind.SEARCH]),
        ([A, C], [StepKind.SEARCH, StepKind.SELECT]),
        ([C, A], [StepKind.SEARCH, StepKind.ADJUST]),
    ],
)
def test_a_retriever_around_one_list_cuts_reorders_or_is_no_step(out, kinds):
    run = run_of_spans([retriever(1, 0, 50, 0, *out, name="outer"), retriever(2, 1, 20, 1, A, B, C, name="inner")])
    assert [step.kind for step in run.steps] == kinds
    assert run.steps[-1].inputs == (() if len(kinds) == 1 else ("inner",))


def test_an_empty_span_inside_a_retriever_is_no_step_but_a_search_that_found_nothing_is():
    shell = retriever(2, 1, 20, 1, query='{"q": {"query_str": "How long?"}}', name="_retrieve")
    run = run_of_spans([retriever(1, 0, 50, 0, A, name="retrieve"), shell])
    assert [(step.name, step.kind, step.inputs) for step in run.steps] == [("retrieve", StepKind.SEARCH, ())]
    both = [retriever(1, 0, 50, 0, A, name="ensemble"), retriever(2, 1, 2, 1, A), retriever(3, 1, 3, 1, name="empty")]
    assert [step.name for step in run_of_spans(both).steps] == ["retriever", "empty", "ensemble"]
    assert [step.name for step in run_of_spans(both[2:]).steps] == ["empty"]


def test_two_rerankers_in_a_row_each_read_the_list_before():
    spans = [
        retriever(1, 0, 10, 0, A, B, C),
        reranker(2, 11, 20, 0, [A, B, C], [C, B], name="first"),
        reranker(3, 21, 30, 0, [C, B], [B], name="second"),
    ]
    assert [step.inputs for step in run_of_spans(spans).steps] == [(), ("retriever",), ("first",)]


def test_a_rerankers_input_that_no_span_has_is_a_step_of_its_own():
    fused = run_of_spans(
        [retriever(1, 0, 10, 0, A, name="x"), retriever(2, 0, 11, 0, B, name="y"), reranker(3, 12, 20, 0, [B, A], [A])]
    )
    assert [(step.name, step.kind, step.inputs, step.evidence) for step in fused.steps[2:]] == [
        ("input of reranker", StepKind.FUSION, ("x", "y"), Evidence.INFERRED),
        ("reranker", StepKind.RERANK, ("input of reranker",), Evidence.RECORDED),
    ]
    alone = run_of_spans([reranker(3, 12, 20, 0, [B, A], [A])])
    assert [(step.kind, step.evidence) for step in alone.steps] == [
        (StepKind.SEARCH, Evidence.INFERRED),
        (StepKind.RERANK, Evidence.RECORDED),
    ]
    assert alone.steps[0].timing is None and alone.query == "How long?"


def test_passages_without_ids_are_keyed_by_their_texts_across_spans():
    run = run_of_spans(
        [retriever(1, 0, 10, 0, "one text", "another"), reranker(2, 11, 20, 0, ["one text"], ["one text"])]
    )
    assert ids(run.steps[1]) == [content_key("one text")] and run.steps[1].inputs == ("retriever",)


def test_metadata_fills_source_and_title():
    run = run_of_spans([retriever(1, 0, 1, 0, ("a", "text", None, {"source": "a.md", "title": "A", "page": 3}))])
    passage = run.passage("a")
    assert (passage.source, passage.title, passage.metadata["page"]) == ("a.md", "A", 3)


def test_a_step_that_failed_says_so():
    run = run_of_spans([retriever(1, 0, 1, 0, A), reranker(2, 2, 3, 0, [A], [], error="timeout")])
    assert [note.message for note in run.step("reranker").warnings] == ["timeout"]


@pytest.mark.parametrize(
    ("given", "query"),
    [
        ("plain", "plain"),
        ('{"query": "q"}', "q"),
        ('{"input": {"question": "q"}, "other": 1}', "q"),
        ('{"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "q"}]}', "q"),
        ('{"str_or_query_bundle": {"query_str": "q"}}', "q"),
        ('{"topic": "q"}', "q"),
        ("{not json", "{not json"),
        ("[]", "[]"),
    ],
)
def test_the_question_is_found_in_the_input(given, query):
    run = run_of_spans([span(1, "CHAIN", 0, 9, attributes={"input.value": given}), retriever(2, 1, 2, 1, A, query="x")])
    assert run.query == query and run.steps[0].query == "x"


def test_a_trace_without_an_end_is_cut_and_says_so():
    spans = [retriever(number, number, number + 1, max(0, number - 1), A) for number in range(1, 5200)]
    run = run_of_spans(spans)
    assert len(run.steps) <= 200 and "trace-cut" in [note.code for note in run.warnings]


def test_a_span_of_centuries_has_no_time():
    endless = retriever(1, 0, 1, 0, "x").model_copy(update={"ended_ns": 2**64 - 1})
    (step,) = run_of_spans([endless]).steps
    assert step.timing is None and step.hits


def test_parents_in_a_ring_end():
    spans = [span(1, "CHAIN", 0, 9, 2), span(2, "CHAIN", 0, 9, 1), retriever(3, 1, 2, 2, A)]
    assert run_of_spans(spans).steps[0].name == "retriever"


def test_nested_attributes_are_read_like_flat_ones():
    nested = {"retrieval.documents": [{"document": {"id": "a", "content": "x", "metadata": {"page": 1}}}]}
    listed = {
        "retrieval.documents": '[{"document.id": "a", "document.content": "x", "document.metadata": {"page": 1}}]'
    }
    flat = retriever(1, 0, 1, 0, ("a", "x", None, {"page": 1}), query="").attributes
    runs = [run_of_spans([span(1, "RETRIEVER", 0, 1, attributes=attributes)]) for attributes in (nested, listed, flat)]
    assert runs[0] == runs[1] and runs[0].passages == runs[2].passages


def test_documents_without_ids_are_called_by_their_source_or_first_words():
    """LangChain's exporter sends no ids: a hash would name every passage."""
    run = run_of_spans([retriever(1, 0, 1, 0, (None, "Thirty days.", None, {"source": "returns.md"}), "We ship.")])
    assert [title_of(one.passage) for one in trace_of(run).kept] == ["returns.md", "We ship."]


def test_a_prompt_that_is_only_json_has_passages_with_several_lines_and_quotes():
    passage = '- It said "no".\n- Then it said\tmaybe, and left.'
    prompt = json.dumps({"args": [f"Answer from this:\n{passage}\nQ?"], "kwargs": {}})
    model = span(3, "LLM", 10, 20, 0, attributes={"input.value": prompt})
    run = run_of_spans([retriever(2, 1, 2, 0, passage, "Another passage, which it did not read."), model])
    assert run is not None and [len(step.hits) for step in run.steps] == [2, 1]
    assert run.passage(run.steps[1].hits[0].passage_id).text == passage


def test_documents_that_cannot_be_read_are_counted_in_a_note():
    search = retriever(2, 1, 2, 0, A, (None, None, 0.5), B)
    odd = search.attributes | {"reranker.output_documents": "none"}
    run = run_of_spans([search.model_copy(update={"attributes": odd})])
    assert run is not None and [hit.passage_id for hit in run.steps[0].hits] == [A[0], B[0]]
    (note,) = run.warnings
    assert note.code == "passages-left-out" and note.message.startswith("2 of the documents")


def test_a_list_whose_end_is_not_known_stands_where_it_began_or_after_what_stands_in_it():
    dense, after = retriever(2, 1, 20, 1, A, B, C), reranker(5, 80, 90, 1, [B, A], [A], name="second")
    first = reranker(3, 21, 21, 1, [A, B, C], [B, A], name="first").model_copy(update={"ended_ns": 0})
    run = run_of_spans([span(1, "CHAIN", 0, 100), dense, first, after])
    assert [step.name for step in run.steps] == ["retriever", "first", "second"] and run.steps[1].timing is None
    outer = retriever(3, 0, 0, 1, A, B, name="outer").model_copy(update={"ended_ns": 0})
    within = [retriever(4, 1, 30, 3, A, B, C, name="inner"), span(6, "", 31, 40, 3)]
    run = run_of_spans([span(1, "CHAIN", 0, 100), outer, *within, reranker(5, 35, 90, 1, [A, B], [B])])
    assert [step.name for step in run.steps][:2] == ["inner", "outer"]


def test_spans_in_a_ring_without_ends_are_put_in_order():
    ring = [retriever(2, 1, 1, 3, A), retriever(3, 2, 2, 2, B)]
    assert run_of_spans([one.model_copy(update={"ended_ns": 0}) for one in ring]).steps
