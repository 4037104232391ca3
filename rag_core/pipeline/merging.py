"""What was paid for, added to a measurement: nothing that it has is lost, whoever else adds to it meanwhile."""

from __future__ import annotations

from rag_core.schema.measurement import Measurement, RerankerScores
from rag_core.schema.steps import Timing

SEARCHED = ("passages", "vectors", "extra_searches", "rewriting")
"""The fields of a measurement that searching fills; scoring fills `rerankings`."""


def with_searches(measurement: Measurement, searched: Measurement) -> Measurement:
    """The measurement with what was searched for another copy of it; its scores stay."""
    return measurement.model_copy(update={name: getattr(searched, name) for name in SEARCHED})


def with_scores(measurement: Measurement, reranker: str, fresh: RerankerScores) -> Measurement:
    """The measurement with what this reranker has scored now."""
    merged = _added(measurement.rerankings.get(reranker), fresh)
    return measurement.model_copy(update={"rerankings": {**measurement.rerankings, reranker: merged}})


def _added(known: RerankerScores | None, fresh: RerankerScores) -> RerankerScores:
    """What one reranker has measured so far, added up. A failure stays until a later call succeeds."""
    if known is None:
        return fresh
    return fresh.model_copy(
        update={
            "pairs": {**known.pairs, **fresh.pairs},
            "timing": Timing(started_ms=known.timing.started_ms, took_ms=known.timing.took_ms + fresh.timing.took_ms),
            "load_ms": known.load_ms + fresh.load_ms,
            "tokenise_ms": known.tokenise_ms + fresh.tokenise_ms,
            "tokens": known.tokens + fresh.tokens,
            "batches": known.batches + fresh.batches,
            "units": known.units + fresh.units,
        }
    )
