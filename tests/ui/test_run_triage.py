"""Triage of a recorded run: from the run to the verdict, the smallest fix, the case, and the case run again."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit import config
from streamlit.testing.v1 import AppTest

from rag_core.diagnosis import Expected, Verdict, diagnose, locate_in_run
from rag_core.runs.as_trace import trace_of
from rag_core.runs.sent import run_from
from rag_core.schema.policy import Policy
from rag_core.schema.trace import Trace
from rag_core.triage import Finding, RerunOutcome, RunScorer, case_of, rerun_recorded
from rag_core.wording.verdicts import VERDICT_LABELS
from tests.runs.odd_runs import ODD, hits, odd_run, step
from ui import caches, links
from ui.sidebar.recorded import key_of

PAGES = Path(__file__).parents[2] / "pages"
PROJECT, RUN = "support bot", "1"
WHOLE = "three searches, fusion, two rerankers"
pytestmark = pytest.mark.usefixtures("sample")


def stored(name: str = WHOLE) -> Trace:
    caches.run_book().add([odd_run(name)])
    return trace_of(odd_run(name))


def page(file: str = "6_triage.py", **params: str) -> AppTest:
    at = AppTest.from_file(str(PAGES / file), default_timeout=120)
    at.query_params.update(params)
    at.run()
    assert not at.exception
    return at


def triage(expect: str = "", **params: str) -> AppTest:
    return page(run=f"{PROJECT}/{RUN}", **({"expect": expect} if expect else {}), **params)


def said(at: AppTest) -> str:
    shown = (*at.get("html"), *at.markdown, *at.caption, *at.info, *at.success, *at.warning, *at.error)
    return " ".join(str(one.proto) for one in shown).replace("\\", "")


def case_saved(document: str = "a", name: str = WHOLE) -> str:
    """A case of the run, as the page saves it."""
    trace = trace_of(odd_run(name))
    location = locate_in_run(trace, Expected(document=document))
    case = case_of(trace, [Finding(location=location, diagnosis=diagnose(trace, location))])
    return caches.case_book().save(case).id


@pytest.mark.parametrize("name", ODD)
def test_any_run_has_a_verdict_on_each_of_its_documents_and_on_one_that_it_does_not_have(name):
    trace = stored(name)
    for document in (*list(trace.passages)[:2], "escalation.md"):
        at = triage(document)
        found = diagnose(trace, locate_in_run(trace, Expected(document=document)))
        assert VERDICT_LABELS[found.verdict] in said(at)
        assert bool(found.needs) == any(one.value == "What to record" for one in at.subheader)


def test_a_document_is_chosen_and_the_smallest_fix_of_the_record_is_tried_and_undone():
    trace = stored()
    at = triage()
    box = next(one for one in at.selectbox if one.key.startswith("expect_doc"))
    box.select("a").run()
    assert at.query_params["expect"] == ["a"] or at.query_params["expect"] == "a"
    assert VERDICT_LABELS[Verdict.DEMOTED] in said(at) and "Top-k 3 instead of 2 keeps it, 3rd" in said(at)
    at.button(key="use0").click().run()
    assert at.slider(key=key_of(trace, "k")).value == 3
    assert "In the replay: kept" in said(at).replace("Kept", "kept") and not at.exception
    at.button(key="undo").click().run()
    assert VERDICT_LABELS[Verdict.DEMOTED] in said(at) and "In the replay" not in said(at)


def test_a_reranker_that_has_scored_the_run_becomes_one_of_the_fixes():
    trace = stored()
    at = triage("a")
    before = [one.label for one in at.button if str(one.key).startswith("use")]
    at.selectbox(key=key_of(trace, "r")).select("late-interaction").run()
    at.button(key="score_run").click().run()
    assert not at.exception and "In the replay" in said(at)
    at.button(key="undo").click().run()
    assert len([one for one in at.button if str(one.key).startswith("use")]) == len(before) + 1


def test_a_name_that_is_nearly_one_of_the_run_is_asked_about():
    found = [{"passage_id": "p1", "document_id": "payments.md", "text": "Pay."}]
    raw = {"project": PROJECT, "id": RUN, "query": "How?", "steps": [step("search", "search", found)]}
    caches.run_book().add([run_from(raw)])
    at = triage("payment")
    assert "Did you mean" in said(at) and not any("loss-strip" in str(one.proto) for one in at.get("html"))
    at.button(key="meant_none").click().run()
    assert VERDICT_LABELS[Verdict.MISSED] in said(at)
    at = triage("payment")
    at.button(key="meant0").click().run()
    assert "payments.md" in said(at) and "Did you mean" not in said(at) and not at.exception


def test_a_run_is_saved_as_a_case_that_is_listed_reopened_and_outlives_the_run():
    stored()
    at = triage("a")
    at.text_area(key="case_note").input("Told the wrong price")
    at.button(key="save_case_button").click().run()
    assert not at.exception and any("Saved" in one.value for one in at.success)
    (row,) = caches.case_book().find().found
    case = caches.case_book().get(row.id)
    assert (case.trace.origin.project, case.trace.origin.run_id, row.recorded) == (PROJECT, RUN, True)
    caches.run_book().delete(PROJECT, [RUN])
    at = page(view="Cases")
    listed = next(one.value for one in at.dataframe if "Last re-run" in one.value.columns)
    assert list(listed["Collection"]) == [f"{PROJECT} (recorded)"] and "recorded run 1 of" in said(at)
    at.button(key="reopen").click().run()
    assert not at.exception and VERDICT_LABELS[Verdict.DEMOTED] in said(at)


TWO_PASSAGES = [
    {"passage_id": "p1", "document_id": "d", "text": "Refunds are made to the card."},
    {"passage_id": "p2", "document_id": "d", "text": "It takes 30 days."},
    {"passage_id": "p3", "document_id": "e", "text": "Gift cards stay with you."},
]


@pytest.mark.parametrize(("document", "quote"), [("d", "30 days"), ("p2", "")], ids=["a quote", "a passage"])
def test_a_case_is_reopened_with_the_words_or_the_passage_that_it_expects_and_once_more(document, quote):
    steps = [step("dense", "search", TWO_PASSAGES), step("kept", "select", TWO_PASSAGES[:1], "dense")]
    caches.run_book().add([run_from({"project": PROJECT, "id": RUN, "query": "How?", "steps": steps})])
    at = triage(document)
    if quote:
        next(one for one in at.text_input if one.key.startswith("expect_quote")).input(quote).run()
    lost = VERDICT_LABELS[Verdict.NOT_SELECTED]
    assert lost in said(at)
    at.button(key="save_case_button").click().run()
    at = page(view="Cases")
    for _ in range(2):
        at.button(key="reopen").click().run()
        assert not at.exception and lost in said(at)
        assert next(one.value for one in at.selectbox if one.key.startswith("expect_doc")) == document
        assert next(one.value for one in at.text_input if one.key.startswith("expect_quote")) == quote
        at.segmented_control(key="view").set_value("Cases").run()


def field(at: AppTest, name: str) -> str | None:
    """What stands in a field of the form."""
    return next(one.value for one in [*at.selectbox, *at.text_input] if one.key.startswith(f"expect_{name}_"))


def test_the_link_carries_the_words_as_well_as_the_document():
    steps = [step("dense", "search", TWO_PASSAGES), step("kept", "select", TWO_PASSAGES[:1], "dense")]
    caches.run_book().add([run_from({"project": PROJECT, "id": RUN, "query": "How?", "steps": steps})])
    at = triage("d")
    assert VERDICT_LABELS[Verdict.KEPT] in said(at) and links.EXPECTED_QUOTE not in at.query_params
    next(one for one in at.text_input if one.key.startswith("expect_quote")).input("30 days").run()
    link = {name: "".join(at.query_params[name]) for name in links.OF_RUN}
    assert link == {"run": f"{PROJECT}/{RUN}", "expect": "d", "expect_quote": "30 days"}
    again = page(**link)
    assert (field(again, "doc"), field(again, "quote")) == ("d", "30 days")
    assert VERDICT_LABELS[Verdict.NOT_SELECTED] in said(again)
    next(one for one in again.selectbox if one.key.startswith("expect_doc")).select("e").run()
    assert field(again, "quote") == "30 days" and "".join(again.query_params["expect"]) == "e"
    next(one for one in again.text_input if one.key.startswith("expect_quote")).input("").run()
    assert links.EXPECTED_QUOTE not in again.query_params and not again.exception


def test_document_and_words_are_there_again_after_another_view():
    stored()
    at = triage("a", expect_quote="says")
    at.segmented_control(key="view").set_value("Cases").run()
    at.segmented_control(key="view").set_value("Why was it not found?").run()
    assert (field(at, "doc"), field(at, "quote")) == ("a", "says") and not at.exception


@pytest.mark.parametrize(("k", "outcome"), [(3, RerunOutcome.FIXED), (1, RerunOutcome.STILL_LOST)])
def test_a_case_is_replayed_with_the_present_settings_and_says_what_changed(k, outcome):
    case_id = case_saved("b")
    at = page(view="Cases", r="No reranker", k=str(k))
    at.button(key="rerun").click().run()
    assert not at.exception
    (again,) = caches.case_book().reruns_of(case_id).found
    assert again.outcome is outcome and f"Now: {outcome}" in " ".join(one.value for one in at.subheader)
    table = next(one.value for one in at.dataframe if "Then" in one.value.columns)
    assert {"top k", "reranker"} & set(table["What"])


def test_a_case_says_that_the_first_pass_is_not_replayed_and_what_is_read_instead():
    case_saved("b")
    told = "The first pass and its pool of 10 are not replayed: the reranker itself reads up to 100 candidates."
    assert told in said(page(view="Cases"))
    assert "first pass" not in said(page(view="Cases", r="No reranker"))
    caches.case_book().delete(caches.case_book().find().found[0].id)
    found = hits("abc", (0.9, 0.8, 0.7), texts=False)
    steps = [step("dense", "search", found, space="cosine"), step("kept", "select", found[:2], "dense")]
    trace = trace_of(run_from({"project": PROJECT, "id": RUN, "query": "How?", "steps": steps}))
    location = locate_in_run(trace, Expected(document="c"))
    caches.case_book().save(case_of(trace, [Finding(location=location, diagnosis=diagnose(trace, location))]))
    assert "The first pass and its pool of 10 are not replayed. The reranker is as recorded" in said(page(view="Cases"))


def test_a_case_names_a_threshold_that_is_for_other_scores_than_those_of_its_run():
    found = hits("abc", (0.9, 0.8, 0.7), texts=False)
    steps = [step("dense", "search", found, space="cosine"), step("kept", "select", found[:2], "dense")]
    trace = trace_of(run_from({"project": PROJECT, "id": RUN, "query": "How?", "steps": steps}))
    location = locate_in_run(trace, Expected(document="c"))
    caches.case_book().save(case_of(trace, [Finding(location=location, diagnosis=diagnose(trace, location))]))
    told = "The threshold is as recorded: it is for scores of another kind"
    assert told in said(page(view="Cases", t_probability="0.9"))
    assert "The threshold" not in said(page(view="Cases", t_probability="0.0"))


def test_all_open_cases_are_run_again_those_of_recorded_runs_too():
    case_id = case_saved("b")
    at = page(view="Cases", r="No reranker", k="3")
    at.button(key="rerun_all").click().run()
    job = caches.job_book().latest("rerun")
    caches.job_book().join(job.id)
    assert [one.outcome for one in caches.case_book().reruns_of(case_id).found] == [RerunOutcome.FIXED]


def test_what_could_not_be_told_then_is_neither_fixed_nor_still_kept_by_a_replay():
    case_id = case_saved("a", "dense and a reranker")
    case = caches.case_book().get(case_id)
    assert case.verdict is Verdict.CANNOT_TELL
    kept = rerun_recorded(case, Policy(reranker="none"), RunScorer(caches.reranker))
    lost = rerun_recorded(case, Policy(reranker="none", top_k=1), RunScorer(caches.reranker))
    assert kept.outcome is RerunOutcome.NOW_KEPT
    assert lost.outcome is (RerunOutcome.NOW_LOST if lost.verdict.lost else RerunOutcome.NOW_KEPT)
    missing = caches.case_book().get(case_saved("zzz", "a reranker whose input was not recorded"))
    assert rerun_recorded(missing, Policy(reranker="none"), RunScorer(caches.reranker)).outcome is RerunOutcome.UNKNOWN


def test_an_open_run_and_the_list_of_runs_offer_triage():
    stored()
    keys = {one.key for one in page("1_inspect.py", run=f"{PROJECT}/{RUN}").button}
    assert {"run_on_triage", "should_have", "another_should_have"} <= keys
    assert "run_triage" in {one.key for one in page("9_runs.py").button}


def test_deleting_a_project_names_its_cases():
    stored()
    case_saved("a")
    at = page("9_runs.py", run_project=PROJECT)
    at.button(key="run_delete").click().run()
    assert any("1 triage case" in one.value for one in at.markdown)


def test_cases_of_recorded_runs_are_closed_where_the_runs_are():
    case_saved("a")
    before = config.get_option("server.address")
    config.set_option("server.address", "0.0.0.0")
    try:
        at = page(view="Cases")
        assert "1 case of recorded runs is not listed. Recorded runs hold what people asked." in said(at)
        assert "SECOND_PASS_STRANGERS_MAY_READ_RUNS" in said(at) and "No cases yet" not in said(at)
    finally:
        config.set_option("server.address", before)
