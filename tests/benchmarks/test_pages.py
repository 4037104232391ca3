"""What the benchmark of the pages makes of its times."""

from __future__ import annotations

import os
import time

from benchmarks.pages import Change, processor_ms, report


def test_the_first_time_stands_apart_and_each_aim_says_whether_it_is_met() -> None:
    again = {"Inspect": [Change(100, 20, 50), Change(300, 30, 60)], "Runs": [Change(80, 10, 20), Change(90, 10, 20)]}
    first = {"Inspect": Change(900, 200, 400), "Runs": Change(100, 10, 20)}
    head, inspect, runs, threshold, empty, pages, slider, floor = report(
        first,
        again,
        {"threshold": [Change(140, 5, 9), Change(180, 5, 9), Change(900, 5, 9)]},
        [Change(30, 2, 8), Change(50, 4, 12), Change(70, 6, 16)],
    )
    assert inspect.split() == ["Inspect", "900", "200", "300", "200", "25", "55"]
    assert runs.split() == ["Runs", "100", "85", "90", "10", "10", "20"]
    assert threshold.split()[-4:] == ["180", "900", "5", "9"]
    assert empty.split()[-4:] == ["50", "70", "4", "12"]
    assert floor.startswith("change of page, empty app: p50 50 ms") and floor.endswith("met")
    assert pages.startswith("change of page: p50 95 ms") and pages.endswith("aim 300 ms: met")
    assert slider.endswith("aim 150 ms: missed")
    assert len(head.split()) > 5


def test_the_processor_time_of_a_process_grows_with_its_work() -> None:
    before = processor_ms(os.getpid())
    end = time.process_time() + 0.05
    while time.process_time() < end:
        pass
    assert processor_ms(os.getpid()) - before >= 30
