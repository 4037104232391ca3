"""OTLP JSON files, as OpenTelemetry's file exporter and collectors write them: one request, or one a line.

Of logs, the event `gen_ai.evaluation.result` is read: a log record of that event name with the trace and the span that
it is about (OpenTelemetry's semantic conventions for generative AI). Any other log says nothing of a run.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rag_core.errors import BadInput
from rag_core.runs.importers.source import ParsedValue, Problems, Source, runs_of_traces, say_faults
from rag_core.runs.run import Run
from rag_core.runs.spans.feedback import RESULT_EVENT, results
from rag_core.runs.spans.otlp import json_attributes, spans_of_request
from rag_core.runs.spans.span import Span

LOGS = "resourceLogs"

_Said = tuple[str, tuple[str, str], Mapping[str, Any]]
"""An evaluation: its place in the file, the trace and the span that it is about, its fields."""


def fits(value: Any) -> bool:
    """True for a request of spans or of logs."""
    return isinstance(value, dict) and not value.keys().isdisjoint(("resourceSpans", LOGS))


def read(_source: Source, values: list[ParsedValue], problems: Problems, unsaid: str) -> list[Run]:
    """A run of each trace with retrieval; its spans may be spread over the file."""
    spans: list[Span] = []
    said: list[_Said] = []
    for place, value in values:
        if isinstance(value, dict) and LOGS in value:
            said += _evaluations(place, value, problems)
            if "resourceSpans" not in value:
                continue
        try:
            received = spans_of_request(value, unsaid)
        except BadInput as exc:
            problems.add(place, str(exc).replace("The body", "It", 1))
            continue
        spans += received.spans
        for span in received.spans:
            say_faults(f"{place}, span {span.span_id}", span, problems)
        for reason in received.rejected:
            problems.add(place, reason)
    return runs_of_traces(_with(spans, said, problems), problems, "otlp file")


def _evaluations(place: str, value: dict[str, Any], problems: Problems) -> list[_Said]:
    """The evaluations among the log records of a request."""
    found: list[_Said] = []
    try:
        scopes = [scope for group in value[LOGS] or [] for scope in group.get("scopeLogs") or []]
        for number, one in enumerate((one for scope in scopes for one in scope.get("logRecords") or []), start=1):
            fields = json_attributes(one.get("attributes"))
            if RESULT_EVENT in (one.get("eventName"), fields.get("event.name")):
                about = (str(one.get("traceId") or "").lower(), str(one.get("spanId") or "").lower())
                found.append((f"{place}, log {number}", about, fields))
    except (TypeError, ValueError, AttributeError, LookupError, RecursionError) as exc:
        problems.add(place, f"its {LOGS} cannot be read ({exc or type(exc).__name__}).")
    return found


def _with(spans: list[Span], said: list[_Said], problems: Problems) -> list[Span]:
    """The spans with what was said of them. What is about none of them is a problem."""
    of: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    there = {(span.trace_id, span.span_id) for span in spans}
    for place, about, fields in said:
        if about in there:
            of.setdefault(about, []).append(fields)
        else:
            problems.add(place, "the span that it evaluates is not there. Open both together.")
    return [
        span.model_copy(update={"attributes": _also(span.attributes, results((RESULT_EVENT, one) for one in some))})
        if (some := of.pop((span.trace_id, span.span_id), None))
        else span
        for span in spans
    ]


def _also(attributes: Mapping[str, Any], more: Mapping[str, list[Any]]) -> dict[str, Any]:
    """The attributes with more evaluations beside those that the span's own events gave."""
    return {**attributes, **{name: [*attributes.get(name, []), *some] for name, some in more.items()}}
