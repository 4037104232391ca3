"""Langfuse: exported observations, or traces with their observations and scores.

An observation has `id`, `traceId`, `parentObservationId`, `type`, `name`, `startTime`, `endTime`, `input`, `output`,
`level` and `statusMessage`. A SPAN, TOOL or RETRIEVER with passages in its input and its output is a reranker, since
Langfuse has no type for it; a RETRIEVER with passages in its output only is a search.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic import ValidationError

from rag_core.runs.importers.foreign_spans import hex_id, nanoseconds
from rag_core.runs.importers.source import ParsedValue, Problems, Source, runs_of_traces
from rag_core.runs.passage_book import content_key
from rag_core.runs.recorder.containers import listed
from rag_core.runs.recorder.shapes import cleaned, hit_of, scalars
from rag_core.runs.run import Run
from rag_core.runs.spans import names
from rag_core.runs.spans.documents import json_of
from rag_core.runs.spans.names import SpanKind
from rag_core.runs.spans.span import Span
from rag_core.runs.values import MAX_TEXT, Feedback
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
    """True for an observation, or a trace with observations."""
    return isinstance(value, dict) and ("observations" in value or {"traceId", "type"} <= value.keys())


def read(_source: Source, values: list[ParsedValue], problems: Problems) -> list[Run]:
    """A run of each trace with retrieval."""
    spans: list[Span] = []
    feedback: dict[str, list[Feedback]] = {}
    for place, value in values:
        for where, row in _rows(place, value):
            try:
                spans.append(_span(row))
                _say_empty(where, spans[-1], problems)
            except ValidationError as exc:
                problems.add(where, f"{in_words(exc)}.")
            except (TypeError, ValueError, AttributeError, LookupError, OverflowError) as exc:
                problems.add(where, f"this is no observation of Langfuse ({exc or type(exc).__name__}).")
        if isinstance(value, dict) and value.get("scores") is not None and value.get("id"):
            feedback[hex_id(str(value["id"]), 32)] = _feedback(place, value["scores"], problems)
    runs = runs_of_traces(spans, problems, "langfuse")
    return [run.model_copy(update={"feedback": tuple(feedback.get(run.id, ()))}) for run in runs]


def _rows(place: str, value: Any) -> list[tuple[str, Any]]:
    """The observations of a value. A trace's own question and answer stand around them, as one more."""
    if not (isinstance(value, dict) and isinstance(value.get("observations"), list)):
        return [(place, value)]
    inner = [one if not isinstance(one, dict) else {"traceId": value.get("id"), **one} for one in value["observations"]]
    first = min((str(one.get("startTime") or "") for one in inner if isinstance(one, dict)), default="")
    top = {**value, "id": f"trace {value.get('id')}", "traceId": value.get("id"), "type": "CHAIN",
           "startTime": value.get("timestamp") or first, "endTime": None}  # fmt: skip
    numbered = [(f"{place}, observation {number}", one) for number, one in enumerate(inner, start=1)]
    return [(place, top), *numbered]


def _span(row: Raw) -> Span:
    if not isinstance(row, dict):
        raise TypeError("it is no object")
    given, out = json_of(row.get("input")), json_of(row.get("output"))
    read, made = _passages(given), _passages(out)
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
        project=str(row.get("projectName") or "langfuse")[:200],
        attributes=attributes,
        error=str(row.get("statusMessage") or "It failed.")[:1000] if row.get("level") == "ERROR" else None,
    )


def _passages(value: Any) -> list[Raw]:
    """The passages in an input or output, as OpenInference's documents; none where it holds no list of them."""
    if not isinstance(value, (list, dict)):
        return []
    try:
        rows = [one for one in listed(value, 10_000) if isinstance(one, dict)]
        hits = [hit_of(one) for one in rows if "role" not in one and one.get("type") not in SPEAKERS]
    except TypeError:
        return []
    return [_document(hit) for hit in hits if hit.get("text")]


def _document(hit: Raw) -> Raw:
    return {
        names.DOCUMENT_ID: hit.get("passage_id") or content_key(hit["text"]),
        names.DOCUMENT_TEXT: hit["text"],
        names.DOCUMENT_SCORE: hit.get("score"),
        names.DOCUMENT_METADATA: hit.get("metadata", {}),
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


def _feedback(place: str, scores: Any, problems: Problems) -> list[Feedback]:
    """The scores of a trace."""
    found: list[Feedback] = []
    if not isinstance(scores, list):
        problems.add(place, "its scores are no list.")
        return found
    for number, one in enumerate(scores, start=1):
        value = scalars({"value": one.get("value", one.get("stringValue"))}) if isinstance(one, dict) else {}
        if value and one.get("name"):
            name, comment = cleaned(str(one["name"]), 200), cleaned(_text(one.get("comment")), MAX_TEXT)
            found.append(Feedback(name=name, value=value["value"], comment=comment))
        else:
            problems.add(f"{place}, score {number}", "it has no name or no value.")
    return found
