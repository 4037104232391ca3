"""Reranking time against the number of pairs: points from runs, the line through them, the pool that fits a budget.

Arithmetic only; `rag_core.analysis.reranker_speed` measures points on purpose.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rag_core.errors import BadInput
from rag_core.schema.base import Frozen
from rag_core.schema.trace import Trace


class LatencyPoint(Frozen):
    """Reranking measured once: how many pairs a model scored, and how long that took."""

    pairs: int
    took_ms: float
    tokens: int = 0


class LatencyLine(Frozen):
    """took_ms = fixed_ms + per_pair_ms * pairs, fitted to `points` measurements."""

    fixed_ms: float
    per_pair_ms: float
    points: int

    @property
    def pairs_per_second(self) -> float:
        """How many pairs a second, the fixed part left out."""
        return 1000.0 / self.per_pair_ms


def rerank_points(traces: Iterable[Trace]) -> list[LatencyPoint]:
    """One point per run whose pairs were all scored by a model and timed: runs helped by the cache, and estimated
    times, say nothing of its speed."""
    return [
        LatencyPoint(
            pairs=trace.rerank.pairs_timed, took_ms=trace.reranked_step.timing.took_ms, tokens=trace.rerank.tokens
        )
        for trace in traces
        if trace.rerank.status == "ran" and not trace.rerank.pairs_cached and not trace.reranked_step.timing.estimated
    ]


def fit(points: Sequence[LatencyPoint]) -> LatencyLine:
    """The least-squares line of time against pairs; through the origin where its fixed part would be negative.

    Raises BadInput where the points cannot carry a line: fewer than two sizes, or time that does not grow.
    """
    import numpy as np

    sizes = {point.pairs for point in points}
    if len(sizes) < 2:
        raise BadInput("Two runs with different pools are needed to fit a line. Run again with another pool.")
    x = np.array([point.pairs for point in points], dtype=float)
    y = np.array([point.took_ms for point in points], dtype=float)
    slope, fixed = np.polyfit(x, y, 1)
    if fixed < 0:
        slope, fixed = float(x @ y / (x @ x)), 0.0
    if slope <= 0:
        raise BadInput("These runs do not take longer with more pairs, so no line fits them. Measure a few more pools.")
    return LatencyLine(fixed_ms=float(fixed), per_pair_ms=float(slope), points=len(points))


def pool_for(line: LatencyLine, budget_ms: float, other_ms: float = 0.0) -> int:
    """The largest pool whose reranking fits `budget_ms` beside `other_ms` of everything else; 0 where none does.

    >>> pool_for(LatencyLine(fixed_ms=10, per_pair_ms=5, points=3), budget_ms=100, other_ms=20)
    14
    """
    left = budget_ms - other_ms - line.fixed_ms
    return max(0, int(left / line.per_pair_ms + 1e-9))
