"""Reset puts every setting back, for good: on the page, in the link, and on the pages after it."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import App, go, settled

SET = "?q=refund+period&t_probability=0.2&pool=20&k=3&dw=0.5"


def settings(tab: Page) -> list[str]:
    """Pool, threshold and top-k as the sidebar shows them."""
    found = tab.get_by_test_id("stSidebar").get_by_test_id("stSlider").all_inner_texts()
    said = (re.search(r"^(Candidates to rerank|Threshold|Passages kept)[^\n]*\n+([\d.]+)", one) for one in found)
    return [f"{one[1]} {one[2]}" for one in said if one]


def test_reset_lasts(app: App, page: Page) -> None:
    page.goto(f"{app.url}/{SET}")
    sidebar = page.get_by_test_id("stSidebar")
    top_k = sidebar.get_by_test_id("stSlider").filter(has_text="Passages kept")
    expect(top_k).to_contain_text("3")
    settled(page)
    assert settings(page) == ["Candidates to rerank 20", "Threshold 0.200", "Passages kept 3"]
    changed = sidebar.get_by_text("* Changed: ")
    expect(changed).to_contain_text("First pass (cheap pre-filter), Candidates to rerank (pool), Dense weight")
    expect(changed).to_contain_text("Passages kept for the answer (top-k)")
    sidebar.get_by_role("button", name="Reset settings").click()
    expect(changed).to_have_count(0)
    expect(page).not_to_have_url(re.compile("fp=|pool=|t_probability=|k=3|dw="))
    for name in ("Compare", "Inspect"):
        go(page, name)
        expect(top_k).to_contain_text("5")
        assert settings(page) == ["Candidates to rerank 10", "Threshold 0.080", "Passages kept 5"]
        assert "refund+period" in page.url
