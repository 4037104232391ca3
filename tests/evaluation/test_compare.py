"""Interval and p-value against simulation, SciPy and counting by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from rag_core.errors import BadInput
from rag_core.evaluation.compare import (
    ChangeVerdict,
    MoreLabels,
    compare_metric,
    interval,
    permutation,
    queries_needed,
    surely_fewer,
)


@pytest.mark.parametrize("queries", [15, 60])
def test_the_interval_holds_the_truth_in_93_to_97_of_100_draws(queries: int) -> None:
    """Differences as metrics have them: most are zero, gains outnumber losses, all are within -1..1."""
    rng = np.random.default_rng(2026)
    values = np.array([-1.0, -0.37, -0.1, 0.0, 0.0, 0.0, 0.13, 0.25, 0.5, 1.0])
    chances = np.array([0.02, 0.05, 0.13, 0.2, 0.1, 0.05, 0.2, 0.12, 0.08, 0.05])
    truth = float(values @ chances)
    held = 0
    for draw in range(1000):
        low, high = interval(rng.choice(values, queries, p=chances), resamples=1000, seed=draw)
        held += low <= truth <= high
    assert 930 <= held <= 970


def test_the_exact_p_value_by_counting() -> None:
    # Of 2^3 sign patterns of .1 .2 .3 only +++ and --- sum to .6 or more in size.
    assert permutation(np.array([0.1, 0.2, 0.3, 0.0])) == 2 / 8


def test_the_p_value_agrees_with_scipy() -> None:
    change = np.random.default_rng(7).normal(0.05, 0.2, 40)
    reference = stats.permutation_test(
        (change,), lambda x, axis: x.mean(axis=axis), permutation_type="samples", n_resamples=20_000, rng=1
    )
    assert permutation(change, resamples=20_000) == pytest.approx(reference.pvalue, abs=0.01)


def test_nothing_changed() -> None:
    found = compare_metric([0.5, 0.25], [0.5, 0.25])

    assert (found.low, found.high, found.p_value, found.needed) == (0, 0, 1, None)
    assert (found.wins, found.ties, found.losses) == (0, 2, 0)
    assert found.verdict is ChangeVerdict.UNCHANGED


def test_a_clear_gain_is_called_better_and_a_clear_loss_worse() -> None:
    low, high = np.full(40, 0.2), 0.5 + np.random.default_rng(3).normal(0, 0.05, 40)

    better, worse = compare_metric(low, high), compare_metric(high, low)
    assert (better.verdict, round(better.difference, 3)) == (ChangeVerdict.BETTER, 0.298)
    assert (worse.verdict, round(worse.difference, 3)) == (ChangeVerdict.WORSE, -0.298)
    assert compare_metric(low, high).p_value < 0.001


def test_too_few_labels_say_how_many_would_do() -> None:
    before, after = [0.2, 0.9, 0.4, 0.3, 0.8], [0.6, 0.8, 0.5, 0.1, 0.9]
    change = np.array([0.4, -0.1, 0.1, -0.2, 0.1])
    found = compare_metric(before, after)

    assert not found.clear
    assert found.needed == np.ceil(((1.959964 + 0.841621) * change.std(ddof=1) / change.mean()) ** 2)
    assert (found.verdict, found.more_labels) == (ChangeVerdict.UNSURE, MoreLabels.SO_MANY)


@pytest.mark.parametrize(
    ("low", "high", "p_value", "clear"),
    [
        (0.001, 0.09, 0.01, True),
        (-0.09, -0.001, 0.01, True),
        (0.0004, 0.09, 0.01, False),  # shown as +0.000
        (-0.09, -0.0004, 0.01, False),
        (0.001, 0.09, 0.05, False),
        (-0.02, 0.09, 0.01, False),
    ],
)
def test_a_verdict_needs_an_interval_apart_from_zero_and_a_small_p(low, high, p_value, clear) -> None:
    found = compare_metric([0.2] * 30, [0.3] * 30).model_copy(update={"low": low, "high": high, "p_value": p_value})

    assert found.clear is clear
    assert (found.verdict in (ChangeVerdict.BETTER, ChangeVerdict.WORSE)) is clear


def test_the_needed_number_of_queries_gives_the_promised_power() -> None:
    rng = np.random.default_rng(11)
    needed = queries_needed(rng.normal(0.1, 0.3, 5000))
    assert needed is not None
    clear = sum(interval(rng.normal(0.1, 0.3, needed), resamples=500, seed=n)[0] > 0 for n in range(400))
    assert 0.72 <= clear / 400 <= 0.88


def test_one_query_bounds_nothing() -> None:
    assert interval(np.array([0.4])) == (-1.0, 1.0)


def test_the_same_seed_gives_the_same_interval() -> None:
    change = np.random.default_rng(5).normal(0, 1, 30)
    assert interval(change) == interval(change)
    assert interval(change, seed=1) != interval(change)


def test_unequal_or_empty_sides_are_refused() -> None:
    with pytest.raises(BadInput, match="one value before and one after"):
        compare_metric([1.0], [1.0, 0.0])
    with pytest.raises(BadInput, match="no labelled question"):
        compare_metric([], [])


def test_a_single_change_among_few_bounds_nothing() -> None:
    # Over a third of the resamples of ten miss the only query that changed (0.9^10 = 0.35) and so its size.
    assert interval(np.array([0.5] + [0.0] * 9)) == (-1.0, 1.0)


@pytest.mark.parametrize("wins, losses", [(0, 5), (0, 6), (1, 8), (1, 7), (6, 0), (3, 3), (0, 0)])
def test_yes_and_no_are_told_apart_as_mcnemars_exact_test_does(wins: int, losses: int) -> None:
    these = np.array([True] * wins + [False] * losses + [True, False], dtype=bool)
    those = np.array([False] * wins + [True] * losses + [True, False], dtype=bool)
    exact = stats.binomtest(wins, wins + losses).pvalue if wins + losses else 1.0
    assert surely_fewer(these, those) == (losses > wins and exact < 0.05)
