"""A first pass on the pages: chosen in the sidebar or by a link, shown where it is one, and refused in words."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rag_core.corpus.sample import SAMPLE
from rag_core.rerank.catalogue import entry_of
from rag_core.schema.policy import DEFAULT_RERANKER, FirstPass, Policy
from tests.ui.pages import taken_up
from ui import caches

ROOT = Path(__file__).parents[2]
CHEAP = "Late interaction (MaxSim)"
CROSS_ENCODER = entry_of("second-pass-minilm-v3").label
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
    assert at.selectbox(key="fp_off").disabled and at.slider(key="pool").value == 50
    assert "<b>First pass</b>" not in shown(at)


def test_a_run_whose_settings_are_not_named_has_one() -> None:
    at = opened("1_inspect.py")
    assert at.selectbox(key="fp").value == "late-interaction"
    assert (at.slider(key="fpn").value, at.slider(key="best").value) == (100, 10)
    assert "+ 0.3 cosine + 0.1 lexical share read 3, and all of them went on to" in shown(at)
    assert "* Changed" not in shown(at)


def test_the_chosen_reranker_is_no_first_pass_of_its_own() -> None:
    at = opened("1_inspect.py", r=CHEAP)
    assert "<b>First pass</b>" not in shown(at) and at.slider(key="pool").value == 50
    assert "The first pass is left out" in shown(at) and "* Changed: Reranker." in shown(at)


@pytest.mark.parametrize(
    ("link", "pool"),
    [({"r": CROSS_ENCODER}, 50), ({"pool": "20"}, 20), ({"r": CROSS_ENCODER, "pool": "7"}, 7), ({"k": "15"}, 50)],
)
def test_an_old_link_that_names_no_first_pass_has_none(link: dict[str, str], pool: int) -> None:
    at = opened("1_inspect.py", **link)
    assert at.selectbox(key="fp").value == "" and at.slider(key="pool").value == pool
    assert "<b>First pass</b>" not in shown(at)


@pytest.mark.parametrize(("link", "pool"), [({}, 50), ({"pool": "20"}, 20)])
def test_an_old_link_that_names_one_keeps_its_pool(link: dict[str, str], pool: int) -> None:
    at = opened("4_compare.py", fp=CHEAP, fpn="60", ra=CROSS_ENCODER, **link)
    assert (at.slider(key="fpn").value, at.slider(key="best").value) == (60, pool)
    assert not at.toggle(key="fpa").value


def test_an_old_link_to_late_interaction_behind_another_first_pass_keeps_its_pool() -> None:
    at = opened("1_inspect.py", r=CHEAP, fp=CROSS_ENCODER, fpn="60", pool="20")
    assert (at.slider(key="fpn").value, at.slider(key="best").value) == (60, 20)


def test_a_link_of_today_is_marked_where_it_would_be_taken_for_an_old_one() -> None:
    at = opened("1_inspect.py", r=CROSS_ENCODER, v="3")
    assert at.selectbox(key="fp").value == "late-interaction" and at.slider(key="best").value == 10
    assert at.query_params["v"] == "3"
    at = opened("1_inspect.py", r="No reranker", v="3")
    assert "v" not in at.query_params
    assert "v" in opened("1_inspect.py", k="12", v="3").query_params
    assert "v" not in opened("1_inspect.py", k="9", v="3").query_params
    at = opened("1_inspect.py", k="15", best="30")
    assert at.selectbox(key="fp").value == "late-interaction" and at.slider(key="best").value == 30


def test_more_passages_than_the_pool_has_cannot_be_kept() -> None:
    at = opened("1_inspect.py", k="12", v="3")
    assert "The pool has 10 candidates, so no more are kept." in shown(at)
    assert "The pool has" not in shown(at.slider(key="best").set_value(12).run())


def test_compare_gives_both_sides_the_same_first_pass() -> None:
    at = opened("4_compare.py", ra=CROSS_ENCODER)
    assert at.toggle(key="fpa").value
    assert "A: Late interaction 100 → second-pass-minilm-v3 10 " in shown(at)
    at = at.toggle(key="fpa").set_value(False).run()
    told = shown(at)
    assert "A: second-pass-minilm-v3 100 " in told and "B: Late interaction 100 → Cross-encoder + MaxSim 10 " in told


@pytest.mark.parametrize("alone", [CHEAP, "No reranker"])
def test_compare_leaves_it_out_for_a_side_that_has_no_use_for_it(alone: str) -> None:
    at = opened("4_compare.py", ra=alone)
    assert at.toggle(key="fpa_off").disabled
    assert f"A: {alone.split(' (')[0]} 100 " in shown(at)


@pytest.mark.parametrize("key", ["second-pass-minilm-v2+late-interaction", "a model of another installation"])
def test_a_saved_run_of_a_reranker_that_nobody_knows_here_is_shown_whole(key: str) -> None:
    saved = caches.pipeline(SAMPLE, "ab" * 16).run("how long does a refund take").to_json()
    at = AppTest.from_file(str(ROOT / "pages" / "1_inspect.py"), default_timeout=300).run()
    data = saved.replace(f'"{DEFAULT_RERANKER}"', f'"{key}"').encode()
    at.file_uploader(key="trace_file").set_value(("run.json", data, "application/json")).run()
    assert not at.exception and not at.error
    told = shown(at)
    assert f"+ 0.3 cosine + 0.1 lexical share read 3, and all of them went on to {key}." in told
    assert "<b>First pass</b>" in told and at.dataframe


def test_the_searches_add_to_it_as_the_sidebar_says() -> None:
    at = opened("1_inspect.py")
    assert (at.slider(key="fpd").value, at.slider(key="fpl").value) == (0.3, 0.1)
    assert "Late interaction (MaxSim) + 0.3 cosine + 0.1 lexical share read 3" in shown(at)
    at = at.slider(key="fpd").set_value(0.0).run()
    at = at.slider(key="fpl").set_value(0.5).run()
    assert not at.exception
    assert "Late interaction (MaxSim) + 0.5 lexical share read 3" in shown(at)


@pytest.mark.parametrize(
    "link", [{"fp": CHEAP}, {"fpn": "60"}, {"best": "20"}, {"r": CROSS_ENCODER, "v": "2"}, {"fpn": "60", "v": "2"}]
)
def test_in_an_old_link_the_searches_add_nothing(link: dict[str, str]) -> None:
    at = opened("1_inspect.py", **link)
    assert (at.slider(key="fpd").value, at.slider(key="fpl").value) == (0.0, 0.0)
    assert "First pass: Late interaction (MaxSim) read 3" in shown(at)


@pytest.mark.parametrize("link", [{"best": "20", "v": "3"}, {"fpn": "60", "fpl": "0.1"}, {"q": "refunds"}])
def test_in_a_link_of_today_they_add_what_it_says(link: dict[str, str]) -> None:
    at = opened("1_inspect.py", **link)
    assert (at.slider(key="fpd").value, at.slider(key="fpl").value) == (0.3, 0.1)


def test_to_another_first_pass_they_add_nothing_unless_you_say_so() -> None:
    at = opened("1_inspect.py", fp=CROSS_ENCODER, v="3")
    assert (at.slider(key="fpod").value, at.slider(key="fpol").value) == (0.0, 0.0)
    assert f"First pass: {CROSS_ENCODER} read 3" in shown(at)
    assert "* Changed: First pass (cheap pre-filter)." in shown(at)
    at = opened("1_inspect.py", fp=CROSS_ENCODER, fpol="0.2", v="3")
    assert f"First pass: {CROSS_ENCODER} + 0.2 lexical share read 3" in shown(at)
    assert "* Changed: First pass (cheap pre-filter), Lexical share added in the first pass." in shown(at)
    at = at.selectbox(key="fp").set_value("late-interaction").run()
    assert (at.slider(key="fpd").value, at.slider(key="fpl").value) == (0.3, 0.1)
    assert "+ 0.3 cosine + 0.1 lexical share read 3" in shown(at) and "* Changed" not in shown(at)


def test_settings_that_are_taken_up_bring_what_the_searches_add() -> None:
    added = {"pool": 60, "dense": 0.2, "lexical": 0.05}
    other = taken_up(Policy(first_pass=FirstPass(reranker="second-pass-minilm-v3", **added)), "1_inspect.py")
    assert (other.slider(key="fpod").value, other.slider(key="fpol").value) == (0.2, 0.05)
    late = taken_up(Policy(first_pass=FirstPass(reranker="late-interaction", **added)), "1_inspect.py")
    assert (late.slider(key="fpd").value, late.slider(key="fpl").value) == (0.2, 0.05)
    assert "left out" not in shown(other) + shown(late)
    at = other.button(key="reset").click().run()
    at = at.selectbox(key="fp").set_value("second-pass-minilm-v3").run()
    assert (at.slider(key="fpod").value, at.slider(key="fpol").value) == (0.0, 0.0)


def test_what_of_a_first_pass_cannot_be_taken_up_is_said() -> None:
    own = Policy(reranker="late-interaction", first_pass=FirstPass(reranker="late-interaction", pool=80), pool=20)
    at = taken_up(own, "1_inspect.py")  # it only reads more
    assert at.slider(key="pool").value == 80 and "left out" not in shown(at)
    at = taken_up(own.with_(first_pass=own.first_pass.with_(dense=0.3)), "1_inspect.py")
    assert f"The settings have {CHEAP} + 0.3 cosine as the first pass of the same reranker." in shown(at)
    assert "left out" in shown(at.run())
    assert "left out" not in shown(at.slider(key="pool").set_value(70).run().selectbox(key="r").set_value("none").run())
    gone = taken_up(Policy(first_pass=FirstPass(reranker="gone", pool=80), pool=20), "1_inspect.py")
    assert "The reranker gone is not available here." in shown(gone) and "The run has no first pass." in shown(gone)
