"""Spans for tests, as the instrumentations of LangChain and LlamaIndex flatten them."""

from __future__ import annotations

import json
from typing import Any

from rag_core.runs.spans.span import Span

TRACE = "a" * 32
MS = 1_000_000
BEGAN = 1_764_000_000_000 * MS


def span(number: int, kind: str, start: float, end: float, parent: int = 0, **more: Any) -> Span:
    """A span of a trace that began at `BEGAN`; start and end in milliseconds after that."""
    attributes = {"openinference.span.kind": kind} if kind else {}
    return Span(
        trace_id=more.pop("trace_id", TRACE),
        span_id=f"{number:016x}",
        parent_id=f"{parent:016x}" if parent else "",
        name=more.pop("name", kind.lower()),
        started_ns=int(BEGAN + start * MS),
        ended_ns=int(BEGAN + end * MS),
        project=more.pop("project", "bot"),
        error=more.pop("error", None),
        attributes=attributes | more.pop("attributes", {}),
    )


def docs(prefix: str, *rows: Any) -> dict[str, Any]:
    """Flattened documents: texts, or (id, text, score, metadata) as far as given."""
    flat: dict[str, Any] = {}
    for place, row in enumerate(rows):
        parts = (
            dict(zip(("id", "content", "score", "metadata"), row, strict=False))
            if isinstance(row, tuple)
            else {"content": row}
        )
        for name, value in parts.items():
            if value is not None:
                flat[f"{prefix}.{place}.document.{name}"] = json.dumps(value) if name == "metadata" else value
    return flat


def retriever(number: int, start: float, end: float, parent: int, *rows: Any, **more: Any) -> Span:
    """A search."""
    attributes = {"input.value": more.pop("query", "How long?")} | docs("retrieval.documents", *rows)
    return span(number, "RETRIEVER", start, end, parent, attributes=attributes, **more)


def reranker(number: int, start: float, end: float, parent: int, read: list[Any], out: list[Any], **more: Any) -> Span:
    """A reranking."""
    attributes = {"reranker.query": "How long?", "reranker.model_name": "cohere"}
    attributes |= docs("reranker.input_documents", *read) | docs("reranker.output_documents", *out)
    return span(number, "RERANKER", start, end, parent, attributes=attributes, **more)
