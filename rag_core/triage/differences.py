"""What is not the same between two runs of one question: settings, models, documents."""

from __future__ import annotations

from typing import Any

from rag_core.schema.base import Frozen
from rag_core.schema.documents import CollectionRef
from rag_core.schema.trace import Trace
from rag_core.wording.numbers import count_of


class Difference(Frozen):
    """One thing, as it was then and as it is now, in words."""

    what: str
    then: str
    now: str


def differences(then: Trace, now: Trace) -> tuple[Difference, ...]:
    """The settings that were changed, then the collection and the models; empty where all is the same."""
    before, after = _facts(then), _facts(now)
    return tuple(
        Difference(what=name, then=before.get(name, "–"), now=after.get(name, "–"))
        for name in dict.fromkeys([*before, *after])
        if before.get(name) != after.get(name)
    )


def _facts(trace: Trace) -> dict[str, str]:
    facts = _flat(trace.policy.model_dump(mode="json", exclude={"extra_searches"}))
    return facts | {
        "collection": trace.collection.name,
        "documents and chunking": f"{_size(trace.collection)}, {trace.collection.fingerprint[:8]}",
        "extra searches": ", ".join(map(str, trace.policy.extra_searches)) or "none",
        "filter": str(trace.where) if trace.where else "none",
        "embedding model": trace.collection.embedding_model,
        "reranker model": trace.rerank.model or "none",
        "first pass model": _first_pass(trace),
        "reranker": f"{trace.policy.reranker} (did not run)" * (trace.rerank.status == "failed") or facts["reranker"],
    }


def _size(collection: CollectionRef) -> str:
    """How many documents there are; of an index that does not count them, how many passages."""
    if collection.documents or not collection.passages:
        return f"{collection.documents} documents"
    return count_of(collection.passages, "passage")


def _first_pass(trace: Trace) -> str:
    if trace.first_pass_summary is None:
        return "none"
    return (
        f"{trace.first_pass_summary.model or 'none'}{' (did not run)' * (trace.first_pass_summary.status == 'failed')}"
    )


def _flat(values: dict[str, Any], under: str = "") -> dict[str, str]:
    """`{"fusion": {"k": 60}}` -> `{"fusion k": "60"}`"""
    flat: dict[str, str] = {}
    for name, value in values.items():
        words = f"{under} {name.replace('_', ' ')}".strip()
        flat |= _flat(value, words) if isinstance(value, dict) else {words: "none" if value is None else str(value)}
    return flat
