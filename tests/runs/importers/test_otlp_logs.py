"""Evaluations that OpenTelemetry's logs hold, beside the spans that they are about."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rag_core.errors import BadInput
from rag_core.runs.importers.registry import open_sources
from rag_core.runs.importers.source import Source
from tests.runs.spans.test_otlp import GOOD, request

FIELDS = {"gen_ai.evaluation.name": "stringValue", "gen_ai.evaluation.score.value": "doubleValue"}


def log(span: dict[str, Any], name: str, score: float, **more: Any) -> dict[str, Any]:
    """An evaluation of a span as a log record."""
    values = zip(FIELDS.items(), (name, score), strict=True)
    attributes = [{"key": key, "value": {kind: value}} for (key, kind), value in values]
    ids = {one: span[one] for one in ("traceId", "spanId")}
    return {"eventName": "gen_ai.evaluation.result", "attributes": attributes, **ids, **more}


def opened(*records: object) -> Any:
    logs = {"resourceLogs": [{"scopeLogs": [{"logRecords": list(records)}]}]}
    files = (("spans.json", request(GOOD)), ("logs.json", logs))
    return open_sources([Source(name, json.dumps(value).encode()) for name, value in files])


def test_an_evaluation_in_the_logs_is_feedback_on_the_run_of_its_span():
    found = opened(log(GOOD, "relevance", 0.8), log(GOOD, "bias", 0.0), {"body": {"stringValue": "Started."}})
    (run,) = found.runs
    said = {one.name.split()[0]: one.value for one in run.feedback}
    assert said == {"relevance": 0.8, "bias": 0.0} and found.problems == ()


def test_one_of_a_span_that_is_not_there_and_logs_that_are_none_are_named():
    found = opened(log(GOOD, "relevance", 0.8, spanId="00000000000000ff"))
    assert not found.runs[0].feedback
    (problem,) = found.problems
    assert "logs.json, log 1: the span that it evaluates is not there" in problem
    assert len(opened("no record").problems) == 1


def test_logs_alone_say_that_the_spans_are_missing():
    alone = {"resourceLogs": [{"scopeLogs": [{"logRecords": [log(GOOD, "relevance", 0.8)]}]}]}
    with pytest.raises(BadInput, match=r"is not there\. Open both together"):
        open_sources([Source("logs.json", json.dumps(alone).encode())])
