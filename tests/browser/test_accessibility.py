"""No page has a serious or critical accessibility fault, in light or dark, as axe-core counts them, or skips a
level of headings."""

from __future__ import annotations

from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, Page, expect

from rag_core.runs.store.run_book import RunBook
from rag_core.storage.database import FILE, Store
from tests.browser.conftest import PAGE_MS, App, ask, go, profile, settled
from tests.runs.samples import a_run

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text(encoding="utf-8")
QUESTION = "How long do I have to ask for a refund?"
PAGES = ("", "scores", "latency", "compare", "evaluate", "triage", "rerankers", "corpus", "runs")
ASKED = ("", "scores", "latency", "compare", "triage")

RESTS = """() => document.getAnimations().every(
    one => one.playState !== 'running' || !(one.timeline instanceof DocumentTimeline))"""
"""No animation runs; one that follows how far a box is scrolled never ends, and does not move."""


def faults(page: Page) -> list[str]:
    """Rule, impact and the first places of every serious or critical fault and of skipped headings, once it rests."""
    settled(page)
    page.wait_for_function(RESTS)
    page.evaluate(AXE)
    found = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{one['id']} ({one['impact']}): " + "; ".join(node["html"][:160] for node in one["nodes"][:4])
        for one in found["violations"]
        if one["impact"] in ("serious", "critical") or one["id"] == "heading-order"
    ]


@pytest.fixture(params=["light", "dark"])
def tab(request: pytest.FixtureRequest, browser: Browser, app: App):
    context = profile(browser, color_scheme=request.param)
    context.set_default_timeout(PAGE_MS)
    yield context.new_page()
    context.close()


def test_every_page_before_and_after_a_question(tab: Page, app: App) -> None:
    found = {}
    store = Store(f"sqlite:///{app.data / FILE}")
    book = RunBook(store)
    for name in PAGES:
        tab.goto(f"{app.url}/{name}")
        expect(tab.locator("h1")).to_have_count(1)
        found[f"/{name}"] = faults(tab)
    book.add(a_run(f"r{day}", hours=-24 * day) for day in range(3))
    tab.goto(f"{app.url}/runs")
    tab.get_by_test_id("headline").wait_for()
    found["/runs with runs"] = faults(tab)
    book.delete_project("bot")
    store.close()
    tab.goto(app.url)
    ask(tab, QUESTION)
    for name in ASKED:
        if name:
            go(tab, tab.locator(f"[data-testid=stSidebarNavLink][href*='/{name}']").inner_text().splitlines()[-1])
        found[f"/{name} with a question"] = faults(tab)
    assert {place: some for place, some in found.items() if some} == {}
