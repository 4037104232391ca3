"""Stores that other people's apps made, in the browser: connected without code, by what the page guesses, and asked.

A table of LangChain's `langchain-postgres`, and a collection of Chroma that LlamaIndex filled from a folder.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import App, ask, settled
from tests.retrieval.engines.chroma_server import ChromaServer, installed
from tests.retrieval.engines.postgres_server import READER, PostgresServer
from tests.retrieval.engines.stranger_stores import LLAMA_INDEX, PGVECTOR, made_by
from tests.retrieval.engines.test_stranger_stores import COLLECTIONS, HANDBOOK, QUERY, admin

pytestmark = [pytest.mark.slow, pytest.mark.package]


@pytest.fixture
def langchain(pgvector_server: PostgresServer, embedded) -> Iterator[PostgresServer]:
    made_by(PGVECTOR, embedded, admin(pgvector_server), COLLECTIONS)
    yield pgvector_server
    pgvector_server.sql("DROP TABLE langchain_pg_embedding, langchain_pg_collection")


@pytest.fixture
def llama_index(tmp_path: Path, embedded) -> Iterator[ChromaServer]:
    folder = tmp_path / "documents"
    folder.mkdir()
    for name, (_, text) in HANDBOOK.items():
        (folder / name).write_text(text)
    server = ChromaServer(tmp_path / "chroma")
    server.start()
    try:
        made_by(LLAMA_INDEX, embedded, str(server.port), "handbook", str(folder), path=installed())
        yield server
    finally:
        server.stop()


def opened(page: Page, app: App, name: str) -> None:
    """The form, with a name in it."""
    page.goto(f"{app.url}/corpus")
    page.get_by_role("tab", name="Connect an index").click()
    page.get_by_role("textbox", name="Name", exact=True).fill(name)


def connected_and_asked(page: Page, name: str) -> None:
    """Connect what the form shows, and ask it on Inspect."""
    expect(page.get_by_text("Its first rows")).to_be_visible()
    settled(page)
    page.get_by_role("button", name="Connect", exact=True).click()
    expect(page.get_by_text(f"{name} is connected for this session")).to_be_visible()
    expect(page.get_by_text("made these vectors").first).to_be_visible()
    settled(page)
    page.get_by_role("button", name="Ask it on Inspect").click()
    expect(page.get_by_text(f"{name}: 2 passages.")).to_be_visible()
    settled(page)
    ask(page, QUERY)
    expect(page.get_by_text("A refund takes five working days to arrive").first).to_be_visible()
    settled(page)


def test_a_table_that_langchain_made(page: Page, app: App, langchain: PostgresServer) -> None:
    opened(page, app, "LangChain's")
    page.get_by_role("textbox", name="Address").fill(langchain.address())
    page.get_by_role("textbox", name="Password", exact=True).fill(READER[1])
    page.get_by_role("button", name="Show its tables").click()
    table = page.get_by_role("combobox", name="Table")
    expect(table).to_be_visible()
    settled(page)
    table.click()
    page.get_by_role("option", name="langchain_pg_embedding · handbook").click()
    expect(page.get_by_role("combobox", name="Title", exact=True)).to_have_value("cmetadata.title")
    connected_and_asked(page, "LangChain's")
    expect(page.get_by_text("Refunds").first).to_be_visible()
    assert "Boil the leeks" not in page.content()


def test_a_collection_that_llama_index_made(page: Page, app: App, llama_index: ChromaServer) -> None:
    opened(page, app, "LlamaIndex's")
    kind = page.get_by_role("combobox", name="Type of index")
    kind.click()
    page.get_by_role("option", name="Chroma").click()
    expect(page.get_by_role("textbox", name="Tenant and database")).to_be_visible()
    settled(page)
    page.get_by_role("textbox", name="Address").fill(llama_index.address)
    page.get_by_role("button", name="Show its collections").click()
    expect(page.get_by_role("combobox", name="Title", exact=True)).to_have_value("file_name")
    connected_and_asked(page, "LlamaIndex's")
