"""An upload that is kept in Milvus, in the browser: chosen, asked, with the server away, and removed."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.conftest import ask, serving, settled
from tests.browser.test_connected_index import ask_again
from tests.browser.test_stored_collection import removed, uploaded
from tests.retrieval.engines.http_server import KEY
from tests.retrieval.engines.milvus_server import MilvusServer
from tests.serving import free_port


def test_an_upload_is_kept_in_milvus(page: Page, tmp_path: Path) -> None:
    server = MilvusServer(tmp_path)
    store = {"kind": "milvus", "address": server.http.address, "secret_env": "TEAM_PW"}
    (tmp_path / "stores.json").write_text(json.dumps({"Team": store}))
    port = free_port()
    command = ("streamlit", "run", "app.py", "--server.headless", "true", "--server.port", str(port))
    variables = {"SECOND_PASS_STORES": str(tmp_path / "stores.json"), "TEAM_PW": KEY}
    with serving(tmp_path, f"http://localhost:{port}", *command, **variables) as app:
        uploaded(page, app.url)
        ask(page, "How many crates is the wombat quota?")
        expect(page.get_by_test_id("answer")).to_contain_text("417 crates")
        settled(page)

        server.http.stop()
        ask_again(page, "Which depot has a quota?")
        expect(page.get_by_text("Nothing answers at").first).to_be_visible()
        server.http.start()
        settled(page)
        ask(page, "Which depot has a quota of crates?")
        expect(page.get_by_test_id("answer")).to_contain_text("northern depot")
        settled(page)

        removed(page)
        assert KEY not in page.content() and KEY not in app.log
    assert server.client.list_collections() == []
    server.http.stop()
    server.client.close()
