"""The time that a page shows is that of the candidates that the run reads."""

from __future__ import annotations

import re

import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.test_first_pass import opened

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
