"""Recorded runs in a real browser: filtered by a link, opened by a click, kept by a reload, closed."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from rag_core.runs.store.run_book import RunBook
from rag_core.storage.database import FILE, Store
from tests.browser.conftest import App, settled
from tests.runs.samples import a_run

REFUNDS, POSTAGE = "How long do refunds take?", "Who pays the postage?"


def test_a_click_opens_a_run_on_inspect_and_a_reload_keeps_it(page: Page, app: App) -> None:
    store = Store(f"sqlite:///{app.data / FILE}")
    book = RunBook(store)
    book.add([a_run("r1", REFUNDS, "browser/bot"), a_run("r2", POSTAGE, "browser/shop", hours=1)])
    page.goto(f"{app.url}/runs?run_project=browser/bot")
    expect(page.get_by_test_id("headline")).to_contain_text(re.compile("1 of .* match"))
    settled(page)
    page.get_by_test_id("stDataFrame").click(position={"x": 16, "y": 52})
    expect(page).to_have_title("Inspect · Second Pass")
    for _ in range(2):
        expect(page.get_by_text(f"This is “{REFUNDS}”, a run of browser/bot")).to_be_visible()
        expect(page.get_by_test_id("stage-strip")).to_contain_text("reranked")
        settled(page)
        assert "run=browser%2Fbot%2Fr1" in page.url
        page.reload()
    page.get_by_role("button", name="Close this run").click()
    expect(page.get_by_role("textbox", name=re.compile("^Question"))).to_be_enabled()
    settled(page)
    assert "run=" not in page.url
    book.delete_project("browser/bot"), book.delete_project("browser/shop")
    store.close()
