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

from rag_core.jobs import JobControl
from rag_core.triage import exchange, export_cases
from tests.triage.samples import a_case
from ui import caches
from ui.panels import case_list, job_progress

PAGE = Path(__file__).parents[2] / "pages" / "6_triage.py"
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
    with case_list.export_file() as file:
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

    job = caches.job_book().start(case_list.KIND, 1, work)
    cases_page()
    assert polled == [job_progress.REFRESH_S]
    over.set()
    caches.job_book().join(job.id)
    polled.clear()
    cases_page()
    assert polled == []
