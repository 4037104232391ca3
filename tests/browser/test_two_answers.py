"""The answer without reranking stands beside the reranked one, with what differs in a sentence; a link carries it."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.conftest import App


def test_both_answers_stand_side_by_side(page: Page, app: App) -> None:
    page.goto(f"{app.url}/?q=refund+annual+plan&k=3")
    page.get_by_test_id("headline").wait_for()
    page.get_by_text("Compare with the answer without reranking").click()
    expect(page.get_by_test_id("two-answers")).to_contain_text("answer")
    expect(page.get_by_test_id("answer_plain")).not_to_be_empty()
    expect(page.get_by_test_id("answer")).not_to_be_empty()
    expect(page.get_by_text("Made from 3 passages")).to_have_count(2)
    assert "vs=true" in page.url


def test_without_a_reranker_there_is_nothing_to_compare(page: Page, app: App) -> None:
    page.goto(f"{app.url}/?q=refund+annual+plan&r=No+reranker&vs=true")
    expect(page.get_by_test_id("answer")).not_to_be_empty()
    expect(page.get_by_test_id("answer_plain")).to_have_count(0)
