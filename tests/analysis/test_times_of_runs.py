"""Percentiles of the total time, stretch by stretch."""

from __future__ import annotations

import numpy as np
import pytest

from rag_core.analysis.times_of_runs import DAY, HOUR, MOST, WIDTHS_S, times_of_runs
from rag_core.wording.run_list import times_sentence


def test_a_percentile_is_the_time_of_a_run():
    found = times_of_runs(np.zeros(100, np.int64), np.arange(1.0, 101.0))
    assert found.whole == {"p50": 50.0, "p90": 90.0, "p99": 99.0} and found.runs == 100
    assert found.table["runs"].tolist() == [100]


@pytest.mark.parametrize("span_s", [0, HOUR, 10 * DAY, 400 * DAY, 20_000 * DAY])
def test_few_stretches_cover_any_span(span_s: int):
    found = times_of_runs(np.array([0, span_s // 2, span_s]), np.array([1.0, 2.0, 3.0]))
    assert found.width_s % WIDTHS_S[0] == 0 and span_s // found.width_s <= MOST
    assert found.table["runs"].sum() == 3 and found.table["started"].is_monotonic_increasing


def test_no_times_are_no_rows_and_a_sentence():
    none = times_of_runs(np.array([], np.int64), np.array([], np.float64))
    assert none.table.empty and none.runs == 0 and "No time" in times_sentence(none)
    one = times_of_runs(np.array([5]), np.array([1200.0]))
    assert times_sentence(one) == "The one run with a recorded time took 1.2 s."


def test_the_sentence_names_the_percentiles_and_the_stretch():
    found = times_of_runs(np.array([0, 100 * DAY]), np.array([100.0, 2000.0]))
    assert found.width_s == 7 * DAY
    assert times_sentence(found) == (
        "Half of the 2 timed runs took at most 100 ms, 90% at most 2.0 s, 99% at most 2.0 s. A point is 7 days."
    )
