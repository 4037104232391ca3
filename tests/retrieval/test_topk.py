"""The first k rows, in one defined order."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rag_core.retrieval.topk import best_rows


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
