"""`Calibration`: what makes one reranker's scores on one collection probabilities, fitted on labelled questions.

    probability = sigmoid(slope * x + bias)                                             (Platt 1999)

x is the score; of scores that lie between 0 and 1 by nature (a probability, a grade) it is their log-odds. The slope is
over 0, so no order changes. Fitting one is `rag_core.evaluation.calibrating`'s.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, FiniteFloat

from rag_core.schema.base import Frozen
from rag_core.schema.sigmoid import each, sigmoid, sigmoids
from rag_core.schema.spaces import ScoreSpace

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

BOUNDED = (ScoreSpace.PROBABILITY, ScoreSpace.GRADE)
"""Spaces whose scores are shares of 1: a logistic curve is fitted to their log-odds."""
CALIBRATED = (*BOUNDED, ScoreSpace.LOGIT, ScoreSpace.MAXSIM, ScoreSpace.COSINE, ScoreSpace.DOT, ScoreSpace.UNKNOWN)
"""Spaces whose scores can be compared between questions, so that a probability can be fitted to them."""
SURE = 1e-4
"""How close to 0 and 1 a share counts: a model that says 1 is not infinitely sure."""


class BestProbability(Frozen):
    """The probability that the best passage of a question answers, from its score and its margin over the next.

        sigmoid(slope * first + margin * (first - second) + bias)

    The best of many is not like a pair drawn at random: of two passages with one score, the best of its question
    answers more often, and the more so the further the next one is behind. first and second are what `line_value` makes
    of the two highest scores; a passage that stands alone has no margin.
    """

    slope: FiniteFloat
    margin: FiniteFloat
    bias: FiniteFloat

    def probability(self, space: ScoreSpace, scores: Sequence[float]) -> float:
        """Of the passage with the highest of these scores, which come highest first and are in `space`.

        BestProbability(slope=1, margin=2, bias=-3).probability(ScoreSpace.LOGIT, [2.0, 1.5]) -> sigmoid(2 + 1 - 3)
        """
        first, *rest = (float(line_value(space, score)) for score in scores[:2])
        return sigmoid(self.slope * first + self.margin * (first - rest[0] if rest else 0.0) + self.bias)


class Calibration(Frozen):
    """The probability that a passage answers, from the score of one reranker.

    reranker  the key in a policy
    model     the model's identity; scores of another one are left as they are
    space     what its own scores mean
    slope, bias  of the logistic curve
    best      the probability that the best passage of a question answers; None where it was not fitted
    """

    reranker: Annotated[str, Field(min_length=1)]
    model: str
    space: ScoreSpace
    slope: Annotated[FiniteFloat, Field(gt=0)]
    bias: FiniteFloat
    best: BestProbability | None = None

    def fits(self, reranker: str, model: str) -> bool:
        """Whether it was fitted to the scores of this model."""
        return (self.reranker, self.model) == (reranker, model)

    def probability(self, score: float) -> float:
        """Calibration(..., space=LOGIT, slope=2, bias=-1).probability(0.5) -> sigmoid(2 * 0.5 - 1) = 0.5."""
        return sigmoid(self.slope * float(line_value(self.space, score)) + self.bias)

    def probabilities(self, scores: Floats) -> Floats:
        """`probability` of many scores, equal to the last bit; NaN where there is none."""
        import numpy as np

        return sigmoids(self.slope * np.asarray(line_value(self.space, scores)) + self.bias)


def line_value(space: ScoreSpace, score: float | Floats) -> float | Floats:
    """What the curve is fitted to: the score itself, or its log-odds where it is a share of 1."""
    if space not in BOUNDED:
        return score
    if isinstance(score, int | float):
        share = min(1 - SURE, max(SURE, score))
        return math.log(share / (1 - share))
    import numpy as np

    shares = np.clip(score, SURE, 1 - SURE)
    return each(math.log, shares / (1 - shares))
