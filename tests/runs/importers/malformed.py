"""Thirty malformed parts of each format, to stand beside good ones: each costs itself, and a message with its place."""

from __future__ import annotations

import json
from typing import Any

from tests.runs.importers.samples import LANGFUSE, PHOENIX, TABLE
from tests.runs.samples import a_run
from tests.runs.spans.test_otlp import GOOD as OTLP_SPAN
from tests.runs.spans.test_otlp import MALFORMED as OTLP_SPANS
from tests.runs.spans.test_otlp import request as otlp_request

SPAN, OBSERVATION, ROW, RECORD = PHOENIX[1], LANGFUSE[1], TABLE[0], json.loads(a_run().to_json())
NAN, HUGE = float("nan"), 10**400
SAID = {"span_id": SPAN["context.span_id"], "name": "thumbs", "annotator_kind": "HUMAN", "result": {"label": "down"}}
SCORE = {"traceId": OBSERVATION["traceId"], "name": "thumbs", "dataType": "NUMERIC", "value": 1}
LISTED = "attributes.retrieval.documents"


def record(**step: Any) -> dict[str, Any]:
    """A record of one step."""
    return RECORD | {"steps": [{"name": "a", "kind": "search"} | step]}


MALFORMED: dict[str, tuple[Any, list[Any]]] = {
    "records": (RECORD, [
        None, 3, "x", [], {}, {"project": "bot"}, RECORD | {"query": None}, RECORD | {"project": ""},
        RECORD | {"query": 3}, RECORD | {"answer": 3}, RECORD | {"source": 5}, RECORD | {"steps": 3},
        RECORD | {"steps": [3]}, RECORD | {"steps": [{"name": "a"}]}, record(kind="nothing"), record(space="metres"),
        record(direction="up"), record(space="cosine", direction="lower"), record(timing={"took_ms": -1}),
        record(evidence="maybe"), record(hits=[{}]), record(hits=[{"text": "x", "rank": 0}]),
        record(hits=[{"text": "x", "score": "inf"}]), record(hits=[{"text": "x", "score": NAN}]),
        record(inputs=["b"]), RECORD | {"started_at": "soon"}, RECORD | {"started_at": "3000-01-01T00:00:00Z"},
        RECORD | {"passages": [{"id": ""}]}, RECORD | {"attributes": {"a": [1]}}, RECORD | {"feedback": [{}]},
        RECORD | {"warnings": [{"code": "X", "message": ""}]}, RECORD | {"version": 99}, RECORD | {"version": "x"},
        RECORD | {"id": "a b"}, RECORD | {"more": 1},
    ]),
    "otlp": (otlp_request(OTLP_SPAN), [otlp_request(one) for one in OTLP_SPANS] + [
        None, 3, {}, {"resourceSpans": 3}, {"resourceSpans": [3]}, {"resourceSpans": [{"scopeSpans": 3}]},
        otlp_request(OTLP_SPAN, resource={"attributes": [1]}), otlp_request(OTLP_SPAN | {"startTimeUnixNano": NAN}),
        otlp_request(OTLP_SPAN | {"spanId": "00000000000000ff", "attributes": [
            {"key": "openinference.span.kind", "value": {"stringValue": "RETRIEVER"}},
            {"key": "retrieval.documents.0.document.score", "value": {"doubleValue": 0.5}}]}),
    ]),
    "phoenix": (SPAN, [
        None, 3, [], {}, "x", {"context.span_id": "a"}, SPAN | {"context.trace_id": None},
        SPAN | {"context.trace_id": ""}, SPAN | {"context.trace_id": [1]}, SPAN | {"context.trace_id": {"a": 1}},
        SPAN | {"context.span_id": ""}, SPAN | {"context.span_id": NAN}, SPAN | {"context.span_id": [1]},
        SPAN | {"context.span_id": True}, SPAN | {"start_time": "soon"}, SPAN | {"start_time": [1]},
        SPAN | {"start_time": -1}, SPAN | {"start_time": "2026-13-45"}, SPAN | {"start_time": True},
        SPAN | {"start_time": float("inf")}, SPAN | {"end_time": [1]}, SPAN | {"end_time": "later"},
        SPAN | {"end_time": {"a": 1}}, SPAN | {"end_time": -5}, SPAN | {"name": "x" * 3000},
        SPAN | {"name": "\ud800"},
        *({**SPAN, "context.span_id": "other", LISTED: one} for one in (
            3, "soon", [3], [None], [{}], [{"document.score": 1.0}], [{"document.content": 5}])),
        *(SPAN | {"annotations": one} for one in (3, "good", [3], [{}], [{"name": "thumbs"}], {"thumbs": [{}]})),
        {"traceId": {"a": 1}, "spans": []}, {"traceId": [1], "spans": [], "notes": [{"name": "x"}]},
        SPAN | {"attributes.annotations": [{"annotation": {"label": "down"}}]}, SPAN | {"annotation_name": "thumbs"},
        *(SAID | one for one in (
            {"span_id": [1]}, {"span_id": "elsewhere"}, {"result": None}, {"result": {"score": NAN}},
            {"result": {"score": HUGE}}, {"name": None},
            {"document_position": 0}, {"span_id": None, "trace_id": "elsewhere"},
            {"span_id": None, "session_id": "s"})),
    ]),
    "langfuse": (OBSERVATION, [
        None, 3, [], {}, "x", {"traceId": "t", "type": "SPAN"}, OBSERVATION | {"traceId": None},
        OBSERVATION | {"traceId": ""}, OBSERVATION | {"traceId": [1]}, OBSERVATION | {"traceId": {"a": 1}},
        OBSERVATION | {"id": ""}, OBSERVATION | {"id": None}, OBSERVATION | {"id": ["o"]}, OBSERVATION | {"id": True},
        OBSERVATION | {"parentObservationId": [1]}, OBSERVATION | {"startTime": "soon"},
        OBSERVATION | {"startTime": []}, OBSERVATION | {"startTime": -1}, OBSERVATION | {"startTime": float("inf")},
        OBSERVATION | {"endTime": {"a": 1}}, OBSERVATION | {"endTime": "2026-02-30"}, OBSERVATION | {"name": "\ud800"},
        {"observations": [3], "id": "t"}, {"observations": [{}], "id": "t"}, {"observations": 3, "id": "t"},
        {"observations": [None], "id": "t"}, {"observations": [], "id": None},
        {"observations": [], "id": "t", "scores": 3}, {"observations": [], "id": "t", "scores": [3]},
        {"observations": [], "id": "t", "scores": [{"name": "thumbs"}]},
        {"observations": [], "id": "t", "scores": [{"value": 1}]},
        {"observations": [], "id": "t", "scores": [SCORE | {"observationId": {"a": 1}}]}, SCORE | {"value": HUGE},
        *(SCORE | one for one in (
            {"traceId": None}, {"traceId": "elsewhere"}, {"traceId": [1]}, {"value": None}, {"value": NAN},
            {"value": [1]}, {"name": ""}, {"name": 3}, {"traceId": None, "subject": {"kind": "session", "id": "s"}})),
        *(OBSERVATION | {"id": "other", "output": one} for one in (3, "nothing", [3], {"a": 1}, [{"score": 1}])),
    ]),
    "table": (ROW, [
        None, 3, [], {}, "x", True, ROW | {"question": ""}, ROW | {"question": None}, ROW | {"question": "  "},
        ROW | {"question": NAN}, {"doc_id": 7}, {"question": "How long?"}, {"other": 1},
        ROW | {"doc_id": None, "text": ""}, ROW | {"doc_id": "", "text": None}, ROW | {"doc_id": NAN, "text": NAN},
        ROW | {"doc_id": " ", "text": "\n"}, ROW | {"score": "high"}, ROW | {"score": [1]}, ROW | {"score": {"a": 1}},
        ROW | {"score": "0,9"}, ROW | {"score": "inf"}, ROW | {"score": float("-inf")}, ROW | {"score": HUGE},
        ROW | {"score": True}, ROW | {"rank": -1}, ROW | {"rank": 1.5}, ROW | {"rank": "first"}, ROW | {"rank": "inf"},
        ROW | {"rank": [1]}, ROW | {"rank": "1st"}, ROW | {"rank": 1e300},
    ]),
}  # fmt: skip

CSV = "query,doc_id,text,score,rank\nQ one?,a,Thirty.,0.9,1\n{bad}\nQ two?,b,Ship.,0.4,1\n"
CSV_ROWS = [
    ",a,x,0.9,1", "  ,a,x,0.9,1", "Q,,,0.9,1", "Q, , ,0.9,1", "Q", "Q,", "Q,,", ",,,,1", ",,,0.5,", "Q,a,x,high,1",
    "Q,a,x,1.2.3,1", "Q,a,x,inf,1", "Q,a,x,-inf,1", "Q,a,x,1e999,1", "Q,a,x,0x1F,1", "Q,a,x,12%,1", "Q,a,x,0.9,-1",
    "Q,a,x,0.9,1.5", "Q,a,x,0.9,first", "Q,a,x,0.9,1st", "Q,a,x,0.9,inf", "Q,a,x,0.9,1e300", "Q,a,x,0.9,1,more",
    "Q,a,x,0.9,1,,", "Q,a,x,0.9,1,2,3,4", 'Q,"a,x,0.9,1', '"Q,a,x,0.9,1', 'Q,a,"x"y",0.9,1', 'Q,a,x,"0.9,1',
    '"Q"",a,x,0.9,1', "Q;a;x;0.9;1", "Q\ta\tx\t0.9\t1",
]  # fmt: skip
"""Rows that stand on the third line of `CSV`."""

TREC_LINES = [
    "broken", "q1", "q1 Q0", "q1 Q0 a", "q1 Q0 a 1", "q1 Q0 a 1 high t", "q1 Q0 a 1 nan t", "q1 Q0 a 1 inf t",
    "q1 Q0 a 1 -inf t", "q1 Q0 a 1 1e999 t", "q1 Q0 a 1 1,5 t", "q1 Q0 a 1 0x1F t", "q1 Q0 a 1 12% t",
    "q1,Q0,a,1,2.5,t", "q1;Q0;a;1;2.5;t", "q1|Q0|a|1|2.5|t",
    "{}", "[]", '{"query": "q1"}', "# a comment", "q1 a 2.5", "q1 a 1 2.5",
    "1 2", "-", "0", "\ufeff", "q1 Q0 a 1 -- t", "q1 Q0 a 1 1e t", "q1 Q0 a 1 ∞ t", "q1 Q0 a 1 one t", "<run/>",
]  # fmt: skip
"""Lines that stand on the second line of a run."""

JSON_LINES = [
    "3", "null", "[]", "{}", "x", "{cut off", '{"_id": "q3"}', '{"text": "x"}', '{"_id": null, "text": "x"}',
    '{"_id": "", "text": "x"}', '{"_id": [], "text": "x"}', '{"_id": {}, "text": "x"}', '{"_id": true, "text": "x"}',
    '{"_id": "q3", "text": 3}', '{"_id": "q3", "text": []}',
]  # fmt: skip
"""Lines that stand on the second line of queries.jsonl."""

CORPUS_LINES = [one for one in JSON_LINES if not one.startswith('{"_id": "q3"')]
"""The same of corpus.jsonl, where a passage may have no text."""
