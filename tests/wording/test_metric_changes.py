"""Comparisons and the gate, as a person reads them."""

from __future__ import annotations

import pytest

from rag_core.evaluation.compare import Comparison, compare_metric
from rag_core.evaluation.gate import AgainstBaseline, Changed, Shortfall
from rag_core.wording.metric_changes import (
    CHANGED,
    against_baseline_text,
    comparison_sentence,
    fine_tuning_sentence,
    interval_text,
    shortfall_text,
)

CLEAR = Comparison(
    queries=40, before=0.2, after=0.498, low=0.28, high=0.31, p_value=0.001, wins=30, ties=10, losses=0, needed=3
)
WORSE = CLEAR.with_(before=0.498, after=0.2, low=-0.31, high=-0.28)
UNSURE = CLEAR.with_(after=0.21, low=-0.05, high=0.07, p_value=0.6)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (CLEAR, "Better by +0.298 (95% interval +0.280 to +0.310)."),
        (WORSE, "Worse by -0.298 (95% interval -0.310 to -0.280)."),
        (CLEAR.with_(wins=0, losses=0), "No question changed (40 compared)."),
        (
            UNSURE.with_(low=-0.004, high=0.009),
            "Alike: +0.010 (95% interval -0.004 to +0.009), and either way less than 0.01.",
        ),
        (UNSURE, "It is a close call. A few more labelled questions would decide it."),
        (UNSURE.with_(needed=None), "There is no difference that more questions could confirm."),
        (UNSURE.with_(needed=90), "If the difference stays the same, about 90 questions are enough."),
        (UNSURE.with_(needed=4001), "No realistic number of questions tells a difference this small. Treat the two as "
            "equal."),
    ],
)  # fmt: skip
def test_a_comparison(found: Comparison, said: str) -> None:
    assert comparison_sentence(found).endswith(said)


def test_too_few_labels_name_the_interval_first() -> None:
    said = "Too few questions to tell: +0.010 (95% interval -0.050 to +0.070) over 40. It is a close call."
    assert comparison_sentence(UNSURE).startswith(said)


@pytest.mark.parametrize("queries", [1, 2, 3])
def test_a_handful_of_questions_has_no_interval(queries: int) -> None:
    same, alike = compare_metric([0.5] * queries, [0.5] * queries), compare_metric([0.5] * queries, [0.504] * queries)
    assert interval_text(same) == interval_text(alike) == "–"
    said = "Too few questions to tell: +0.004 (no interval under 4 questions)"
    assert comparison_sentence(alike).startswith(said)
    assert interval_text(compare_metric([0.5] * 4, [0.5] * 4)) == "+0.000 to +0.000"


def test_where_too_few_questions_differ_an_interval_of_everything_is_none() -> None:
    one_of_five = compare_metric([0.2, 0.4, 0.6, 0.8, 0.5], [0.2, 0.4, 0.6, 0.8, 0.8])
    assert (one_of_five.low, one_of_five.high) == (-1, 1)
    assert interval_text(one_of_five) == "–" and not one_of_five.clear
    assert "+0.060 (no interval over so few questions) over 5" in comparison_sentence(one_of_five)


def test_the_gate() -> None:
    short = Shortfall(metric="RR@10", step="fused", mean=0.55556, minimum=0.8)
    assert shortfall_text(short) == "RR@10 of the step fused is 0.5556, under 0.8."
    against = AgainstBaseline(metric="RR@10", found=WORSE)
    assert against.failed and against_baseline_text(against).startswith("RR@10 against the baseline: Worse by -0.298")
    assert set(CHANGED) == set(Changed)
    assert CHANGED[Changed.OTHER_COLLECTION].endswith("on another collection, so a difference may come from that.")


def test_what_fine_tuning_changed() -> None:
    said = fine_tuning_sentence(4, "nDCG@10", CLEAR)
    assert said.startswith("On 4 held-out questions, nDCG@10 0.200 → 0.498. Better by +0.298")
