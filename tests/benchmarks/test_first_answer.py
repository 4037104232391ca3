"""What the benchmark of the first answer asks, and what it makes of its times."""

from __future__ import annotations

from benchmarks.first_answer import Answered, late, report, sample_questions, spread


def test_the_questions_are_different_ones_of_the_whole_set() -> None:
    every = sample_questions()
    asked = spread(every, 21)
    assert len(set(asked)) == 21 and asked[0] == every[0]
    assert every.index(asked[-1]) > len(every) / 2


def test_the_first_question_stands_apart_and_the_ratio_is_of_the_warm_ones() -> None:
    warm = [Answered(first_ms=number, final_ms=2 * number, default_ms=4 * number) for number in range(1, 22)]
    head, first, final, default, ratio = report([Answered(500, 1000, 10), *warm])
    assert head.split()[-4:] == ["warm", "p50", "warm", "p95"]
    assert first.split()[-3:] == ["500", "11", "20"]  # the 20th of 21 is the last within 95%
    assert final.split()[-3:] == ["1000", "22", "40"]
    assert default.split()[-3:] == ["10", "44", "80"]
    assert ratio.startswith("21 warm questions") and ratio.endswith(": 0.50")


def test_a_percentile_is_a_value_that_was_measured() -> None:
    assert late([1.0, 2.0, 9.0]) == 2.0 and late([7.0]) == 7.0
