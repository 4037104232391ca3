"""An upload that is kept in Postgres, in the browser: chosen, asked, with the server away, and removed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.browser.conftest import ask, go, serving, settled, upload
from tests.browser.test_connected_index import ask_again
from tests.retrieval.engines.postgres_server import ADMIN, PostgresServer
from tests.serving import free_port

pytestmark = pytest.mark.postgres
FACT = "The wombat quota for the northern depot is 417 crates."


def test_an_upload_is_kept_in_postgres(page: Page, pgvector_server: PostgresServer, tmp_path: Path) -> None:
    store = {"address": pgvector_server.address(ADMIN[0]), "schema": "by_browser", "secret_env": "TEAM_PW"}
    (tmp_path / "stores.json").write_text(json.dumps({"Team": store}))
    port = free_port()
    command = ("streamlit", "run", "app.py", "--server.headless", "true", "--server.port", str(port))
    variables = {"SECOND_PASS_STORES": str(tmp_path / "stores.json"), "TEAM_PW": ADMIN[1]}
    try:
        with serving(tmp_path, f"http://localhost:{port}", *command, **variables) as app:
            uploaded(page, app.url)
            ask(page, "How many crates is the wombat quota?")
            expect(page.get_by_test_id("answer")).to_contain_text("417 crates")
            settled(page)

            pgvector_server.stop()
            ask_again(page, "Which depot has a quota?")
            expect(page.get_by_text("Nothing answers at").first).to_be_visible()
            pgvector_server.start()
            settled(page)
            ask(page, "Which depot has a quota of crates?")
            expect(page.get_by_test_id("answer")).to_contain_text("northern depot")
            settled(page)

            removed(page)
            assert ADMIN[1] not in page.content() and ADMIN[1] not in app.log
    finally:
        pgvector_server.sql("DROP SCHEMA IF EXISTS by_browser CASCADE")


def uploaded(page: Page, url: str) -> None:
    """A file goes into a new collection in “Team”, which is then asked on Inspect."""
    page.goto(f"{url}/corpus")
    page.get_by_role("tab", name="Add documents").click()
    file: FilePayload = {"name": "depot.md", "mimeType": "text/markdown", "buffer": FACT.encode()}
    upload(page.locator("[data-testid=stFileUploaderDropzoneInput]"), [file])
    expect(page.get_by_text("54 characters")).to_be_visible()
    settled(page)
    page.get_by_role("combobox", name="Keep it in").click()
    page.get_by_role("option", name="Team").click()
    expect(page.get_by_text("It is kept in that database")).to_be_visible()
    settled(page)
    page.get_by_role("button", name="Index", exact=True).click()
    expect(page.get_by_text(re.compile(r"in Team: 1 document written \(1 passage\)"))).to_be_visible()
    settled(page)
    page.get_by_role("button", name="Ask about them").click()
    expect(page).to_have_title("Inspect · Second Pass")
    settled(page)


def removed(page: Page) -> None:
    """Its document is deleted, then the collection with its table, each once that is confirmed."""
    go(page, "Corpus")
    expect(page.get_by_text("kept in Team and seen by everyone")).to_be_visible()
    settled(page)
    page.get_by_role("tab", name="Manage").click()
    settled(page)
    page.get_by_role("combobox", name="Delete documents").click()
    page.get_by_role("option", name="depot.md").click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Delete 1 document").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete 1 document").click()
    expect(page.get_by_text("1 document deleted from My documents.")).to_be_visible()
    settled(page)
    page.get_by_role("button", name="Remove this collection").click()
    expect(page.get_by_text("will be deleted for good, with its 0 passages")).to_be_visible()
    page.get_by_role("dialog").get_by_role("button", name="Remove this collection").click()
    expect(page.get_by_text("My documents was removed.")).to_be_visible()
