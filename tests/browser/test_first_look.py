"""What somebody sees who tries the app for the first time: an example, another pool, a fix that can be undone."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import ROOT, App, settled
from tests.browser.test_triage import triage
from ui.navigation import PAGES, PURPOSES

EXAMPLES = json.loads((ROOT / "sample_corpus" / "examples.json").read_text(encoding="utf-8"))
FIRST_START_MS = 600_000


@pytest.fixture(autouse=True)
def indexed(page: Page, app: App) -> None:
    """The start page, once the sample is there."""
    page.goto(app.url)
    page.get_by_test_id("headline").wait_for(timeout=FIRST_START_MS)


def test_the_first_example_is_answered_by_a_click(page: Page, app: App) -> None:
    page.get_by_text(EXAMPLES[0]["shows"]).first.click()
    expect(page.get_by_test_id("answer").locator("sup").first).to_be_visible()
    expect(page.get_by_test_id("step-strip")).to_have_count(1)


def test_the_example_that_is_lost_leads_to_its_triage(page: Page, app: App) -> None:
    page.get_by_text(EXAMPLES[1]["shows"]).first.click()
    expect(page.get_by_text(re.compile("Wrong: .* is not kept")).first).to_be_visible()
    settled(page)
    page.get_by_role("button", name="See why").click()
    expect(page).to_have_title("Triage · Second Pass")
    expect(page.get_by_test_id("loss-strip").locator(".sp-loss-lost")).to_contain_text("lost here")


def test_every_page_has_its_title_and_one_line_on_what_it_is_for(page: Page, app: App) -> None:
    for _, title, _ in PAGES:
        settled(page)
        page.get_by_test_id("stSidebarNavLink").filter(has_text=title).click()
        expect(page).to_have_title(f"{title} · Second Pass")
        expect(page.get_by_role("heading", level=1)).to_have_text([title])
        expect(page.get_by_text(PURPOSES[title])).to_be_visible()


def test_the_time_shown_is_that_of_the_pool(page: Page, app: App) -> None:
    page.goto(f"{app.url}/?q=refund+of+a+plan+for+a+year&k=2&pool=6&t_probability=0")  # asked by no other test
    strip = page.get_by_test_id("step-strip")
    expect(strip).to_contain_text("6 → 2")
    expect(strip).not_to_contain_text("about")
    slider = page.get_by_role("slider", name=re.compile("pool", re.IGNORECASE))
    slider.focus()
    slider.press("ArrowLeft")
    expect(strip).to_contain_text("5 → 2")
    expect(strip).to_contain_text("about")


def test_a_fix_that_was_tried_is_said_and_can_be_undone(page: Page, app: App) -> None:
    page.goto(triage(app, k=1))
    settled(page)
    page.get_by_role("button", name="Try it").first.click()
    undo = page.get_by_role("button", name="Undo")
    expect(undo.first).to_be_visible()
    settled(page)
    expect(undo).to_have_count(1)
    expect(page.get_by_text(re.compile(r"Top-k is now \d+ \(was 1\)")).first).to_be_visible()
    settled(page)
    undo.click()
    expect(undo).to_have_count(0)
    expect(page.get_by_test_id("loss-strip").last.locator(".sp-loss-lost")).to_contain_text("Top-k")
