"""The first address that a freshly started server is asked for may be any page's: no start page comes before it."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import started
from tests.serving import free_port
from ui.navigation import PAGES

TITLES = [title for _, title, _ in PAGES]


def shown(tab: Page) -> tuple[list[str], str]:
    """The pages in the sidebar, once they are there, and the one that is open."""
    links = tab.get_by_test_id("stSidebarNavLink")
    expect(links.first).to_contain_text(TITLES[0])
    expect(links).to_have_count(len(TITLES))
    tab.get_by_role("button", name="Reset settings").wait_for()
    return [name.split("\n")[-1] for name in links.all_inner_texts()], tab.title()


def test_a_page_opened_first_is_that_page(browser: Browser, tmp_path: Path) -> None:
    with started(tmp_path, free_port()) as app:
        tab = browser.new_page()
        for address, title in (("scores", TITLES[1]), ("evaluate", TITLES[4]), ("", TITLES[0]), ("scores", TITLES[1])):
            tab.goto(f"{app.url}/{address}")
            assert shown(tab) == (TITLES, f"{title} · Second Pass")
            assert tab.get_by_role("dialog").count() == 0
            assert tab.get_by_text("Page not found").count() == 0
        tab.close()


def test_the_first_click_on_a_fresh_server_counts(browser: Browser, tmp_path: Path) -> None:
    with started(tmp_path, free_port()) as app:
        tab = browser.new_page()
        tab.goto(f"{app.url}/corpus")
        tab.get_by_role("tab", name="Add documents").click()
        expect(tab.get_by_test_id("stFileUploaderDropzone").first).to_be_visible()
        tab.close()
