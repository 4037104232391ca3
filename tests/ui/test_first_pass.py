"""A first pass on the pages: chosen in the sidebar or by a link, shown where it is one, and refused in words."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).parents[2]
CHEAP = "Late interaction (MaxSim)"
pytestmark = pytest.mark.usefixtures("sample")


def opened(page: str, **query: str) -> AppTest:
    """The page at a link that asks a question, with the first pass's controls read from it."""
    at = AppTest.from_file(str(ROOT / "pages" / page), default_timeout=300)
    for name, value in {"q": "how long does a refund take", **query}.items():
        at.query_params[name] = value
    at.run()
    assert not at.exception
    return at


def shown(at: AppTest) -> str:
    """All that is drawn as HTML or Markdown, without Markdown's backslashes."""
    drawn = [str(block.proto) for block in at.get("html")]
    return " ".join([*drawn, *(one.value for one in (*at.caption, *at.markdown, *at.warning))]).replace("\\", "")


def test_a_link_carries_it_and_the_page_says_what_it_did() -> None:
    at = opened("1_inspect.py", fp=CHEAP, fpn="60", pool="20")
    assert at.selectbox(key="fp").value == "late-interaction" and at.slider(key="fpn").value == 60
    told = shown(at)
    assert "First pass: Late interaction (MaxSim) read 3, and all of them went on to" in told
    assert "<b>First pass</b>" in told
    at = at.selectbox(key="fp").set_value("").run()
    assert not at.exception
    assert "<b>First pass</b>" not in shown(at)


def test_one_that_reads_less_than_the_pool_is_refused_in_words() -> None:
    at = opened("1_inspect.py", fp=CHEAP, fpn="10", pool="50")
    assert "The first pass reads 10 candidates, fewer than the pool of 50" in at.warning[0].value
    assert "<b>First pass</b>" not in shown(at)


def test_without_a_reranker_there_is_none() -> None:
    at = opened("1_inspect.py", fp=CHEAP, r="No reranker")
    assert at.selectbox(key="fp").disabled
    assert "<b>First pass</b>" not in shown(at)


def test_compare_sets_it_against_the_single_reranker_on_the_same_candidates() -> None:
    at = opened("4_compare.py", fp=CHEAP, fpn="60", pool="20", ra=CHEAP)
    assert not at.toggle(key="fpa").value
    told = shown(at)
    assert "A: Late interaction 60 " in told and "B: Late interaction 60 → Cross-encoder + MaxSim 20 " in told
