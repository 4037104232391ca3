"""Threshold and top-k over a whole set: what is kept for the answer, and what that costs and saves.

By replay on arrays. Which threshold to choose for a given cost of a wrong answer is in
`rag_core.analysis.threshold_choice`; here both cuts are swept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from rag_core.evaluation import metrics
from rag_core.evaluation.compare import fewer_than_best
from rag_core.evaluation.pools import Flags, Floats, Pools
from rag_core.evaluation.sweeps import order_before_cut
from rag_core.evaluation.vectorised_replay import fused_rankings, kept_rankings, relevance_of
from rag_core.schema.base import Frozen
from rag_core.schema.policy import Policy
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.threshold import Threshold

TOP_KS = tuple(range(1, 21))
STEPS = 50


class Cut(Frozen):
    """The whole set at one threshold and one top-k. Shares are None where they would be over nothing.

    answered: queries of the set for which anything is kept. precision: relevant share of the documents kept (mean over
    answered judged queries). success: judged queries with a relevant document kept, of those that have any. recall:
    mean share of a query's relevant documents that is kept. refused: unanswerable queries for which nothing is kept.
    passages: mean number of passages kept. fewer: whether surely fewer queries keep a relevant document here than at
    the best cut of the curve.
    """

    threshold: float | None
    top_k: int
    answered: float
    precision: float | None
    success: float | None
    recall: float | None
    refused: float | None
    passages: float
    fewer: bool = False


class Cuts:
    """The orders of one policy, ready to be cut anywhere. Raises BadInput where nothing was scored."""

    def __init__(self, pools: Pools, policy: Policy, unanswerable: Sequence[str] = ()) -> None:
        order, rrf = fused_rankings(pools, policy)
        self.pools = pools
        self.policy = policy
        self.relevance, self.space = relevance_of(pools, policy, rrf)
        self.order = order_before_cut(pools, policy, order, rrf)
        self.unscored = int(self.order.unscored.sum())
        self.unanswerable: Flags = np.isin(np.array(pools.query_ids), list(unanswerable))

    def at(self, threshold: Threshold, top_k: int) -> Cut:
        """What one threshold and one top-k make of the set."""
        return self._cut(threshold, top_k)[0]

    def _cut(self, threshold: Threshold, top_k: int) -> tuple[Cut, Flags]:
        """The same, with which of the queries that have a relevant document keep one."""
        cut = kept_rankings(self.order, self.relevance, self.space, threshold, top_k)
        of = metrics.graded(self.pools, cut)
        hits = ((of.grade > 0) & of.counts).sum(axis=1)
        answered = cut.lengths > 0
        with_relevant = self.pools.relevant > 0
        share = hits / np.maximum(of.counts.sum(axis=1), 1)
        made = Cut(
            threshold=threshold.minimum,
            top_k=top_k,
            answered=_mean(answered) or 0.0,
            precision=_mean(share[answered & self.pools.judged]),
            success=_mean((hits > 0)[with_relevant]),
            recall=_mean((hits / np.maximum(self.pools.relevant, 1))[with_relevant]),
            refused=_mean(~answered[self.unanswerable]),
            passages=float(cut.lengths.mean()) if cut.lengths.size else 0.0,
        )
        return made, (hits > 0)[with_relevant]

    def _curve(self, cuts: Iterable[tuple[Threshold, int]]) -> list[Cut]:
        """Each cut, told apart from the best of them."""
        made = [self._cut(*one) for one in cuts]
        fewer = fewer_than_best([found for _, found in made])
        return [cut.with_(fewer=one) for (cut, _), one in zip(made, fewer, strict=True)]

    def by_threshold(self, steps: int = STEPS) -> list[Cut]:
        """No threshold, then `steps` over the scores that are there, in the space that is cut; top-k as it is.

        Probabilities from 0.001 to 1 in even ratios, since most are close to 0; other scores in even distances.
        """
        scores = self.order.take(self.relevance)[self.order.valid]
        scores = scores[np.isfinite(scores)]
        if not scores.size:
            return []
        if self.space is ScoreSpace.PROBABILITY:
            values = [0.0, *(float(value) for value in np.geomspace(0.001, 1.0, steps))]
        else:
            values = [float(value) for value in np.linspace(scores.min(), scores.max(), steps + 1)]
        rule = self.policy.threshold
        return self._curve((rule.with_(minimum=value, space=self.space), self.policy.top_k) for value in values)

    def by_top_k(self, top_ks: Sequence[int] = TOP_KS) -> list[Cut]:
        """Every top-k, the threshold as it is."""
        return self._curve((self.policy.threshold, k) for k in top_ks)


def _mean(values: Floats | Flags) -> float | None:
    return float(values.mean()) if values.size else None
