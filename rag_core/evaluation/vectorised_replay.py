"""The pipeline's arithmetic on `Pools`: fused, reranked, adjusted and kept orders of all queries at once.

The same rules, ties included, as `rag_core.pipeline.replay`, which is the reference: a property test holds every step
of the two equal. An order is an array of columns, best first, and how many of each row count.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from rag_core.errors import BadInput
from rag_core.evaluation.pools import ABSENT, UNDATED, Flags, Floats, Ints, Pools, Scores
from rag_core.pipeline.extra_searches import list_name
from rag_core.schema.policy import NO_RERANKER, EarlyStopping, FirstPass, Policy, Signals
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import StepName
from rag_core.schema.threshold import Threshold, clearing_rows

Number = TypeVar("Number", np.int64, np.float64)
SHORT = 2**15 - 1
"""Ranks are sorted as 16-bit integers, which NumPy does by radix; no list is as long."""


@dataclass(frozen=True, eq=False)
class Rankings:
    """Columns of each query's candidates, best first, shape (Q, L); of row q the first `lengths[q]` count.

    `unscored` (Q,): how many candidates of the pool have no score; where it is not 0 the row's order means nothing.
    """

    columns: Ints
    lengths: Ints
    unscored: Ints

    @property
    def valid(self) -> Flags:
        """Shape (Q, L): which places hold a candidate."""
        inside: Flags = np.arange(self.columns.shape[1]) < self.lengths[:, None]
        return inside

    def first(self, k: int) -> Rankings:
        """The first k places."""
        return replace(self, columns=self.columns[:, :k], lengths=np.minimum(self.lengths, k))

    def take(self, values: npt.NDArray[Number]) -> npt.NDArray[Number]:
        """Values by candidate (Q, C), put into this order (Q, L)."""
        return taken(values, self.columns)


def search_rankings(pools: Pools, policy: Policy) -> dict[str, Rankings]:
    """Every list as it was searched, by its name: the main search's cut to the policy's depth, others to their own."""
    return {
        name: _order(np.argsort(ranks, axis=1, kind="stable"), (ranks < ABSENT).sum(axis=1))
        for name, ranks in list_rankings(pools, policy).items()
    }


def list_rankings(pools: Pools, policy: Policy) -> dict[str, Ints]:
    """Ranks (Q, C) by list name, those past a list's depth ABSENT. Raises BadInput where an extra search is missing."""
    named = {name: _cut(ranks, policy.depth) for name, ranks in pools.ranks.items()}
    for one in policy.extra_searches:
        named |= {list_name(one.name, StepName(at)): _cut(ranks, one.depth) for at, ranks in pools.beside(one).items()}
    return named


def list_weights(pools: Pools, policy: Policy) -> dict[str, float]:
    """The weight of every list by its name. One that is neither dense nor lexical (a run made elsewhere) has 1."""
    own: dict[str, float] = {
        StepName.DENSE: policy.fusion.dense_weight,
        StepName.LEXICAL: policy.fusion.lexical_weight,
    }
    named = {name: own.get(name, 1.0) for name in pools.ranks}
    for one in policy.extra_searches:
        named |= {list_name(one.name, StepName(at)): one.weight * own[at] for at in pools.beside(one)}
    return named


def fused_rankings(pools: Pools, policy: Policy) -> tuple[Rankings, Floats]:
    """The union of the lists by weighted RRF, and the score of every candidate (Q, C), 0 where it is none.

    Ties go to the better rank in any one list, then to the smaller id, as in `rrf`.
    """
    score = np.zeros(pools.shape)
    best = np.full(pools.shape, ABSENT, dtype=np.int64)
    weight = list_weights(pools, policy)
    for name, ranks in list_rankings(pools, policy).items():
        if weight[name] == 0:
            continue
        here = ranks < ABSENT
        score += np.where(here, weight[name] / (policy.fusion.k + ranks), 0.0)
        best = np.minimum(best, ranks)
    present = best < ABSENT
    tied = np.argsort(np.minimum(best, SHORT).astype(np.int16), axis=1, kind="stable")
    by_score = np.argsort(-taken(np.where(present, score, -1.0), tied), axis=1, kind="stable")
    return _order(taken(tied, by_score), present.sum(axis=1)), score


def reranked_rankings(pools: Pools, order: Rankings, reranker: str, pool: int) -> Rankings:
    """The first `pool` of an order, highest score first, ties in the order before; as they are without a reranker.

    Raises BadInput for a reranker that nothing was scored with.
    """
    head = order.first(pool)
    if reranker == NO_RERANKER:
        return head
    key = head.take(scores_of(pools, reranker).key)
    missing = (np.isnan(key) & head.valid).sum(axis=1)
    key = np.where(head.valid, np.nan_to_num(key, nan=-np.inf), -np.inf)
    by_score = np.argsort(-key, axis=1, kind="stable")
    return Rankings(taken(head.columns, by_score), head.lengths, missing)


def first_pass_rankings(pools: Pools, order: Rankings, first_pass: FirstPass | None) -> Rankings:
    """What the first pass makes of a fused order; that order itself where there is none."""
    return order if first_pass is None else reranked_rankings(pools, order, first_pass.reranker, first_pass.pool)


def rerank_pass(pools: Pools, order: Rankings, policy: Policy) -> Rankings:
    """What the policy's passes make of a fused order: the first, where there is one, then the reranker on its best.

    Where the first has pairs without a score, `unscored` counts those alone: what goes on is not known before.
    """
    first = first_pass_rankings(pools, order, policy.first_pass)
    last = reranked_rankings(pools, first, policy.reranker, policy.pool)
    return replace(last, unscored=np.where(first.unscored > 0, first.unscored, last.unscored))


def adjusted_rankings(pools: Pools, order: Rankings, relevance: Floats, search: Floats, signals: Signals) -> Rankings:
    """A reranked order by the combined score, where signals are on.

    relevance: (Q, C), 0..1; search: the fused scores likewise (`to_unit_interval`). The n-th best passage of a
    document gets diversity 1/n whatever the others do, so placing one by one (`rag_core.pipeline.signals.adjust`)
    comes to one sort.
    """
    if not signals.on:
        return order
    base = np.where(order.valid, order.take(_base(pools, relevance, search, signals)), -np.inf)
    key = -base - signals.diversity / (1 + _turns(pools, order, base))
    return replace(order, columns=taken(order.columns, np.argsort(key, axis=1, kind="stable")))


def kept_rankings(order: Rankings, relevance: Floats, space: ScoreSpace, threshold: Threshold, top_k: int) -> Rankings:
    """What is at or over the threshold, cut to the top k. A threshold for another space cuts nothing."""
    over = clearing_rows(threshold, space, order.take(relevance), order.valid)
    front = np.argsort(~over, axis=1, kind="stable")[:, :top_k]
    lengths = np.minimum(over.sum(axis=1), top_k)
    return replace(order, columns=taken(order.columns, front), lengths=lengths)


def step_rankings(pools: Pools, policy: Policy) -> dict[str, Rankings]:
    """Every step's order under one policy: the searched lists by name, then fused, screened (where there is a first
    pass), reranked, adjusted, kept.

    Raises BadInput for what the arrays do not hold: rewriting, a rule to stop, a greater depth, a search not run.
    """
    if policy.rewrite.on:
        raise BadInput("A set is evaluated on the questions as they are asked. Leave out rewriting.")
    if policy.stopping != EarlyStopping():
        raise BadInput("A set is evaluated on pools that are read to the end. Leave out the rule to stop early.")
    deepest = max([policy.depth, *(one.depth for one in policy.extra_searches)])
    if deepest > pools.depth:
        raise BadInput(f"These queries were measured to depth {pools.depth}; measure them again for {deepest}.")
    order, rrf = fused_rankings(pools, policy)
    ranked = rerank_pass(pools, order, policy)
    relevance, space = relevance_of(pools, policy, rrf)
    search = to_unit_interval(rrf, ScoreSpace.RRF, pools, policy)
    final = adjusted_rankings(pools, ranked, to_unit_interval(relevance, space, pools, policy), search, policy.signals)
    cut = kept_rankings(final, relevance, space, policy.threshold, policy.top_k)
    return {
        **search_rankings(pools, policy),
        StepName.FUSED: order,
        **({StepName.FIRST_PASS: first_pass_rankings(pools, order, policy.first_pass)} if policy.first_pass else {}),
        StepName.RERANKED: ranked,
        StepName.ADJUSTED: final,
        StepName.KEPT: cut,
    }


def scores_of(pools: Pools, reranker: str) -> Scores:
    """One reranker's scores. Raises BadInput where there are none."""
    if reranker not in pools.scores:
        raise BadInput(f"Nothing was scored with {reranker} yet. Score this set with it first.")
    return pools.scores[reranker]


def relevance_of(pools: Pools, policy: Policy, rrf: Floats) -> tuple[Floats, ScoreSpace]:
    """What the threshold cuts (Q, C) and its space: the reranker's relevance, or RRF scores without one."""
    if policy.reranker == NO_RERANKER:
        return rrf, ScoreSpace.RRF
    scores = scores_of(pools, policy.reranker)
    return scores.relevance, scores.space


def to_unit_interval(relevance: Floats, space: ScoreSpace, pools: Pools, policy: Policy) -> Floats:
    """Relevance on 0..1 for the weighted sum, as replay scales it."""
    if space is ScoreSpace.RRF:
        return relevance * (policy.fusion.k + 1) / max(sum(list_weights(pools, policy).values()), 1e-9)
    return np.clip(relevance, 0.0, 1.0)


def taken(values: npt.NDArray[Number], columns: Ints) -> npt.NDArray[Number]:
    """`np.take_along_axis(values, columns, axis=1)`, in half the time on arrays of this size."""
    rows = np.arange(len(values))[:, None] * values.shape[1]
    found: npt.NDArray[Number] = values.ravel().take(columns + rows)
    return found


def _order(columns: Ints, lengths: Ints) -> Rankings:
    return Rankings(columns, lengths, np.zeros(len(lengths), dtype=np.int64))


def _cut(ranks: Ints, depth: int) -> Ints:
    return np.where(ranks <= depth, ranks, ABSENT)


def _base(pools: Pools, relevance: Floats, search: Floats, signals: Signals) -> Floats:
    """The combined score without diversity, summed in the order that `signals.adjust` sums in. Shape (Q, C)."""
    facts = pools.facts
    if facts is None:
        raise BadInput("This run was made elsewhere and has no dates and sources, so signals cannot be weighed.")
    as_of = facts.measured[:, None] if signals.as_of is None else signals.as_of.toordinal()
    fresh = 1.0 / (1.0 + np.maximum(0, as_of - facts.updated) / 30.0)
    fresh = np.where(facts.updated == UNDATED, 0.0, fresh)
    table = dict(signals.sources)
    authority = np.array([table.get(name, signals.default_authority) for name in facts.sources] or [0.0])[facts.source]
    beside = signals.relevance * relevance + signals.freshness * fresh + signals.authority * authority
    return beside + signals.search * search


def _turns(pools: Pools, order: Rankings, base: Floats) -> Ints:
    """How many passages of the same document come before each place's, by base score, ties by place. Shape (Q, L).

    Documents are counted whatever level is judged. [d, e, d] with base [1, 3, 2] -> [1, 0, 0].
    """
    facts = pools.facts
    document = order.take(pools.unit if facts is None else facts.document)
    by_base = np.argsort(-base, axis=1, kind="stable")
    small = np.where(order.valid, document, -1).astype(np.int16)
    by_document = np.argsort(np.take_along_axis(small, by_base, axis=1), axis=1, kind="stable")
    within = taken(by_base, by_document)
    turns = np.empty(document.shape, dtype=np.int64)
    np.put_along_axis(turns, within, _run_places(np.take_along_axis(small, within, axis=1)), axis=1)
    return turns


def _run_places(values: npt.NDArray[np.int16]) -> Ints:
    """0, 1, 2 ... within each run of equal values. [[4, 4, 7]] -> [[0, 1, 0]]."""
    at = np.broadcast_to(np.arange(values.shape[1]), values.shape)
    new = np.ones(values.shape, dtype=bool)
    new[:, 1:] = values[:, 1:] != values[:, :-1]
    return at - np.maximum.accumulate(np.where(new, at, 0), axis=1)
