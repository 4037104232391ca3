"""Measured reranking time for a set: a few of its queries, pools of growing size, past every cache."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

from rag_core.config import Policy
from rag_core.extras import beside
from rag_core.pace import measure_pace
from rag_core.passes import pool_of
from rag_core.pool_time import Point
from rag_core.rerank.base import Reranker
from rag_core.retrieval.base import Progress
from rag_core.trace import Measurement

SIZES = (5, 10, 20, 50, 100)
QUERIES = 3


def pace_over(
    measurements: Mapping[str, Measurement],
    policy: Policy,
    reranker: Reranker,
    sizes: Sequence[int] = SIZES,
    queries: int = QUERIES,
    progress: Progress | None = None,
) -> list[Point]:
    """The median time of each pool size over a few queries, evenly spread; smallest first. A size counts where every
    one of these queries has that many candidates. Raises ModelError or MissingPackage where the reranker does."""
    rows = list(measurements.values())
    some = [rows[place * len(rows) // queries] for place in range(min(queries, len(rows)))]
    found: dict[int, list[Point]] = {}
    for done, row in enumerate(some):
        chunks = [row.chunks[chunk_id] for chunk_id in pool_of(row, policy)]
        for point in measure_pace(reranker, row.query, chunks, sizes):
            found.setdefault(point.pairs, []).append(point)
        if progress:
            progress(done + 1, len(some))
    whole = {pairs: points for pairs, points in sorted(found.items()) if len(points) == len(some)}
    return [
        Point(
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
    _, extras = beside(row, policy, main_ended)
    return max([main_ended, *(stage.timing.ended_ms for run in extras for stage in run.stages)])
