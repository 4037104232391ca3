"""Under a base path, as behind a proxy, every link holds: the menu's, Back's, and those in tables."""

from __future__ import annotations

import shutil
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PAGE_MS, App, go, profile, settled, started
from tests.browser.test_links import await_link
from tests.serving import free_port

LINK = "q=refund+period&pool=10&k=3&eval_size=12"


def test_links_hold_under_a_base_path(page: Page, app: App, browser: Browser, tmp_path: Path) -> None:
    page.goto(app.url)
    page.get_by_test_id("headline").wait_for()
    shutil.copytree(app.data / "collections", tmp_path / "data" / "collections")  # the sample's index, made once
    with started(tmp_path, free_port(), base="tools/rag") as app:
        tab = profile(browser).new_page()
        tab.set_default_timeout(PAGE_MS)
        tab.goto(f"{app.url}/?{LINK}")
        expect(tab.get_by_test_id("step-strip")).to_contain_text("→ 3")
        go(tab, "Evaluate")
        tab.reload()
        settled(tab)
        await_link(tab, f"{LINK}&fp=Off")
        assert "/tools/rag/evaluate" in tab.url
        tab.get_by_role("button", name="Evaluate 12 questions").click()
        expect(tab.get_by_role("heading", name="Questions that changed most")).to_be_visible()
        expect(tab.get_by_role("heading", name="Fine-tune on these grades")).to_be_visible()
        settled(tab)
        table = tab.get_by_test_id("stDataFrame").last
        table.scroll_into_view_if_needed()
        box = table.bounding_box()
        assert box
        first = {"x": box["width"] - 45, "y": 52}  # the link to Triage in the first row
        with tab.context.expect_page() as opened:
            for _ in range(30):  # a canvas: it takes a while to find out over what the pointer is
                table.hover(position=first)
                tab.wait_for_timeout(500)
                table.click(position=first)
                tab.wait_for_timeout(1000)
                if len(tab.context.pages) > 1:
                    break
        there = opened.value
        expect(there).to_have_title("Triage · Second Pass")
        assert "/tools/rag/triage?" in there.url
        assert "k=3" in there.url
        tab.go_back()
        expect(tab).to_have_title("Inspect · Second Pass")
        tab.context.close()
