"""Histograms, the sorted curve and its gap, against counts that can be made by eye."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_core.analysis.score_distribution import curve, histogram, histograms, widest_gap
from rag_core.pipeline.replay import recut, replay
from rag_core.schema.policy import Policy
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import Hit, Step, StepKind, StepName
from rag_core.schema.threshold import Threshold
from tests.builders import measurement

CE = Policy(reranker="ce")


def step(scores, space=ScoreSpace.COSINE):
    hits = tuple(Hit(passage_id=str(n), rank=n, score=score) for n, score in enumerate(scores, start=1))
    return Step(name=StepName.DENSE, space=space, kind=StepKind.SEARCH, hits=hits, hits_in=9)


def test_each_stage_is_counted_in_its_own_space():
    trace = replay(measurement("abc", "cd", {"a": 0.0, "b": 1.0, "c": 2.0, "d": -1.0}), CE)
    spaces = [one.space for one in histograms(trace)]
    assert spaces == [
        ScoreSpace.COSINE,
        ScoreSpace.BM25,
        ScoreSpace.RRF,
        ScoreSpace.LOGIT,
        ScoreSpace.PROBABILITY,
    ]
    assert [sum(one.counts) for one in histograms(trace)] == [3, 2, 4, 4, 4]


def test_bins_hold_their_lower_edge_and_the_last_its_upper():
    counted = histogram(step([0.0, 0.1, 0.2, 1.0]), bins=5)
    assert counted.edges == pytest.approx((0.0, 0.2, 0.4, 0.6, 0.8, 1.0))
    assert counted.counts == (2, 1, 0, 0, 1)


def test_probabilities_always_span_zero_to_one():
    counted = histogram(step([0.95, 0.96], ScoreSpace.PROBABILITY), bins=10)
    assert (counted.edges[0], counted.edges[-1]) == (0.0, 1.0)
    assert counted.counts == (0,) * 9 + (2,)


def test_equal_scores_share_one_bin_and_no_hits_have_none():
    assert histogram(step([0.3, 0.3])).counts == (2,)
    assert histogram(step([])).counts == ()


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=60))
def test_every_hit_is_counted_once(scores):
    counted = histogram(step(scores))
    assert sum(counted.counts) == len(scores)
    assert len(counted.edges) == len(counted.counts) + 1


def test_the_curve_falls_in_the_space_that_the_threshold_cuts():
    trace = replay(measurement("abc", "", {"a": 0.0, "b": math.log(9), "c": -math.log(9)}), CE)
    assert [passage_id for passage_id, _ in curve(trace)] == ["b", "a", "c"]
    assert [score for _, score in curve(trace)] == pytest.approx([0.9, 0.5, 0.1])


def test_the_widest_gap():
    gap = widest_gap([0.9, 0.8, 0.3, 0.1])
    assert gap is not None
    assert (gap.after, gap.upper, gap.lower, gap.size) == (2, 0.8, 0.3, pytest.approx(0.5))
    assert widest_gap([0.4, 0.4]) is None
    assert widest_gap([0.4]) is None


@given(st.lists(st.floats(-6, 6), min_size=1, max_size=8, unique=True), st.floats(0, 1), st.integers(1, 8))
def test_recut_keeps_what_replay_keeps(logits, minimum, top_k):
    measured = measurement("abcdefgh"[: len(logits)], "", dict(zip("abcdefgh", logits, strict=False)))
    policy = CE.with_(top_k=top_k)
    threshold = Threshold(minimum=minimum)
    trace = replay(measured, policy)
    assert trace.kept_step and trace.places  # worked out before, and not of the run that is cut again
    again = recut(trace, threshold)
    told = replay(measured, policy.with_(threshold=threshold))
    assert again[StepName.KEPT].hits == told[StepName.KEPT].hits
    assert again.policy == told.policy
    assert [again.outcome(passage_id) for passage_id in again.passages] == [
        told.outcome(passage_id) for passage_id in told.passages
    ]
