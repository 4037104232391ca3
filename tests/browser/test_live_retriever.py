"""A live retriever in the browser: connected, asked like a collection, read by another reranker, kept in Runs."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from rag_core.runs.store.run_book import RunBook
from tests.browser.conftest import App, go, settled
from tests.browser.test_runs import store_of
from tests.runs.live.search_server import KEY, plain, serving


def test_a_retriever_is_connected_and_asked(app: App, page: Page):
    with serving(plain) as server:
        page.goto(f"{app.url}/corpus")
        page.get_by_role("tab", name="Connect a retriever").click()
        page.get_by_role("textbox", name="Name", exact=True).fill("Support search")
        page.get_by_role("textbox", name="Address").fill(server.url)
        page.get_by_role("textbox", name="Key", exact=True).fill(KEY)
        page.get_by_role("textbox", name="Question to try").fill("Is the disk full?")
        page.get_by_role("button", name="Try it").click()
        expect(page.get_by_text("returned 3 results in")).to_be_visible()
        page.get_by_role("button", name="Connect", exact=True).click()
        expect(page.get_by_text("Support search is connected for this session")).to_be_visible()
        page.get_by_role("button", name="Ask it on Inspect").click()
        expect(page.get_by_text("See what your retriever returns")).to_be_visible()
        settled(page)
        box = page.get_by_role("textbox", name="Question (to: Support search)")
        box.fill("Is the disk full?")
        box.press("Enter")
        expect(page.get_by_text("returned 3 results in")).to_be_visible()
        expect(page.get_by_test_id("headline")).to_contain_text("3 passages kept")
        asked = len(server.requests)
        assert server.requests[-1].headers["Authorization"] == f"Bearer {KEY}" and KEY not in page.url

        settled(page)
        page.get_by_role("button", name="Keep in Runs").click()
        expect(page.get_by_role("button", name="On the Runs page")).to_be_disabled()
        settled(page)
        page.get_by_role("combobox", name="Reranker").click()
        page.get_by_role("option", name="late interaction").first.click()
        page.get_by_role("button", name="Score 3 candidates").click()
        expect(page.get_by_text("This is a replay.")).to_be_visible()
        assert len(server.requests) == asked

        go(page, "Runs")
        expect(page.get_by_role("heading", name="Runs", exact=True)).to_be_visible()
        assert KEY not in page.content()
    assert KEY not in app.log
    RunBook(store_of(app)).delete_project("Support search")
