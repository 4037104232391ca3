"""The list of cases: files in and out, and the job that runs them again, as a user goes through the page."""

from __future__ import annotations

import io
import os
import sys
import threading
from pathlib import Path

import pytest
from streamlit.runtime.download_data_util import convert_data_to_bytes_and_infer_mime
from streamlit.runtime.uploaded_file_manager import UploadedFile
from streamlit.testing.v1 import AppTest

from rag_core.corpus.sample import SAMPLE
from rag_core.diagnosis import Expected, diagnose, locate
from rag_core.jobs import JobControl
from rag_core.schema.policy import DEFAULT_RERANKER, Policy
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.threshold import Threshold
from rag_core.schema.trace import Trace
from rag_core.triage import Finding, RerunOutcome, Status, case_of, exchange, export_cases
from rag_core.wording.verdicts import VERDICT_LABELS
from tests.triage.samples import a_case
from ui import caches
from ui.panels import case_files, case_reruns, job_progress

PAGE = Path(__file__).parents[2] / "pages" / "6_triage.py"
OWNER = "ab" * 16
QUESTION = "KB-17 refund arrives"
"""Finds errors.md, refunds.md and returns.md in this order; the answer quotes refunds.md alone."""
pytestmark = pytest.mark.usefixtures("sample")


def cases_page() -> AppTest:
    at = AppTest.from_file(str(PAGE), default_timeout=300)
    at.query_params["view"] = "Cases"
    at.run()
    assert not at.exception
    return at


def imported(at: AppTest, data: bytes) -> AppTest:
    at.file_uploader(key="import_cases").set_value(("cases.jsonl", data, "application/jsonl")).run()
    at.button(key="import_button").click().run()
    assert not at.exception
    return at


def whole(file: UploadedFile, *_: object) -> bytes:
    """What stands in for the ways to read a file as a whole, which only the test tool itself goes."""
    caller = sys._getframe(1).f_globals["__name__"]
    assert caller.startswith("streamlit.testing"), f"{caller} reads the file as a whole"
    return bytes(io.BytesIO.getbuffer(file))


def test_a_case_file_is_imported_line_by_line_and_its_bad_lines_are_named(monkeypatch):
    for way in ("read", "getvalue", "getbuffer"):
        monkeypatch.setattr(UploadedFile, way, whole)
    case = a_case()
    at = imported(cases_page(), b"no case\n" * 21 + export_cases([case]).encode())
    assert at.success[0].value == "1 imported, 0 already here."
    assert "this is not complete JSON" in at.error[0].value
    assert [at.error[20].value, len(at.error)] == ["1 more lines are no cases.", 21]
    assert caches.case_book().get(case.id) == case


def test_a_file_over_the_limit_is_refused_with_what_to_do(monkeypatch):
    monkeypatch.setattr(exchange, "MAX_BYTES", 10)
    at = imported(cases_page(), export_cases([a_case()]).encode())
    assert "Split it between lines and import the parts" in at.error[0].value
    assert caches.case_book().find().found == ()


def test_the_export_is_written_to_a_file_case_by_case_and_can_be_imported_again():
    known = [caches.case_book().save(a_case(question)) for question in ("one?", "two?")]
    with case_files.export_file() as file:
        assert os.fstat(file.fileno()).st_size > 0
        data = convert_data_to_bytes_and_infer_mime(file, ValueError())[0]
    for case in known:
        caches.case_book().delete(case.id)
    imported(cases_page(), data)
    assert {row.id for row in caches.case_book().find().found} == {case.id for case in known}


def test_a_job_is_looked_at_again_and_again_only_while_it_runs(polled: list[float]):
    over = threading.Event()

    def work(control: JobControl) -> str:
        assert over.wait(60)
        return "nothing was run"

    job = caches.job_book().start(case_reruns.KIND, 1, work)
    cases_page()
    assert polled == [job_progress.REFRESH_S]
    over.set()
    caches.job_book().join(job.id)
    polled.clear()
    cases_page()
    assert polled == []


def saved_case(document: str, settings: Policy, model: str = DEFAULT_RERANKER) -> str:
    """A case of the sample's collection, as it is saved where nobody looked at an answer. model: what the default
    reranker was then."""
    trace = caches.pipeline(SAMPLE, OWNER).run(QUESTION, settings)
    trace = Trace.read(trace.to_json().replace(f'"{DEFAULT_RERANKER}"', f'"{model}"').encode())
    location = locate(caches.collection(SAMPLE, OWNER), Expected(document=document))
    case = case_of(trace, [Finding(location=location, diagnosis=diagnose(trace, location))])
    return caches.case_book().save(case).id


def triage_page(**settings: object) -> AppTest:
    at = AppTest.from_file(str(PAGE), default_timeout=300)
    at.session_state["owner"] = OWNER
    at.query_params.update({name: str(value) for name, value in settings.items()})
    at.run()
    assert not at.exception
    return at


def test_a_rerun_says_what_find_the_loss_says_on_the_same_settings_and_is_fixed_only_if_cited():
    lost = Policy(reranker="none", top_k=1)
    unused, cited = saved_case("returns.md", lost), saved_case("refunds.md", lost)
    settings = {"r": "No reranker", "k": 3, "q": QUESTION}
    for case_id, name in ((unused, "returns"), (cited, "refunds")):
        seen = triage_page(**settings, doc=f"{name}.md")
        at = triage_page(**settings, view="Cases")
        at.selectbox(key="case").set_value(case_id).run()
        at.button(key="rerun").click().run()
        assert not at.exception
        (again,) = caches.case_book().reruns_of(case_id).found
        assert again.verdict
        assert any(f"{VERDICT_LABELS[again.verdict]}]" in one.value for one in seen.markdown), name
    outcomes = {row.id: row.outcome for row in caches.case_book().find().found}
    assert outcomes == {unused: RerunOutcome.STILL_LOST, cited: RerunOutcome.FIXED}


def test_a_status_that_a_rerun_contradicts_is_changed_by_a_click():
    case_id = saved_case("refunds.md", Policy(reranker="none", top_k=1))
    for k, status in ((3, Status.FIXED), (1, Status.OPEN)):
        at = triage_page(r="No reranker", k=k, view="Cases")
        at.button(key="rerun").click().run()
        at.button(key="agree").click().run()
        assert not at.exception
        assert caches.case_book().get(case_id).status is status
        assert at.selectbox(key=f"status_{case_id}").value is status
        assert "agree" not in [one.key for one in at.button]


def test_a_case_of_a_reranker_that_no_longer_ships_is_opened_without_its_threshold():
    cut = Policy(threshold=Threshold(minimum=0.01, space=ScoreSpace.PROBABILITY))
    case_id = saved_case("refunds.md", cut, model="second-pass-minilm-v2+late-interaction")
    at = triage_page(view="Cases")
    at.selectbox(key="case").set_value(case_id).run()
    at.button(key="reopen").click().run()
    assert not at.exception and at.selectbox(key="r").value == DEFAULT_RERANKER
    usual = triage_page(q=QUESTION).slider(key="t_probability").value
    assert usual != 0.01 and at.slider(key="t_probability").value == usual
    assert "second-pass-minilm-v2 no longer ships" in at.sidebar.warning[0].value.replace("\\", "")
    at.run()
    assert at.sidebar.warning
    at.selectbox(key="r").set_value("late-interaction").run()
    assert not at.exception and not at.sidebar.warning


def test_settings_without_a_reranker_leave_the_first_pass_for_the_next_reranker():
    saved_case("refunds.md", Policy(reranker="none", first_pass=None, pool=100))
    at = triage_page(view="Cases")
    at.button(key="reopen").click().run()
    assert at.selectbox(key="r").value == "none" and at.slider(key="pool").value == 100
    at.selectbox(key="r").set_value(DEFAULT_RERANKER).run()
    assert not at.exception
    assert (at.selectbox(key="fp").value, at.slider(key="best").value) == ("late-interaction", 10)


def test_a_link_opens_its_case_and_says_where_it_is_gone():
    first, _ = (saved_case("refunds.md", Policy(reranker="none", top_k=k)) for k in (1, 2))
    at = triage_page(case=first)
    assert at.selectbox(key="case").value == first
    assert at.query_params["case"] == first
    assert [one.value for one in at.code if f"?case={first}" in one.value]
    gone = triage_page(case="0" * 32)
    assert any("was deleted" in one.value for one in gone.warning)
    assert any("was deleted" in one.value for one in gone.run().warning)
    gone.selectbox(key="case").set_value(first).run()
    assert not any("was deleted" in one.value for one in gone.warning)


def test_a_link_to_a_case_says_so_where_there_are_no_cases_at_all():
    assert any("does not exist" in one.value for one in triage_page(case="nosuch").warning)


def test_a_search_finds_tags():
    case = caches.case_book().save(a_case(tags=("sso",)))
    assert [row.id for row in caches.case_book().find(text="SSO").found] == [case.id]


def test_deleting_a_case_names_it_and_can_be_called_off():
    case_id = saved_case("refunds.md", Policy(reranker="none", top_k=1))
    at = cases_page()
    at.button(key="delete_case").click().run()
    assert any(QUESTION.replace("-", "\\-") in one.value and "0 re" in one.value for one in at.markdown)
    at.button(key="delete_case_cancel").click().run()
    assert not at.exception and caches.case_book().lookup(case_id)
    assert "delete_case_sure" not in [one.key for one in at.button]
