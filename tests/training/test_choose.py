"""Orders of the held-out pools."""

from __future__ import annotations

import math

import numpy as np
import pytest

from training.choose import compare, first_of_each, ndcg, reciprocal_rank

ROW = {"set": "a", "documents": ["x", "y"], "labels": [0, 1], "rrf": [0.2, 0.1]}


def test_reciprocal_rank_is_of_the_best_that_answers() -> None:
    assert reciprocal_rank(np.array([0.1, 0.9, 0.5]), [0, 0, 1]) == 1 / 2
    assert reciprocal_rank(np.array([0.1, 0.9, 0.5]), [0, 0, 0]) == 0.0
    assert reciprocal_rank(np.array([0.5, 0.5]), [0, 1]) == 1 / 2  # a tie keeps the pool's order


def test_ndcg_counts_grades_that_answer_and_no_lower_ones() -> None:
    assert ndcg(np.array([3.0, 2.0, 1.0]), [1, 3, 2]) == pytest.approx(
        (3 / math.log2(3) + 2 / math.log2(4)) / (3 / math.log2(2) + 2 / math.log2(3))
    )
    assert ndcg(np.array([3.0, 2.0]), [1, 0]) == 0.0


def test_orders_are_compared_by_set_and_over_all() -> None:
    found = compare([ROW, {**ROW, "set": "b"}], [np.array([-1.0, 1.0]), np.array([1.0, -1.0])])
    assert found["a"] == {"rrf mrr": 0.5, "model mrr": 1.0}
    assert found["all"]["model mrr"] == (1.0 + 0.5) / 2


def test_graded_pools_are_compared_by_kind_and_unanswerable_ones_left_out() -> None:
    graded = {**ROW, "kind": "negation", "answerable": True, "grades": [1, 3]}
    nothing = {**graded, "kind": "unanswerable", "answerable": False, "labels": [0, 0], "grades": [1, 0]}
    found = compare([graded, nothing], [np.array([0.0, 1.0]), np.array([0.0, 1.0])])
    assert set(found) == {"a", "negation", "all"}
    assert found["negation"]["model ndcg"] == 1.0


def test_a_shorter_look_takes_the_first_questions_and_candidates() -> None:
    kept = first_of_each([ROW, ROW, {**ROW, "set": "b"}], queries=1, pool=1)
    assert [row["set"] for row in kept] == ["a", "b"]
    assert kept[0]["documents"] == ["x"]
    assert kept[0]["labels"] == [0]
