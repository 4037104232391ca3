"""The scale on which a threshold is set: from 0 to 1, or in the unit of the scores that another pipeline recorded."""

from __future__ import annotations

import math
from collections.abc import Collection

from pydantic import model_validator

from rag_core.schema.base import Frozen
from rag_core.schema.policy import THRESHOLD_STEP
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.threshold import Threshold, can_cut

FEWEST = 100
"""Steps between the lowest and the highest score, at least."""

MOST = 12
"""Decimals of a step."""

LARGE = 1e9
"""Scores that far apart have no decimals."""


class Scale(Frozen):
    """From the lowest threshold, which keeps all, to the highest, with the decimals that its steps have."""

    space: ScoreSpace
    low: float = 0.0
    high: float = 1.0
    step: float = THRESHOLD_STEP
    decimals: int = 3

    @model_validator(mode="after")
    def _ascends(self) -> Scale:
        if not self.low < self.high:
            raise ValueError("a scale ascends")
        return self

    @property
    def own_unit(self) -> bool:
        """True where it is not from 0 to 1."""
        return not can_cut(self.space)

    def threshold(self, minimum: float) -> Threshold:
        """The threshold at a place of the scale; none at its lowest."""
        return Threshold(minimum=minimum, space=self.space) if minimum > self.low else Threshold()

    def nearest(self, minimum: float) -> float:
        """The threshold of this scale that is nearest to that one.

        >>> Scale(space=ScoreSpace.PROBABILITY).nearest(0.0132)
        0.015
        """
        return min(self.high, max(self.low, round(round(minimum / self.step) * self.step, self.decimals)))

    def holds(self, minimum: object) -> bool:
        """True for a number of this scale."""
        return isinstance(minimum, (int, float)) and self.low <= minimum <= self.high


def scale_of(space: ScoreSpace, scores: Collection[float]) -> Scale:
    """The scale for scores of this space: from 0 to 1 where that is theirs, else around those that there are.

    >>> one = scale_of(ScoreSpace.LOGIT, [-3.14159, 8.2, 0.5])
    >>> one.low, one.high, one.step
    (-3.2, 8.2, 0.1)
    """
    if can_cut(space) or not scores:
        return Scale(space=space)
    width = max(scores) - min(scores) or abs(max(scores)) or 1.0
    decimals = min(MOST, max(0, -math.floor(math.log10(max(min(width, LARGE) / FEWEST, 10.0**-MOST)))))
    step = 10.0**-decimals
    low, high = (
        round(to_whole(round(one / step, 3)) * step, decimals)
        for to_whole, one in ((math.floor, min(scores)), (math.ceil, max(scores)))
    )
    if not low < high:
        gap = max(step, abs(low) / LARGE)  # one score, which has no range
        low, high = (low, low + gap) if math.isfinite(low + gap) else (low - gap, low)
    return Scale(space=space, low=low, high=high, step=step, decimals=decimals)
