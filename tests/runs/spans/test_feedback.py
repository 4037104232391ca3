"""What is said of a trace becomes the feedback of its run, whichever of the ways of OpenInference it comes."""

from __future__ import annotations

import json
import random

import pytest
from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from rag_core.runs.spans.assemble import run_of_spans
from rag_core.runs.spans.feedback import faults
from rag_core.runs.spans.otlp import spans_of_json, spans_of_protobuf
from tests.runs.spans.test_assemble import llama_index
from tests.runs.spans.test_otlp import GOOD, in_base64, request
from tests.runs.spans.traces import TRACE, retriever, span

THUMBS = {"name": "thumbs", "label": "down", "explanation": "It names no number.", "annotator_kind": "HUMAN"}
JUDGED = {"name": "correct", "score": 0.25, "annotator_kind": "LLM"}
OTHER = "b" * 32


def flat(form, *rows):
    """Annotations as a span has them: `annotations.0.annotation.name`."""
    inner = form.rpartition(".")[2].removesuffix("s")
    return {f"{form}.{n}.{inner}.{name}": value for n, row in enumerate(rows) for name, value in row.items()}


def nested(form, *rows):
    """The same as an export has them."""
    inner = form.rpartition(".")[2].removesuffix("s")
    return {form: [{inner: row} for row in rows]}


def said(run):
    return [(one.name, one.value, one.comment) for one in run.feedback]


FORMS = ("annotations", "evaluations", "trace.annotations", "trace.evaluations")
EXPECTED = [("thumbs", "down", "It names no number."), ("correct (LLM)", 0.25, "")]


@pytest.mark.parametrize("shape", [flat, nested])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("seed", range(3))
def test_feedback_on_the_answer_is_read_in_every_form(form, shape, seed):
    spans = llama_index()
    without = run_of_spans(spans)
    spans[0] = spans[0].model_copy(update={"attributes": spans[0].attributes | shape(form, THUMBS, JUDGED)})
    random.Random(seed).shuffle(spans)
    run = run_of_spans(spans)
    assert said(run) == EXPECTED and run.model_copy(update={"feedback": ()}) == without


def test_both_forms_of_one_result_count_once_and_a_label_with_a_score_is_both():
    both = flat("annotations", THUMBS | {"score": 0}) | flat("evaluations", THUMBS | {"score": 0})
    top = span(1, "CHAIN", 0, 9, attributes=both)
    run = run_of_spans([top, retriever(2, 1, 3, 1, "a")])
    assert said(run) == [("thumbs", "down", "It names no number."), ("thumbs score", 0, "It names no number.")]


def test_feedback_on_a_search_says_so():
    one = retriever(2, 1, 3, 1, "a", name="dense")
    one = one.model_copy(update={"attributes": one.attributes | flat("annotations", JUDGED)})
    assert said(run_of_spans([span(1, "CHAIN", 0, 9), one])) == [("correct of dense (LLM)", 0.25, "")]


def test_what_a_judge_of_the_answer_reads_and_writes_is_no_part_of_the_pipeline():
    spans = llama_index()
    without = run_of_spans(spans)
    judge = [
        span(7, "EVALUATOR", 101, 140, 1, name="judge"),
        span(8, "LLM", 102, 130, 7, attributes={"llm.input_messages.0.message.content": "Refunds take thirty days."}),
        retriever(9, 103, 110, 7, "Something that the judge looked up."),
    ]
    assert run_of_spans(spans + judge) == without
    assert [one.name for one in run_of_spans(judge).steps] == ["retriever"], (
        "where nothing else was recorded, it counts"
    )


def test_what_cannot_be_read_is_said():
    assert faults(flat("annotations", THUMBS)) == []
    for bad in ({"name": "x"}, {"label": "down"}, {"name": "x", "score": float("nan")}, {"name": 3, "label": "x"}):
        assert len(faults(flat("trace.annotations", bad))) == 1, bad
    assert len(faults({"annotations": "soon"})) == 1 and len(faults({"annotations": [3, None]})) == 1


def attribute(key, value):
    return {"key": key, "value": {"doubleValue" if isinstance(value, float) else "stringValue": value}}


LINK = {"traceId": TRACE, "spanId": "00000000000000ab"}
CARRIER = {
    "traceId": OTHER, "spanId": "00000000000000cc", "parentSpanId": "00000000000000cd", "name": "review",
    "startTimeUnixNano": GOOD["endTimeUnixNano"], "endTimeUnixNano": GOOD["endTimeUnixNano"], "links": [LINK],
    "attributes": [attribute(name, value) for name, value in flat("annotations", THUMBS, JUDGED).items()],
}  # fmt: skip


def in_protobuf(*spans):
    """The spans of the same request in protobuf."""
    given = [
        in_base64(one) | ({"links": list(map(in_base64, one["links"]))} if "links" in one else {}) for one in spans
    ]
    return spans_of_protobuf(json_format.ParseDict(request(*given), ExportTraceServiceRequest()).SerializeToString())


@pytest.mark.parametrize("order", [1, -1])
def test_what_is_said_later_finds_the_run_by_its_link(order):
    received = spans_of_json(json.dumps(request(*[GOOD, CARRIER][::order])))
    assert received.rejected == () and in_protobuf(*[GOOD, CARRIER][::order]) == received
    assert {one.trace_id for one in received.spans} == {TRACE}
    run = run_of_spans(received.spans)
    assert said(run) == EXPECTED and [one.code for one in run.warnings] == []


def test_a_link_alone_moves_no_span_and_feedback_with_two_links_stays_where_it_is():
    linked, unclear = GOOD | {"links": [LINK | {"traceId": OTHER}]}, CARRIER | {"links": [LINK, LINK]}
    assert [one.trace_id for one in spans_of_json(json.dumps(request(linked, unclear))).spans] == [TRACE, OTHER]
    assert spans_of_json(json.dumps(request(GOOD | {"links": [{}]}))).rejected == ()
    assert len(spans_of_json(json.dumps(request(CARRIER | {"links": [{}]}))).rejected) == 1


def test_a_step_with_a_link_and_a_judgment_stays_a_step_of_its_own_run():
    """A retriever behind a queue links to whoever asked, and its own evaluation stands among its events."""
    event = {"name": "gen_ai.evaluation.result", "attributes": [
        attribute("gen_ai.evaluation.name", "recall"), attribute("gen_ai.evaluation.score.value", 0.5)]}  # fmt: skip
    behind = GOOD | {"links": [LINK | {"traceId": OTHER}], "events": [event]}
    assert run_of_spans(spans_of_json(json.dumps(request(behind))).spans).steps
    unsaid = behind | {"attributes": [one for one in behind["attributes"] if one["key"] != "openinference.span.kind"]}
    assert [one.trace_id for one in spans_of_json(json.dumps(request(unsaid))).spans] == [TRACE]


def test_opentelemetrys_event_for_an_evaluation_is_feedback():
    fields = {"gen_ai.evaluation.name": "correct", "gen_ai.evaluation.score.value": 0.25,
              "gen_ai.evaluation.score.label": "no", "gen_ai.evaluation.explanation": "Other plan."}  # fmt: skip
    event = {"name": "gen_ai.evaluation.result", "attributes": [attribute(*one) for one in fields.items()]}
    top = {"traceId": TRACE, "spanId": "00000000000000aa", "name": "ask", "startTimeUnixNano": 1,
           "endTimeUnixNano": 9, "events": [{"name": "other"}, event]}  # fmt: skip
    run = run_of_spans(spans_of_json(json.dumps(request(top, GOOD))).spans)
    assert said(run) == [("correct", "no", "Other plan."), ("correct score", 0.25, "Other plan.")]
