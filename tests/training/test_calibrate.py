"""Temperature, bias, reliability and threshold."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit

from training.calibrate import Calibration, Pool, fit, lenient_threshold, reliability


def drawn(temperature: float, bias: float, count: int = 20_000) -> Pool:
    """Pairs whose relevance really has the probability sigmoid(score / temperature + bias)."""
    random = np.random.default_rng(3)
    scores = random.normal(0, 4, count)
    return Pool(scores, (random.random(count) < expit(scores / temperature + bias)).astype(int))


def test_fitting_finds_the_temperature_and_the_bias_that_made_the_labels() -> None:
    found = fit([drawn(2.0, -1.0)])
    assert found.temperature == pytest.approx(2.0, rel=0.08)
    assert found.bias == pytest.approx(-1.0, abs=0.08)


def test_a_calibrated_score_is_logit_over_temperature_plus_bias() -> None:
    assert Calibration(2.0, 1.0).probability(np.array([3.0]))[0] == pytest.approx(1 / (1 + np.exp(-(3 / 2 + 1))))


def test_the_table_counts_every_pair_once() -> None:
    pool = drawn(1.0, 0.0, 1000)
    counts = [int(line.split("|")[2]) for line in list(reliability([pool], Calibration(1.0, 0.0)))[2:]]
    assert sum(counts) == 1000


def test_the_threshold_lets_all_but_a_few_questions_with_an_answer_pass() -> None:
    best = np.linspace(0.055, 0.945, 100)  # the third lowest is 0.073, the fourth 0.082
    pools = [Pool(logit(np.array([p, 0.02])), np.array([1, 0])) for p in best]
    pools.append(Pool(logit(np.array([0.001])), np.array([0])))  # no answer in it: does not count
    threshold, passed, held = lenient_threshold(pools, Calibration(1.0, 0.0))
    assert (threshold, passed, held) == (0.08, 0.97, 1.0)


def test_where_all_score_low_the_threshold_is_the_lowest() -> None:
    pools = [Pool(np.array([-9.0, -10.0]), np.array([1, 0]))]
    assert lenient_threshold(pools, Calibration(1.0, 0.0)) == (0.01, 0.0, 1.0)
