"""Temperature, bias and threshold."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit

from training.calibrate import Calibration, best_of, fit, passed, threshold_for, told_apart, trade
from training.reliability import Pool, best_ones, quality


def drawn(temperature: float, bias: float, seed: int, size: int = 20) -> Pool:
    """Pairs whose relevance really has the probability sigmoid(score / temperature + bias)."""
    random = np.random.default_rng(seed)
    scores = random.normal(0, 4, size)
    return Pool(scores, (random.random(size) < expit(scores / temperature + bias)).astype(int))


def with_best(probability: float, answerable: bool = True) -> Pool:
    return Pool(logit(np.array([probability, 0.001])), np.array([int(answerable), 0]), answerable)


def test_fitting_finds_the_temperature_and_the_bias_that_made_the_labels() -> None:
    found = fit([drawn(2.0, -1.0, seed) for seed in range(1500)])
    assert found.temperature == pytest.approx(2.0, rel=0.1)
    assert found.bias == pytest.approx(-1.0, abs=0.1)


def test_the_best_candidates_count_as_much_as_all_pairs() -> None:
    """Most pairs are far off; a fit to all pairs alone says of the best ones whatever the many imply."""
    random = np.random.default_rng(1)
    pools = []
    for _ in range(400):
        scores = np.append(random.normal(-6, 1, 49), random.normal(2, 1))
        pools.append(Pool(scores, np.append(np.zeros(49), random.random() < 0.5)))
    found = quality(fit(pools).probability(best_ones(pools)[0]), best_ones(pools)[1])
    assert found.mean == pytest.approx(found.right, abs=0.03)


def test_a_calibrated_score_is_logit_over_temperature_plus_bias() -> None:
    assert Calibration(2.0, 1.0).probability(np.array([3.0]))[0] == pytest.approx(1 / (1 + np.exp(-(3 / 2 + 1))))


def test_the_threshold_is_the_highest_that_lets_the_share_of_answerable_questions_pass() -> None:
    pools = [with_best(p) for p in np.linspace(0.055, 0.945, 100)]  # the third lowest is 0.073, the fourth 0.082
    pools += [with_best(0.02, answerable=False), with_best(0.5, answerable=False)]
    neutral = Calibration(1.0, 0.0)
    assert threshold_for(pools, neutral, share=0.97) == 0.08
    assert threshold_for(pools, neutral) == 0.09  # by the share that `second-pass calibrate` takes, 95%
    assert passed(pools, neutral, 0.08) == (0.97, 0.5)
    assert "| 0.08 | 0.97 / 0.97 | 0.50 / 0.50 |" in list(trade(pools, pools, neutral))


def test_where_all_score_low_the_threshold_is_the_lowest() -> None:
    assert threshold_for([with_best(0.0001), with_best(0.5, answerable=False)], Calibration(1.0, 0.0)) == 0.01


def test_pools_without_unanswerable_questions_stand_for_them_with_their_answers_taken_out() -> None:
    pool = Pool(np.array([2.0, 1.0]), np.array([1, 0]))
    kept, emptied = told_apart([pool, Pool(np.array([0.0]), np.array([0]))])
    assert kept is pool
    assert (emptied.scores.tolist(), emptied.answerable) == ([1.0], False)
    mixed = [pool, with_best(0.5, answerable=False)]
    assert told_apart(mixed) == mixed


def test_the_best_of_a_pool_are_late_interactions_in_the_order_they_had() -> None:
    row = {
        "query": "How long do refunds take?",
        "documents": ["We ship worldwide.", "Refunds are paid slowly.", "Refunds take five days."],
        "labels": [0, 0, 1],
        "rrf": [0.3, 0.2, 0.1],
        "kind": "keyword",
    }
    (kept,) = best_of([row], 2)
    assert kept == {**row, "documents": row["documents"][1:], "labels": [0, 1], "rrf": [0.2, 0.1]}
    assert best_of([row], 0) == [row]
