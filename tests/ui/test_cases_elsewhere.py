"""A case whose collection is not the open one, or is not here: what the page says, and what each button runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rag_core.corpus.storage.manifest import Manifest, read_manifest
from rag_core.diagnosis import Expected, diagnose, locate
from rag_core.schema.base import new_id
from rag_core.schema.chunking import Chunking
from rag_core.schema.documents import Document
from rag_core.schema.policy import Policy
from rag_core.triage import Finding, RerunOutcome, case_of
from tests.ui.conftest import DOCUMENTS
from tests.ui.pages import done, page, said
from ui import caches
from ui.panels.to_triage import Filled

OWNER = "ab" * 16
QUESTION = "how long does a refund take"
LOST = Policy(reranker="none", first_pass=None, top_k=1)
pytestmark = pytest.mark.usefixtures("sample")


@pytest.fixture
def case_id() -> str:
    """A case of “Handbook”, beside which there is a “Copy” of the same documents."""
    documents = [
        Document(id=name, title=name.removesuffix(".md").title(), text=text) for name, text in DOCUMENTS.items()
    ]
    for name in ("Handbook", "Copy"):
        caches.shared().build(name, documents, Chunking(), caches.embedder())
    trace = caches.pipeline("Handbook", OWNER).run(QUESTION, LOST)
    location = locate(caches.collection("Handbook", OWNER), Expected(document="returns.md"))
    case = case_of(trace, [Finding(location=location, diagnosis=diagnose(trace, location))])
    return caches.case_book().save(case).id


def cases_page(collection: str) -> AppTest:
    return page("6_triage.py", timeout=300, owner=OWNER, c=collection, view="Cases", r="none", k=1)


def buttons(at: AppTest) -> dict[str, str]:
    return {str(one.key): one.label for one in at.button if one.key in ("rerun", "rerun_here", "reopen")}


def test_on_its_own_collection_nothing_is_said(case_id: str) -> None:
    at = cases_page("Handbook")
    assert "Saved on" not in said(at)
    assert buttons(at) == {"rerun": "Re-run with the current settings", "reopen": "Open in Triage"}


def test_each_place_has_its_button_and_the_outcome_says_where_it_ran(case_id: str) -> None:
    at = cases_page("Copy")
    assert "Saved on “Handbook” (files). “Copy” (files) is open." in said(at)
    assert buttons(at)["rerun"] == "Re-run on Handbook" and buttons(at)["rerun_here"] == "Re-run on Copy"
    done(at.button(key="rerun").click().run())
    assert "Run on" not in said(at)
    done(at.button(key="rerun_here").click().run())
    assert (
        "Run on “Copy”, not on the “Handbook” that the case was saved on. “Returns” is there under the same id, with "
        "the same text." in said(at)
    )
    copy, own = caches.case_book().reruns_of(case_id).found
    assert (copy.outcome, own.outcome) == (RerunOutcome.STILL_LOST, RerunOutcome.STILL_LOST)
    assert copy.elsewhere and copy.elsewhere.name == "Copy" and own.elsewhere is None
    listed = next(one.value for one in at.dataframe if "Last re-run" in one.value.columns)
    assert list(listed["Last re-run"]) == ["still lost, on Copy"]


def test_a_document_that_the_open_collection_does_not_have_is_said(case_id: str) -> None:
    caches.shared().delete_documents("Copy", ["returns.md"])
    at = done(cases_page("Copy").button(key="rerun_here").click().run())
    assert "It has no document of the id, the text or the title of “Returns”." in said(at)
    assert "Copy has no document “Returns”" in said(at) or "Copy has no document “returns.md”" in said(at)


def test_a_case_whose_collection_is_gone_is_run_and_reopened_on_the_open_one(case_id: str) -> None:
    caches.shared().remove("Handbook")
    at = cases_page("Copy")
    assert "Saved on “Handbook”, which is not here. “Copy” (files) is open." in said(at)
    assert buttons(at) == {"rerun_here": "Re-run on Copy", "reopen": "Open in Triage"}
    done(at.button(key="rerun_here").click().run())
    assert [one.outcome for one in caches.case_book().reruns_of(case_id).found] == [RerunOutcome.STILL_LOST]
    done(at.button(key="reopen").click().run())
    assert at.selectbox(key="c").value == "Copy" and at.selectbox(key="doc").value == "returns.md"


def test_what_would_be_stored_of_a_private_collection_is_said_before(case_id: str) -> None:
    documents = [Document(id=name, text=text) for name, text in DOCUMENTS.items()]
    caches.private(OWNER).build("Mine", documents, Chunking(), caches.embedder(), owner=OWNER)
    assert "“Mine” is private. A re-run on it stores its passages for everyone here." in said(cases_page("Mine"))


@pytest.mark.parametrize("gone", [False, True])
def test_an_index_that_cannot_be_opened_leaves_the_cases_of_others_as_they_are(
    case_id: str, gone: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weaviate = {"kind": "weaviate", "address": "http://localhost:9", "index": "Chunks", "fields": {"text": "body"}}
    entries = {"No text": {**weaviate, "fields": {}}, "Exact": {**weaviate, "exact": True}}
    (tmp_path / "indexes.json").write_text(json.dumps(entries))
    monkeypatch.setenv("SECOND_PASS_INDEXES", str(tmp_path / "indexes.json"))
    caches.settings.clear()
    if gone:
        caches.shared().remove("Handbook")
    at = cases_page("Copy")
    assert "rerun_here" in buttons(at) and ("rerun" in buttons(at)) is not gone
    assert "Choose the field of the text" not in said(at) and "Weaviate cannot be searched without" in said(at)


def test_cases_of_more_collections_that_are_gone_read_no_more_of_those_that_are_here(
    case_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def counted(folder: Path) -> Manifest:
        read.append(folder)
        return read_manifest(folder)

    caches.shared().remove("Handbook")
    at, read = cases_page("Copy"), list[Path]()
    monkeypatch.setattr("rag_core.corpus.storage.collection_store.read_manifest", counted)
    done(at.run())
    one_case, book = len(read), caches.case_book()
    case = book.get(case_id)
    for n in range(5):
        gone = case.trace.collection.with_(name=f"Gone {n}", id=new_id(), fingerprint=f"{n}" * 64)
        book.save(case.with_(id=new_id(), trace=case.trace.with_(collection=gone)))
    read.clear()
    done(at.run())
    assert "6 open cases are of collections that are not here" in said(at)
    assert len(read) == one_case


@pytest.mark.parametrize("chosen", [False, True])
def test_of_all_open_cases_those_without_a_collection_run_on_the_open_one_by_choice(case_id: str, chosen: bool) -> None:
    caches.shared().remove("Handbook")
    at = cases_page("Copy")
    assert "1 open case is of a collection that is not here: “Handbook”." in said(at)
    box = at.checkbox(key="rerun_elsewhere")
    assert box.label == "Re-run it on “Copy”, the one that is open"
    if chosen:
        box.check().run()
    done(at.button(key="rerun_all").click().run())
    job = caches.job_book().latest("rerun")
    assert job is not None
    caches.job_book().join(job.id)
    (again,) = caches.case_book().reruns_of(case_id).found
    assert (again.outcome, bool(again.elsewhere)) == (
        (RerunOutcome.STILL_LOST, True) if chosen else (RerunOutcome.FAILED, False)
    )
    assert chosen or "is not here" in again.error


def test_cases_of_another_collection_are_labelled_questions_by_choice(case_id: str) -> None:
    at = page("5_evaluate.py", timeout=300, owner=OWNER, c="Copy", r="none", eval_source="Triage cases")
    assert at.selectbox(key="eval_cases_of").options == ["Copy, 0 cases", "Handbook, 1 case"]
    assert "Copy has no triage case yet." in said(at)
    done(at.selectbox(key="eval_cases_of").set_value("Handbook").run())
    assert "These cases were saved on “Handbook”. Their documents are looked for in “Copy” by their ids." in said(at)
    done(at.button(key="eval_score").click().run())
    assert "1 labelled question, 1 grade." in said(at) and "counts as never found" not in said(at)


def test_on_a_live_retriever_a_case_whose_collection_is_gone_waits_for_a_choice(
    case_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    caches.shared().remove("Handbook")
    monkeypatch.setattr("ui.sidebar.searched.is_live", lambda _: True)
    at = cases_page("Copy")
    assert "Saved on “Handbook”, which is not here. Choose a collection to run it on." in said(at)
    assert "Choose a collection to re-run it on." in said(at)
    assert buttons(at) == {} and not [one for one in at.checkbox if one.key == "rerun_elsewhere"]


def test_a_run_of_a_collection_that_is_gone_fills_no_form_and_says_why(case_id: str) -> None:
    trace = caches.case_book().get(case_id).trace
    caches.shared().remove("Handbook")
    at = page("6_triage.py", timeout=300, owner=OWNER, c="Copy", to_triage=Filled(trace, "returns.md"))
    assert "is not here, or has other content now" in said(at)
    assert (at.selectbox(key="c").value, at.text_input(key="q").value) == ("Copy", "")
