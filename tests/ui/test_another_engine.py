"""The same documents in files, in Postgres and in Milvus: switching the collection changes no other control, and its
case and its report go along. The link is looked at in the browser (`tests/browser/test_another_engine.py`)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rag_core.cli.main import main
from rag_core.corpus.stored_indexing import index_into_store
from rag_core.errors import EngineError
from rag_core.evaluation import gate
from rag_core.evaluation.report import Report
from rag_core.retrieval.engines.connected_collection import ConnectedCollection
from rag_core.retrieval.engines.stores import store_named
from rag_core.schema.chunking import Chunking
from rag_core.schema.documents import Document
from rag_core.triage import RerunOutcome
from tests.retrieval.engines.http_server import KEY
from tests.retrieval.engines.milvus_server import MilvusServer
from tests.retrieval.engines.postgres_server import ADMIN, PostgresServer
from tests.ui.pages import done, page, said
from ui import caches

pytestmark = pytest.mark.usefixtures("sample")
FILES, COPY, OWNER = "Handbook", "Copy", "ab" * 16
QUESTION = "How many days does a refund take?"
DOCUMENTS = [
    Document(
        id=f"{name}.md", title=name.title(), text=text, source=source, tenant=tenant, updated_at=date(2026, 1, day)
    )
    for name, text, source, tenant, day in (
        ("refunds", "A refund takes five working days to arrive.", "policy", "acme", 1),
        ("returns", "Goods can be returned within thirty days. A refund follows.", "policy", "acme", 2),
        ("errors", "KB-17 means that the disk is full.", "chat", "zeta", 3),
        ("office", "The office closes at six on all days.", "chat", "zeta", 4),
    )
]
PAGES = ("1_inspect.py", "2_scores.py", "3_latency.py", "4_compare.py", "5_evaluate.py", "6_triage.py")
SLIDERS = {"k": 1, "best": 4, "fpn": 50, "fpd": 0.45, "fpl": 0.4, "depth": 40, "dw": 0.5, "lw": 2.0, "rrfk": 20}
CONTROLS = ("slider", "selectbox", "multiselect", "toggle", "checkbox", "text_input", "number_input", "date_input")
OF_AN_ENGINE = {"c", "fb", "unlisted"}
"""What is chosen, who fuses (where an index can), and a document that is not in the list (where there is a list)."""


@pytest.fixture
def in_files() -> None:
    """The documents in files."""
    caches.shared().build(FILES, DOCUMENTS, Chunking(), caches.embedder())


def stored(store: dict[str, str], secret: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The documents in the store too."""
    (tmp_path / "stores.json").write_text(json.dumps({"Team": {**store, "secret_env": "TEAM_PW"}}))
    monkeypatch.setenv("SECOND_PASS_STORES", str(tmp_path / "stores.json"))
    monkeypatch.setenv("TEAM_PW", secret)
    caches.settings.clear()
    settings = caches.settings()
    team = store_named("Team", settings.stores)
    index_into_store(COPY, team, DOCUMENTS, caches.embedder(), Chunking(), settings.data_dir)


@pytest.fixture
def in_postgres(
    in_files: None, pgvector_server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    address = pgvector_server.address(ADMIN[0])
    stored({"address": address, "schema": "same_documents"}, ADMIN[1], tmp_path, monkeypatch)
    yield
    pgvector_server.sql("DROP SCHEMA IF EXISTS same_documents CASCADE")


@pytest.fixture
def in_milvus(in_files: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    server = MilvusServer(tmp_path)
    stored({"kind": "milvus", "address": server.http.address}, KEY, tmp_path, monkeypatch)
    yield
    server.close()


@pytest.fixture(
    params=[
        pytest.param("in_postgres", marks=pytest.mark.postgres, id="postgres"),
        pytest.param("in_milvus", id="milvus"),
    ]
)
def in_both(request: pytest.FixtureRequest) -> None:
    request.getfixturevalue(request.param)


def controls(at: AppTest) -> dict[str, object]:
    """What every control says, but for those that only one engine has."""
    drawn = {str(one.key): one.value for kind in CONTROLS for one in at.get(kind) if one.key}
    return {key: value for key, value in drawn.items() if key not in OF_AN_ENGINE}


def switched(at: AppTest, collection: str) -> AppTest:
    return done(at.selectbox(key="c").set_value(collection).run())


def opened(name: str) -> AppTest:
    """A page over the files with every control of a run set to something of its own."""
    at = page(name, timeout=300, owner=OWNER, c=FILES, q=QUESTION)
    for key, value in {**SLIDERS, "t_probability": 0.02}.items():
        at.slider(key=key).set_value(value)
    at.toggle(key="sig").set_value(True)
    at.multiselect(key="tenant").set_value(["acme"])
    at.multiselect(key="source").set_value(["policy"])
    at.date_input(key="since").set_value(date(2026, 1, 1))
    if name == "6_triage.py":
        at.selectbox(key="doc").set_value("returns.md")
        at.text_input(key="quote").set_value("thirty days")
        at.button(key="find").click()
    return done(at.run())


@pytest.mark.parametrize("name", PAGES)
def test_every_control_stays_as_it_is(in_both: None, name: str) -> None:
    at = opened(name)
    before = controls(at)
    assert {key: before[key] for key in SLIDERS} == SLIDERS
    asked = (before["sig"], before["tenant"], before["source"], before["since"])
    assert asked == (True, ["acme"], ["policy"], date(2026, 1, 1))
    assert controls(switched(at, COPY)) == before, "in the other engine"
    assert not at.error and not at.warning, said(at)
    assert controls(switched(at, FILES)) == before, "and back in files"


def test_a_document_of_the_list_is_taken_once_the_index_answers(
    in_milvus: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, failures = ConnectedCollection.known_documents, [EngineError("It does not answer.")]

    def at_the_second_try(collection: ConnectedCollection, ids: Sequence[str]) -> set[str]:
        if failures:
            raise failures.pop()
        return known(collection, ids)

    monkeypatch.setattr(ConnectedCollection, "known_documents", at_the_second_try)
    at = page("6_triage.py", timeout=300, owner=OWNER, c=COPY, q=QUESTION, doc="Returns · returns.md")
    assert "It does not answer." in said(at)
    done(at.run())
    assert at.text_input(key="doc").value == "returns.md" and "It does not answer." not in said(at)


def test_a_case_that_is_saved_in_files_has_the_same_outcome_there(in_both: None) -> None:
    at = opened("6_triage.py")
    done(at.button(key="save_case_button").click().run())
    (case,) = caches.case_book().find().found
    saved = caches.case_book().get(case.id)
    assert saved.verdict.lost and saved.trace.collection.name == FILES
    done(switched(at, COPY).segmented_control(key="view").set_value("Cases").run())
    assert f"Saved on “{FILES}” (files). “{COPY}” (Team) is open." in said(at)
    for key in ("rerun", "rerun_here"):
        done(at.button(key=key).click().run())
    there, here = caches.case_book().reruns_of(case.id).found
    assert there.elsewhere is not None and there.elsewhere.name == COPY and here.elsewhere is None
    assert there.outcome is here.outcome is RerunOutcome.STILL_LOST and there.verdict is here.verdict is saved.verdict
    assert there.trace and here.trace and there.trace.policy == here.trace.policy == saved.trace.policy
    assert there.trace.where == saved.trace.where
    assert "“Returns” is there under the same id, with the same text." in said(at)


def test_a_report_of_the_files_is_what_the_other_engine_is_compared_with(
    in_both: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labels = tmp_path / "labels.csv"
    rows = [(QUESTION, "refunds.md"), ("until when can goods be returned", "returns.md"), ("disk full", "errors.md")]
    labels.write_text("query,document_id,grade\n" + "".join(f"{query},{name},1\n" for query, name in rows))
    assert main(["evaluate", str(labels), "--collection", FILES, "--out", str(tmp_path / "files")]) == 0
    report = tmp_path / "files" / "report.json"
    compared = ["--baseline", str(report), "--out", str(tmp_path / "copy")]
    assert main(["evaluate", str(labels), "--index", COPY, *compared]) == 0
    said_of_it = capsys.readouterr().err
    assert "No question changed (3 compared)" in said_of_it and "measured on another collection" in said_of_it
    assert "counts as never found" not in said_of_it
    there, here = (Report.read((tmp_path / name / "report.json").read_text()) for name in ("copy", "files"))
    assert gate.worse(there, here, ["nDCG@10"], "adjusted").changed == (gate.Changed.OTHER_COLLECTION,)
