"""Programs that are instrumented with OpenTelemetry point their exporter here: the real SDK against a real server."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor, SpanExportResult
from opentelemetry.trace import Link, SpanContext, Status, StatusCode, TraceFlags

from rag_core.runs.store.span_book import KEPT, REMEMBERED, SpanBook
from rag_core.runs.values import StepKind
from rag_core.storage.database import Store
from tests.runs.spans.traces import TRACE, docs, reranker, retriever, span


@pytest.fixture(params=["one by one", "in batches, packed"])
def tracer(request, collector):
    """A tracer as somebody's program has it, exporting to the collector."""
    packed = request.param != "one by one"
    exporter = OTLPSpanExporter(
        f"{collector.address}/v1/traces", compression=Compression.Gzip if packed else Compression.NoCompression
    )
    provider = TracerProvider(resource=Resource({"service.name": "bot"}))
    provider.add_span_processor(BatchSpanProcessor(exporter) if packed else SimpleSpanProcessor(exporter))
    yield provider.get_tracer("app")
    provider.shutdown()


def ask(tracer, number=0):
    """A traced query: a search and a reranker in a chain, and a reranker that fails. Its trace's id."""
    with tracer.start_as_current_span("ask") as top:
        top.set_attributes({"openinference.span.kind": "CHAIN", "input.value": f"How long? {number}"})
        with tracer.start_as_current_span("search") as search:
            search.set_attribute("openinference.span.kind", "RETRIEVER")
            search.set_attributes(docs("retrieval.documents", ("a", "Thirty.", 0.9), ("b", "Ship.", 0.5)))
        with tracer.start_as_current_span("rerank") as ranked:
            ranked.set_attribute("openinference.span.kind", "RERANKER")
            ranked.set_attributes(docs("reranker.input_documents", ("a", "Thirty."), ("b", "Ship.")))
            ranked.set_attributes(docs("reranker.output_documents", ("b", "Ship.", 0.99)))
        with tracer.start_as_current_span("rerank again") as failed:
            failed.set_attribute("openinference.span.kind", "RERANKER")
            failed.record_exception(ValueError("no quota"))
            failed.set_status(Status(StatusCode.ERROR))
        top.set_attribute("output.value", "Thirty days.")
        return f"{top.get_span_context().trace_id:032x}"


def test_the_sdks_spans_become_a_run(tracer, collector):
    trace_id = ask(tracer)
    tracer_provider = tracer.span_processor
    tracer_provider.force_flush()
    run = collector.run("bot", trace_id)
    assert (run.query, run.answer, run.source) == ("How long? 0", "Thirty days.", "otlp")
    assert [(step.name, step.kind, step.inputs) for step in run.steps] == [
        ("search", StepKind.SEARCH, ()),
        ("rerank", StepKind.RERANK, ("search",)),
        ("rerank again", StepKind.RERANK, ()),
    ]
    assert run.step("rerank again").warnings[0].message == "no quota" and run.warnings == ()
    assert run.step("rerank").hits[0].score == 0.99 and run.step("search").timing.took_ms > 0


def test_many_queries_at_once_each_become_a_run(tracer, collector):
    with ThreadPoolExecutor(8) as pool:
        traces = set(pool.map(lambda number: ask(tracer, number), range(40)))
    tracer.span_processor.force_flush()
    runs = collector.runs(40, "bot")
    assert {run.id for run in runs} == traces and {len(run.steps) for run in runs} == {3}
    assert {run.query for run in runs} == {f"How long? {number}" for number in range(40)}


def test_the_sdk_tries_again_where_it_is_asked_to(tmp_path):
    from rag_core.runs.collector.limits import Limits
    from tests.runs.collector.conftest import collecting

    with collecting(tmp_path, Limits(per_second=5, burst=1)) as one:
        exporter = OTLPSpanExporter(f"{one.address}/v1/traces", timeout=60)
        provider = TracerProvider(resource=Resource({"service.name": "bot"}))
        results = []

        class Counting(SimpleSpanProcessor):
            def on_end(self, span):
                results.append(exporter.export([span]))

        provider.add_span_processor(Counting(exporter))
        ask(provider.get_tracer("app"))
        provider.shutdown()
        assert set(results) == {SpanExportResult.SUCCESS} and len(one.runs(1)[0].steps) == 3


def test_json_is_taken_and_answered_in_json(collector):
    good = {"traceId": TRACE, "spanId": "00000000000000ab", "name": "s", "attributes": [
        {"key": "openinference.span.kind", "value": {"stringValue": "RETRIEVER"}},
        {"key": "input.value", "value": {"stringValue": "How long?"}}]}  # fmt: skip
    body = {"resourceSpans": [{"scopeSpans": [{"spans": [good, {"traceId": "x"}]}]}]}
    answer = httpx.post(f"{collector.address}/v1/traces", json=body)
    partial = answer.json()["partialSuccess"]
    assert answer.status_code == 200 and partial["rejectedSpans"] == "1" and "Span 2" in partial["errorMessage"]
    body["resourceSpans"][0]["scopeSpans"][0]["spans"].pop()
    assert httpx.post(f"{collector.address}/v1/traces", json=body).json() == {}
    assert collector.run("default", TRACE).query == "How long?"


def test_half_a_character_costs_no_span(collector):
    half = "x\ud83d"
    texts = {"openinference.span.kind": "RETRIEVER", "input.value": "How long?",
             "retrieval.documents.0.document.id": "a", "retrieval.documents.0.document.content": half}  # fmt: skip
    spans = [
        {"traceId": trace, "spanId": "00000000000000ab", "name": name, "status": {"code": 2, "message": name},
         "attributes": [{"key": key, "value": {"stringValue": text}} for key, text in texts.items()],
         "events": [{"name": "exception", "attributes": [{"key": name, "value": {"stringValue": name}}]}]}
        for trace, name in ((TRACE, half), ("b" * 32, "good"))
    ]  # fmt: skip
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": f"bot{half}"}}]}
    body = json.dumps({"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": spans}]}]})
    answer = httpx.post(f"{collector.address}/v1/traces", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()) == (200, {})
    assert [(run.project, run.passage("a").text) for run in collector.runs(2)] == [("botx?", "x?")] * 2


def test_protobuf_is_answered_in_protobuf(collector):
    answer = httpx.post(
        f"{collector.address}/v1/traces", content=b"", headers={"Content-Type": "application/x-protobuf"}
    )
    assert answer.headers["content-type"] == "application/x-protobuf"
    assert not ExportTraceServiceResponse.FromString(answer.content).HasField("partial_success")


@pytest.fixture
def book(tmp_path):
    store = Store(f"sqlite:///{tmp_path / 'spans.db'}", durable=True)
    yield SpanBook(store), store
    store.close()


def runs_of(store):
    from rag_core.runs.store.run_book import RunBook

    book = RunBook(store)
    return [book.get(row.project, row.id) for row in book.find().found]


def test_parts_that_come_late_are_added_to_their_run(book):
    spans, store = book
    spans.add([reranker(2, 11, 20, 1, ["a text"], ["a text"])])
    assert spans.make_runs() == 1
    assert [step.kind for step in runs_of(store)[0].steps] == [StepKind.SEARCH, StepKind.RERANK]
    spans.add([span(1, "CHAIN", 0, 30, attributes={"input.value": "Q?"}), retriever(3, 1, 9, 1, "a text", "b text")])
    assert spans.make_runs() == 1 and spans.make_runs() == 0
    (run,) = runs_of(store)
    assert run.query == "Q?" and run.step("reranker").inputs == ("retriever",) and run.warnings == ()


def test_a_trace_that_still_changes_is_left_alone(book):
    spans, _ = book
    now = datetime.now(UTC)
    spans.add([retriever(1, 0, 1, 0, "x")], now)
    assert spans.make_runs(timedelta(seconds=5), now) == 0
    assert spans.make_runs(timedelta(seconds=5), now + timedelta(seconds=5)) == 1


def test_spans_are_forgotten_and_late_ones_make_no_second_run(book):
    spans, store = book
    now = datetime.now(UTC)
    spans.add([retriever(1, 0, 1, 0, "x")], now)
    assert spans.forget(now + 2 * KEPT) == 0, "no run was made of it yet"
    spans.make_runs()
    assert spans.forget(now + 2 * KEPT) == 1
    before = runs_of(store)
    assert spans.add([reranker(2, 1, 2, 0, ["y"], ["y"]), retriever(1, 0, 1, 0, "z", trace_id="b" * 32)]) == 1
    spans.make_runs()
    assert len(runs_of(store)) == 2 and before[0] in runs_of(store)
    spans.forget(now + 2 * REMEMBERED)
    assert spans.add([retriever(1, 0, 1, 0, "x")]) == 0


def test_a_trace_that_makes_no_run_costs_itself_only(book, caplog):
    spans, store = book
    far = retriever(1, 0, 1, 0, "x").model_copy(update={"started_ns": 2**62, "ended_ns": 2**62})
    far = far.model_copy(update={"started_ns": 10**30})
    spans.add([far, retriever(1, 0, 1, 0, "x", trace_id="b" * 32)])
    assert spans.make_runs() == 2 and spans.make_runs() == 0
    assert len(runs_of(store)) == 1 and "cannot be made into a run" in caplog.text


def test_spans_of_another_kind_are_no_run(book):
    spans, store = book
    spans.add([span(1, "LLM", 0, 1), span(2, "", 0, 1)])
    assert spans.make_runs() == 1 and runs_of(store) == []


def test_bodies_are_json(collector):
    assert json.loads(httpx.get(f"{collector.address}/health").text) == {"status": "ok"}


def test_what_a_person_says_of_an_answer_later_is_its_feedback(tracer, collector):
    trace_id = ask(tracer)
    tracer.span_processor.force_flush()
    collector.run("bot", trace_id)
    target = SpanContext(int(trace_id, 16), 0xAB, is_remote=True, trace_flags=TraceFlags(1))
    with tracer.start_as_current_span("review", links=[Link(target)]) as review:
        review.set_attributes({"annotations.0.annotation.name": "thumbs", "annotations.0.annotation.label": "down"})
    tracer.span_processor.force_flush()
    for _ in range(300):
        if said := collector.book.get("bot", trace_id).feedback:
            break
        time.sleep(0.1)
    assert [(one.name, one.value) for one in said] == [("thumbs", "down")] and len(collector.runs(1)) == 1
