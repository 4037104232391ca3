"""OTLP JSON files, as OpenTelemetry's file exporter and collectors write them: one request, or one a line."""

from __future__ import annotations

from typing import Any

from rag_core.errors import BadInput
from rag_core.runs.importers.source import ParsedValue, Problems, Source, runs_of_traces, say_faults
from rag_core.runs.run import Run
from rag_core.runs.spans.otlp import spans_of_request
from rag_core.runs.spans.span import Span


def fits(value: Any) -> bool:
    """True for a request."""
    return isinstance(value, dict) and "resourceSpans" in value


def read(_source: Source, values: list[ParsedValue], problems: Problems, unsaid: str) -> list[Run]:
    """A run of each trace with retrieval; its spans may be spread over the file."""
    spans: list[Span] = []
    for place, value in values:
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
    return runs_of_traces(spans, problems, "otlp file")
