"""Fit a reranker's calibration and its threshold on labelled questions, from scores that are kept: no model is asked.

    fit(pools, policy, labelled)        over the pairs that the policy's reranker reads, as the pools hold them

What is told of it is cross-fitted: each question's probabilities come from a fit on the other questions, in five folds.
The calibration itself is fitted on all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rag_core.errors import BadInput
from rag_core.evaluation.logistic import fitted_best, platt
from rag_core.evaluation.pools import Flags, Floats, Ints, Pools
from rag_core.evaluation.reliability import Reliability, reliability
from rag_core.evaluation.sets import LabelledSet
from rag_core.evaluation.vectorised_replay import fused_rankings, rerank_pass, scores_of
from rag_core.schema.base import Frozen
from rag_core.schema.calibration import CALIBRATED, BestProbability, Calibration, line_value
from rag_core.schema.policy import NO_RERANKER, Policy
from rag_core.schema.sigmoid import sigmoids
from rag_core.schema.spaces import ScoreSpace

FEWEST = 20
"""Questions that a fit needs, as many relevant pairs, and as many of the others."""
FOLDS = 5
SEED = 20_261_129
PASSING = 0.95
"""The share of the answerable questions that the fitted threshold lets pass: to be told "I don't know" where the answer
was found costs more than a weak answer that shows its source."""


class ThresholdCheck(Frozen):
    """What a threshold does to the labelled questions: the share of the answerable ones that pass, and of the others
    that are held back (None where there are none)."""

    minimum: float
    passing: float | None
    held_back: float | None


class CalibrationFit(Frozen):
    """A calibration with how it was fitted and how it holds.

    relevant_from  the lowest grade that counts as an answer
    pairs, best    reliability of all pairs, and of the best candidate of each question (`BestProbability`);
                   cross-fitted
    parted         how often an answerable question's best pair is above an unanswerable one's; None without both kinds
    threshold      the fitted threshold and what it does; cross-fitted
    """

    calibration: Calibration
    set_name: str
    questions: int
    unanswerable: int
    relevant_from: int
    pairs: Reliability
    best: Reliability
    parted: float | None
    threshold: ThresholdCheck


@dataclass(frozen=True)
class _Pairs:
    """Each question's candidates as the reranker read them: shape (Q, L), `valid` where there is one."""

    scores: Floats
    right: Flags
    valid: Flags
    answerable: Flags

    def only(self, rows: Flags) -> _Pairs:
        return _Pairs(self.scores[rows], self.right[rows], self.valid[rows], self.answerable[rows])

    def heads(self) -> Floats:
        """Each question's best score and its margin over the next (0 where there is none): shape (Q, 2)."""
        first = self.scores[:, 0]
        if self.scores.shape[1] < 2:
            return np.stack([first, np.zeros(len(first))], axis=1)
        return np.stack([first, np.where(self.valid[:, 1], first - self.scores[:, 1], 0.0)], axis=1)


def fit(pools: Pools, policy: Policy, labelled: LabelledSet, relevant_from: int = 1) -> CalibrationFit:
    """Calibration, threshold and reliability of the policy's reranker over its pools.

    Raises BadInput where pairs have no score, there are too few questions or answers, or the scores do not rise with
    relevance.
    """
    space = _space(pools, policy)
    model = scores_of(pools, policy.reranker).model
    if not model:
        raise BadInput(f"The scores of {policy.reranker} are of several models. Evaluate the questions once more.")
    pairs = _pairs(pools, policy, labelled, space, relevant_from)
    slope, bias = _fitted(pairs)
    probabilities = _cross_fitted(pairs)
    best = probabilities[:, 0]
    parted = _parted(best, pairs.answerable)
    everything = _probability(pairs.scores, slope, bias)[:, 0]
    minimum = _threshold(everything, pairs.answerable)
    return CalibrationFit(
        calibration=Calibration(
            reranker=policy.reranker, model=model, space=space, slope=slope, bias=bias, best=_fitted_best(pairs)
        ),
        set_name=labelled.name,
        questions=len(best),
        unanswerable=int((~pairs.answerable).sum()),
        relevant_from=relevant_from,
        pairs=reliability(probabilities[pairs.valid], pairs.right[pairs.valid]),
        best=reliability(_cross_fitted_best(pairs), pairs.right[:, 0]),
        parted=parted,
        threshold=_checked(minimum, best, pairs.answerable),
    )


def grades_of(labelled: LabelledSet) -> list[int]:
    """The grades over 0 that the set gives, lowest first: what may count as an answer."""
    return sorted({grade for grades in labelled.qrels.values() for grade in grades.values() if grade > 0})


def _space(pools: Pools, policy: Policy) -> ScoreSpace:
    """What the reranker's own scores mean. Raises BadInput where no probability can be fitted to them."""
    if policy.reranker == NO_RERANKER:
        raise BadInput("Without a reranker there are only fused ranks, and these say nothing about relevance.")
    space = scores_of(pools, policy.reranker).scored
    if space not in CALIBRATED:
        raise BadInput(f"Scores of the kind “{space}” cannot be compared between questions, so none is a probability.")
    return space


def _pairs(pools: Pools, policy: Policy, labelled: LabelledSet, space: ScoreSpace, relevant_from: int) -> _Pairs:
    order, _ = fused_rankings(pools, policy)
    order = rerank_pass(pools, order, policy)
    if order.unscored.any():
        raise BadInput("Some pairs of these pools have no score yet. Evaluate the questions first.")
    asked = {query.id for query in labelled.asked}
    rows = (order.lengths > 0) & np.array([one in asked for one in pools.query_ids], dtype=bool)
    grades, valid = order.take(pools.grades)[rows], order.valid[rows]
    scores = np.asarray(line_value(space, order.take(scores_of(pools, policy.reranker).key)[rows]))
    answers = [max(labelled.qrels.get(one, {}).values(), default=0) >= relevant_from for one in pools.query_ids]
    found = _Pairs(np.where(valid, scores, 0.0), valid & (grades >= relevant_from), valid, np.array(answers)[rows])
    _check(found)
    return found


def _check(pairs: _Pairs) -> None:
    """Raises BadInput where there is too little to fit to."""
    right = int(pairs.right.sum())
    wrong = int(pairs.valid.sum()) - right
    if min(len(pairs.scores), right, wrong) < FEWEST:
        raise BadInput(
            f"{len(pairs.scores)} questions with {right} right and {wrong} wrong passages in their pools are too few "
            f"to fit a probability to; {FEWEST} of each are needed. Evaluate or grade more questions."
        )


def _fitted(pairs: _Pairs) -> tuple[float, float]:
    """Slope and bias over all pairs. Raises BadInput where the likeliest slope is not over 0."""
    scores, right = pairs.scores[pairs.valid], pairs.right[pairs.valid]
    slope, bias = platt(scores, right)
    if slope <= 0:
        raise BadInput(
            "These scores do not rise with relevance: passages that answer score no higher than others, so no "
            "probability can be fitted to them. Check the grades, or choose another reranker."
        )
    return slope, bias


def _probability(scores: Floats, slope: float, bias: float) -> Floats:
    return sigmoids(slope * scores + bias)


def _fitted_best(pairs: _Pairs) -> BestProbability:
    return fitted_best(pairs.heads(), pairs.right[:, 0])


def _cross_fitted_best(pairs: _Pairs) -> Floats:
    """The probability of every question's best candidate by a fit on the other folds."""
    fold, found = _folds(pairs), np.zeros(len(pairs.scores))
    for number in range(FOLDS):
        by, heads = _fitted_best(pairs.only(fold != number)), pairs.heads()[fold == number]
        found[fold == number] = _probability(heads @ np.array([by.slope, by.margin]), 1.0, by.bias)
    return found


def _folds(pairs: _Pairs) -> Ints:
    """The fold of each question; answerable ones are spread evenly."""
    shuffled = np.random.default_rng(SEED).permutation(len(pairs.scores))
    order = shuffled[np.argsort(pairs.answerable[shuffled], kind="stable")]
    fold = np.empty(len(order), dtype=np.int64)
    fold[order] = np.arange(len(order)) % FOLDS
    return fold


def _cross_fitted(pairs: _Pairs) -> Floats:
    """Every question's probabilities by a fit on the other folds."""
    fold = _folds(pairs)
    found = np.zeros(pairs.scores.shape)
    for number in range(FOLDS):
        found[fold == number] = _probability(pairs.scores[fold == number], *_fitted(pairs.only(fold != number)))
    return found


def _threshold(best: Floats, answerable: Flags) -> float:
    """The highest of the half hundredths that lets `PASSING` of the answerable questions pass."""
    passing = np.quantile(best[answerable], 1 - PASSING) if answerable.any() else 0.0
    return float(np.floor(passing * 200) / 200)


def _checked(minimum: float, best: Floats, answerable: Flags) -> ThresholdCheck:
    return ThresholdCheck(
        minimum=minimum,
        passing=_share(best[answerable] >= minimum),
        held_back=_share(best[~answerable] < minimum),
    )


def _share(flags: Flags) -> float | None:
    return float(flags.mean()) if len(flags) else None


def _parted(best: Floats, answerable: Sequence[bool] | Flags) -> float | None:
    """Area under the ROC curve of answerable against unanswerable questions; ties count half."""
    kinds = np.asarray(answerable)
    if kinds.all() or not kinds.any():
        return None
    apart = best[kinds][:, None] - best[~kinds][None, :]
    return float((apart > 0).mean() + (apart == 0).mean() / 2)
