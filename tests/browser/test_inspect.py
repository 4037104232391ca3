"""The main scene in a real browser: a question in, the whole way of it out."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Page, Position, expect

from tests.browser.conftest import App, ask, click_until, download, settled, upload
from tests.runs.odd_runs import odd_run

QUESTION = "How long do I have to ask for a refund of an annual plan?"


def test_a_typed_question_gives_the_whole_picture(page: Page, app: App) -> None:
    page.goto(app.url)
    ask(page, QUESTION)
    expect(page.get_by_test_id("headline")).to_contain_text("Best score")
    expect(page.get_by_test_id("answer")).not_to_be_empty()
    strip = page.get_by_test_id("step-strip")
    for step in ("Dense search", "Lexical search", "Fusion", "Rerank", "Kept", "Answer"):
        expect(strip).to_contain_text(step)
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    expect(page.get_by_test_id("stDataFrame").first).to_be_visible()
    expect(page.get_by_test_id("passage")).not_to_be_empty()
    assert page.locator("[data-testid=passage] mark").count() > 0


def test_the_link_carries_the_run_into_another_browser(page: Page, app: App) -> None:
    page.goto(f"{app.url}/?q=refund+annual+plan&k=2&pool=10")
    page.get_by_test_id("headline").wait_for()
    expect(page.get_by_role("textbox", name=re.compile("^Question "))).to_have_value("refund annual plan")
    expect(page.get_by_test_id("step-strip")).to_contain_text("10 → 2")


def test_a_click_anywhere_in_a_row_chooses_its_passage(page: Page, app: App) -> None:
    page.goto(f"{app.url}/?q=refund+annual+plan&r=No+reranker")
    chosen = page.get_by_role("combobox", name=re.compile("^Read a passage"))
    expect(chosen).to_have_value(re.compile(r"^1 "))
    settled(page)
    first = page.get_by_test_id("preview").inner_text()
    table, title_of_second_row = page.get_by_test_id("stDataFrame").first, Position(x=150, y=87)
    second = re.compile(r"^2 ")
    click_until(lambda most: expect(chosen).to_have_value(second, timeout=most), table, title_of_second_row)
    expect(page.get_by_test_id("preview")).not_to_have_text(first)


def test_a_slider_answers_by_replay(page: Page, app: App) -> None:
    page.goto(f"{app.url}/?q=refund+annual+plan&k=2")
    strip = page.get_by_test_id("step-strip")
    expect(strip).to_contain_text("10 → 2")
    slider = page.get_by_role("slider", name="Passages kept")
    slider.focus()
    slider.press("ArrowRight")
    expect(strip).to_contain_text("10 → 3")
    assert "k=3" in page.url


def test_no_reranker_is_said_in_words(page: Page, app: App) -> None:
    page.goto(f"{app.url}/?q=refund+annual+plan&r=No+reranker")
    expect(page.get_by_test_id("headline")).to_contain_text("No reranker: this is the fused order.")


def test_a_trace_downloads_and_opens_again(page: Page, app: App, tmp_path) -> None:
    page.goto(f"{app.url}/?q=refund+annual+plan")
    page.get_by_test_id("headline").wait_for()
    path = download(page, page.get_by_role("button", name="Run (JSON)"), tmp_path / "saved.json")
    assert json.loads(path.read_text())["query"] == "refund annual plan"
    page.goto(app.url)
    page.get_by_text("Open a saved run").click()
    upload(page.locator("[data-testid=stFileUploaderDropzoneInput]"), path)
    expect(page.get_by_text("This is a saved run")).to_be_visible()
    expect(page.get_by_test_id("headline")).to_be_visible()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{}", "No run can be read from this file"),
        ("not json", "No run can be read from this file"),
        ('{"version": 1, "query": "<script>alert(1)</script>"}', "This is not a trace"),
    ],
)
def test_a_file_that_is_no_trace_says_why(page: Page, app: App, tmp_path, content: str, said: str) -> None:
    path = tmp_path / "broken.json"
    path.write_text(content)
    page.goto(app.url)
    page.get_by_text("Open a saved run").click()
    upload(page.locator("[data-testid=stFileUploaderDropzoneInput]"), path)
    expect(page.get_by_text(said)).to_be_visible()


def test_a_recorded_run_is_replayed_and_the_settings_come_back(page: Page, app: App, tmp_path) -> None:
    path = tmp_path / "run.json"
    path.write_text(odd_run("dense and a reranker").to_json())
    page.goto(f"{app.url}/?k=3")
    page.get_by_test_id("headline").wait_for()
    page.get_by_text("Open a saved run").click()
    upload(page.locator("[data-testid=stFileUploaderDropzoneInput]"), path)
    expect(page.get_by_text("The sidebar replays it")).to_be_visible()
    page.get_by_role("combobox", name="Reranker").press("ArrowDown")
    page.get_by_role("option", name="Late interaction").click()
    page.get_by_role("button", name="Score 5 candidates").click()
    expect(page.get_by_text("This is a replay.")).to_be_visible()
    expect(page.get_by_test_id("step-strip")).to_contain_text("late-interaction")
    page.get_by_text("Open a saved run").click()
    page.get_by_role("button", name="Remove").first.click()
    expect(page.get_by_role("slider", name="Passages kept")).to_have_value("3")


def test_reading_stops_at_a_click_and_goes_on_at_another(page: Page, app: App) -> None:
    page.goto(f"{app.url}/?q=rotate+the+tokens+of+an+integration&pool=200&depth=200")
    page.get_by_test_id("so-far").wait_for()
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_test_id("headline")).to_contain_text("Reranking was stopped after")
    rest = page.get_by_role("button", name="Read the rest")
    rest.click()
    expect(rest).to_have_count(0)
    expect(page.get_by_test_id("headline")).not_to_contain_text("stopped")
