"""Keep a candidate, or say "I don't know".

A threshold names the score that it cuts. A cross-encoder's logits are cut as probabilities; other rerankers in
their own space. A threshold for another space than the run's cuts nothing, and the step says so.

`Threshold.lowest` is the rule, and the only place where it stands: replay, its array form, the diagnosis, the costs of
a labelled set and every caption ask it. A rule that depends on the best score of a query needs a change there alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from rag_core.schema.base import Frozen
from rag_core.schema.calibration import Calibration
from rag_core.schema.sigmoid import sigmoid
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import Hit

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Flags = npt.NDArray[np.bool_]


class Threshold(Frozen):
    """Keep candidates at or over `minimum` in the score space `space`. None keeps all."""

    minimum: Annotated[float | None, Field(allow_inf_nan=False)] = None
    space: ScoreSpace = ScoreSpace.PROBABILITY

    def lowest(self, best: float | Floats) -> float | Floats:  # noqa: ARG002 - this rule looks at no other score
        """The lowest score that is kept where a query's best candidate scores `best`, in the threshold's space.

        `best` is one query's, or an array of many queries' scores; the result broadcasts against it.
        """
        return -math.inf if self.minimum is None else self.minimum


def relevance_space(reranked: ScoreSpace, calibration: Calibration | None = None) -> ScoreSpace:
    """The space in which relevance is judged: logits are read as probabilities, and so are calibrated scores."""
    calibrated = calibration is not None and calibration.space is reranked
    return ScoreSpace.PROBABILITY if calibrated or reranked is ScoreSpace.LOGIT else reranked


def can_cut(space: ScoreSpace) -> bool:
    """True where a score of this space says something of relevance, on a scale from 0 to 1."""
    return space in (ScoreSpace.PROBABILITY, ScoreSpace.COSINE, ScoreSpace.MAXSIM, ScoreSpace.GRADE)


def can_cut_recorded(space: ScoreSpace) -> bool:
    """True where a higher score of this space is more relevant, on whatever scale: another pipeline's scores are cut in
    the unit in which they were recorded. Ranks and their sums say nothing of relevance, and of an unknown score nobody
    knows the direction."""
    return can_cut(space) or space in (
        ScoreSpace.LOGIT,
        ScoreSpace.DOT,
        ScoreSpace.BM25,
        ScoreSpace.TS_RANK_CD,
        ScoreSpace.COMBINED,
    )


def minimum_of(given: float | None, space: ScoreSpace) -> float | None:
    """A threshold that somebody typed: on a scale from 0 to 1, 0 keeps all; of a logit, 0 is a value like any other."""
    return (given or None) if can_cut(space) else given


def to_relevance(hits: Sequence[Hit], space: ScoreSpace, calibration: Calibration | None = None) -> dict[str, float]:
    """Relevance by passage id, in `relevance_space(space, calibration)`, of hits whose scores are in `space`; order
    kept."""
    return {hit.passage_id: relevance_of_score(hit.score, space, calibration) for hit in hits}


def relevance_of_score(score: float, space: ScoreSpace, calibration: Calibration | None = None) -> float:
    """A score in `space` as relevance, in `relevance_space(space, calibration)`."""
    if calibration is not None and calibration.space is space:
        return calibration.probability(score)
    return sigmoid(score) if space is ScoreSpace.LOGIT else score


def applies(threshold: Threshold, space: ScoreSpace) -> bool:
    """True where there is a threshold and it cuts scores of this (judged) space."""
    return threshold.minimum is not None and threshold.space is space


def lowest_kept(threshold: Threshold, space: ScoreSpace, relevance: Mapping[str, float]) -> float | None:
    """The lowest relevance that is kept of one query's candidates, all of them in `space`; None where nothing cuts."""
    if not relevance or not applies(threshold, space):
        return None
    return float(threshold.lowest(max(relevance.values())))


def clearing(threshold: Threshold, space: ScoreSpace, relevance: Mapping[str, float]) -> frozenset[str]:
    """The passages of one query that the threshold leaves, by the relevance of all its candidates.

    >>> sorted(clearing(Threshold(minimum=0.5), ScoreSpace.PROBABILITY, {"a": 0.7, "b": 0.5, "c": 0.4}))
    ['a', 'b']
    """
    least = lowest_kept(threshold, space, relevance)
    return frozenset(passage_id for passage_id, score in relevance.items() if least is None or score >= least)


def clearing_rows(threshold: Threshold, space: ScoreSpace, relevance: Floats, counts: Flags) -> Flags:
    """`clearing` for many queries at once: relevance (Q, L), and which places of a row hold a candidate (Q, L)."""
    import numpy as np

    if not applies(threshold, space):
        return counts
    best = np.max(relevance, axis=1, keepdims=True, where=counts, initial=-np.inf)
    best = np.where(np.isfinite(best), best, 0.0)  # the rule is asked about scores that there are
    over: Flags = counts & (relevance >= threshold.lowest(best))
    return over
