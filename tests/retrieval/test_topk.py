"""The first k rows, in one defined order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_core.retrieval.topk import best_positive, best_rows


def test_score_down_then_row_up_at_the_cut_too() -> None:
    rows, scores = best_rows(np.array([4, 2, 9, 7, 1]), np.array([0.5, 0.5, 0.9, 0.1, 0.5]), 3)
    assert rows.tolist() == [9, 1, 2]
    assert scores.tolist() == [0.9, 0.5, 0.5]


def test_no_rows_and_no_k() -> None:
    assert best_rows(np.empty(0, np.int64), np.empty(0), 3)[0].size == 0
    assert best_rows(np.array([1, 2]), np.array([0.5, 0.6]), 0)[0].size == 0


@given(st.lists(st.integers(-3, 3), max_size=40), st.integers(0, 50))
def test_it_is_a_sort_cut_off(values: list[int], k: int) -> None:
    rows, scores = best_rows(np.arange(len(values)), np.array(values, np.float64), k)
    expected = sorted(range(len(values)), key=lambda row: (-values[row], row))[:k]
    assert rows.tolist() == expected
    assert scores.tolist() == [values[row] for row in expected]


@pytest.mark.parametrize("k", [0, 1, 7, 18, 19, 40, 5000])
@pytest.mark.parametrize("share", [1.0, 0.5, 0.001])
def test_the_best_over_zero_of_many_are_those_of_a_sort(k: int, share: float) -> None:
    """5,000 rows are 19 blocks; few values, so that many scores tie across the cut."""
    draw = np.random.default_rng(k)
    scores = draw.integers(-3, 4, 5000).astype(np.float64)
    allowed = draw.random(5000) < share
    for mask in (None, allowed):
        rows, found = best_positive(scores, k, mask)
        there = [row for row in range(5000) if scores[row] > 0 and (mask is None or mask[row])]
        assert rows.tolist() == sorted(there, key=lambda row: (-scores[row], row))[:k]
        assert found.tolist() == scores[rows].tolist()


def test_nothing_over_zero_gives_no_row() -> None:
    assert best_positive(np.zeros(5000), 3)[0].size == 0
