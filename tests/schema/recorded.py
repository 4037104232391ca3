"""Small traces of other pipelines."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from rag_core.schema.documents import CollectionRef, Passage
from rag_core.schema.policy import NO_RERANKER, Policy
from rag_core.schema.rerank_summary import RerankSummary
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import Hit, Step, Timing
from rag_core.schema.trace import Trace
from rag_core.schema.trace_record import Origin


def hits(*passage_ids: str) -> tuple[Hit, ...]:
    """Hits in this order, their scores falling from 0.9."""
    return tuple(Hit(passage_id=one, rank=rank, score=1 - rank / 10) for rank, one in enumerate(passage_ids, start=1))


def step(name: str, kind: str, found: tuple[Hit, ...], reads: tuple[str, ...] = (), **fields: Any) -> Step:
    """A step whose scores nobody has named."""
    known: dict[str, Any] = {"name": name, "kind": kind, "inputs": reads, "hits": found, "hits_in": None}
    return Step.model_validate({**known, "space": ScoreSpace.UNKNOWN, **fields})


def recorded(*steps: Step) -> Trace:
    """A run of these steps in the project `support`."""
    names = {hit.passage_id for one in steps for hit in one.hits}
    return Trace(
        query="how long?",
        policy=Policy(reranker=NO_RERANKER, top_k=len(steps[-1].hits)),
        collection=CollectionRef(name="support", fingerprint="", embedding_model="", documents=0, passages=0),
        measured_at=datetime(2026, 1, 1, tzinfo=UTC),
        embed=Timing(),
        steps=steps,
        rerank=RerankSummary(name=NO_RERANKER, model="", status="off"),
        passages={
            one: Passage(id=one, document_id=one, start=0, end=4, text=f"Text of {one}.") for one in sorted(names)
        },
        origin=Origin(project="support", source="recorder", run_id="1"),
    )
