"""What a run over a set has measured stays, whatever is looked at or moved afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from ui.set_results import MOST, SetResults

PAGES = Path(__file__).parents[2] / "pages"


def test_looking_makes_no_entry_and_each_kind_has_its_own_room() -> None:
    kept = SetResults(most=2)
    kept.keep("evaluate", "mine")["bench"] = "done"
    for n in range(9):
        assert kept.find("compared", n) == {}
        kept.keep("labelled", n)
    assert kept.find("evaluate", "mine") == {"bench": "done"}
    kept.keep("labelled", 8)["x"] = 1
    assert kept.find("labelled", 8) == {"x": 1}


def test_the_entry_that_was_not_used_for_longest_makes_room() -> None:
    kept = SetResults(most=2)
    for name in ("a", "b"):
        kept.keep("compared", name)["x"] = name
    assert kept.find("compared", "a") == {"x": "a"}
    kept.keep("compared", "c")
    assert (kept.find("compared", "a"), kept.find("compared", "b")) == ({"x": "a"}, {})


def page(name: str) -> AppTest:
    at = AppTest.from_file(str(PAGES / name), default_timeout=300)
    at.query_params["r"] = "No reranker"
    return drawn(at.run())


def drawn(at: AppTest) -> AppTest:
    assert not at.exception
    return at


@pytest.mark.usefixtures("sample")
def test_sliders_of_other_pages_and_a_reload_leave_an_evaluation_done() -> None:
    at = page("5_evaluate.py")
    drawn(at.button(key="eval_score").click().run())
    assert "eval_score" not in [one.key for one in at.button]
    compare = page("4_compare.py")
    for pool in range(1, MOST + 2):
        drawn(compare.slider(key="pool").set_value(pool).run())
    assert "eval_score" not in [one.key for one in page("5_evaluate.py").button]
