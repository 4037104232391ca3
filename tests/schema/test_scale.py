"""The scale on which a threshold is set."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from rag_core.schema.scale import Scale, scale_of
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.threshold import Threshold, minimum_of


def test_probabilities_are_cut_from_0_to_1_and_logits_around_those_that_there_are():
    unit = scale_of(ScoreSpace.PROBABILITY, [0.2, 0.4])
    assert unit == Scale(space=ScoreSpace.PROBABILITY) and (unit.low, unit.high, unit.own_unit) == (0.0, 1.0, False)
    logits = scale_of(ScoreSpace.LOGIT, [-3.14159, 0.5, 8.2])
    assert (logits.low, logits.high, logits.step, logits.decimals, logits.own_unit) == (-3.2, 8.2, 0.1, 1, True)


@given(some.lists(some.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=5))
def test_the_lowest_place_keeps_every_score_and_the_highest_is_not_under_the_best(scores):
    scale = scale_of(ScoreSpace.LOGIT, scores)
    near = 1e-9 * max(map(abs, scores)) + scale.step
    assert scale.low < scale.high and scale.low <= min(scores) + near and scale.high >= max(scores) - near
    assert scale.threshold(scale.low) == Threshold()
    assert scale.threshold(scale.high) == Threshold(minimum=scale.high, space=ScoreSpace.LOGIT)


@pytest.mark.parametrize(("space", "minimum"), [(ScoreSpace.PROBABILITY, None), (ScoreSpace.LOGIT, 0.0)])
def test_a_typed_0_keeps_all_where_scores_are_from_0_to_1_and_cuts_logits(space, minimum):
    assert minimum_of(0.0, space) == minimum and minimum_of(None, space) is None and minimum_of(0.3, space) == 0.3
