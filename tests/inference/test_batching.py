"""Batches of fixed shape: a sequence's width depends on itself alone."""

from __future__ import annotations

import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_core.inference.batching import Batch, batches, rows_for, run_batches, width_of


@pytest.mark.parametrize(("length", "width"), [(1, 8), (16, 16), (33, 40), (510, 512)])
def test_width_is_the_next_multiple_of_8(length: int, width: int) -> None:
    assert width_of(length) == width


def test_width_stays_under_the_models_limit() -> None:
    assert width_of(99, most=100) == 100


def test_one_width_a_batch() -> None:
    assert list(batches([26, 500, 30], rows=2)) == [(32, [0, 2]), (504, [1])]


def test_a_cpu_scores_one_pair_a_pass() -> None:
    assert (rows_for("cpu"), rows_for("cuda")) == (1, 32)


@given(st.lists(st.integers(1, 300), max_size=40), st.integers(1, 8))
def test_every_sequence_is_in_one_batch_and_fits(lengths: list[int], rows: int) -> None:
    placed = [(place, width) for width, places in batches(lengths, rows) for place in places]
    assert sorted(place for place, _ in placed) == list(range(len(lengths)))
    assert all(lengths[place] <= width == width_of(lengths[place]) for place, width in placed)
    assert all(0 < len(places) <= rows for _, places in batches(lengths, rows))


@pytest.mark.parametrize("max_concurrency", [1, 3])
def test_results_come_in_the_order_of_what_was_given(max_concurrency: int) -> None:
    shapes = list(batches([40, 40, 40, 8, 8, *range(1, 90)], rows=1))
    assert list(run_batches(lambda batch: batch[1], shapes, max_concurrency)) == [places for _, places in shapes]
    assert list(run_batches(lambda batch: batch[1], [], max_concurrency)) == []


def test_a_thread_takes_two_of_a_width_but_for_the_last_few() -> None:
    threads: dict[int, int] = {}

    def slow(batch: Batch) -> None:
        time.sleep(0.002)
        threads[batch[1][0]] = threading.get_ident()

    list(run_batches(slow, [(32, [place]) for place in range(20)], max_concurrency=2))
    assert all(threads[place] == threads[place + 1] for place in range(0, 12, 2))
    assert len({threads[place] for place in range(12, 20)}) == 2


@pytest.mark.parametrize("max_concurrency", [1, 3])
def test_an_error_comes_through(max_concurrency: int) -> None:
    with pytest.raises(ZeroDivisionError):
        list(run_batches(lambda batch: 1 // batch[0], [(8, [0]), (0, [1]), (8, [2])], max_concurrency))
