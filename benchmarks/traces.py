"""A trace without models, for benchmarks of what is done with traces: scores drawn from a fixed seed."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from rag_core.pipeline.replay import replay
from rag_core.schema.documents import CollectionRef, Passage
from rag_core.schema.measurement import Measurement, RankedList, RerankerScores
from rag_core.schema.policy import Policy
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import PairScore, Timing
from rag_core.schema.trace import Trace

SEED = 20_261_120
WORDS = ["refund", "invoice", "agent", "snapshot", "region", "policy", "restore", "quota", "licence", "backup"]


def synthetic_measurement(candidates: int, depth: int = 200) -> Measurement:
    """A measurement whose two lists overlap by half and whose reranker scored every candidate: logits, N(-2, 2)."""
    rng = np.random.default_rng(SEED)
    ids = [f"chunk-{number}" for number in range(candidates)]
    share = max(1, candidates * 3 // 4)
    lists = [list(rng.permutation(part)) for part in (ids[:share], ids[-share:])]
    scores = rng.normal(-2, 2, size=candidates)
    pairs = {
        passage_id: PairScore(score=float(score), tokens=120) for passage_id, score in zip(ids, scores, strict=True)
    }
    return Measurement(
        query="how long does a refund take",
        collection=CollectionRef(
            name="synthetic", fingerprint="0" * 16, embedding_model="none", documents=candidates, passages=candidates
        ),
        measured_at=datetime(2026, 11, 20, tzinfo=UTC),
        depth=depth,
        embed=Timing(took_ms=8),
        dense=_search(lists[0], 0.9, Timing(started_ms=8, took_ms=2)),
        lexical=_search(lists[1], 20.0, Timing(took_ms=2)),
        passages={passage_id: _chunk(passage_id, rng) for passage_id in ids},
        rerankings={
            "synthetic": RerankerScores(
                model="synthetic", space=ScoreSpace.LOGIT, pairs=pairs, timing=Timing(took_ms=400), batches=13
            )
        },
    )


def synthetic_trace(candidates: int) -> Trace:
    """The replay of that measurement with every candidate in the pool."""
    policy = Policy(reranker="synthetic", pool=candidates, depth=min(200, candidates))
    return replay(synthetic_measurement(candidates), policy)


def _search(ids: list[str], best: float, timing: Timing) -> RankedList:
    found = tuple((str(passage_id), best * (1 - place / (len(ids) + 1))) for place, passage_id in enumerate(ids))
    return RankedList(found=found, timing=timing, terms=("refund",))


def _chunk(passage_id: str, rng: np.random.Generator) -> Passage:
    """A passage of 100 words with a title of six."""
    text = " ".join(rng.choice(WORDS, size=100))
    return Passage(
        id=passage_id,
        document_id=f"{passage_id}.md",
        start=0,
        end=len(text),
        text=text,
        title=" ".join(rng.choice(WORDS, size=6)),
        source="help-center",
    )
