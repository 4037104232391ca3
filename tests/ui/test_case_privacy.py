"""A case runs again only on the collection that it names, whatever another person calls theirs."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rag_core.diagnosis import Expected, diagnose, locate
from rag_core.schema.chunking import Chunking
from rag_core.schema.documents import Document
from rag_core.schema.policy import Policy
from rag_core.triage import Finding, RerunOutcome, case_of
from ui import caches

PAGE = Path(__file__).parents[2] / "pages" / "6_triage.py"
NAME = "My documents"
QUESTION = "when does the refund arrive"
pytestmark = pytest.mark.usefixtures("sample")


def uploaded(owner: str, text: str) -> None:
    """A private collection under the name that the upload form proposes to everybody."""
    documents = [Document(id="refunds.md", text=text)]
    caches.private(owner).build(NAME, documents, Chunking(), caches.embedder(), owner=owner)


def cases_page(owner: str) -> AppTest:
    at = AppTest.from_file(str(PAGE), default_timeout=300)
    at.session_state["owner"] = owner
    at.query_params["view"] = "Cases"
    at.run()
    assert not at.exception
    return at


def saved_case(owner: str) -> str:
    trace = caches.pipeline(NAME, owner).run(QUESTION, Policy(reranker="none"))
    location = locate(caches.collection(NAME, owner), Expected(document="refunds.md"))
    case = case_of(trace, [Finding(location=location, diagnosis=diagnose(trace, location))])
    return caches.case_book().save(case).id


def test_another_persons_collection_of_the_same_name_is_never_searched_for_a_case():
    ana, ben = "a" * 32, "b" * 32
    uploaded(ana, "The refund arrives within five days.")
    case_id = saved_case(ana)
    uploaded(ben, "Ben's secret refund arrangement pays twice.")
    at = cases_page(ben)
    if at.checkbox:
        at.checkbox(key="rerun_private").check().run()
    at.button(key="rerun_all").click().run()
    job = caches.job_book().latest("rerun")
    assert job is not None
    caches.job_book().join(job.id)
    (again,) = caches.case_book().reruns_of(case_id).found
    assert again.outcome is RerunOutcome.FAILED and again.trace is None
    assert "is not here" in again.error
    assert "secret" not in again.model_dump_json()


def test_cases_about_a_private_collection_run_again_only_where_somebody_says_so():
    ana = "a" * 32
    uploaded(ana, "The refund arrives within five days.")
    case_id = saved_case(ana)
    at = cases_page(ana)
    assert at.button(key="rerun_all").disabled
    at.checkbox(key="rerun_private").check().run()
    at.button(key="rerun_all").click().run()
    job = caches.job_book().latest("rerun")
    assert job is not None
    caches.job_book().join(job.id)
    assert [one.outcome for one in caches.case_book().reruns_of(case_id).found] == [RerunOutcome.STILL_KEPT]
