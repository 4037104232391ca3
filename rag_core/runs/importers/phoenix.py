"""Spans of Arize Phoenix: `client.get_spans_dataframe()` as Parquet or JSON, or the spans that its API returns.

A row has `context.trace_id`, `context.span_id`, `parent_id`, `name`, `span_kind`, `start_time`, `end_time`,
`status_code`, `status_message` and `attributes.*`, or these nested. Its command line writes traces with `traceId` and
`spans`. What was said of a span or a trace is the run's feedback (`phoenix_annotations.py`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from rag_core.runs.importers.foreign_spans import hex_id, nanoseconds
from rag_core.runs.importers.phoenix_annotations import Annotations, is_annotation
from rag_core.runs.importers.source import ParsedValue, Problems, Source, runs_of_traces, say_faults
from rag_core.runs.run import Run
from rag_core.runs.spans import names
from rag_core.runs.spans.documents import flattened, json_of
from rag_core.runs.spans.feedback import results
from rag_core.runs.spans.span import Span, kept_attributes
from rag_core.schema.validation import in_words

SPAN_ID, TRACE_ID = "context.span_id", "context.trace_id"
SINGLE = ("name", "span_kind", "start_time", "end_time", "status_code", "status_message")
LISTED = ("annotations", "notes")


def fits(value: Any) -> bool:
    """True for a span of Phoenix, a frame of them by columns, a trace with its spans, or an annotation."""
    if not isinstance(value, dict):
        return False
    is_trace = isinstance(value.get("traceId"), str) and isinstance(value.get("spans"), list)
    return is_trace or SPAN_ID in value or "span_id" in _dict(value.get("context")) or is_annotation(value)


def read(_source: Source, values: list[ParsedValue], problems: Problems, unsaid: str) -> list[Run]:
    """A run of each trace with retrieval."""
    spans: list[Span] = []
    said = Annotations(problems)
    for place, row in _rows(values, said, problems):
        try:
            if is_annotation(_object(row)):
                said.row(place, row)
                continue
            flat = _flat(row)
            spans.append(_span(flat, unsaid))
            said.of_span(place, spans[-1].span_id, flat | {name: row.get(name) for name in LISTED})
            say_faults(place, spans[-1], problems)
        except ValidationError as exc:
            problems.add(place, f"{in_words(exc)}.")
        except (TypeError, ValueError, AttributeError, LookupError, OverflowError) as exc:
            problems.add(place, f"this is no span of Phoenix ({exc or type(exc).__name__}).")
    return runs_of_traces(said.on(spans), problems, "phoenix")


def _object(row: Any) -> dict[str, Any]:
    if not isinstance(row, dict):
        raise TypeError("it is no object")
    return row


def _rows(values: list[ParsedValue], said: Annotations, problems: Problems) -> list[ParsedValue]:
    """The rows, those of traces one by one; a frame that was written by columns (`{"name": {"0": ...}}`) is turned."""
    if len(values) == 1 and isinstance(frame := values[0][1], dict) and isinstance(frame.get(SPAN_ID), dict):
        columns = {name: column for name, column in frame.items() if isinstance(column, dict)}
        return [(f"row {row}", {name: one.get(row) for name, one in columns.items()}) for row in frame[SPAN_ID]]
    rows: list[ParsedValue] = []
    for place, value in values:
        if not (isinstance(value, dict) and isinstance(value.get("spans"), list)):
            rows.append((place, value))
            continue
        rows += [(f"{place}, span {number}", one) for number, one in enumerate(value["spans"], start=1)]
        if value.get("traceId"):
            try:
                said.listed(place, (names.TRACE_ANNOTATIONS, hex_id(value["traceId"], 32)), value)
            except ValueError as exc:
                problems.add(place, f"{exc}.")
    return rows


def _span(flat: dict[str, Any], unsaid: str) -> Span:
    attributes = {name.removeprefix("attributes."): one for name, one in flat.items() if name.startswith("attributes.")}
    attributes.setdefault(names.KIND, flat.get("span_kind"))
    parent = flat.get("parent_id")
    failed = str(flat.get("status_code") or "").upper() == "ERROR"
    return Span(
        trace_id=hex_id(flat[TRACE_ID], 32),
        span_id=hex_id(flat[SPAN_ID], 16),
        parent_id=hex_id(parent, 16) if isinstance(parent, str) and parent else "",
        name=str(flat.get("name") or ""),
        started_ns=nanoseconds(flat.get("start_time")),
        ended_ns=nanoseconds(flat.get("end_time")),
        project=str(flat.get("project_name") or attributes.get(names.PROJECT) or unsaid)[:200],
        attributes=kept_attributes((name, one) for name, one in attributes.items() if one is not None)
        | results(_events(flat.get("events"))),
        error=str(flat.get("status_message") or "It failed.")[:1000] if failed else None,
    )


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    """A row with its nested parts joined; columns that hold dicts (`attributes.llm`) too. JSON inputs stay text."""
    if wrong := next((name for name in SINGLE if isinstance(row.get(name), dict)), ""):
        raise TypeError(f"its {wrong} is no single value")
    flat = flattened({name: _plain(value) for name, value in row.items() if name not in LISTED})
    return {name: json.dumps(one) if isinstance(one, dict) else one for name, one in flat.items()}


def _plain(value: Any) -> Any:
    """Lists of NumPy (from Parquet) as lists; attributes that are one JSON text as what it says."""
    value = value.tolist() if hasattr(value, "tolist") and not isinstance(value, (str, bytes)) else value
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value


def _events(given: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    for one in given if isinstance(given, list) else ():
        if isinstance(one, dict) and isinstance(one.get("attributes"), dict):
            yield str(one.get("name")), flattened(one["attributes"])


def _dict(value: Any) -> dict[str, Any]:
    value = json_of(value)
    return value if isinstance(value, dict) else {}
