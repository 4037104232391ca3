"""Runs for tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from rag_core.runs.run import Run
from rag_core.runs.sent import run_from

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)


def a_run(run_id="r1", query="How long do refunds take?", project="bot", hours=0, **fields) -> Run:
    """A search of three, reranked and cut to one, `hours` after noon."""
    hits = [
        {"passage_id": one, "text": f"Text {one}", "score": score} for one, score in zip("abc", (3, 2, 1), strict=True)
    ]
    steps = [
        {"name": "lexical", "kind": "search", "space": "bm25", "hits": hits, "timing": {"took_ms": 5}},
        {"name": "reranked", "kind": "rerank", "space": "probability", "inputs": ["lexical"], "timing": {"took_ms": 20},
         "hits": [{"passage_id": "c", "score": 0.9}, {"passage_id": "a", "score": 0.4}]},
        {"name": "kept", "kind": "select", "inputs": ["reranked"], "hits": [{"passage_id": "c"}]},
    ]  # fmt: skip
    started = NOON + timedelta(hours=hours)
    return run_from({"id": run_id, "project": project, "query": query, "started_at": started, "steps": steps} | fields)
