"""JSON and protobuf requests give the same spans; what is malformed is rejected and costs itself only."""

from __future__ import annotations

import base64
import json

import pytest
from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from rag_core.errors import BadInput
from rag_core.runs.spans.otlp import spans_of_json, spans_of_protobuf
from tests.runs.spans.traces import BEGAN, TRACE

GOOD = {
    "traceId": TRACE.upper(),
    "spanId": "00000000000000AB",
    "parentSpanId": "",
    "name": "retrieve",
    "startTimeUnixNano": str(BEGAN),
    "endTimeUnixNano": BEGAN + 5,
    "attributes": [
        {"key": "openinference.span.kind", "value": {"stringValue": "RETRIEVER"}},
        {"key": "retrieval.documents.0.document.id", "value": {"stringValue": "a"}},
        {"key": "retrieval.documents.0.document.score", "value": {"doubleValue": 0.5}},
        {"key": "tag.tags", "value": {"arrayValue": {"values": [{"stringValue": "x"}, {"intValue": "7"}]}}},
        {"key": "metadata", "value": {"kvlistValue": {"values": [{"key": "k", "value": {"boolValue": True}}]}}},
        {"key": "embedding.embeddings.0.embedding.vector", "value": {"arrayValue": {"values": []}}},
    ],
    "status": {"code": 2},
    "events": [{"attributes": [{"key": "exception.message", "value": {"stringValue": "timeout"}}]}],
}
RESOURCE = {"attributes": [{"key": "service.name", "value": {"stringValue": "bot"}}]}


def request(*spans, resource=RESOURCE):
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": list(spans)}]}]}


def test_a_span_is_read_with_the_attributes_that_matter():
    (span,) = spans_of_json(json.dumps(request(GOOD))).spans
    assert (span.trace_id, span.span_id, span.project, span.kind) == (TRACE, "00000000000000ab", "bot", "RETRIEVER")
    assert (span.started_ns, span.ended_ns, span.error) == (BEGAN, BEGAN + 5, "timeout")
    assert span.attributes == {
        "openinference.span.kind": "RETRIEVER",
        "retrieval.documents.0.document.id": "a",
        "retrieval.documents.0.document.score": 0.5,
        "tag.tags": ["x", 7],
        "metadata": {"k": True},
    }


def in_base64(span):
    """The span with its ids as protobuf's own JSON has them."""
    ids = [name for name in ("traceId", "spanId", "parentSpanId") if span.get(name)]
    return span | {name: base64.b64encode(bytes.fromhex(span[name])).decode() for name in ids}


def test_protobuf_gives_the_same_span():
    message = json_format.ParseDict(request(in_base64(GOOD)), ExportTraceServiceRequest())
    assert spans_of_protobuf(message.SerializeToString()) == spans_of_json(json.dumps(request(GOOD)))


def test_openinferences_project_goes_before_the_services_name():
    resource = {"attributes": [*RESOURCE["attributes"],
                               {"key": "openinference.project.name", "value": {"stringValue": "mine"}}]}  # fmt: skip
    assert spans_of_json(json.dumps(request(GOOD, resource=resource))).spans[0].project == "mine"
    assert spans_of_json(json.dumps(request(GOOD, resource=None))).spans[0].project == "default"


DEEP: dict = {}
for _ in range(100):
    DEEP = {"arrayValue": {"values": [DEEP]}}

MALFORMED = [
    None, 1, "x", [], {}, {"traceId": TRACE},
    GOOD | {"traceId": None}, GOOD | {"traceId": "zz" * 16}, GOOD | {"traceId": TRACE[:-1]}, GOOD | {"spanId": ""},
    GOOD | {"spanId": 5}, GOOD | {"parentSpanId": "short"}, GOOD | {"startTimeUnixNano": "soon"},
    GOOD | {"startTimeUnixNano": -1}, GOOD | {"endTimeUnixNano": [1]}, GOOD | {"attributes": 3},
    GOOD | {"attributes": [3]}, GOOD | {"attributes": [{}]}, GOOD | {"attributes": {"a": 1}},
    GOOD | {"attributes": [{"key": "a", "value": {"intValue": "x"}}]},
    GOOD | {"attributes": [{"key": "a", "value": {"doubleValue": []}}]},
    GOOD | {"attributes": [{"key": "a", "value": {"arrayValue": 3}}]},
    GOOD | {"attributes": [{"key": "a", "value": {"kvlistValue": {"values": [{}]}}}]},
    GOOD | {"status": 3}, GOOD | {"status": [1]}, GOOD | {"events": 3}, GOOD | {"events": [3]},
]  # fmt: skip


@pytest.mark.parametrize("bad", MALFORMED, ids=range(len(MALFORMED)))
def test_a_malformed_span_is_rejected_with_its_place_and_the_others_are_taken(bad):
    received = spans_of_json(json.dumps(request(GOOD, bad, GOOD)))
    assert len(received.spans) == 2 and len(received.rejected) == 1 and received.rejected[0].startswith("Span 2")


def test_values_that_are_deep_or_unknown_are_no_reason_to_fail():
    odd = GOOD | {"attributes": [{"key": "metadata", "value": DEEP}, {"key": "tag.tags", "value": {"newValue": 1}}]}
    assert len(spans_of_json(json.dumps(request(odd))).spans) == 1


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"resourceSpans": 3}', b"\xff", b"[" * 100_000])
def test_what_is_no_request_is_refused_in_words(body):
    with pytest.raises(BadInput, match="The body is not"):
        spans_of_json(body)


def test_a_group_that_is_malformed_costs_itself_only():
    body = request(GOOD)
    body["resourceSpans"] += [None, {"scopeSpans": 3}, {"resource": {"attributes": [1]}}, {}]
    received = spans_of_json(json.dumps(body))
    assert len(received.spans) == 1 and len(received.rejected) == 3


def test_what_is_no_protobuf_is_refused_in_words():
    with pytest.raises(BadInput, match="protobuf"):
        spans_of_protobuf(b"\xff\xff\xff")
