"""Quality against time: what each reranker takes and is worth at every pool, alone and behind the first pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rag_core.analysis.latency_model import LatencyPoint, fit
from rag_core.errors import BadInput
from rag_core.evaluation import sweeps
from rag_core.evaluation.outcome import EvaluationResult
from rag_core.schema.base import Frozen
from rag_core.schema.policy import Policy, Signals


class Way(Frozen):
    """One reranker, or a first pass and one, at one pool: what a query takes before the answer (ms), and the mean of
    the metric."""

    reranker: str
    pool: int
    took_ms: float
    quality: float


def ways_of(
    found: EvaluationResult, times: Mapping[str, Sequence[LatencyPoint]], metric: str, search_ms: float
) -> list[Way]:
    """Every reranker alone, and the policy's behind its first pass, at every pool whose time was measured and whose
    pairs are all scored; no reranker as pool 0. `times`: the points of each; `search_ms`: what comes before them."""
    alone = found.policy.with_(first_pass=None, pool=1, signals=Signals())
    ways: list[Way] = []
    for name, points in times.items():
        curve = sweeps.pool(found.pools, alone.with_(reranker=name), metric, [point.pairs for point in points])
        for point, quality in zip(points, curve.points, strict=True):
            if quality.final is not None:
                took = search_ms + point.took_ms
                ways.append(Way(reranker=name, pool=point.pairs, took_ms=took, quality=quality.final))
            ways.append(Way(reranker="no reranker", pool=0, took_ms=max(search_ms, 0.1), quality=quality.fused))
    return [*dict.fromkeys(ways), *_behind_first_pass(found.policy, found, times, metric, search_ms)]


def _behind_first_pass(
    policy: Policy,
    found: EvaluationResult,
    times: Mapping[str, Sequence[LatencyPoint]],
    metric: str,
    search_ms: float,
) -> list[Way]:
    """The policy's reranker at every pool that its first pass can fill; none without one, or before both are timed."""
    first = policy.first_pass
    first_ms = _took_ms(times.get(first.reranker, ()), first.pool) if first else None
    if first is None or first_ms is None:
        return []
    points = [point for point in times.get(policy.reranker, ()) if point.pairs <= first.pool]
    plain = policy.with_(pool=1, signals=Signals())
    curve = sweeps.pool(found.pools, plain, metric, [point.pairs for point in points])
    return [
        Way(
            reranker=f"{first.reranker} → {policy.reranker}",
            pool=point.pairs,
            took_ms=search_ms + first_ms + point.took_ms,
            quality=quality.final,
        )
        for point, quality in zip(points, curve.points, strict=True)
        if quality.final is not None
    ]


def _took_ms(points: Sequence[LatencyPoint], pairs: int) -> float | None:
    """What so many pairs take: as measured, else on the line through the points; None where there is no line."""
    for point in points:
        if point.pairs == pairs:
            return point.took_ms
    try:
        line = fit(points)
    except BadInput:
        return None
    return line.fixed_ms + line.per_pair_ms * pairs
