"""Where quality was lost: what retrieval never found, what fusion left out of the pool, what a first pass cut, what
ranking left on the table.

An oracle puts any set of candidates into the best order that it allows. The steps between oracles of ever smaller sets
add up, exactly, to what is missing to a perfect score.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rag_core.evaluation import metrics
from rag_core.evaluation.pools import Floats, Pools
from rag_core.evaluation.rankings import Rankings, taken
from rag_core.evaluation.sweeps import order_before_cut
from rag_core.evaluation.vectorised_replay import first_pass_rankings, fused_rankings, rerank_pass
from rag_core.schema.base import Frozen
from rag_core.schema.policy import Policy


class Headroom(Frozen):
    """The loss of one metric, as means over the judged queries: perfect = achieved + all losses.

    perfect: what qrels allow (under 1 where queries have no relevant document). retrieval: no search found it at its
    depth. fusion: found, but outside what is read. first_pass: read by the first pass, and not handed on; 0 without
    one. ranking: in the pool, but not in the best order. signals: what weighing them cost on top (under 0 where it
    helped). `fused` is the pool's metric without reranking: `achieved - fused` of the way from there to `oracle` was
    made.
    """

    metric: str
    perfect: float
    retrieval: float
    fusion: float
    ranking: float
    signals: float
    achieved: float
    fused: float
    first_pass: float = 0.0

    @property
    def oracle(self) -> float:
        """The best order of the same pool."""
        return self.achieved + self.signals + self.ranking


@dataclass(frozen=True, eq=False)
class Split:
    """The same by query, each (Q,): one value for each field of `Headroom`."""

    perfect: Floats
    retrieval: Floats
    fusion: Floats
    ranking: Floats
    signals: Floats
    achieved: Floats
    fused: Floats
    first_pass: Floats
    unscored: int


def split(pools: Pools, policy: Policy, metric: str) -> Split:
    """The loss of every query. Where `unscored` is not 0, all losses from the first pass on are not known (NaN)."""
    order, rrf = fused_rankings(pools, policy)
    ranked = rerank_pass(pools, order, policy)
    head = order.first(policy.reads)
    final = order_before_cut(pools, policy, order, rrf)
    perfect = metrics.on_arrays(metric, metrics.ideal(pools))
    union = _value(pools, metric, oracle(pools, order))
    read = _value(pools, metric, oracle(pools, head))
    pool = _value(pools, metric, oracle(pools, first_pass_rankings(pools, order, policy.first_pass).first(policy.pool)))
    by_rank, achieved = _value(pools, metric, ranked), _value(pools, metric, final)
    unscored = int(ranked.unscored.sum())
    if unscored:
        by_rank = achieved = np.full_like(read, np.nan)
        pool = pool if policy.first_pass is None else by_rank
    return Split(
        perfect=perfect,
        retrieval=perfect - union,
        fusion=union - read,
        first_pass=read - pool,
        ranking=pool - by_rank,
        signals=by_rank - achieved,
        achieved=achieved,
        fused=_value(pools, metric, order),
        unscored=unscored,
    )


def headroom(pools: Pools, policy: Policy, metric: str) -> Headroom | None:
    """The split over the whole set; None where nothing is judged or pairs of the pools have no score yet."""
    found = split(pools, policy, metric)
    if found.unscored or not pools.judged.any():
        return None
    names = ("perfect", "retrieval", "fusion", "ranking", "signals", "achieved", "fused", "first_pass")
    return Headroom(metric=metric, **{name: float(getattr(found, name)[pools.judged].mean()) for name in names})


def oracle(pools: Pools, order: Rankings) -> Rankings:
    """The same candidates, highest grade first: the best that any reranker could do with them."""
    valid = order.valid
    grade = np.where(valid, np.maximum(order.take(pools.grades), 0), -1)
    best = np.argsort(-grade, axis=1, kind="stable")
    return Rankings(taken(order.columns, best), order.lengths, order.unscored)


def _value(pools: Pools, metric: str, order: Rankings) -> Floats:
    return metrics.on_arrays(metric, metrics.graded(pools, order))
