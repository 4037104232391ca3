"""An upload that is kept in Postgres: chosen on the Corpus page, searched and added to there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from rag_core.corpus.sample import SAMPLE
from rag_core.corpus.storage.orders import OrderBook
from rag_core.errors import BadInput
from rag_core.retrieval.engines.every_index import StoredCollection, StoredCollections, every_index
from rag_core.retrieval.engines.stores import table_of
from tests.retrieval.engines.postgres_server import ADMIN, READER, PostgresServer
from tests.ui.pages import page, said
from tests.ui.test_calibration import calibrated_names, stuck
from ui import caches, stores
from ui.sidebar import indexes

NAME = "Team handbook"
QUERY = "How many days does a refund take?"
REFUNDS = ("refunds.md", b"# Refunds\n\nA refund takes five working days.", "text/markdown")
OFFICE = ("office.md", b"# Office\n\nThe office closes at six.", "text/markdown")
pytestmark = [pytest.mark.usefixtures("sample"), pytest.mark.postgres]


@pytest.fixture(autouse=True)
def server(
    pgvector_server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[PostgresServer]:
    """“Team” takes collections, “Locked” takes none from its user, and the password of “Unset” is not there."""
    address = pgvector_server.address
    stores = {
        "Team": {"address": address(ADMIN[0]), "schema": "by_pages", "secret_env": "TEAM_PW", "timeout_s": 5},
        "Locked": {"address": address(), "schema": "public", "secret_env": "LOCKED_PW"},
        "Unset": {"address": address(), "secret_env": "UNSET_PW"},
    }
    (tmp_path / "stores.json").write_text(json.dumps(stores))
    monkeypatch.setenv("SECOND_PASS_STORES", str(tmp_path / "stores.json"))
    monkeypatch.setenv("TEAM_PW", ADMIN[1])
    monkeypatch.setenv("LOCKED_PW", READER[1])
    caches.settings.clear()
    yield pgvector_server
    pgvector_server.sql("DROP SCHEMA IF EXISTS by_pages CASCADE")


def orders(at: AppTest) -> OrderBook:
    return OrderBook(caches.private(at.session_state["owner"]).root)


def handed_over(at: AppTest, file: tuple[str, bytes, str], store: str = "Team") -> AppTest:
    """The page after a click that indexes this file into a new collection there, or into the current one."""
    at.file_uploader[0].set_value([file])
    at.run()
    if at.radio(key="where_to").value == "A new collection":
        at.text_input(key="new_collection").set_value(NAME)
        at.selectbox(key="keep_in").set_value(store)
    at.button(key="index").click().run()
    assert not at.exception
    return at


def indexed(at: AppTest, file: tuple[str, bytes, str], store: str = "Team") -> AppTest:
    """The page once that is done."""
    handed_over(at, file, store)
    for order in orders(at).all().found:
        caches.job_book().join(order.id)
    at.run().run()
    assert not at.exception
    return at


def clicked(at: AppTest, label: str) -> AppTest:
    """The page after a click on the button of that name."""
    next(one for one in at.button if one.label == label).click().run()
    assert not at.exception
    return at


def candidates(at: AppTest) -> list[str]:
    table = next(one.value for one in at.dataframe if "passage_id" in one.value.columns)
    return list(table["passage_id"])


def test_an_upload_goes_into_the_database_and_is_searched_and_added_to(server: PostgresServer, tmp_path: Path) -> None:
    at = page("8_corpus.py")
    assert at.selectbox(key="keep_in").options == ["Files on this machine", "Team", "Locked"]
    assert "UNSET_PW is not set" in said(at)
    indexed(at, REFUNDS)
    at.selectbox(key="c").set_value(NAME).run()
    assert not at.exception and not at.error, said(at)
    assert "1 document written (1 passage)" in said(at) and "kept in Team" in said(at)
    assert any(one.value.startswith(":material/database: Kept in Team") for one in at.sidebar.caption)
    ((text,),) = server.sql(f"SELECT text FROM by_pages.{table_of(NAME)}")
    assert text == "A refund takes five working days."

    asked = page("1_inspect.py", c=NAME, q=QUERY)
    assert candidates(asked) == ["refunds.md::0"] and not asked.error, said(asked)

    at.radio(key="where_to").set_value(f"Add to {NAME}").run()
    indexed(at, OFFICE)
    assert f"{NAME}, in Team: 1 document written (1 passage)." in said(at)
    again = page("1_inspect.py", c=NAME, q=QUERY)
    assert sorted(candidates(again)) == ["office.md::0", "refunds.md::0"], "the question is searched again"

    files = [path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file()]
    shown = " ".join(str(one.proto) for one in [*at.main, *at.sidebar])
    assert ADMIN[1].encode() not in b"".join(files) and ADMIN[1] not in shown

    at.button(key="remove_stored").click().run()
    assert "deleted for good, with its 2 passages" in said(at)


def test_a_collection_in_the_database_is_renamed_and_its_documents_are_replaced_and_deleted(
    server: PostgresServer,
) -> None:
    at = indexed(page("8_corpus.py"), REFUNDS)
    at.selectbox(key="c").set_value(NAME).run()
    at.text_input(key="new_name_stored").set_value(SAMPLE)
    clicked(at, "Rename")
    assert f"There is a collection called {SAMPLE} already" in said(at)
    renamed = "Manual"
    at.text_input(key="new_name_stored").set_value(renamed)
    with stuck(NAME):
        clicked(at, "Rename")
        assert f"{NAME} keeps its name" in said(at) and stores.kept().find(NAME) and not stores.kept().find(renamed)
    clicked(at, "Rename")
    assert calibrated_names() == [(renamed, "")]
    assert f"{NAME} is now called {renamed}" in said(at) and at.selectbox(key="c").value == renamed, said(at)
    assert set(at.selectbox(key="c").options) == {SAMPLE, renamed}

    at.radio(key="where_to").set_value(f"Add to {renamed}").run()
    indexed(at, OFFICE)
    indexed(at, (REFUNDS[0], b"# Refunds\n\nA refund takes nine working days.", REFUNDS[2]))
    asked = page("1_inspect.py", c=renamed, q=QUERY)
    assert sorted(candidates(asked)) == ["office.md::0", "refunds.md::0"] and not asked.error, said(asked)
    rows = server.sql(f"SELECT document_id, text FROM by_pages.{table_of(NAME)} ORDER BY 1")
    assert rows == [("office.md", "The office closes at six."), ("refunds.md", "A refund takes nine working days.")]

    assert not at.multiselect, "nobody looks at it"
    at.session_state["index_tab_4"] = "Manage"
    at.run()
    at.multiselect[0].set_value(["office.md"]).run()
    clicked(at, "Delete 1 document")
    assert f"From {renamed}, for good:" in said(at) and "office.md" in said(at)
    stores.into("Team").remove_documents(renamed, ["office.md"])  # what its button does; AppTest clicks in no dialog
    assert candidates(page("1_inspect.py", c=renamed, q=QUERY)) == ["refunds.md::0"], "the question is searched again"


def test_what_was_renamed_keeps_its_table_from_others(server: PostgresServer) -> None:
    indexed(page("8_corpus.py"), REFUNDS)
    kept = stores.kept()
    kept.rename(NAME, "Manual")
    at = handed_over(page("8_corpus.py"), OFFICE)
    assert f"What was made as {NAME} in Team is called Manual now" in said(at)
    with pytest.raises(BadInput, match=r"There is no document lost\.md in Manual"):
        stores.into("Team").remove_documents("Manual", ["refunds.md", "lost.md"])
    assert server.sql(f"SELECT document_id FROM by_pages.{table_of(NAME)}") == [("refunds.md",)], "nothing is deleted"
    kept.rename("Manual", NAME)
    assert [one.made_as for one in kept.all().found] == [""]
    with pytest.raises(BadInput, match="There is no collection Manual"):
        kept.rename("Manual", "Wiki")


def test_what_the_database_refuses_is_said_and_can_be_tried_again(server: PostgresServer) -> None:
    at = indexed(page("8_corpus.py"), REFUNDS, "Locked")
    assert "may not make tables in the schema public" in said(at)
    assert at.selectbox(key="c").options == [SAMPLE]
    (order,) = orders(at).all().found
    server.sql(f"GRANT CREATE ON SCHEMA public TO {READER[0]}")
    try:
        at.button(key=f"go_on_{order.id}").click().run()
        caches.job_book().join(order.id)
        at.run().run()
        assert NAME in at.selectbox(key="c").options and "1 document written" in said(at), said(at)
    finally:
        server.sql(f"REVOKE CREATE ON SCHEMA public FROM {READER[0]}")
        server.sql(f"DROP TABLE IF EXISTS public.{table_of(NAME)}")


def test_a_server_that_is_gone_is_said_before_anything_is_handed_over(server: PostgresServer) -> None:
    at = page("8_corpus.py")
    server.stop()
    try:
        handed_over(at, REFUNDS)
        assert "Nothing answers at" in said(at) and not orders(at).all().found
    finally:
        server.start()


def test_a_broken_file_of_stores_is_said_and_files_still_take_an_upload(tmp_path: Path) -> None:
    (tmp_path / "stores.json").write_text("{")
    at = page("8_corpus.py")
    at.file_uploader[0].set_value([REFUNDS])
    at.run()
    assert "The file of stores is no JSON" in said(at) and not at.button(key="index").disabled
    assert not [one for one in at.selectbox if one.key == "keep_in"]


def test_a_stranger_writes_into_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECOND_PASS_OWN_MODELS", "false")
    caches.settings.clear()
    StoredCollections(caches.settings().data_dir).keep(StoredCollection(name=NAME, store="Team", embedder="packaged"))
    at = page("8_corpus.py")
    assert not [one for one in at.selectbox if one.key == "keep_in"]
    at = page("8_corpus.py", c=NAME)
    assert not at.file_uploader and not [one for one in at.button if one.key == "remove_stored"]
    assert "There is no table" in said(at)


@pytest.mark.parametrize("name", ["1_inspect.py", "8_corpus.py"])
def test_a_run_of_a_page_reads_what_is_in_stores_once(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []

    def counted(*given: Any) -> Any:
        read.append(1)
        return every_index(*given)

    monkeypatch.setattr(indexes, "every_index", counted)
    at = page(name)
    assert len(read) == 1
    kept = StoredCollection(name=NAME, store="Team", embedder="packaged")
    StoredCollections(caches.settings().data_dir).keep(kept)
    at.run()
    assert len(read) == 2 and NAME in at.selectbox(key="c").options, "what is there since is seen by the next run"


def test_without_stores_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SECOND_PASS_STORES")
    caches.settings.clear()
    at = page("8_corpus.py")
    assert not [one for one in at.selectbox if one.key == "keep_in"]
