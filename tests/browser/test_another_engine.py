"""The same documents in files and in Postgres: a loss is found and kept as a case in files, then the other collection
is chosen. The link, the controls and the document stay, and the case is run there by a click."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from urllib.parse import parse_qs, quote_plus, urlsplit

import pytest
from playwright.sync_api import Page, expect

from rag_core.corpus.storage.visible import shared_library
from rag_core.corpus.stored_indexing import index_into_store
from rag_core.retrieval.embedders.sentence_embedder import SentenceEmbedder
from rag_core.retrieval.engines.stores import store_named
from rag_core.schema.chunking import Chunking
from rag_core.schema.documents import Document
from rag_core.settings import Settings
from tests.browser.conftest import serving, settled
from tests.browser.test_triage import lost_at, open_cases, save_case
from tests.retrieval.engines.postgres_server import ADMIN, PostgresServer
from tests.serving import free_port

pytestmark = pytest.mark.postgres
FILES, COPY = "Handbook", "Handbook (Postgres)"
QUESTION = "How many days does a refund take?"
DOCUMENTS = [
    Document(id=f"help/{name}.md", title=title, text=text, source=source, updated_at=date(2026, 1, 1))
    for name, title, source, text in (
        ("refunds", "Refunds", "policy", "A refund takes five working days to arrive."),
        ("returns", "Returns · goods", "policy", "Goods can be returned within thirty days. A refund follows."),
        ("office", "Office", "chat", "The office closes at six on all days."),
    )
]
SETTINGS = {"r": "No reranker", "k": "1", "depth": "40", "dw": "0.5", "pool": "30", "source": "policy"}


def test_a_loss_its_link_and_its_case_follow_to_postgres(
    page: Page, pgvector_server: PostgresServer, packaged: SentenceEmbedder, tmp_path: Path
) -> None:
    store = {"address": pgvector_server.address(ADMIN[0]), "schema": "followed", "secret_env": "TEAM_PW"}
    (tmp_path / "stores.json").write_text(json.dumps({"Team": store}))
    settings = Settings(data_dir=tmp_path / "data", stores=str(tmp_path / "stores.json"))
    shared_library(settings).build(FILES, DOCUMENTS, Chunking(), packaged)
    named = store_named("Team", settings.stores, {"TEAM_PW": ADMIN[1]})
    index_into_store(COPY, named, DOCUMENTS, packaged, Chunking(), settings.data_dir)
    port = free_port()
    command = ("streamlit", "run", "app.py", "--server.headless", "true", "--server.port", str(port))
    variables = {"SECOND_PASS_STORES": str(tmp_path / "stores.json"), "TEAM_PW": ADMIN[1]}
    try:
        with serving(tmp_path, f"http://localhost:{port}", *command, **variables) as app:
            asked = {"c": FILES, "q": QUESTION, "doc": "help/returns.md", **SETTINGS}
            page.goto(f"{app.url}/triage?" + "&".join(f"{name}={quote_plus(value)}" for name, value in asked.items()))
            expect(lost_at(page)).to_contain_text("Top-k")
            in_files = page.url
            save_case(page, "to be moved")

            settled(page)
            chosen(page, COPY)
            expect(page.get_by_role("textbox", name="Document that should have answered")).to_have_value(
                "help/returns.md"
            )
            expect(lost_at(page)).to_contain_text("Top-k")
            settled(page)
            assert link(page) == {**asked, "c": COPY}
            page.reload()
            expect(lost_at(page)).to_contain_text("Top-k")
            page.goto(in_files.replace("c=Handbook", f"c={quote_plus(COPY)}"))  # somebody else's link, to the other one
            expect(lost_at(page)).to_contain_text("Top-k")
            settled(page)
            assert link(page) == {**asked, "c": COPY}

            open_cases(page)
            expect(page.get_by_text(f"Saved on “{FILES}” (files). “{COPY}” (Team) is open.")).to_be_visible()
            page.get_by_role("button", name=f"Re-run on {COPY}").click()
            expect(page.get_by_role("heading", name="Now: still lost")).to_be_visible()
            expect(
                page.get_by_text(f"Run on “{COPY}”, not on the “{FILES}” that the case was saved on.")
            ).to_be_visible()
            expect(page.get_by_text("is there under the same id, with the same text.")).to_be_visible()
            settled(page)

            chosen(page, FILES)
            expect(page.get_by_role("button", name="Re-run with the current settings")).to_be_visible()
            settled(page)
            page.get_by_role("button", name="Open in Triage").click()
            page.get_by_role("button", name="Find out why").wait_for()
            expect(lost_at(page)).to_contain_text("Top-k")
            settled(page)
            assert link(page) == {**asked, "doc": "Returns · goods · help/returns.md"}
    finally:
        pgvector_server.sql("DROP SCHEMA IF EXISTS followed CASCADE")


def chosen(page: Page, collection: str) -> None:
    """That collection, in the sidebar."""
    page.get_by_role("combobox", name="Collection").click()
    page.get_by_role("option", name=collection, exact=True).click()
    settled(page)


def link(page: Page) -> dict[str, str]:
    """What the address says."""
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}
