"""Langfuse: exported observations, traces with their observations and scores, and scores beside them.

The fields are those of its API, or, in exports to a bucket, the same with underscores (`trace_id`). An observation has
`id`, `traceId`, `parentObservationId`, `type`, `name`, `startTime`, `endTime`, `input`, `output`, `level` and
`statusMessage`. A SPAN, TOOL or RETRIEVER with passages in its input and its output is a reranker, since Langfuse has
no type for it; a RETRIEVER with passages in its output only is a search.
"""

from __future__ import annotations

import json
import re
from typing import Any

from pydantic import ValidationError

from rag_core.runs.importers.foreign_spans import hex_id, nanoseconds
from rag_core.runs.importers.langfuse_scores import Scores, is_score
from rag_core.runs.importers.source import ParsedValue, Problems, Source, runs_of_traces, say_faults
from rag_core.runs.passage_book import content_key
from rag_core.runs.recorder.containers import listed
from rag_core.runs.recorder.shapes import hit_of
from rag_core.runs.run import Run
from rag_core.runs.spans import names
from rag_core.runs.spans.documents import json_of
from rag_core.runs.spans.names import SpanKind
from rag_core.runs.spans.span import Span
from rag_core.runs.values import MAX_TEXT
from rag_core.schema.validation import in_words

KINDS = {"GENERATION": SpanKind.LLM, "RETRIEVER": SpanKind.RETRIEVER, "EMBEDDING": SpanKind.EMBEDDING,
         "AGENT": SpanKind.AGENT}  # fmt: skip
"""Langfuse's types that mean something here; any other is a part of the chain."""

RERANKERS = ("SPAN", "RETRIEVER", "TOOL")
"""Types that a reranker may have."""

SPEAKERS = ("human", "ai", "system", "tool", "function")
"""LangChain's types of messages."""

Raw = dict[str, Any]


def fits(value: Any) -> bool:
    """True for an observation, a trace with observations, or a score."""
    if not isinstance(value, dict):
        return False
    row = _as_in_api(value)
    return "observations" in row or {"traceId", "type"} <= row.keys() or is_score(row)


def read(_source: Source, values: list[ParsedValue], problems: Problems, unsaid: str) -> list[Run]:
    """A run of each trace with retrieval."""
    spans: list[Span] = []
    scores = Scores(problems)
    for place, value in ((place, _as_in_api(value)) for place, value in values):
        for where, row in _rows(place, value):
            try:
                if isinstance(row, dict) and is_score(row):
                    scores.row(where, row)
                    continue
                spans.append(_span(row, unsaid))
                _say_empty(where, spans[-1], problems)
                say_faults(where, spans[-1], problems)
            except ValidationError as exc:
                problems.add(where, f"{in_words(exc)}.")
            except (TypeError, ValueError, AttributeError, LookupError, OverflowError) as exc:
                problems.add(where, f"this is no observation of Langfuse ({exc or type(exc).__name__}).")
        if isinstance(value, dict) and value.get("scores") is not None and value.get("id"):
            scores.of_trace(place, str(value["id"]), value["scores"])
    return scores.on(runs_of_traces(spans, problems, "langfuse"), spans)


def _as_in_api(value: Any) -> Any:
    """A row of an export to a bucket (`trace_id`) with the names of the API (`traceId`); any other value as it is."""
    if not (isinstance(value, dict) and value.keys() & {"trace_id", "data_type", "project_id"}):
        return value
    return {re.sub("_([a-z])", lambda found: found[1].upper(), str(name)): one for name, one in value.items()}


def _rows(place: str, value: Any) -> list[tuple[str, Any]]:
    """The observations of a value. A trace's own question and answer stand around them, as one more."""
    if isinstance(value, dict) and "timestamp" in value and not value.keys() & {"type", "traceId", "dataType"}:
        value = {"observations": [], **value}
    if not (isinstance(value, dict) and isinstance(value.get("observations"), list)):
        return [(place, value)]
    inner = [one if not isinstance(one, dict) else {"traceId": value.get("id"), **one} for one in value["observations"]]
    first = min((str(one.get("startTime") or "") for one in inner if isinstance(one, dict)), default="")
    top = {**value, "id": f"trace {value.get('id')}", "traceId": value.get("id"), "type": "CHAIN",
           "startTime": value.get("timestamp") or first, "endTime": None}  # fmt: skip
    numbered = [(f"{place}, observation {number}", one) for number, one in enumerate(inner, start=1)]
    return [(place, top), *numbered]


def _span(row: Raw, unsaid: str) -> Span:
    if not isinstance(row, dict):
        raise TypeError("it is no object")
    given, out = json_of(row.get("input")), json_of(row.get("output"))
    read, made = _passages(given), _passages(out, str(row.get("type") or "").upper() == "RETRIEVER")
    kind = KINDS.get(str(row.get("type") or "").upper(), SpanKind.CHAIN)
    if read and made and str(row.get("type") or "").upper() in RERANKERS:
        kind = SpanKind.RERANKER
    attributes: Raw = {names.KIND: kind.value, names.INPUT: _text(given), names.OUTPUT: _text(out)}
    if kind is SpanKind.RERANKER:
        attributes |= {names.RERANK_INPUT: read, names.RERANK_OUTPUT: made, names.RERANK_MODEL: row.get("model") or ""}
        attributes[names.RERANK_QUERY] = str(given.get("query") or "") if isinstance(given, dict) else ""
    elif kind is SpanKind.RETRIEVER:
        attributes[names.RETRIEVED] = made
    elif kind is SpanKind.LLM:
        texts = [_text(one.get("content")) for one in _messages(given) if isinstance(one, dict)] or [_text(given)]
        attributes[names.LLM_INPUT] = [{names.MESSAGE_TEXT: text} for text in texts]
        attributes[names.LLM_MODEL] = row.get("model") or ""
    else:
        attributes |= {names.SESSION: row.get("sessionId"), names.USER: row.get("userId")}
    parent, trace = row.get("parentObservationId"), row["traceId"]
    return Span(
        trace_id=hex_id(trace, 32),
        span_id=hex_id(row["id"], 16),
        parent_id=hex_id(parent, 16) if parent else "",
        name=str(row.get("name") or kind.lower())[:2000],
        started_ns=nanoseconds(row.get("startTime")),
        ended_ns=nanoseconds(row.get("endTime")),
        project=str(row.get("projectName") or unsaid)[:200],
        attributes=attributes,
        error=str(row.get("statusMessage") or "It failed.")[:1000] if row.get("level") == "ERROR" else None,
    )


def _passages(value: Any, retrieved: bool = False) -> list[Raw]:
    """The passages in an input or output, as OpenInference's documents, those without id and text empty; none where
    it holds no list of them. Where nothing says that they were `retrieved`, an id alone makes no passage: entries
    of any list may have one."""
    if not isinstance(value, (list, dict)):
        return []
    try:
        rows = [one for one in listed(value, 10_000) if isinstance(one, dict)]
        hits = [hit_of(one) for one in rows if "role" not in one and one.get("type") not in SPEAKERS]
    except TypeError:
        return []
    telling = any(
        hit.get("text") or ("passage_id" in hit and (retrieved or hit.get("score") is not None)) for hit in hits
    )
    return list(map(_document, hits)) if telling else []


def _document(hit: Raw) -> Raw:
    if not hit.keys() & {"passage_id", "text"}:
        return {}
    metadata = hit.get("metadata", {})
    beside = {one: hit[one] for one in ("title", "source") if one in hit and hit[one] not in metadata.values()}
    return {
        names.DOCUMENT_ID: hit.get("passage_id") or content_key(hit["text"]),
        names.DOCUMENT_TEXT: hit.get("text"),
        names.DOCUMENT_SCORE: hit.get("score"),
        names.DOCUMENT_METADATA: metadata | beside,
    }


def _messages(value: Any) -> list[Any]:
    inner = value.get("messages", []) if isinstance(value, dict) else value
    return inner if isinstance(inner, list) else []


def _text(value: Any) -> str:
    return (value if isinstance(value, str) else "" if value is None else json.dumps(value))[:MAX_TEXT]


def _say_empty(place: str, span: Span, problems: Problems) -> None:
    """Say that a search gave back something in which no passage is found."""
    empty = span.kind == SpanKind.RETRIEVER and not span.attributes[names.RETRIEVED]
    if empty and span.text(names.OUTPUT) not in ("", "[]", "{}"):
        problems.add(place, "its output has no passages that can be read.")
