"""Two rankings of the same queries: interval, p-value, win / tie / loss, and whether there are labels enough to tell.

Works on the per-query values of one metric; knows nothing of rankings. Everything random is seeded.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from enum import StrEnum
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from rag_core.errors import BadInput
from rag_core.evaluation.pools import Flags, Floats
from rag_core.schema.base import Frozen

RESAMPLES = 10_000
EXACT = 14
"""Up to this many queries that differ, all sign patterns are tried instead of a sample."""
SAME = 1e-9
POWER = 0.8
LEVEL = 0.95
SIGNIFICANT = 0.05
SHOWN = 3
"""Digits of a difference in the verdict; a bound that shows as +0.000 touches zero."""
PRACTICAL = 0.01
"""A difference under this is alike in practice: nobody sees it in a list of ten."""
FEWEST = 4
"""Fewer queries bound nothing: two that changed alike would have an interval of no width. None is shown of them."""
UNREALISTIC = 100
"""Nobody labels so many times as many queries."""
_BLOCK = 2**20


class ChangeVerdict(StrEnum):
    """What a comparison says: no query changed; clearly better or worse; too little to matter; too few labels."""

    UNCHANGED = "unchanged"
    BETTER = "better"
    WORSE = "worse"
    ALIKE = "alike"
    UNSURE = "unsure"


class MoreLabels(StrEnum):
    """Whether more labels would tell: there is nothing to tell; more than anyone has; a few; about `needed`."""

    NO_DIFFERENCE = "no difference"
    TOO_MANY = "too many"
    A_FEW = "a few"
    SO_MANY = "so many"


class Comparison(Frozen):
    """After minus before, over the same queries. `low` and `high` bound the mean difference with 95% confidence.

    p_value: chance of a mean difference at least as large if the labels before / after meant nothing.
    needed: about how many queries would tell a difference of this size apart from none (95% interval, 80% power);
    None where there is no difference to tell.
    """

    queries: int
    before: float
    after: float
    low: float
    high: float
    p_value: float
    wins: int
    ties: int
    losses: int
    needed: int | None

    @property
    def difference(self) -> float:
        """Mean of after minus before."""
        return self.after - self.before

    @property
    def bounded(self) -> bool:
        """Whether the interval says anything: there are queries enough, and enough of them differ for it to be less
        than all that a mean difference can be."""
        return self.queries >= FEWEST and (self.low > -1 or self.high < 1)

    @property
    def clear(self) -> bool:
        """True where the interval, as it is printed, leaves zero out and the permutation test agrees."""
        apart = self.bounded and (round(self.low, SHOWN) > 0 or round(self.high, SHOWN) < 0)
        return apart and self.p_value < SIGNIFICANT

    @property
    def verdict(self) -> ChangeVerdict:
        """What the interval says of the change."""
        if not self.wins + self.losses:
            return ChangeVerdict.UNCHANGED
        if self.clear:
            return ChangeVerdict.BETTER if self.difference > 0 else ChangeVerdict.WORSE
        alike = self.bounded and self.high <= PRACTICAL and self.low >= -PRACTICAL
        return ChangeVerdict.ALIKE if alike else ChangeVerdict.UNSURE

    @property
    def more_labels(self) -> MoreLabels:
        """How many more labels would tell where these do not."""
        if self.needed is None:
            return MoreLabels.NO_DIFFERENCE
        if self.needed > UNREALISTIC * self.queries:
            return MoreLabels.TOO_MANY
        return MoreLabels.A_FEW if self.needed <= self.queries else MoreLabels.SO_MANY


def compare_metric(
    before: Sequence[float] | Floats, after: Sequence[float] | Floats, seed: int = 0, resamples: int = RESAMPLES
) -> Comparison:
    """Compare per-query values of one metric. Raises BadInput where the two are not of one length, or empty."""
    left, right = np.asarray(before, dtype=np.float64), np.asarray(after, dtype=np.float64)
    if left.shape != right.shape or left.ndim != 1:
        raise BadInput("A paired comparison needs one value before and one after for every query.")
    if not left.size:
        raise BadInput("There is no labelled question to compare on.")
    change = right - left
    low, high = interval(change, resamples=resamples, seed=seed)
    return Comparison(
        queries=left.size,
        before=float(left.mean()),
        after=float(right.mean()),
        low=low,
        high=high,
        p_value=permutation(change, resamples, seed),
        wins=int((change > SAME).sum()),
        ties=int((abs(change) <= SAME).sum()),
        losses=int((change < -SAME).sum()),
        needed=queries_needed(change),
    )


def aligned(before: Mapping[str, float], after: Mapping[str, float]) -> tuple[list[str], list[float], list[float]]:
    """Query ids that both have, sorted, and the two sides' values in that order."""
    common = sorted(before.keys() & after.keys())
    return common, [before[one] for one in common], [after[one] for one in common]


def interval(change: Floats, level: float = LEVEL, resamples: int = RESAMPLES, seed: int = 0) -> tuple[float, float]:
    """Interval of the mean difference by the symmetric bootstrap-t, within the -1..1 that differences of metrics have.

    mean -+ q * sd / sqrt(n), q being the level's quantile of |t| over resamples (Hall, "On symmetric bootstrap
    confidence intervals", 1988). Differences of metrics are skewed and mostly zero: at 25 queries plain percentiles
    hold the truth in 86 to 93 of 100 draws, this in 95 to 97. Fewer than two queries bound nothing.
    """
    n = change.size
    if n < 2:
        return -1.0, 1.0
    mean, spread = float(change.mean()), float(change.std(ddof=1))
    if np.ptp(change) == 0:
        return mean, mean
    means, spreads = _resampled(change, resamples, seed)
    off = abs(means - mean)
    size = np.where(spreads > SAME, off / np.maximum(spreads, SAME), np.where(off > SAME, np.inf, 0.0))
    reach = float(np.quantile(size, level, method="higher")) * spread
    return max(-1.0, mean - reach), min(1.0, mean + reach)


def _resampled(change: Floats, resamples: int, seed: int) -> tuple[Floats, Floats]:
    """Mean and standard deviation of every resample with replacement, in blocks that bound the memory."""
    rng = np.random.default_rng(seed)
    step = max(1, _BLOCK // change.size)
    means, spreads = np.empty(resamples), np.empty(resamples)
    for start in range(0, resamples, step):
        block = slice(start, min(start + step, resamples))
        drawn = change[rng.integers(0, change.size, (block.stop - start, change.size))]
        means[block], spreads[block] = drawn.mean(axis=1), drawn.std(axis=1, ddof=1)
    return means, spreads


def permutation(change: Floats, resamples: int = RESAMPLES, seed: int = 0) -> float:
    """Two-sided p-value of the paired randomisation test: the sign of every difference is a coin toss.

    Exact up to 14 queries that differ, else (b + 1) / (B + 1) over B draws (Smucker, Allan and Carterette 2007).
    """
    moved = change[abs(change) > SAME]
    if not moved.size:
        return 1.0
    exact = moved.size <= EXACT
    signs = _all_signs(moved.size) if exact else _signs(moved.size, resamples, seed)
    extreme = int((abs(signs @ moved) >= abs(moved.sum()) - 1e-12).sum())
    return extreme / len(signs) if exact else (extreme + 1) / (len(signs) + 1)


def surely_fewer(these: Flags, those: Flags) -> bool:
    """Whether clearly fewer queries have something (yes or no) here than there: the same test of paired outcomes, exact
    (McNemar). Six that differ tell, if all differ one way: 2 * 0.5^6 = 0.031.
    """
    won, lost = int((these & ~those).sum()), int((those & ~these).sum())
    tail = sum(math.comb(won + lost, few) for few in range(min(won, lost) + 1)) / 2 ** (won + lost)
    return lost > won and 2 * tail < SIGNIFICANT


def fewer_than_best(found: Sequence[Flags]) -> list[bool]:
    """For each of several settings, by which queries have something under it: whether surely fewer have it than under
    the setting with the most."""
    best = max(found, key=np.count_nonzero, default=None)
    return [] if best is None else [surely_fewer(one, best) for one in found]


def _all_signs(n: int) -> npt.NDArray[np.int8]:
    """All 2^n rows of n signs."""
    bits = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
    return (1 - 2 * bits).astype(np.int8)


def _signs(n: int, rows: int, seed: int) -> npt.NDArray[np.int8]:
    return np.random.default_rng(seed).choice(np.array([-1, 1], dtype=np.int8), (rows, n))


def queries_needed(change: Floats, power: float = POWER) -> int | None:
    """How many queries would tell this mean difference from none: ((z_level + z_power) * sd / mean)^2.

    None where the mean difference is zero, or where there are fewer than two queries to estimate its spread from.
    """
    mean = float(change.mean())
    if change.size < 2 or abs(mean) <= SAME:
        return None
    reach = NormalDist().inv_cdf((1 + LEVEL) / 2) + NormalDist().inv_cdf(power)
    return max(2, math.ceil((reach * float(change.std(ddof=1)) / mean) ** 2))
