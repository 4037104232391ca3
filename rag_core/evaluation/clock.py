"""Measured reranking time for a set: a few of its queries, pools of growing size, past every cache."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

from rag_core.analysis.latency_model import LatencyPoint
from rag_core.analysis.reranker_speed import measure_speed
from rag_core.pipeline.cascade import pool_of
from rag_core.pipeline.extra_searches import timeline
from rag_core.rerank.base import Reranker
from rag_core.schema.measurement import Measurement
from rag_core.schema.policy import Policy
from rag_core.schema.progress import Progress

SIZES = (5, 10, 20, 50, 100)
QUERIES = 3


def pace_over(
    measurements: Mapping[str, Measurement],
    policy: Policy,
    reranker: Reranker,
    sizes: Sequence[int] = SIZES,
    queries: int = QUERIES,
    progress: Progress | None = None,
) -> list[LatencyPoint]:
    """The median time of each pool size over a few queries, evenly spread; smallest first. A size counts where every
    one of these queries has that many candidates. Raises ModelError or MissingPackage where the reranker does."""
    rows = list(measurements.values())
    some = [rows[place * len(rows) // queries] for place in range(min(queries, len(rows)))]
    found: dict[int, list[LatencyPoint]] = {}
    for done, row in enumerate(some):
        passages = [row.passages[passage_id] for passage_id in pool_of(row, policy)]
        for point in measure_speed(reranker, row.query, passages, sizes):
            found.setdefault(point.pairs, []).append(point)
        if progress:
            progress(done + 1, len(some))
    whole = {pairs: points for pairs, points in sorted(found.items()) if len(points) == len(some)}
    return [
        LatencyPoint(
            pairs=pairs,
            took_ms=statistics.median(point.took_ms for point in points),
            tokens=round(statistics.median(point.tokens for point in points)),
        )
        for pairs, points in whole.items()
    ]


def retrieval_ms(measurements: Mapping[str, Measurement], policy: Policy) -> float:
    """Median time of everything before the reranker: embedding, both searches, and the policy's extra ones.

    Raises UnmeasuredSearch where one of those was not run.
    """
    took = [_searched_ms(row, policy) for row in measurements.values()]
    return statistics.median(took) if took else 0.0


def _searched_ms(row: Measurement, policy: Policy) -> float:
    main_ended = max(row.dense.timing.ended_ms, row.lexical.timing.ended_ms)
    _, extra_searches = timeline(row, policy, main_ended)
    return max([main_ended, *(step.timing.ended_ms for run in extra_searches for step in run.steps)])
