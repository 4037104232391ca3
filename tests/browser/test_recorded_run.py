"""One recorded run, all the way in a real browser: recorded by a program, collected, found on Runs, inspected, triaged,
reranked by another model, compared, kept as a case, and run again."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Page, expect

from rag_core.runs.store.run_book import RunBook
from rag_core.storage.database import FILE, Store
from rag_core.triage.project_cases import delete_cases_of
from tests.browser.conftest import App, open_first_run, settled
from tests.cli.test_collect import process

ROOT = Path(__file__).parents[2]
PROJECT, QUERY = "whole-way", "How long do refunds take to reach a bank account?"
EXPECTED = "Bank transfer times"
PROGRAM = """
import sys
import rag_core

project, query, expected = sys.argv[1:]
passages = {
    "terms": ("Terms of sale", "The contract is made when we send the confirmation."),
    "gifts": ("Gift cards", "A gift card can be used in several orders until it is empty."),
    "bank": (expected, "Refunds reach a bank account within five working days."),
    "parcels": ("Parcels", "Large parcels come with a carrier of their own."),
    "abroad": ("Shipping abroad", "Orders from other countries take longer."),
}


def found(order, best):
    return [
        {"id": one, "title": passages[one][0], "text": passages[one][1], "score": best - place}
        for place, one in enumerate(order.split())
    ]


with rag_core.record(project, query) as run:
    run.search("dense", found("terms bank gifts", 9.0), space="dot", took_ms=12)
    run.search("keywords", found("bank parcels", 8.0), space="bm25", took_ms=3)
    run.search("titles", found("abroad terms", 7.0), space="bm25", took_ms=2)
    run.fuse("rrf", found("terms bank abroad gifts parcels", 6.0), space="rrf")
    run.rerank("small model", found("terms gifts bank abroad parcels", 3.0), space="logit", took_ms=20)
    run.rerank("large model", found("terms gifts parcels bank abroad", 2.0), space="logit", took_ms=90)
    run.keep(["terms", "gifts"])
    run.answer("A contract is made when we send the confirmation.")
"""


def record(address: str) -> None:
    """The program as its owner runs it: the collector's address in its environment, and nothing else."""
    env = os.environ | {"SECOND_PASS_RUNS": address}
    command = [sys.executable, "-c", PROGRAM, PROJECT, QUERY, EXPECTED]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")


def choose_reranker(page: Page) -> None:
    settled(page)
    page.get_by_role("combobox", name="Reranker").press("ArrowDown")
    page.get_by_role("option", name="Late interaction").click()


def test_a_recorded_run_goes_from_the_recorder_to_a_case_that_is_run_again(page: Page, app: App) -> None:
    with process(app.data) as (_, address):
        record(address)
    try:
        goes_all_the_way(page, app)
    finally:
        store = Store(f"sqlite:///{app.data / FILE}")
        delete_cases_of(store, PROJECT)
        RunBook(store).delete_project(PROJECT)
        store.close()


def goes_all_the_way(page: Page, app: App) -> None:
    """What the reader does."""
    page.goto(f"{app.url}/runs?run_project={PROJECT}")
    expect(page.get_by_test_id("headline")).to_contain_text(re.compile("1 of .* match|1 run"))
    settled(page)
    open_first_run(page)
    strip = page.get_by_test_id("step-strip")
    for name in ("dense", "keywords", "titles", "rrf", "small model", "large model"):
        expect(strip).to_contain_text(name)
    settled(page)

    page.get_by_role("button", name="Triage", exact=True).click()
    expect(page).to_have_title("Triage · Second Pass")
    settled(page)
    page.get_by_role("combobox", name="Document that should have answered").click()
    page.get_by_role("option", name=EXPECTED).click()
    lost = page.get_by_test_id("loss-strip").locator(".sp-loss-lost")
    expect(lost).to_contain_text("small model")
    expect(page.get_by_test_id("headline")).to_contain_text("only the first 2 were kept")
    expect(page.get_by_test_id("what-if").first).to_contain_text("Top-k 4 instead of 2 keeps it")
    settled(page)

    page.get_by_text("Save as a case").click()
    page.get_by_role("textbox", name="Note").fill("The user was told about contracts.")
    page.get_by_role("button", name="Save case").click()
    expect(page.get_by_text("Saved. Find it under Cases")).to_be_visible()

    choose_reranker(page)
    page.get_by_role("button", name="Score 5 candidates").click()
    expect(page.get_by_text("In the replay: kept.")).to_be_visible()
    settled(page)
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page).to_have_title("Compare · Second Pass")
    expect(page.get_by_test_id("headline").first).to_contain_text(f"B brings in “{EXPECTED}”, 4th in A")
    settled(page)

    page.goto(f"{app.url}/triage?view=Cases&k=4&r=No+reranker")
    expect(page.get_by_text(f"{PROJECT}, recorded run")).to_be_visible()
    settled(page)
    page.get_by_role("button", name="Re-run with the current settings").click()
    expect(page.get_by_role("heading", name="Now: fixed")).to_be_visible()
    expect(page.get_by_text("Differences")).to_be_visible()
    settled(page)
