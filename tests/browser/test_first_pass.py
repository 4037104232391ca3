"""A first pass from a link: what it did is said, drawn, and there again after a reload."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import App, settled

LINK = "?q=How+long+do+I+have+to+ask+for+a+refund%3F&fp=Late+interaction+%28MaxSim%29&fpn=40&pool=10"


def test_a_link_carries_a_first_pass_through_a_reload(page: Page, app: App) -> None:
    page.goto(f"{app.url}/{LINK}")
    for _ in range(2):
        expect(
            page.get_by_text("First pass: Late interaction (MaxSim) read 40, the best 10 went on to")
        ).to_be_visible()
        expect(page.get_by_test_id("step-strip")).to_contain_text("40 → 10")
        expect(page.get_by_text("30 ended at the first pass")).to_be_visible()
        page.reload()
    assert "fpn=40" in page.url and "pool=" not in page.url


def test_what_it_cut_is_drawn_on_demand(page: Page, app: App) -> None:
    page.goto(f"{app.url}/{LINK}")
    lines = page.locator(".js-plotly-plot").first.locator(".scatterlayer .trace.scatter")
    more = page.get_by_text(re.compile(r"Draw the other \d+ that the first pass cut"))
    expect(more).to_be_visible()
    settled(page)
    expect(lines).not_to_have_count(0)
    few, told = lines.count(), re.search(r"\d+", more.inner_text())
    more.click()
    expect(lines).to_have_count(few + int(told[0] if told else 0))


def test_another_reranker_keeps_the_default_first_pass_in_its_link(page: Page, app: App) -> None:
    page.goto(f"{app.url}/?q=How+long+do+I+have+to+ask+for+a+refund%3F")
    settled(page)
    page.get_by_role("combobox", name=re.compile("^Reranker")).press("ArrowDown")
    page.get_by_role("option", name="second-pass-minilm-v3").click()
    page.wait_for_url(re.compile("v=3"))
    for _ in range(2):
        expect(page.get_by_text("read 100, the best 10 went on to second-pass-minilm-v3")).to_be_visible()
        settled(page)
        page.reload()
    page.get_by_test_id("stSidebar").get_by_role("button", name="Reset settings").click()
    expect(page).not_to_have_url(re.compile("v=3|r="))
