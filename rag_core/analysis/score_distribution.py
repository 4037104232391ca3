"""How the scores of one query spread: a histogram per step in its own score space, and the sorted scores with
their widest gap. What a threshold keeps is decided in `rag_core.pipeline.replay`; nothing here draws.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from rag_core.schema.base import Frozen
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import Step, StepKind
from rag_core.schema.trace import Trace

BINS = 20
LIMITS = {ScoreSpace.PROBABILITY: (0.0, 1.0)}
"""Spaces whose axis is always the same; the others span the scores that are there."""


class Histogram(Frozen):
    """How many hits of a step fall into each of equal bins: `edges` has one more entry than `counts`."""

    step: str
    space: ScoreSpace
    edges: tuple[float, ...]
    counts: tuple[int, ...]


class Gap(Frozen):
    """The largest step between neighbours of a descending list: between place `after` and the next. `upper` and
    `lower` are the two scores."""

    after: int
    upper: float
    lower: float

    @property
    def size(self) -> float:
        """How far the two scores lie apart."""
        return self.upper - self.lower


def histogram(step: Step, bins: int = BINS) -> Histogram:
    """The step's scores in `bins` equal bins over its space's own range; no bins for a step without hits.

    A bin holds its lower edge, the last one its upper edge too. Where all scores are equal, they share one bin.
    """
    scores = [hit.score for hit in step.hits]
    if not scores:
        return Histogram(step=step.name, space=step.space, edges=(), counts=())
    low, high = LIMITS.get(step.space, (min(scores), max(scores)))
    if low == high:
        return Histogram(step=step.name, space=step.space, edges=(low - 0.5, high + 0.5), counts=(len(scores),))
    width = (high - low) / bins
    counts = [0] * bins
    for score in scores:
        counts[min(bins - 1, max(0, int((score - low) / width)))] += 1
    edges = (*(low + width * step for step in range(bins)), high)
    return Histogram(step=step.name, space=step.space, edges=edges, counts=tuple(counts))


def histograms(trace: Trace, bins: int = BINS) -> tuple[Histogram, ...]:
    """One histogram per step up to the signals, each in its own space: before and after reranking side by side."""
    return tuple(histogram(step, bins) for step in trace.steps if step.kind is not StepKind.SELECT)


def curve(trace: Trace) -> list[tuple[str, float]]:
    """(passage id, relevance) of the reranked candidates, highest first: the score that the threshold cuts."""
    return sorted(trace.relevance.items(), key=lambda pair: -pair[1])


def widest_gap(scores: Sequence[float]) -> Gap | None:
    """The widest gap of a descending list, the first of equals; None where all are equal or there are fewer than two.

    >>> widest_gap([0.9, 0.8, 0.3, 0.1]).after
    2
    """
    gaps = [Gap(after=place, upper=a, lower=b) for place, (a, b) in enumerate(itertools.pairwise(scores), start=1)]
    widest = max(gaps, key=lambda gap: gap.size, default=None)
    return widest if widest and widest.size > 0 else None
