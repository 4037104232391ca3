"""Evaluation in a real browser: score a few questions, read the verdict, judge by key, take another stack's runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import App, upload

FIRST_START_MS = 600_000
LINK = "r=No+reranker&eval_size=8&pool=10"


@pytest.fixture(scope="module", autouse=True)
def warm(browser: Browser, app: App) -> None:
    """The sample is indexed before the first of these tests looks at a link."""
    tab = browser.new_page()
    tab.goto(app.url)
    tab.get_by_test_id("headline").wait_for(timeout=FIRST_START_MS)
    tab.close()


def test_a_few_questions_are_scored_and_judged(page: Page, app: App) -> None:
    page.goto(f"{app.url}/evaluate?{LINK}")
    page.get_by_role("button", name="Evaluate 8 questions").click()
    expect(page.get_by_test_id("headline")).to_contain_text("nDCG@5: No question changed")
    expect(page.get_by_text("Where quality is lost")).to_be_visible()
    expect(page.get_by_text("nDCG@10 by pool")).to_be_visible()

    left = page.get_by_text(re.compile(r"\d+ of \d+ (?:documents|passages) in the pool have no grade"))
    before = int(re.findall(r"\d+", left.inner_text())[0])
    page.get_by_role("button", name="2 · helps").click()
    expect(left).to_have_text(re.compile(rf"^{before - 1} of "))


def test_an_extra_search_is_evaluated_and_weighing_it_scores_nothing(page: Page, app: App) -> None:
    link = f"{app.url}/evaluate?{LINK}&xn=1&x1_tenant=halvorsen&x1_name=Freight"
    page.goto(link)
    page.get_by_role("button", name="Evaluate 8 questions").click()
    expect(page.get_by_test_id("headline")).to_contain_text("Reranking alone gives +0.000")
    page.goto(f"{link}&x1_weight=2.0")
    expect(page.get_by_test_id("headline")).to_contain_text("Reranking alone gives +0.000")
    page.goto(link.replace("halvorsen", "castellan"))
    expect(page.get_by_text("The reranker scores the candidates of every question once.")).to_be_visible()


def test_the_verdict_is_on_what_the_answer_gets_and_says_what_the_threshold_takes(page: Page, app: App) -> None:
    link = f"{app.url}/evaluate?r=Late+interaction+%28MaxSim%29&eval_size=7&pool=10"
    page.goto(f"{link}&t_maxsim=0.99")
    page.get_by_role("button", name=re.compile(r"^(Evaluate 7 questions|Score [\d,]+ pairs)$")).click()
    headline = page.get_by_test_id("headline")
    expect(headline).to_contain_text("nDCG@5 of the passages that the answer gets", timeout=FIRST_START_MS)
    expect(headline).to_contain_text(re.compile(r"Reranking alone gives [+-]0\.\d+; threshold 0\.99 takes 0\.\d+"))
    page.goto(f"{link}&t_maxsim=0.0")
    expect(headline).not_to_contain_text("threshold")


def test_runs_of_another_stack_get_the_same_pictures(page: Page, app: App, tmp_path: Path) -> None:
    asked = range(8)  # so many that a gain on each is more than chance
    (tmp_path / "set.csv").write_text("query_id,query,document\n" + "".join(f"q{n},word {n},a\n" for n in asked))
    (tmp_path / "before.run").write_text("".join(f"q{n} Q0 x 1 2 t\nq{n} Q0 a 2 1 t\n" for n in asked))
    (tmp_path / "after.run").write_text("".join(f"q{n} Q0 a 1 2 t\nq{n} Q0 x 2 1 t\n" for n in asked))
    page.goto(f"{app.url}/evaluate?r=No+reranker")
    page.get_by_text("Results of another system").click()
    chooser = page.locator("input[type=file]")
    expect(chooser).to_have_count(1)
    upload(chooser.nth(0), tmp_path / "set.csv")
    expect(chooser).to_have_count(3)
    upload(chooser.nth(1), tmp_path / "before.run")
    upload(chooser.nth(2), tmp_path / "after.run")

    expect(page.get_by_test_id("headline")).to_contain_text("Better by +0.369")
    expect(page.get_by_text("Where quality is lost")).to_be_visible()
