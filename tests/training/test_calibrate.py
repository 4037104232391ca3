"""Temperature, bias, reliability and threshold."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from training.calibrate import Calibration, Pool, best_threshold, fit, reliability


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


def test_the_threshold_parts_pools_with_an_answer_from_pools_without() -> None:
    pools = [Pool(np.array([2.0, -2.0]), np.array([1, 0])), Pool(np.array([-2.5, 3.0]), np.array([0, 1]))]
    threshold, passed, held = best_threshold(pools, Calibration(1.0, 0.0))
    assert expit(-2.0) < threshold <= expit(2.0)
    assert (passed, held) == (1.0, 1.0)
