"""Nothing is asked of any other server, and no address in somebody's text becomes a link."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import App, profile
from ui.navigation import PAGES

ADDRESSES = "Ask http://evil.example/x or www.evil.example or a@evil.example"


def test_no_page_asks_another_server(browser: Browser, app: App) -> None:
    asked: set[str] = set()
    tab = profile(browser).new_page()
    tab.on("request", lambda request: asked.add(urlsplit(request.url).hostname or "localhost"))
    for file, title, _ in PAGES:
        tab.goto(f"{app.url}/{file.partition('_')[2].removesuffix('.py')}")
        expect(tab.get_by_role("heading", name=title, exact=True)).to_be_visible()
        expect(tab.get_by_test_id("stSidebarNavLink").first).to_be_visible()
        expect(tab.locator("link[rel='shortcut icon']")).to_have_attribute("href", re.compile("/media/|^data:"))
    tab.context.close()
    assert asked == {"localhost"}


def test_an_address_in_a_text_is_no_link(page: Page, app: App) -> None:
    page.goto(f"{app.url}/inspect?q=refund&c={ADDRESSES.replace(' ', '+')}")
    told = page.get_by_text("evil").first
    expect(told).to_be_visible()
    assert page.locator("a[href*=evil]").count() == 0
