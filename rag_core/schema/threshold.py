"""Keep a candidate, or say "I don't know".

A threshold names the score that it cuts. A cross-encoder's logits are cut as probabilities; other rerankers in
their own space. A threshold for another space than the run's cuts nothing, and the step says so.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from rag_core.schema.base import Frozen
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import Hit


class Threshold(Frozen):
    """Keep candidates at or over `minimum` in the score space `space`. None keeps all."""

    minimum: Annotated[float | None, Field(allow_inf_nan=False)] = None
    space: ScoreSpace = ScoreSpace.PROBABILITY


def sigmoid(logit: float) -> float:
    """1 / (1 + e^-logit) in double precision, without overflow."""
    if logit >= 0:
        return 1.0 / (1.0 + math.exp(-logit))
    power = math.exp(logit)
    return power / (1.0 + power)


def relevance_space(reranked: ScoreSpace) -> ScoreSpace:
    """The space in which relevance is judged: logits are read as probabilities."""
    return ScoreSpace.PROBABILITY if reranked is ScoreSpace.LOGIT else reranked


def to_relevance(hits: Sequence[Hit], space: ScoreSpace) -> dict[str, float]:
    """Relevance by passage id, in `relevance_space(space)`, of hits whose scores are in `space`; order kept."""
    read = sigmoid if space is ScoreSpace.LOGIT else float
    return {hit.passage_id: read(hit.score) for hit in hits}


def applies(threshold: Threshold, space: ScoreSpace) -> bool:
    """True where there is a threshold and it cuts scores of this (judged) space."""
    return threshold.minimum is not None and threshold.space is space


def clears(threshold: Threshold, space: ScoreSpace, score: float) -> bool:
    """True for a score at or over the minimum, and for every score where the threshold does not apply."""
    return not applies(threshold, space) or score >= (threshold.minimum or 0.0)
