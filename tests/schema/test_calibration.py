"""What a calibration makes of scores: one at a time and in arrays alike, in every space."""

from __future__ import annotations

import math

import numpy as np
import pytest
from pydantic import ValidationError

from rag_core.schema.calibration import BestProbability, Calibration
from rag_core.schema.policy import Policy
from rag_core.schema.spaces import ScoreSpace


def calibration(space: ScoreSpace = ScoreSpace.LOGIT, slope: float = 2.0, bias: float = -1.0) -> Calibration:
    return Calibration(reranker="ce", model="m@1", space=space, slope=slope, bias=bias)


def test_a_logit_is_scaled_and_shifted() -> None:
    assert calibration().probability(0.5) == pytest.approx(0.5)  # sigmoid(2 * 0.5 - 1)
    assert calibration().probability(1.0) == pytest.approx(1 / (1 + math.exp(-1)))


def test_a_share_of_one_counts_by_its_log_odds() -> None:
    even = calibration(ScoreSpace.PROBABILITY, slope=1.0, bias=0.0)
    assert even.probability(0.8) == pytest.approx(0.8)
    assert 0 < even.probability(0.0) < even.probability(1.0) < 1


@pytest.mark.parametrize("space", [ScoreSpace.LOGIT, ScoreSpace.MAXSIM, ScoreSpace.PROBABILITY, ScoreSpace.GRADE])
def test_arrays_say_what_single_scores_say(space: ScoreSpace) -> None:
    scores = np.linspace(0.0, 1.0, 2001)
    one = calibration(space)
    assert one.probabilities(scores).tolist() == [one.probability(score) for score in scores.tolist()]
    assert np.isnan(one.probabilities(np.array([[0.5, np.nan]]))).tolist() == [[False, True]]


def test_extreme_scores_overflow_nowhere() -> None:
    assert [calibration().probability(score) for score in (-1e6, 1e6)] == [0.0, 1.0]
    assert list(calibration().probabilities(np.array([-1e6, 1e6]))) == [0.0, 1.0]


def test_a_slope_that_turns_the_order_round_is_refused() -> None:
    with pytest.raises(ValidationError):
        calibration(slope=-1.0)


def test_a_policy_uses_it_for_that_model_of_its_reranker_alone() -> None:
    policy = Policy(reranker="ce", calibration=calibration())
    assert policy.calibration_of("m@1") == calibration()
    assert policy.calibration_of("m@2") is None
    assert policy.with_(reranker="other").calibration_of("m@1") is None


def test_the_best_counts_by_its_score_and_its_margin() -> None:
    best = BestProbability(slope=1.0, margin=2.0, bias=-3.0)
    assert best.probability(ScoreSpace.LOGIT, [2.0, 1.5, -9.0]) == pytest.approx(0.5)  # sigmoid(2 + 2 * 0.5 - 3)
    assert best.probability(ScoreSpace.LOGIT, [2.0]) == pytest.approx(1 / (1 + math.exp(1)))  # no margin
    assert best.probability(ScoreSpace.LOGIT, [2.0, 0.0]) > best.probability(ScoreSpace.LOGIT, [2.0, 1.9])
