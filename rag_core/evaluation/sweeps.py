"""One setting at a time, everything else as in the policy: what would the ranking of the whole set have been?

Pool, depth, fusion weight, RRF k and signal weights against a ranking metric of the order before the cut. All by replay
on arrays: no model runs. Threshold and top-k are in `cuts.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from rag_core.evaluation import metrics
from rag_core.evaluation.compare import Comparison, compare_metric
from rag_core.evaluation.pools import Floats, Pools
from rag_core.evaluation.rankings import Rankings
from rag_core.evaluation.vectorised_replay import fused_rankings, relevance_of, rerank_pass, to_unit_interval
from rag_core.evaluation.vectorised_signals import adjusted_rankings
from rag_core.schema.base import Frozen
from rag_core.schema.policy import SIGNAL_NAMES, Policy
from rag_core.schema.spaces import ScoreSpace

POOLS = (5, 10, 15, 20, 30, 40, 50, 60, 80, 100, 150, 200)
DEPTHS = (5, 10, 20, 30, 50, 75, 100, 150, 200)
LEXICAL_SHARES = tuple(n / 20 for n in range(21))
RRF_KS = (1, 5, 10, 20, 40, 60, 100, 200, 500)
SIGNAL_WEIGHTS = tuple(n / 10 for n in range(11))
KNEE = 0.95
RESAMPLES = 1_000
"""Of the intervals of a curve's gains: there are many curves, and they are drawn again with each setting."""


class SweepPoint(Frozen):
    """The whole set at one value of a setting. `fused` and `final`: mean of the metric before and after reranking;
    `final` is None where `unscored` pairs of the pools have no score yet: what is not known is not drawn."""

    at: float
    fused: float
    final: float | None
    unscored: int = 0


class Sweep(Frozen):
    """A curve over one setting. `chosen` is what the policy has.

    over_lowest, over_chosen: what the best point gains over the lowest, and over that of `chosen`; None where there is
    no such point, or nothing to gain.
    """

    setting: str
    metric: str
    chosen: float
    points: tuple[SweepPoint, ...]
    over_lowest: Comparison | None = None
    over_chosen: Comparison | None = None

    @property
    def best(self) -> SweepPoint | None:
        """The highest known point, the first of equals; None where none is known."""
        return max((point for point in self.points if point.final is not None), key=_final, default=None)

    @property
    def flat(self) -> bool:
        """True where not even the best point is clearly better than the lowest."""
        return self.over_lowest is not None and not self.over_lowest.clear

    @property
    def knee(self) -> SweepPoint | None:
        """The least value that brings 95% of what the best brings over the least: past it, more buys little.

        None where fewer than three points are known, nothing is surely gained, or the gain goes on to the last of them.
        """
        known = [point for point in self.points if point.final is not None]
        best = self.best
        if self.flat or len(known) < 3 or best is None or _final(best) - _final(known[0]) <= 1e-9:
            return None
        enough = _final(known[0]) + KNEE * (_final(best) - _final(known[0]))
        found = next(point for point in known if _final(point) >= enough)
        return None if found is known[-1] else found

    @property
    def unscored(self) -> int:
        """Pairs that must be scored to complete the worst point."""
        return max((point.unscored for point in self.points), default=0)


def sweep(
    pools: Pools, policy: Policy, metric: str, setting: str, values: Iterable[float], changed: Callable[[float], Policy]
) -> Sweep:
    """The mean metric of every policy that `changed` makes, over the judged queries."""
    points: list[SweepPoint] = []
    known: dict[float, Floats] = {}
    steps = _Steps(pools, metric)
    for value in values:
        before, final = steps.under(changed(value))
        unscored = int(final.unscored.sum())
        if not unscored:
            known[value] = metrics.by_query(pools, metric, final)
        after = None if unscored else metrics.mean_of(known[value])
        points.append(SweepPoint(at=value, fused=before, final=after, unscored=unscored))
    chosen = _chosen(policy, setting)
    lowest = min(known, key=lambda value: metrics.mean_of(known[value]), default=None)
    return Sweep(
        setting=setting,
        metric=metric,
        chosen=chosen,
        points=tuple(points),
        over_lowest=_gain(known, lowest),
        over_chosen=_gain(known, chosen),
    )


def _gain(known: Mapping[float, Floats], value: float | None) -> Comparison | None:
    """What the best value gains over this one, by each query's metric."""
    if value is None or value not in known:
        return None
    best = max(known.values(), key=metrics.mean_of)
    gains = metrics.mean_of(best) > metrics.mean_of(known[value])
    return compare_metric(known[value], best, resamples=RESAMPLES) if gains else None


class _Steps:
    """The steps of one policy after another, each done again only where what it reads has changed."""

    def __init__(self, pools: Pools, metric: str) -> None:
        self._pools, self._metric = pools, metric
        self._fused: tuple[object, Rankings, Floats, float] | None = None
        self._ranked: tuple[object, Rankings] | None = None

    def under(self, policy: Policy) -> tuple[float, Rankings]:
        """(mean of the metric of the fused order, the order before the cut) of a policy."""
        key: object = (policy.fusion, policy.depth, policy.extra_searches)
        if self._fused is None or self._fused[0] != key:
            order, rrf = fused_rankings(self._pools, policy)
            self._fused = key, order, rrf, metrics.mean(self._pools, self._metric, order)
        _, order, rrf, before = self._fused
        key = (key, policy.first_pass, policy.pool, policy.reranker)
        if self._ranked is None or self._ranked[0] != key:
            self._ranked = key, rerank_pass(self._pools, order, policy)
        return before, _weighed(self._pools, policy, self._ranked[1], rrf)


def order_before_cut(pools: Pools, policy: Policy, order: Rankings, rrf: Floats) -> Rankings:
    """The adjusted order that a policy makes of a fused one."""
    return _weighed(pools, policy, rerank_pass(pools, order, policy), rrf)


def _weighed(pools: Pools, policy: Policy, ranked: Rankings, rrf: Floats) -> Rankings:
    """A reranked order with the policy's signals, where they are on."""
    if not policy.signals.on:
        return ranked
    relevance, space = relevance_of(pools, policy, rrf)
    search = to_unit_interval(rrf, ScoreSpace.RRF, pools, policy)
    return adjusted_rankings(pools, ranked, to_unit_interval(relevance, space, pools, policy), search, policy.signals)


def pool(pools: Pools, policy: Policy, metric: str, sizes: Sequence[int] = POOLS) -> Sweep:
    """Quality against how many candidates the reranker reads: no more than the first pass does, where there is one, and
    up to the first size that holds every candidate of each query and the policy's pool, as larger ones read no more."""
    sizes = [size for size in sizes if policy.first_pass is None or size <= policy.first_pass.pool]
    most = max([policy.pool, *(len(ids) for ids in pools.ids)])
    enough = next((place for place, size in enumerate(sizes, start=1) if size >= most), len(sizes))
    return sweep(pools, policy, metric, "pool", sizes[:enough], lambda value: policy.with_(pool=int(value)))


def depth(pools: Pools, policy: Policy, metric: str, depths: Sequence[int] = DEPTHS) -> Sweep:
    """Quality against how many candidates each search returns."""
    inside = [value for value in depths if value <= pools.depth]
    return sweep(pools, policy, metric, "depth", inside, lambda value: policy.with_(depth=int(value)))


def lexical_share(pools: Pools, policy: Policy, metric: str, shares: Sequence[float] = LEXICAL_SHARES) -> Sweep:
    """Quality against the lexical list's share of the fusion weights: 0 is dense alone, 1 lexical alone."""

    def changed(share: float) -> Policy:
        return policy.with_(fusion=policy.fusion.with_(dense_weight=1 - share, lexical_weight=share))

    return sweep(pools, policy, metric, "lexical share", shares, changed)


def rrf_k(pools: Pools, policy: Policy, metric: str, ks: Sequence[int] = RRF_KS) -> Sweep:
    """Quality against RRF's k: the larger, the more alike all ranks count."""

    def changed(k: float) -> Policy:
        return policy.with_(fusion=policy.fusion.with_(k=int(k)))

    return sweep(pools, policy, metric, "RRF k", ks, changed)


def signal(pools: Pools, policy: Policy, metric: str, name: str, weights: Sequence[float] = SIGNAL_WEIGHTS) -> Sweep:
    """Quality against one signal's weight (a name of `SIGNAL_NAMES`), signals on."""

    def changed(weight: float) -> Policy:
        return policy.with_(signals=policy.signals.with_(on=True, **{name: weight}))

    found = sweep(pools, policy, metric, name, weights, changed)
    return found if policy.signals.on else found.with_(over_chosen=None)  # no point of the curve is the policy's own


def pareto(costs: Sequence[float], qualities: Sequence[float]) -> list[bool]:
    """Which points no other beats: none is at most as costly and at least as good, and better in one of the two.

    >>> pareto([1, 2, 3], [0.5, 0.7, 0.6])
    [True, True, False]
    """
    cost, quality = np.asarray(costs, dtype=float), np.asarray(qualities, dtype=float)
    no_worse = (cost[:, None] <= cost) & (quality[:, None] >= quality)
    better = (cost[:, None] < cost) | (quality[:, None] > quality)
    beaten = np.any(no_worse & better, axis=0)
    return [not one for one in beaten.tolist()]


def _final(point: SweepPoint) -> float:
    return -1.0 if point.final is None else point.final


def _chosen(policy: Policy, setting: str) -> float:
    """The policy's own value of a swept setting."""
    fusion = policy.fusion
    values: dict[str, float] = {
        "pool": policy.pool,
        "depth": policy.depth,
        "lexical share": fusion.lexical_weight / max(fusion.lexical_weight + fusion.dense_weight, 1e-9),
        "RRF k": fusion.k,
        **policy.signals.model_dump(include=set(SIGNAL_NAMES)),
    }
    return values[setting]
