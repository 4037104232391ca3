"""The time that a page shows is that of the candidates that the run reads."""

from __future__ import annotations

import re

import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.test_first_pass import opened
from ui.panels.costs import UNMEASURED

pytestmark = pytest.mark.usefixtures("sample")


def rerank_box(at: AppTest) -> str:
    """The strip's box of the reranker: candidates, time, what was done."""
    strip = next(str(block.proto.body) for block in at.get("html") if "step-strip" in str(block.proto))
    found = re.search(r"<b>Rerank</b>(.*?)</div>", strip)
    assert found
    return re.sub("<[^>]+>", " ", found[1])


def test_a_smaller_pool_shows_its_share_of_the_time_and_says_so() -> None:
    at = opened("1_inspect.py", pool="3")
    assert "3 → 3" in rerank_box(at) and "about" not in rerank_box(at)
    at.slider(key="pool").set_value(1).run()
    assert not at.exception
    assert "1 → 1" in rerank_box(at) and "about" in rerank_box(at)
    at.slider(key="pool").set_value(3).run()
    assert "about" not in rerank_box(at)


def test_the_latency_page_counts_the_pairs_of_this_pool_and_says_that_the_time_is_their_share() -> None:
    at = opened("3_latency.py", pool="3")
    at.slider(key="pool").set_value(2).run()
    assert not at.exception
    figures = {one.label: one.value for one in at.metric}
    assert figures["Pairs scored"] == "2" and figures["Time before the answer"].startswith("about ")
    assert any("their share of the time measured" in one.value.replace("\\", "") for one in at.caption)


def budget(at: AppTest) -> str:
    """The sentence over the assumed budget."""
    return next(told for one in at.caption if "the assumed" in (told := one.value.replace("\\", "")))


def test_the_budget_names_the_run_that_was_timed_and_counts_the_estimated_one() -> None:
    at = opened("3_latency.py", pool="3")
    assert budget(at).startswith("This run takes ") and "left out" not in budget(at)
    at.slider(key="pool").set_value(2).run()
    assert not at.exception
    assert budget(at).startswith("The run of “")
    assert budget(at).endswith("1 run is left out: estimated, or no model scored in it.")


def test_the_cost_begins_with_the_speed_that_was_measured_until_it_is_changed() -> None:
    at = opened("3_latency.py", pool="3")
    field = at.number_input(key="pps")
    measured = field.value
    assert measured != UNMEASURED and "use_pps" not in [one.key for one in at.button]
    assert any(one.value.startswith("The speed is this machine's") for one in at.caption)
    field.set_value(7.0).run()
    assert not at.exception and at.number_input(key="pps").value == 7.0
    at.button(key="use_pps").click().run()
    assert at.number_input(key="pps").value == measured


def test_a_speed_that_nobody_measured_is_said_to_be_assumed() -> None:
    at = opened("3_latency.py", r="No reranker")
    assert at.number_input(key="pps").value == UNMEASURED
    assert any("pairs a second are assumed" in one.value for one in at.caption)
