"""The pipeline's arithmetic on `Pools`: fused, reranked, adjusted and kept orders of all queries at once.

The same rules, ties included, as `rag_core.pipeline.replay`, which is the reference: a property test holds every step
of the two equal. An order is an array of columns, best first, and how many of each row count.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rag_core.errors import BadInput
from rag_core.evaluation.exact_sums import exact_sum
from rag_core.evaluation.pools import ABSENT, Floats, Ints, Pools, Scores
from rag_core.evaluation.rankings import Rankings, taken
from rag_core.evaluation.vectorised_signals import adjusted_rankings
from rag_core.pipeline.extra_searches import list_name
from rag_core.schema.calibration import Calibration
from rag_core.schema.policy import NO_RERANKER, EarlyStopping, FirstPass, Policy
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import StepName
from rag_core.schema.threshold import Threshold, clearing_rows

SHORT = 2**15 - 1
"""Ranks are sorted as 16-bit integers, which NumPy does by radix; no list is as long."""


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
    if policy.fused_by_engine:
        raise BadInput("Evaluation fuses the searches here. Turn off the engine's own fusion.")
    parts: list[Floats] = []
    best = np.full(pools.shape, ABSENT, dtype=np.int64)
    weight = list_weights(pools, policy)
    for name, ranks in list_rankings(pools, policy).items():
        if weight[name] == 0:
            continue
        here = ranks < ABSENT
        parts.append(np.where(here, weight[name] / (policy.fusion.k + ranks), 0.0))
        best = np.minimum(best, ranks)
    score = exact_sum(parts) if parts else np.zeros(pools.shape)
    present = best < ABSENT
    tied = np.argsort(np.minimum(best, SHORT).astype(np.int16), axis=1, kind="stable")
    by_score = np.argsort(-taken(np.where(present, score, -1.0), tied), axis=1, kind="stable")
    return _order(taken(tied, by_score), present.sum(axis=1)), score


def reranked_rankings(pools: Pools, order: Rankings, reranker: str, pool: int) -> Rankings:
    """The first `pool` of an order, highest score first, ties in the order before; as they are without a reranker.

    Raises BadInput for a reranker that nothing was scored with.
    """
    head = order.first(pool)
    return head if reranker == NO_RERANKER else _by_score(head, scores_of(pools, reranker).key)


def _by_score(head: Rankings, scores: Floats) -> Rankings:
    """Highest score (Q, C) first, ties in the order before; candidates without a score are counted."""
    key = head.take(scores)
    missing = (np.isnan(key) & head.valid).sum(axis=1)
    key = np.where(head.valid, np.nan_to_num(key, nan=-np.inf), -np.inf)
    by_score = np.argsort(-key, axis=1, kind="stable")
    return Rankings(taken(head.columns, by_score), head.lengths, missing)


def first_pass_rankings(pools: Pools, order: Rankings, first_pass: FirstPass | None) -> Rankings:
    """What the first pass makes of a fused order; that order itself where there is none.

    Raises BadInput where it adds scores of searches and none was measured.
    """
    if first_pass is None:
        return order
    scores = scores_of(pools, first_pass.reranker).key
    if first_pass.adds_searches:
        if pools.dense is None or pools.lexical is None:
            raise BadInput("These rankings came without scores of searches. Let the first pass add none.")
        scores = scores + first_pass.dense * pools.dense + first_pass.lexical * pools.lexical
    return _by_score(order.first(first_pass.pool), scores)


def rerank_pass(pools: Pools, order: Rankings, policy: Policy) -> Rankings:
    """What the policy's passes make of a fused order: the first, where there is one, then the reranker on its best.

    Where the first has pairs without a score, `unscored` counts those alone: what goes on is not known before.
    """
    first = first_pass_rankings(pools, order, policy.first_pass)
    last = reranked_rankings(pools, first, policy.reranker, policy.pool)
    return replace(last, unscored=np.where(first.unscored > 0, first.unscored, last.unscored))


def kept_rankings(order: Rankings, relevance: Floats, space: ScoreSpace, threshold: Threshold, top_k: int) -> Rankings:
    """What is at or over the threshold, cut to the top k. A threshold for another space cuts nothing."""
    over = clearing_rows(threshold, space, order.take(relevance), order.valid)
    front = np.argsort(~over, axis=1, kind="stable")[:, :top_k]
    lengths = np.minimum(over.sum(axis=1), top_k)
    return replace(order, columns=taken(order.columns, front), lengths=lengths)


def step_names(policy: Policy) -> tuple[str, ...]:
    """The names of the steps that `step_rankings` gives for a policy where every search is run."""
    searched = [list_name(one.name, at) for one in policy.extra_searches for at in (StepName.DENSE, StepName.LEXICAL)]
    first_pass = [StepName.FIRST_PASS] if policy.first_pass else []
    main = (StepName.DENSE, StepName.LEXICAL)
    return (*main, *searched, StepName.FUSED, *first_pass, StepName.RERANKED, StepName.ADJUSTED, StepName.KEPT)


def step_rankings(pools: Pools, policy: Policy) -> dict[str, Rankings]:
    """Every step's order under one policy: the searched lists by name, then fused, first_pass (where there is a first
    pass), reranked, adjusted, kept.

    Raises BadInput for what the arrays do not hold: rewriting, a rule to stop, a greater depth, a search not run.
    """
    if policy.rewrite.on:
        raise BadInput("Evaluation uses each question as it is written. Turn off rewriting.")
    if policy.stopping != EarlyStopping():
        raise BadInput("Evaluation reads whole pools. Turn off early stopping.")
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
    """What the threshold cuts (Q, C) and its space: the reranker's relevance, calibrated where the policy says how, or
    RRF scores without one."""
    if policy.reranker == NO_RERANKER:
        return rrf, ScoreSpace.RRF
    scores = scores_of(pools, policy.reranker)
    calibration = _calibration_of(scores, policy)
    if calibration:
        return calibration.probabilities(scores.key), ScoreSpace.PROBABILITY
    return scores.relevance, scores.space


def relevance_space_of(pools: Pools, policy: Policy) -> ScoreSpace:
    """The space of what the threshold cuts."""
    if policy.reranker == NO_RERANKER:
        return ScoreSpace.RRF
    scores = scores_of(pools, policy.reranker)
    return ScoreSpace.PROBABILITY if _calibration_of(scores, policy) else scores.space


def _calibration_of(scores: Scores, policy: Policy) -> Calibration | None:
    """The policy's calibration where it is of these scores."""
    found = policy.calibration_of(scores.model)
    return found if found and found.space is scores.scored else None


def to_unit_interval(relevance: Floats, space: ScoreSpace, pools: Pools, policy: Policy) -> Floats:
    """Relevance on 0..1 for the weighted sum, as replay scales it."""
    if space is ScoreSpace.RRF:
        return relevance * (policy.fusion.k + 1) / max(sum(list_weights(pools, policy).values()), 1e-9)
    return np.clip(relevance, 0.0, 1.0)


def _order(columns: Ints, lengths: Ints) -> Rankings:
    return Rankings(columns, lengths, np.zeros(len(lengths), dtype=np.int64))


def _cut(ranks: Ints, depth: int) -> Ints:
    return np.where(ranks <= depth, ranks, ABSENT)
