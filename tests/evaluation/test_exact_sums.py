"""Sums of arrays against `math.fsum`, place by place."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_core.evaluation.exact_sums import BLOCK, exact_sum

numbers = st.floats(min_value=-1e150, max_value=1e150) | st.sampled_from([1 / 61, 1 / 62, 1.3 / 63, 1e-30, 2.0**53])


@given(st.integers(1, 6).flatmap(lambda terms: st.lists(st.tuples(*[numbers] * terms), min_size=1)))
def test_every_place_is_what_fsum_gives(places: list[tuple[float, ...]]) -> None:
    terms = [np.array(term) for term in zip(*places, strict=True)]
    assert exact_sum(terms).tolist() == [math.fsum(place) for place in places]


def test_the_order_of_the_terms_changes_nothing() -> None:
    terms = [np.array([0.1]), np.array([0.2]), np.array([0.3])]
    assert 0.1 + 0.2 + 0.3 != 0.3 + 0.2 + 0.1
    assert exact_sum(terms) == exact_sum(terms[::-1]) == [0.6]


def test_a_large_array_is_summed_in_blocks_and_keeps_its_shape() -> None:
    terms = [np.arange(3.0 * BLOCK).reshape(-1, 6) * by for by in (1, 10, 100)]
    assert exact_sum(terms).tolist() == (terms[0] * 111).tolist()


def test_a_place_without_a_number_has_no_sum() -> None:
    one, other = np.array([1.0, np.nan]), np.array([1e-40, 1.0])
    assert exact_sum([one, other, one]).tolist() == [2.0, pytest.approx(np.nan, nan_ok=True)]
