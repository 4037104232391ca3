"""Orders of the held-out pools."""

from __future__ import annotations

import numpy as np
import pytest

from training.choose import compare, reciprocal_rank, standardised


def test_reciprocal_rank_is_of_the_labelled_passage() -> None:
    assert reciprocal_rank(np.array([0.1, 0.9, 0.5]), [0, 0, 1]) == 1 / 2
    assert reciprocal_rank(np.array([0.1, 0.9, 0.5]), [0, 0, 0]) == 0.0
    assert reciprocal_rank(np.array([0.5, 0.5]), [0, 1]) == 1 / 2  # a tie keeps the pool's order


def test_standardised_scores_have_no_mean_and_unit_deviation() -> None:
    values = standardised(np.array([1.0, 2.0, 6.0]))
    assert values.mean() == pytest.approx(0)
    assert values.std() == pytest.approx(1)


def test_four_orders_are_compared_by_set_and_over_all() -> None:
    row = {"set": "a", "documents": ["x", "y"], "labels": [0, 1], "rrf": [0.2, 0.1], "cosines": [0.1, 0.9]}
    found = compare([row, {**row, "set": "b"}], np.array([-1.0, 1.0, 1.0, -1.0]))
    assert found["a"] == {"rrf": 0.5, "dense": 1.0, "model": 1.0, "mixed": 1.0}
    assert found["all"]["model"] == (1.0 + 0.5) / 2
