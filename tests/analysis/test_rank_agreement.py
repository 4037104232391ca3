"""Kendall's tau, RBO and the comparison of two traces, against arithmetic and brute force."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau

from rag_core.analysis.rank_agreement import compare_rankings, kendall_tau, rbo
from rag_core.errors import BadInput
from rag_core.pipeline.replay import replay
from rag_core.schema.policy import Fusion, Policy
from rag_core.schema.threshold import Threshold
from rag_core.wording.comparisons import difference
from tests.builders import measurement

OFF = Policy(reranker="none", top_k=2)
ON = Policy(reranker="ce", top_k=2)
MEASURED = measurement("abcd", "", {"a": -2.0, "b": 0.0, "c": 1.0, "d": 3.0})


@given(st.permutations("abcdefg"))
def test_tau_is_scipys(order):
    ranks = [order.index(item) for item in "abcdefg"]
    assert kendall_tau("abcdefg", order) == pytest.approx(kendalltau(range(7), ranks).statistic)


def test_tau_of_less_than_two_is_not_a_number_of_something():
    assert kendall_tau("a", "a") is None


def test_rbo_is_visible_arithmetic():
    p = 0.9
    # ab against ba: overlap 0 at depth 1, 2 at depth 2
    seen = 0 / 1 * p + 2 / 2 * p**2
    assert rbo("ab", "ba") == pytest.approx((1 - p) / p * seen + 2 / 2 * p**2)
    # ab against acb: overlap 1 at depth 1, 1 at depth 2, and 2 at depth 3, where only the longer list goes on (s = 2)
    seen = 1 / 1 * p + 1 / 2 * p**2 + 2 / 3 * p**3
    beyond = 1 * (3 - 2) / (2 * 3) * p**3
    last = (2 - 1) / 3 + 1 / 2
    assert rbo("ab", "acb") == pytest.approx((1 - p) / p * (seen + beyond) + last * p**3)


@given(st.lists(st.integers(0, 20), unique=True, max_size=12), st.lists(st.integers(0, 20), unique=True, max_size=12))
def test_rbo_is_symmetric_and_between_zero_and_one(a, b):
    value = rbo(list(map(str, a)), list(map(str, b)))
    assert 0 <= value <= 1
    assert value == pytest.approx(rbo(list(map(str, b)), list(map(str, a))))


@given(st.permutations("abcdef"), st.floats(0.1, 0.99))
def test_rbo_ends(order, p):
    assert rbo(order, order, p) == pytest.approx(1)
    assert rbo(order, "uvwxyz", p) == pytest.approx(0)


def test_off_against_on():
    off, on = replay(MEASURED, OFF, clock=lambda: 0.0), replay(MEASURED, ON, clock=lambda: 0.0)
    agreement = compare_rankings(off, on)
    assert (agreement.common, agreement.only_left, agreement.only_right) == ((), ("a", "b"), ("d", "c"))
    assert agreement.tau == -1
    assert agreement.moved == 4
    sentence = difference(off, on, ("off", "on"))
    assert "Both keep 0 of the same passages; 2 only off, 2 only on." in sentence
    assert "on brings in “Title d”, 4th in off and 1st in on, and 1 more." in sentence
    assert "on drops “Title a”, 1st in off and 4th in on, and 1 more." in sentence
    assert "on takes 40 ms more" in sentence


def test_the_same_twice():
    sentence = difference(replay(MEASURED, ON, clock=lambda: 0.0), replay(MEASURED, ON, clock=lambda: 0.0))
    assert sentence.startswith("A and B give the same 4 places")


def test_a_side_that_does_not_know_says_so():
    strict = ON.with_(threshold=Threshold(minimum=0.99))
    assert "B answers “I don't know”, A does not." in difference(
        replay(MEASURED, ON, clock=lambda: 0.0), replay(MEASURED, strict, clock=lambda: 0.0)
    )


def test_only_like_is_compared_with_like():
    on = replay(MEASURED, ON, clock=lambda: 0.0)
    with pytest.raises(BadInput, match="different pools"):
        compare_rankings(on, replay(MEASURED, ON.with_(pool=3), clock=lambda: 0.0))
    with pytest.raises(BadInput, match="different questions"):
        compare_rankings(
            on, replay(measurement("abcd", "", dict.fromkeys("abcd", 0.0), query="other"), ON, clock=lambda: 0.0)
        )


def test_another_fusion_over_the_whole_pool_is_the_same_pool():
    other = ON.with_(fusion=Fusion(k=1))
    assert (
        compare_rankings(replay(MEASURED, ON, clock=lambda: 0.0), replay(MEASURED, other, clock=lambda: 0.0)).pool == 4
    )
