"""Whether probabilities mean what they say: a reliability table, Brier score and expected calibration error."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from rag_core.evaluation.pools import Flags, Floats
from rag_core.schema.base import Frozen

EDGES = (0.0, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 1.0)
"""Of the bins of a reliability table: narrow where most pairs are."""


class ReliabilityBin(Frozen):
    """The probabilities from `low` up to `high`: how many, their mean, and the share of them that is right."""

    low: float
    high: float
    count: int
    mean: float
    right: float


class Reliability(Frozen):
    """How `count` probabilities held. brier: Brier score (1950). error: expected calibration error over the bins (Guo
    et al., ICML 2017). mean: of the probabilities. right: the share that is right."""

    count: int
    brier: float
    error: float
    mean: float
    right: float
    bins: tuple[ReliabilityBin, ...]


def reliability(probabilities: Floats, right: Flags | Floats) -> Reliability:
    """How these probabilities held. At least one is needed."""
    outcome = np.asarray(right, dtype=np.float64)
    bins = tuple(_bins(probabilities, outcome))
    gaps = [one.count * abs(one.mean - one.right) for one in bins]
    return Reliability(
        count=len(probabilities),
        brier=float(np.mean((probabilities - outcome) ** 2)),
        error=float(sum(gaps) / len(probabilities)),
        mean=float(probabilities.mean()),
        right=float(outcome.mean()),
        bins=bins,
    )


def _bins(probabilities: Floats, right: Floats) -> list[ReliabilityBin]:
    """The bins that hold any, lowest first."""
    found = []
    for low, high in pairwise(EDGES):
        here = (probabilities >= low) & ((probabilities < high) | (high == EDGES[-1]))
        if here.any():
            mean, share = float(probabilities[here].mean()), float(right[here].mean())
            found.append(ReliabilityBin(low=low, high=high, count=int(here.sum()), mean=mean, right=share))
    return found
