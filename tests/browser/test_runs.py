"""Recorded runs in a real browser: filtered by a link, opened by a click, kept by a reload, closed."""

from __future__ import annotations

import re

from playwright.sync_api import FilePayload, Page, expect

from rag_core.diagnosis import Expected, diagnose, locate_in_run
from rag_core.runs.as_trace import trace_of
from rag_core.runs.store.run_book import RunBook
from rag_core.storage.database import FILE, Store
from rag_core.triage import CaseBook, Finding, case_of
from tests.browser.conftest import App, click_until, go, open_first_run, settled, upload
from tests.runs.samples import a_run

REFUNDS, POSTAGE = "How long do refunds take?", "Who pays the postage?"


def store_of(app: App) -> Store:
    return Store(f"sqlite:///{app.data / FILE}")


def test_a_project_is_deleted_only_once_that_is_confirmed(page: Page, app: App) -> None:
    store = store_of(app)
    book = RunBook(store)
    book.add([a_run("d1", project="doomed"), a_run("d2", project="doomed", hours=1), a_run("s1", project="spared")])
    trace = trace_of(a_run("d1", project="doomed"))
    location = locate_in_run(trace, Expected(document="a"))
    CaseBook(store).save(case_of(trace, [Finding(location=location, diagnosis=diagnose(trace, location))]))
    page.goto(f"{app.url}/runs?run_project=doomed")
    expect(page.get_by_test_id("headline")).to_contain_text("match")
    settled(page)
    page.get_by_text("Keep and delete").click()
    for sure in (False, True):
        page.wait_for_timeout(500)  # cancelling runs the script twice, and the page rests for a moment in between
        settled(page)
        page.get_by_role("button", name="Delete doomed").click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("doomed with its 2 runs, 1 triage case")
        dialog.get_by_role("button", name="Delete this project" if sure else "Cancel").click()
        expect(dialog).to_have_count(0)
        assert sure or book.count("doomed") == 2
    expect(page.get_by_text("doomed was deleted with 2 runs.")).to_be_visible()
    assert (book.count("doomed"), book.count("spared")) == (0, 1)
    assert not [row for row in CaseBook(store).find().found if row.collection == "doomed"]
    book.delete_project("spared")
    store.close()


def test_one_file_after_the_other_is_imported_without_opening_the_box_again(page: Page, app: App) -> None:
    store = store_of(app)
    book = RunBook(store)
    book.add([a_run(project="before")])
    page.goto(f"{app.url}/runs")
    settled(page)
    page.get_by_text("Import a file").click()
    for name in ("first.csv", "second.csv"):
        file = FilePayload(name=name, mimeType="text/csv", buffer=b"query,doc_id\nHow long?,a\n")
        upload(page.get_by_test_id("stFileUploader").locator("input"), file)
        expect(page.get_by_role("textbox", name="Project")).to_have_attribute("placeholder", name)
        settled(page)
        page.get_by_role("button", name="Import", exact=True).click()
        expect(page.get_by_text(f"1 run imported into {name}.")).to_be_visible()
        settled(page)
    for project in ("before", "first.csv", "second.csv"):
        assert book.delete_project(project) == 1
    store.close()


def test_a_click_opens_a_run_on_inspect_and_a_reload_keeps_it(page: Page, app: App) -> None:
    store = store_of(app)
    book = RunBook(store)
    book.add([a_run("r1", REFUNDS, "browser/bot"), a_run("r2", POSTAGE, "browser/shop", hours=1)])
    page.goto(f"{app.url}/runs?run_project=browser/bot")
    expect(page.get_by_test_id("headline")).to_contain_text(re.compile("1 of .* match"))
    settled(page)
    open_first_run(page)
    for again in (False, True):
        if again:
            page.reload()
        expect(page.get_by_text(f"This is “{REFUNDS}”, a run of browser/bot")).to_be_visible()
        expect(page.get_by_test_id("step-strip")).to_contain_text("reranked")
        settled(page)
        assert "run=browser%2Fbot%2Fr1" in page.url
    page.get_by_role("button", name="Close this run").click()
    boxes = page.get_by_role("textbox", name=re.compile("^Question"))
    expect(boxes.and_(page.locator(":enabled"))).to_have_count(1)
    expect(boxes).to_have_count(1)  # the one from before is gone
    settled(page)
    assert "run=" not in page.url
    book.delete_project("browser/bot"), book.delete_project("browser/shop")
    store.close()


def test_ticked_runs_are_evaluated_together_and_deleted_once_confirmed(page: Page, app: App) -> None:
    store = store_of(app)
    book = RunBook(store)
    feedback = [{"name": "thumbs", "value": "down"}]
    book.add([a_run(f"r{at}", f"Question {at}?", "browser/tick", hours=at, feedback=feedback) for at in range(3)])
    page.goto(f"{app.url}/runs?run_project=browser/tick")
    expect(page.get_by_test_id("headline")).to_contain_text(re.compile("3 of .* match"))
    settled(page)
    table = page.locator("[class*=st-key-runs_]").get_by_test_id("stDataFrame")
    for count, y in (("1 run", 52), ("2 runs", 88)):
        evaluate = page.get_by_role("button", name=f"Evaluate {count}")
        click_until(lambda most, there=evaluate: expect(there).to_be_visible(timeout=most), table, {"x": 20, "y": y})
        settled(page)
    page.get_by_role("button", name="Evaluate 2 runs").click()
    expect(page.get_by_role("heading", name="Evaluate", exact=True)).to_be_visible()
    expect(page.get_by_role("radio", name="Selected on Runs (2)")).to_be_checked()
    settled(page)
    page.get_by_role("radio", name="Feedback on the answers").click()
    expect(page.get_by_test_id("headline")).to_contain_text("2 of 2 runs came with feedback.")
    go(page, "Runs")
    page.get_by_role("button", name="Delete 2 runs").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete 2 runs").click()
    expect(page.get_by_text("2 runs deleted.")).to_be_visible()
    assert [one.id for one in book.find("browser/tick").found] == ["r0"]
    book.delete_project("browser/tick")
    store.close()


def test_the_address_carries_the_filter_of_feedback_and_ticks_beyond_what_can_be_selected_are_said(
    page: Page, app: App
) -> None:
    store = store_of(app)
    book = RunBook(store)
    said = ({"name": "thumbs", "value": "down"}, {"name": "thumbs", "value": "up"})
    book.add(
        [a_run(f"r{at}", f"Question {at}?", "browser/many", hours=-at, feedback=[said[at % 2]]) for at in range(420)]
    )
    page.goto(f"{app.url}/runs?run_project=browser/many")
    expect(page.get_by_test_id("headline")).to_contain_text(re.compile("420 of .* match"))
    settled(page)
    page.get_by_role("combobox", name=re.compile("Feedback")).click()
    page.get_by_role("option", name="thumbs: down").click()
    for again in (False, True):
        if again:
            page.reload()
        expect(page.get_by_test_id("headline")).to_contain_text(re.compile("210 of .* match"))
        settled(page)
        assert "run_feedback=" in page.url
    table = page.locator("[class*=st-key-runs_]").get_by_test_id("stDataFrame")
    number = page.get_by_role("spinbutton", name=re.compile("^Page"))
    for at, selected in ((1, "100 runs"), (2, "200 runs")):
        number.fill(str(at))
        number.press("Enter")
        page.wait_for_timeout(500)  # until the run of this page of the list has begun
        settled(page)
        evaluate = page.get_by_role("button", name=f"Evaluate {selected}")
        click_until(lambda most, there=evaluate: expect(there).to_be_visible(timeout=most), table, {"x": 20, "y": 17})
        settled(page)
        expect(page.get_by_text("200 runs can be selected at once")).to_have_count(0)
    number.fill("3")
    number.press("Enter")
    page.wait_for_timeout(500)
    settled(page)
    told = page.get_by_text("200 runs can be selected at once: 10 more rows are ticked and not selected.")
    click_until(lambda most: expect(told).to_be_visible(timeout=most), table, {"x": 20, "y": 17})
    settled(page)
    expect(page.get_by_role("button", name="Evaluate 200 runs")).to_be_visible()
    book.delete_project("browser/many")
    store.close()
