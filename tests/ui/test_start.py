"""The start page's examples say what each shows, and a question with a known answer says whether the run is right."""

from __future__ import annotations

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from rag_core.corpus.sample import read_examples
from rag_core.schema.policy import Policy
from rag_core.settings import Settings
from tests.ui.test_first_pass import ROOT, opened, shown
from ui.panels import question_box
from ui.panels.candidates import width_of

pytestmark = pytest.mark.usefixtures("sample")


def test_an_example_is_asked_by_a_click() -> None:
    at = AppTest.from_file(str(ROOT / "pages" / "1_inspect.py"), default_timeout=300).run()
    assert "paraphrase" in at.button(key="example0").label
    at.button(key="example0").click().run()
    assert not at.exception
    assert at.text_input(key="q").value == "when do I get my money back"
    assert "“Refunds” answers it" in shown(at)


def test_a_question_that_nothing_answers_is_right_where_nothing_is_kept() -> None:
    assert "Right: no document answers this question" in shown(opened("1_inspect.py", q="who won the race"))
    assert "no document answers" not in shown(opened("1_inspect.py", q="who won the other race"))


def test_the_samples_own_examples_are_questions_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SECOND_PASS_SAMPLE_DIR")
    found = read_examples(Settings().sample_dir, 9)
    assert [one["shows"] for one in found][:2] == ["Reranking finds the answer", "Found, then lost"]
    assert all(one["text"] for one in found)


def test_candidates_show_their_ranks_in_the_order_of_the_steps_and_scores_on_request() -> None:
    at = opened("1_inspect.py")
    order = list(at.dataframe(key="candidates").proto.column_order)
    ranks = ["dense_rank", "lexical_rank", "fused_rank", "first_pass_rank", "reranked_rank"]
    assert order == ["title", *ranks, "outcome", "adjusted_score"]
    texts = at.dataframe(key="candidates").value
    assert "text" not in texts.columns  # it is not shown, and would be sent: it is longer than the rest of its row
    assert width_of(texts["title"]) >= min(340, 6 * texts["title"].str.len().max())
    assert 180 < width_of(pd.Series(["not returned by the reranker"])) < width_of(pd.Series(["x" * 500])) == 340
    at.toggle(key="candidates_scores").set_value(True).run()
    assert "lexical_score" in at.dataframe(key="candidates").proto.column_order


def test_the_models_of_the_first_question_load_while_the_start_page_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[tuple[str, ...]] = []
    monkeypatch.setattr(question_box, "load_ahead", lambda rerankers, _: begun.append(rerankers))
    AppTest.from_file(str(ROOT / "pages" / "1_inspect.py"), default_timeout=300).run()
    assert begun == [Policy().rerankers]

    opened("1_inspect.py")  # it asks, and loads what it needs itself
    assert len(begun) == 1
