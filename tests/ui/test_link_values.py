"""A value of a link that a setting cannot have is named, with what is accepted and what the setting is now."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rag_core.rerank.shipped import label_of

RETIRED = label_of("second-pass-minilm-v2")
ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.usefixtures("sample")


def opened(page: str = "1_inspect.py", **query: str) -> AppTest:
    at = AppTest.from_file(str(ROOT / "pages" / page), default_timeout=300)
    for name, value in query.items():
        at.query_params[name] = value
    return at.run()


def notes(at: AppTest) -> list[str]:
    assert not at.exception
    return [one.value.replace("\\", "") for one in at.sidebar.warning]


@pytest.mark.parametrize(
    ("key", "asked", "accepted"),
    [
        ("pool", "9999", "from 1 to 200"),
        ("k", "abc", "from 1 to 20"),
        ("t_probability", "7", "from 0 to 1"),
        ("depth", "0", "from 1 to"),
        ("w_freshness", "2", "from 0 to 1"),
        ("early", "sometimes", "one of: off, "),
    ],
)
def test_a_value_that_does_not_fit_is_named(key: str, asked: str, accepted: str) -> None:
    (told,) = notes(opened(q="refunds", **{key: asked}))
    assert f" to {asked}. It must be " in told and accepted in told and " now." in told


@pytest.mark.parametrize(
    ("page", "key", "asked", "told"),
    [
        ("2_scores.py", "cut_probability", "7", "“Try a threshold (probability)” to 7. It must be a number from"),
        ("3_latency.py", "budget_ms", "5", "“Budget before the answer (ms)” to 5. It must be a number from 10 to"),
        ("3_latency.py", "hosted", "free", "“Hosted, $ per 1,000 searches” to free. It must be a number from 0.01 to"),
        ("4_compare.py", "ka", "99", "“A: top-k” to 99. It must be a number from 1 to 20."),
        ("4_compare.py", "ra", "Best one", "“A: reranker” to Best one. The reranker Best one is not available here."),
        ("4_compare.py", "ra", RETIRED, f"“A: reranker” to {RETIRED}. second-pass-minilm-v2 no longer ships with"),
        ("4_compare.py", "ta_probability", "7", "“A: threshold (probability)” to 7. It must be a number from 0 to 1."),
    ],
)
def test_a_page_names_a_value_that_its_own_control_cannot_have(page: str, key: str, asked: str, told: str) -> None:
    at = opened(page, q="refunds", r="No reranker" if key.startswith("ta") else "", **{key: asked})
    assert notes(at) == []
    (said,) = [one.value.replace("\\", "") for one in at.main.warning]
    assert told in said and " now." in said


def test_a_pool_that_no_link_ever_set_leaves_the_first_pass_alone() -> None:
    at = opened(q="refunds", pool="999")
    assert at.selectbox(key="fp").value != "" and at.selectbox(key="fp").value == opened().selectbox(key="fp").value
    assert not [one for one in at.sidebar.caption if "Changed" in one.value]
    assert any("to 999" in one for one in notes(at))


def test_the_note_stays_until_the_setting_is_changed() -> None:
    at = opened(pool="9999", k="3", fp="Off")
    assert not at.slider(key="pool").label.endswith("*") and at.slider(key="k").label.endswith("*")
    assert len(notes(at.run())) == 1 and at.slider(key="k").value == 3
    assert notes(at.slider(key="pool").set_value(20).run()) == []


def test_reset_drops_the_note() -> None:
    at = opened(k="abc")
    assert notes(at)
    assert notes(at.button(key="reset").click().run()) == []


def test_a_link_that_fits_has_no_note() -> None:
    assert notes(opened(pool="20", k="3", t_probability="0.2", early="when nothing can change")) == []
