"""Measures of probabilities, against arithmetic done by hand."""

from __future__ import annotations

import numpy as np
import pytest

from training.reliability import Pool, best_ones, parted, quality, table

PROBABILITIES = np.array([0.02, 0.04, 0.6, 0.95])
LABELS = np.array([0, 1, 1, 1])


def test_brier_and_calibration_error() -> None:
    found = quality(PROBABILITIES, LABELS)
    assert found.brier == pytest.approx((0.02**2 + 0.96**2 + 0.4**2 + 0.05**2) / 4)
    assert found.error == pytest.approx((2 * abs(0.03 - 0.5) + abs(0.6 - 1) + abs(0.95 - 1)) / 4)
    assert (found.mean, found.right) == (pytest.approx(1.61 / 4), 0.75)


def test_the_table_counts_every_pair_once() -> None:
    counts = [int(line.split("|")[2]) for line in list(table(PROBABILITIES, LABELS))[2:]]
    assert sum(counts) == 4


def test_the_best_candidate_of_a_question_is_what_a_reader_sees() -> None:
    scores, labels = best_ones([Pool(np.array([1.0, 3.0]), np.array([1, 0])), Pool(np.array([2.0]), np.array([1]))])
    assert (scores.tolist(), labels.tolist()) == ([3.0, 2.0], [0, 1])


def test_parted_counts_the_pairs_of_questions_in_the_right_order() -> None:
    def question(best: float, answerable: bool) -> Pool:
        return Pool(np.array([best, -9.0]), np.array([0, 0]), answerable)

    pools = [question(2.0, True), question(1.0, True), question(1.0, False), question(0.0, False)]
    assert parted(pools) == (1 + 1 + 0.5 + 1) / 4  # a tie counts half
