"""RRF against visible arithmetic."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_core.errors import BadInput
from rag_core.retrieval.fusion import rrf

EQUAL = {"dense": 1.0, "lexical": 1.0}


def test_scores_are_sums_of_reciprocal_ranks() -> None:
    hits = rrf({"dense": ["a", "b", "c"], "lexical": ["c", "d"]}, EQUAL)
    assert [(hit.id, hit.score) for hit in hits] == [
        ("c", 1 / (60 + 3) + 1 / (60 + 1)),
        ("a", 1 / (60 + 1)),
        ("b", 1 / (60 + 2)),
        ("d", 1 / (60 + 2)),
    ]
    assert hits[0].parts == {"dense": 1 / (60 + 3), "lexical": 1 / (60 + 1)}


def test_weights_and_k() -> None:
    hits = rrf({"dense": ["a", "b"], "lexical": ["b", "a"]}, {"dense": 3.0, "lexical": 0.5}, k=10)
    assert [(hit.id, hit.score) for hit in hits] == [
        ("a", 3 / (10 + 1) + 0.5 / (10 + 2)),
        ("b", 3 / (10 + 2) + 0.5 / (10 + 1)),
    ]


def test_a_list_of_weight_zero_contributes_no_candidates() -> None:
    hits = rrf({"dense": ["a"], "lexical": ["b"]}, {"dense": 1.0, "lexical": 0.0})
    assert [hit.id for hit in hits] == ["a"]
    assert hits[0].parts == {"dense": 1 / 61}


def test_ties_go_to_the_best_rank_in_any_list_then_to_the_smaller_id() -> None:
    # x: 1/(2+1) in one list; y: 1/(2+4) + 1/(2+4) = the same sum from two worse ranks
    hits = rrf({"one": ["x", "p", "q", "y"], "two": ["z", "r", "s", "y"]}, {"one": 1.0, "two": 1.0}, k=2)
    assert [hit.id for hit in hits[:3]] == ["x", "z", "y"]
    assert hits[0].score == hits[1].score == hits[2].score == 1 / 3


def test_an_id_that_stands_twice_counts_at_its_better_rank() -> None:
    hits = rrf({"dense": ["a", "a", "b"]}, {"dense": 1.0})
    assert [(hit.id, hit.score) for hit in hits] == [("a", 1 / 61), ("b", 1 / 62)]


def test_nothing_in_nothing_out() -> None:
    assert rrf({}, {}) == []
    assert rrf({"dense": []}, {"dense": 1.0}) == []


@pytest.mark.parametrize(
    ("weights", "k", "said"),
    [
        ({}, 60, "no weight for the list 'dense'"),
        ({"dense": -1.0}, 60, "must be 0 or more"),
        ({"dense": math.nan}, 60, "must be 0 or more"),
        ({"dense": 1.0}, 0, "k of at least 1"),
    ],
)
def test_bad_input_is_refused(weights: dict[str, float], k: int, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        rrf({"dense": ["a"]}, weights, k)


ids = st.lists(st.sampled_from("abcdefghij"), unique=True)


@given(ids, ids, st.floats(0, 10), st.floats(0, 10), st.integers(1, 100))
def test_it_is_the_formula_and_in_order(one: list[str], two: list[str], w1: float, w2: float, k: int) -> None:
    hits = rrf({"one": one, "two": two}, {"one": w1, "two": w2}, k)
    assert {hit.id for hit in hits} == {*(one if w1 else []), *(two if w2 else [])}
    for hit in hits:
        expected = sum(w / (k + of.index(hit.id) + 1) for of, w in ((one, w1), (two, w2)) if hit.id in of)
        assert hit.score == pytest.approx(expected, rel=1e-15)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


@given(ids, ids)
def test_the_order_of_the_lists_does_not_matter(one: list[str], two: list[str]) -> None:
    forth = rrf({"one": one, "two": two}, {"one": 1.0, "two": 1.0})
    back = rrf({"two": two, "one": one}, {"one": 1.0, "two": 1.0})
    assert forth == back
