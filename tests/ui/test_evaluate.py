"""The evaluate page in two sessions: uploaded sets of one name keep their own grades."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rag_core.evaluation.gate import Changed
from rag_core.evaluation.judgments import judgments
from rag_core.evaluation.report import report
from rag_core.wording.metric_changes import CHANGED
from tests.evaluation.builders import labelled
from tests.ui.pages import said
from ui import caches
from ui.panels import evaluation_files

PAGE = Path(__file__).parents[2] / "pages" / "5_evaluate.py"
pytestmark = pytest.mark.usefixtures("sample")


def uploaded(question: str, document: str = "refunds.md") -> AppTest:
    """A session that has uploaded a set called `queries` with this question, scored where it was not before.
    document: the one that is graded."""
    at = AppTest.from_file(str(PAGE), default_timeout=300)
    at.query_params["r"] = "No reranker"
    at.run()
    at.segmented_control(key="eval_source").set_value("My questions").run()
    queries = json.dumps({"_id": "1", "text": question}) + "\n"
    qrels = f"query-id\tcorpus-id\tscore\n1\t{document}\t1\n"
    files = [("queries.jsonl", queries.encode(), "application/jsonl"), ("qrels.tsv", qrels.encode(), "text/plain")]
    at.file_uploader(key="eval_files").set_value(files).run()
    if "eval_score" in [one.key for one in done(at).button]:
        at.button(key="eval_score").click().run()
    return done(at)


def done(at: AppTest) -> AppTest:
    assert not at.exception
    return at


def judged(at: AppTest) -> str:
    """How many grades the figures rest on, as the page says it."""
    return next(one.value for one in at.caption if re.match(r"\d+ labelled question", one.value))


def test_two_sets_called_queries_keep_their_own_grades() -> None:
    ana, ben = uploaded("when do I get my money back"), uploaded("what does KB-17 mean")
    assert judged(ben).startswith("1 labelled question, 1 grade.")
    done(ana.button(key="grade_2").click().run())
    done(ana.button(key="judge_apply").click().run())
    assert judged(ana).startswith("1 labelled question, 2 grades.")
    assert judged(done(ben.run())).startswith("1 labelled question, 1 grade.")


def test_the_same_set_in_another_session_has_the_grades_and_says_whose_they_are() -> None:
    ana = uploaded("when do I get my money back")
    ana.session_state["author"] = "Ana"
    done(ana.run())
    done(ana.button(key="grade_2").click().run())
    assert judged(uploaded("when do I get my money back")).startswith("1 labelled question, 2 grades.")
    with caches.store().begin() as connection:
        assert connection.execute(judgments.select()).mappings().one()["judged_by"] == "Ana"


def test_graded_documents_that_the_collection_does_not_have_are_told_next_to_the_verdict() -> None:
    told = "1 graded document is not in Sample corpus, 'docs/uk.md'; it counts as never found."
    at = uploaded("when do I get my money back", "docs/uk.md")
    assert [one.value.replace("\\", "") for one in at.warning] == [told]
    assert not uploaded("when do I get my money back").warning


def test_tabs_and_buttons_use_the_names_that_the_app_has_for_settings_and_rerankers() -> None:
    at = AppTest.from_file(str(PAGE), default_timeout=300)
    at.query_params["r"] = "Late interaction (MaxSim)"
    at.run()
    at.button(key="eval_score").click().run()
    assert "RRF k" in [tab.label for tab in done(at).tabs]
    assert at.button(key="eval_time").label == "Measure the time of Late interaction (MaxSim)"
    at.button(key="eval_time").click().run()
    assert "late-interaction" not in " ".join(one.value for one in done(at).caption)


def test_an_uploaded_set_stays_chosen_in_its_session_until_it_is_removed() -> None:
    at = AppTest.from_file(str(PAGE), default_timeout=300)
    at.query_params["r"] = "No reranker"
    at.session_state[evaluation_files.UPLOADED] = uploaded("what does KB-17 mean").session_state["eval_set"]
    done(at.run())  # as after a change of page, which empties the field of files
    assert at.segmented_control(key="eval_source").value == "My questions"
    assert "which you uploaded in this session" in said(at)
    assert judged(at)
    done(at.button(key="eval_forget").click().run())
    assert evaluation_files.UPLOADED not in at.session_state and "judge_apply" not in [one.key for one in at.button]
    fresh = done(AppTest.from_file(str(PAGE), default_timeout=300).run())
    assert fresh.segmented_control(key="eval_source").value == "Built-in questions"


def test_a_saved_report_is_compared_and_a_change_of_the_filter_is_said() -> None:
    ranked = {"1": ["refunds.md"]}
    saved = report(labelled({"1": {"refunds.md": 1}}), {"fused": ranked, "adjusted": ranked}).to_json()
    at = uploaded("when do I get my money back")
    told = compared(at, saved)
    assert "nDCG@10" in told and CHANGED[Changed.LABELLED_SET] in told and CHANGED[Changed.FILTER] not in told
    at.session_state["where"] = ["document_id!=errors.md"]
    done(at.run())
    done(at.button(key="eval_score").click().run())
    assert CHANGED[Changed.FILTER] in compared(at, saved)


def compared(at: AppTest, saved: str) -> str:
    """What the page says of a saved report."""
    at.file_uploader(key="eval_baseline").set_value(("main.json", saved.encode(), "application/json"))
    done(at.run())
    return " ".join(one.value.replace("\\", "") for one in (*at.info, *at.error))
