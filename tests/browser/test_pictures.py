"""Scores, latency and comparison in a real browser: what a slider does, what a link carries, what a file holds."""

from __future__ import annotations

import csv
import re
import sqlite3
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import App, download, settled

FIRST_START_MS = 600_000
QUESTION = "What does KB-ERR-2847-fatal mean?"
LINK = "q=What+does+KB-ERR-2847-fatal+mean%3F&pool=10&r=Late+interaction+(MaxSim)"


@pytest.fixture(scope="module", autouse=True)
def warm(browser: Browser, app: App) -> None:
    """The sample is indexed before the first of these tests looks at a link."""
    tab = browser.new_page()
    tab.goto(f"{app.url}/?{LINK}")
    tab.get_by_test_id("headline").wait_for(timeout=FIRST_START_MS)
    tab.close()


def pairs_paid_for(app: App) -> int:
    """How many pair scores the app has computed so far: the rows of its cache."""
    with sqlite3.connect(app.data / "second_pass.db") as database:
        return int(database.execute("SELECT count(*) FROM pair_scores").fetchone()[0])


def test_the_threshold_from_nothing_to_all_ends_in_i_do_not_know(page: Page, app: App) -> None:
    page.goto(f"{app.url}/scores?{LINK}")
    expect(page.get_by_test_id("kept").locator("li")).to_have_count(5)
    settled(page)
    before = pairs_paid_for(app)
    slider = page.get_by_role("slider", name=re.compile("^Try a threshold"))
    slider.focus()
    slider.press("End")
    expect(page.get_by_test_id("verdict")).to_contain_text("I don't know")
    expect(page.get_by_text("0 of 10 candidates are at or over maxsim 1.00")).to_be_visible()
    slider.press("Home")
    expect(page.get_by_test_id("kept").locator("li")).to_have_count(5)
    assert pairs_paid_for(app) == before


def test_one_click_puts_the_threshold_into_the_policy(page: Page, app: App) -> None:
    page.goto(f"{app.url}/scores?{LINK}&cut_maxsim=0.99")
    page.get_by_role("button", name="Set the threshold to maxsim 0.99").click()
    policy = page.get_by_role("slider", name=re.compile(r"^Threshold \(maxsim\)"))
    expect(policy).to_have_value("0.99")
    assert "t_maxsim=0.99" in page.url
    page.reload()
    expect(page.get_by_test_id("verdict")).to_contain_text("I don't know")


def test_a_link_is_the_same_in_a_second_browser(page: Page, app: App, browser: Browser) -> None:
    page.goto(f"{app.url}/scores?{LINK}")
    slider = page.get_by_role("slider", name=re.compile("^Try a threshold"))
    slider.focus()
    for _ in range(3):
        slider.press("ArrowRight")
    page.wait_for_url(re.compile("cut_maxsim=0.015"))
    other = browser.new_context().new_page()
    other.goto(page.url)
    again = other.get_by_role("slider", name=re.compile("^Try a threshold"))
    expect(again).to_have_value("0.015")
    other.context.close()


def test_every_picture_has_its_table_to_download(page: Page, app: App, tmp_path: Path) -> None:
    page.goto(f"{app.url}/scores?{LINK}")
    page.get_by_role("button", name="Table").first.click()
    path = download(page, page.get_by_role("button", name="CSV", exact=True).first, tmp_path / "curve.csv")
    rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    assert [int(row["place"]) for row in rows] == list(range(1, 11))
    scores = [float(row["score"]) for row in rows]
    assert scores == sorted(scores, reverse=True)


def test_off_against_on_shows_the_moved_document_on_both_sides(page: Page, app: App) -> None:
    page.goto(f"{app.url}/compare?q=someone+quit%2C+what+happens+to+her+documents&pool=20&r=Late+interaction+(MaxSim)")
    headline = page.get_by_test_id("headline").first
    expect(headline).to_contain_text("B brings in")
    moved = re.search(r"B brings in “(.+?)”, (\d+)\w\w in A and (\d+)\w\w in B", headline.inner_text())
    assert moved, headline.inner_text()
    chart = page.locator(".js-plotly-plot").first
    title = moved[1].split(":")[0][:20]
    expect(chart.locator("text").filter(has_text=title).filter(has_text=moved[2])).not_to_have_count(0)
    expect(chart.locator("text").filter(has_text=title).filter(has_text=moved[3])).not_to_have_count(0)
    expect(page.get_by_test_id("answer-a")).not_to_be_empty()
    expect(page.get_by_test_id("answer-b")).not_to_be_empty()


def test_the_waterfall_names_cache_hits_and_the_budget(page: Page, app: App) -> None:
    page.goto(f"{app.url}/latency?{LINK}")
    expect(page.get_by_text(re.compile(r"before the answer; .* took \d+% of it"))).to_be_visible()
    expect(page.get_by_text(re.compile("the assumed 230 to 580 ms"))).to_be_visible()
    expect(page.get_by_text(re.compile(r"Hosted \$\d+ a month, self-hosted"))).to_be_visible()


def test_a_budget_gives_the_pool_that_fits_it(page: Page, app: App) -> None:
    link = f"{LINK.partition('&pool=')[0]}&pool=40"  # the default reranker reads passages: 40 take longer than 5
    page.goto(f"{app.url}/latency?{link}&budget_ms=60000")
    page.get_by_role("button", name="Measure this reranker").click()
    expect(page.get_by_text(re.compile(r"a pool of \d+ fits 60000 ms"))).to_be_visible()


def test_the_report_opens_alone_from_disk(page: Page, app: App, tmp_path: Path) -> None:
    page.goto(f"{app.url}/?{LINK}")
    page.get_by_test_id("headline").wait_for()
    path = download(page, page.get_by_role("button", name="Report (HTML)"), tmp_path / "report.html")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    expect(page.get_by_role("heading", level=1)).to_have_text(QUESTION)
    expect(page.locator("svg")).to_have_count(3)
    expect(page.get_by_role("heading", name="Answer")).to_be_visible()
    assert asked == [path.as_uri()]
    assert page.locator("script").count() == 0


def test_a_set_of_questions_shows_what_differs_most_first(page: Page, app: App) -> None:
    page.goto(f"{app.url}/compare?q=refund&pool=5&compare_size=5&r=Late+interaction+(MaxSim)")
    page.get_by_role("button", name="Compare on 5 questions").click()
    expect(page.get_by_text(re.compile(r"A and B keep different passages for \d of 5 queries"))).to_be_visible()
    expect(page.get_by_text("The questions that differ most come first")).to_be_visible()


def test_a_labelled_set_gives_a_threshold_or_says_that_none_separates(page: Page, app: App) -> None:
    page.goto(f"{app.url}/scores?pool=5&set_size=10&r=Late+interaction+(MaxSim)")
    page.get_by_role("button", name="Score 10 questions").click()
    choice = page.get_by_test_id("choice")
    expect(choice).to_have_text(re.compile(r"Cut at maxsim|No threshold separates"))
    expect(page.get_by_text("Risk and coverage")).to_be_visible()
