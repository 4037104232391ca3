"""Evaluate over recorded runs, as a user goes through the page: by cases of the project, by a file with grades."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from streamlit.testing.v1 import AppTest

from rag_core.diagnosis import Expected, diagnose, locate_in_run
from rag_core.runs.as_trace import trace_of
from rag_core.runs.run import Run
from rag_core.runs.sent import run_from
from rag_core.runs.store.tables import run_bodies
from rag_core.triage import Finding, case_of
from tests.runs.odd_runs import hits, step
from ui import caches
from ui.panels import run_evaluation

PAGE = str(Path(__file__).parents[2] / "pages" / "5_evaluate.py")
pytestmark = pytest.mark.usefixtures("sample")


def a_run(run_id: str, query: str, order: str, project: str = "bot") -> Run:
    steps = [
        step("dense", "search", hits("abcd")),
        step("reranked", "rerank", hits(order), "dense"),
        step("kept", "select", hits(order[:2]), "reranked"),
    ]
    return run_from({"project": project, "id": run_id, "query": query, "steps": steps})


def stored() -> None:
    caches.run_book().add(
        [a_run("r1", "How long?", "dabc"), a_run("r2", "How much?", "bcad"), a_run("r3", "Who?", "abcd")]
    )


def case(run: Run, document: str) -> None:
    trace = trace_of(run)
    location = locate_in_run(trace, Expected(document=document))
    caches.case_book().save(case_of(trace, [Finding(location=location, diagnosis=diagnose(trace, location))]))


def page() -> AppTest:
    at = AppTest.from_file(PAGE, default_timeout=120).run()
    at.segmented_control(key="eval_source").set_value("Recorded runs").run()
    assert not at.exception
    return at


def said(at: AppTest) -> str:
    shown = (*at.get("html"), *at.markdown, *at.caption, *at.info, *at.error)
    return " ".join(str(one.proto) for one in shown).replace("\\", "")


def table(at: AppTest, column: str):
    return next(one.value for one in at.dataframe if column in one.value.columns)


def test_without_a_judgment_the_page_says_how_to_get_one():
    stored()
    at = page()
    assert "No run of this project is a triage case yet" in said(at) and not at.error


def test_cases_of_the_project_judge_its_runs_list_by_list():
    stored()
    case(a_run("r1", "How long?", "dabc"), "d")
    case(a_run("r2", "How much?", "bcad"), "d")
    at = page()
    assert "2 of 3 runs have grades" in said(at)
    assert list(table(at, "Step")["Step"]) == ["dense", "reranked", "kept"]
    first = table(at, "95% interval")
    assert list(first["Metric"])[:2] == ["P@5, order", "nDCG@5, order"] and set(first["95% interval"]) == {"–"}
    by_run = table(at, "Triage")
    assert set(by_run["Question"]) == {"How long?", "How much?"} and "run=bot%2Fr1" in " ".join(by_run["Triage"])
    unjudged = next(one.value for one in at.dataframe if list(one.value.columns) == ["Question"])
    assert list(unjudged["Question"]) == ["Who?"]
    assert "1 question without grades" in [one.label for one in at.expander]


def test_a_run_that_cannot_be_read_is_named_as_left_out():
    stored()
    case(a_run("r2", "How much?", "bcad"), "d")
    with caches.store().begin() as connection:
        connection.execute(sa.update(run_bodies).where(run_bodies.c.id == "r3").values(body=b"cut off"))
    at = page()
    (warning,) = [one.value.replace("\\", "") for one in at.warning if "Left out" in one.value]
    assert warning.startswith("Left out: the run “Who?” (r3): ")
    assert "1 of 2 runs has grades" in said(at)


def test_the_runs_are_replayed_with_other_cuts_where_one_asks():
    stored()
    case(a_run("r1", "How long?", "dabc"), "d")
    case(a_run("r2", "How much?", "bcad"), "d")
    at = page()
    assert not [one for one in at.dataframe if "answered" in one.value.columns]
    at.segmented_control(key="run_cuts").set_value("top_k").run()
    found = table(at, "answered").set_index("value")
    assert list(found.loc[[1, 3, 4], "answered"]) == [0.5, 0.5, 1.0] and not at.exception
    assert "50% to 100% of 2 runs keep a relevant document, by the value." in said(at)
    at.segmented_control(key="run_cuts").set_value("pool").run()
    assert "of 2 runs keep a relevant document" in said(at), [one.value for one in at.caption]
    at.segmented_control(key="run_cuts").set_value("threshold").run()
    assert "Some runs cannot be replayed so" in " ".join(one.value for one in at.warning) and not at.exception


def test_cases_of_a_project_that_is_called_like_a_collection_are_no_cases_of_the_collection():
    case(a_run("r1", "How long?", "dabc", "Sample corpus"), "d")
    at = AppTest.from_file(PAGE, default_timeout=120).run()
    at.segmented_control(key="eval_source").set_value("Triage cases").run()
    assert not at.exception and "There is no triage case yet" in said(at)
    assert not [one for one in at.button if one.key == "eval_score"]


def test_a_file_with_grades_judges_the_runs():
    stored()
    at = page()
    at.segmented_control(key="runs_judged_by").set_value(run_evaluation.FILES).run()
    rows = "query,document_id,grade\nWho?,a,1\nWho?,a.md,1\n"
    at.file_uploader(key="eval_files").set_value([("grades.csv", rows.encode(), "text/csv")]).run()
    assert not at.exception and "1 of 3 runs has grades" in said(at)
    told = "1 graded document is not in any list of this run, 'a.md'; it counts as never found."
    assert [one.value.replace("\\", "") for one in at.warning] == [told]
    means = table(at, "Step").set_index("Step")
    assert means.loc["dense", "RR@10"] == means.loc["kept", "RR@10"] == 1.0
