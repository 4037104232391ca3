"""A filter and an extra search, from a link and from the sidebar."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.conftest import App

LINK = "?q=refund+annual+plan&r=No+reranker&depth=10&xn=1&x1_tenant=halvorsen&x1_name=Freight"


def test_a_link_carries_an_extra_search(page: Page, app: App) -> None:
    page.goto(f"{app.url}/{LINK}")
    expect(page.get_by_test_id("step-strip")).to_contain_text("1 search")
    expect(page.get_by_role("heading", name="What each search brought")).to_be_visible()
    expect(page.get_by_test_id("passage")).not_to_be_empty()
    page.get_by_test_id("stSidebar").get_by_text("Extra searches", exact=True).click()
    expect(page.get_by_role("textbox", name="Name")).to_have_value("Freight")


def test_a_filter_of_the_link_holds_and_is_said(page: Page, app: App) -> None:
    page.goto(f"{app.url}/{LINK}&tenant=castellan")
    expect(page.get_by_text("filter_alt Only passages with tenant castellan.")).to_be_visible()
    expect(page.get_by_test_id("step-strip")).to_contain_text("→ 0")  # halvorsen's own are not castellan's
