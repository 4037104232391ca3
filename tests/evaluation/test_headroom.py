"""The split of the loss adds up, and each part is what it says."""

from __future__ import annotations

from math import log2

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag_core.evaluation.headroom import headroom
from rag_core.schema.policy import FirstPass, Policy
from rag_core.wording.metric_changes import headroom_sentence
from tests.builders import scored_too
from tests.evaluation.builders import plain, pools_of

POLICY = Policy(reranker="ce", pool=2, depth=100)


def test_each_loss_has_its_place() -> None:
    """One query each: never found, outside the pool of two, ranked second, and right."""
    scores = {"a": 1.0, "b": 2.0, "c": 3.0}
    qrels = {"lost": {"z": 1}, "outside": {"c": 1}, "second": {"a": 1}, "right": {"b": 1}}
    found = headroom(pools_of(qrels, [plain("abc", "", scores)] * 4), POLICY, "nDCG@5")

    assert found is not None
    assert found.perfect == 1
    assert found.retrieval == 1 / 4
    assert found.fusion == 1 / 4
    assert found.ranking == pytest.approx((1 - 1 / log2(3)) / 4)
    assert found.achieved == pytest.approx((1 / log2(3) + 1) / 4)
    assert found.fused == pytest.approx((1 / log2(4) + 1 + 1 / log2(3)) / 4)
    said = "nDCG@5 0.408; 0.592 is missing: 0.250 never found, 0.250 left outside the pool"
    assert headroom_sentence(found).startswith(said)


def test_what_a_first_pass_cuts_is_a_loss_of_its_own() -> None:
    """Of abc the first pass hands on b and c: a is lost to it, c is handed on and ranked second."""
    strong = {"a": 1.0, "b": 2.0, "c": 1.5}
    measured = scored_too(plain("abcd", "", strong), "cheap", {"a": 0.1, "b": 0.2, "c": 0.3})
    policy = POLICY.with_(first_pass=FirstPass(reranker="cheap", pool=3))
    found = headroom(pools_of({"cut": {"a": 1}, "second": {"c": 1}}, [measured] * 2), policy, "nDCG@5")

    assert found is not None
    assert (found.retrieval, found.fusion, found.first_pass) == (0, 0, 1 / 2)
    assert found.ranking == pytest.approx((1 - 1 / log2(3)) / 2)
    assert found.achieved == pytest.approx(1 / log2(3) / 2)
    assert "0.500 cut by the first pass" in headroom_sentence(found)


def test_what_the_metric_allows_is_the_measure_of_perfect() -> None:
    # One relevant document: P@5 can be 1/5 at most.
    found = headroom(pools_of({"q": {"b": 1}}, [plain("ab", "", {"a": 1.0, "b": 2.0})]), POLICY, "P@5")
    assert found is not None
    assert (found.perfect, found.achieved) == (1 / 5, 1 / 5)
    assert headroom_sentence(found) == "P@5 0.200: nothing is lost."


@settings(max_examples=40)
@given(
    dense=st.permutations("abcdef"),
    lexical=st.permutations("cdefgh"),
    grades=st.dictionaries(st.sampled_from("abcdefghz"), st.integers(0, 3), min_size=1),
    scores=st.lists(st.integers(-2, 2), min_size=8, max_size=8),
    pool=st.integers(1, 8),
    metric=st.sampled_from(["nDCG@3", "RR@5", "P@3", "R@4", "AP@5"]),
)
def test_the_parts_add_up_and_no_oracle_is_beaten(
    dense: list[str], lexical: list[str], grades: dict[str, int], scores: list[int], pool: int, metric: str
) -> None:
    measured = plain("".join(dense), "".join(lexical), dict(zip("abcdefgh", map(float, scores), strict=True)))
    found = headroom(pools_of({"q": grades}, [measured]), POLICY.with_(pool=pool), metric)

    assert found is not None
    parts = found.retrieval + found.fusion + found.ranking + found.signals + found.achieved
    assert parts == pytest.approx(found.perfect)
    assert min(found.retrieval, found.fusion, found.ranking) >= -1e-12
    assert found.signals == 0


def test_nothing_is_claimed_where_pairs_are_unscored_or_nothing_is_judged() -> None:
    assert headroom(pools_of({"q": {"a": 1}}, [plain("ab", "", {"a": 1.0})]), POLICY, "nDCG@5") is None
    assert headroom(pools_of({"q": {}}, [plain("ab", "", {"a": 1.0, "b": 0.0})]), POLICY, "nDCG@5") is None
