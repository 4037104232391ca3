"""What the benchmark of many users makes of its times."""

from __future__ import annotations

from benchmarks.fairness import report


def test_the_aim_is_as_many_times_one_users_median_and_a_fifth() -> None:
    single, cost = [0.1, 0.2, 0.3], (0.2, 0.25)
    met = report(single, [[0.3, 0.4], [0.48, 0.48]], cost)  # 2 users: at most 2 * 200 * 1.2 = 480 ms
    assert "p50 200 ms" in met[0] and "480 ms: met" in met[2]
    assert met[3].startswith("the slowest user waited 1.37 times")  # .48 to .35
    missed = report(single, [[0.3, 0.49], [0.49, 0.49]], cost)
    assert missed[2].endswith("missed")
