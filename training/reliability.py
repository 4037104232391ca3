"""Whether probabilities mean what they say: tables and measures over pools of candidates.

Twice, for all pairs and for the best candidate of each question: that one is what a reader sees, and since it is the
best of many it is more often overrated than a pair drawn at random.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

BINS = (0.0, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 1.0)


@dataclass(frozen=True)
class Pool:
    """One question's candidates: scores, and whether each answers. `answerable`: whether anything in the base does."""

    scores: np.ndarray
    labels: np.ndarray
    answerable: bool = True


@dataclass(frozen=True)
class Quality:
    """Brier score and expected calibration error of `count` probabilities, their mean, and the share that is right."""

    count: int
    brier: float
    error: float
    mean: float
    right: float

    def __str__(self) -> str:
        return (
            f"{self.count}: Brier {self.brier:.3f}, ECE {self.error:.3f}, "
            f"mean probability {self.mean:.3f}, share relevant {self.right:.3f}"
        )


def all_pairs(pools: Sequence[Pool]) -> tuple[np.ndarray, np.ndarray]:
    """Scores and labels of every pair."""
    return np.concatenate([pool.scores for pool in pools]), np.concatenate([pool.labels for pool in pools])


def best_ones(pools: Sequence[Pool]) -> tuple[np.ndarray, np.ndarray]:
    """Score and label of each question's best candidate."""
    places = [int(np.argmax(pool.scores)) for pool in pools]
    best = [(pool.scores[place], pool.labels[place]) for pool, place in zip(pools, places, strict=True)]
    return np.array([score for score, _ in best]), np.array([label for _, label in best])


def bins(probabilities: np.ndarray, labels: np.ndarray) -> Iterator[tuple[float, float, int, float, float]]:
    """(low, high, pairs, mean probability, share relevant) of each bin that holds any."""
    for low, high in pairwise(BINS):
        here = (probabilities >= low) & ((probabilities < high) | (high == 1.0))
        if here.any():
            yield low, high, int(here.sum()), float(probabilities[here].mean()), float(labels[here].mean())


def quality(probabilities: np.ndarray, labels: np.ndarray) -> Quality:
    """Brier (1950) and ECE over `BINS` (Guo et al., ICML 2017): the bins' gaps, weighed by how many they hold."""
    gaps = [count * abs(mean - share) for _, _, count, mean, share in bins(probabilities, labels)]
    return Quality(
        count=len(labels),
        brier=float(np.mean((probabilities - labels) ** 2)),
        error=float(sum(gaps) / len(labels)),
        mean=float(probabilities.mean()),
        right=float(labels.mean()),
    )


def table(probabilities: np.ndarray, labels: np.ndarray) -> Iterator[str]:
    """The reliability table, a line at a time, as Markdown."""
    yield "| probability | pairs | mean probability | share relevant |"
    yield "|---|---|---|---|"
    for low, high, count, mean, share in bins(probabilities, labels):
        yield f"| {low:.2f} to {high:.2f} | {count} | {mean:.3f} | {share:.3f} |"


def parted(pools: Sequence[Pool]) -> float:
    """Area under the ROC curve: how often the best score of an answerable question is above an unanswerable one's."""
    best, _ = best_ones(pools)
    answerable = np.array([pool.answerable for pool in pools])
    above = best[answerable][:, None] - best[~answerable][None, :]
    return float((above > 0).mean() + (above == 0).mean() / 2)
