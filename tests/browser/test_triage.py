"""The triage scene in a real browser: a lost document, the verdict, the change that keeps it, the case, the re-run."""

from __future__ import annotations

import json
import re
from urllib.parse import quote_plus

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import App, download, settled, upload

QUESTION = "from or to which region can a tenant not be moved"
DOCUMENT = "regions/eu.md"


@pytest.fixture(autouse=True)
def indexed(page: Page, app: App) -> None:
    """The app has made the sample's index: that is not what is tested here."""
    page.goto(app.url)
    page.get_by_text(re.compile("documents in .* passages")).wait_for(timeout=900_000)


def triage(app: App, question: str = QUESTION, document: str = DOCUMENT, **settings: object) -> str:
    """The link to a triage. Without a reranker the ranks depend on the two searches alone."""
    asked = {"q": question, "doc": document, "r": "No reranker", **settings}
    return f"{app.url}/triage?" + "&".join(f"{name}={quote_plus(str(value))}" for name, value in asked.items())


def lost_at(page: Page) -> Locator:
    """The step of the strip that says that the document was lost there."""
    return page.get_by_test_id("loss-strip").last.locator(".sp-loss-lost")


def open_cases(page: Page) -> None:
    page.get_by_role("radio", name="Cases").click()
    page.get_by_role("button", name=re.compile("^Re-run .* open case")).wait_for()


def save_case(page: Page, note: str, tags: str = "") -> None:
    settled(page)
    page.get_by_text("Save as a case").click()
    page.get_by_role("textbox", name="Note").fill(note)
    page.get_by_role("textbox", name="Tags").fill(tags)
    page.get_by_role("button", name="Save case").click()
    page.get_by_text("Saved. Find it under Cases").wait_for()


def test_a_loss_is_found_kept_as_a_case_mended_by_a_click_and_run_again(page: Page, app: App) -> None:
    page.goto(triage(app, k=1))
    expect(lost_at(page)).to_contain_text("Top-k")
    expect(page.get_by_test_id("headline")).to_contain_text("only the first is kept")
    save_case(page, "Mirabeau was sent to the wrong page.", "regions, mirabeau")

    suggestion = page.get_by_test_id("what-if").filter(has_text="Top-k")
    expect(suggestion).to_contain_text(re.compile(r"Top-k \d+ instead of 1 keeps it"))
    page.get_by_role("button", name="Try it").first.click()
    expect(page).to_have_url(re.compile(r"[?&]k=([2-9]|\d\d)"))
    expect(page.get_by_test_id("headline")).not_to_contain_text("only the first is kept")
    settled(page)
    expect(page.get_by_test_id("headline")).to_contain_text(re.compile("kept|given to the answer"))

    open_cases(page)
    expect(page.get_by_test_id("headline")).to_contain_text(QUESTION)
    page.get_by_role("button", name="Re-run with the current settings").click()
    expect(page.get_by_role("heading", name="Now: still lost")).to_be_visible()  # kept, but the answer quotes others
    expect(page.get_by_test_id("loss-strip").first.locator(".sp-loss-lost")).to_contain_text("Top-k")
    expect(lost_at(page)).to_contain_text("Answer")


def test_all_open_cases_run_in_the_background_and_a_reload_finds_the_result(page: Page, app: App) -> None:
    page.goto(triage(app, "how do I reconcile divergent copies", k=1))
    lost_at(page).wait_for()
    save_case(page, "first of them")
    open_cases(page)
    page.get_by_role("button", name=re.compile("^Re-run .* open case")).click()
    expect(page.get_by_test_id("job")).to_contain_text(re.compile(r"\d+ cases? re-run .* ago: .*(fixed|lost|kept)"))
    page.reload()
    expect(page.get_by_test_id("job")).to_contain_text("re-run")


def test_a_document_that_is_not_there_offers_the_nearest_titles(page: Page, app: App) -> None:
    page.goto(triage(app, k=1))
    lost_at(page).wait_for()
    page.get_by_role("button", name="Not in the list").click()
    page.get_by_role("textbox", name="Its title or id").fill("Regional terms - Atlantis")
    page.keyboard.press("Enter")
    expect(lost_at(page)).to_contain_text("Corpus")
    expect(page.get_by_test_id("headline")).to_contain_text("The nearest titles are “Regional terms")


def test_sentences_that_earned_the_score_are_marked(page: Page, app: App) -> None:
    page.goto(triage(app, r="Late interaction (MaxSim)", k=1, pool=5, document="regions/moving-between-regions.md"))
    page.get_by_role("button", name="Explain by sentence").click()
    expect(page.get_by_test_id("attribution")).to_have_count(2)
    assert page.locator("[data-testid=attribution] .sp-carries").count() > 0


def test_a_case_file_opens_on_another_machine(page: Page, app: App, tmp_path) -> None:
    page.goto(triage(app, "who may see backups", k=1))
    lost_at(page).wait_for()
    save_case(page, "to be sent")
    open_cases(page)
    page.get_by_text("Export and import").click()
    path = download(page, page.get_by_role("button", name="Export all cases (JSONL)"), tmp_path / "cases.jsonl")
    entry = json.loads(path.read_text().splitlines()[0])
    entry["case"]["id"] = "f" * 32
    path.write_text(json.dumps(entry) + "\nnot a case\n")
    upload(page.locator("[data-testid=stFileUploaderDropzoneInput]"), path)
    page.get_by_role("button", name="Import", exact=True).wait_for()
    settled(page)
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("1 imported, 0 already here.")).to_be_visible()
    expect(page.get_by_text("Line 2: this is not complete JSON in UTF-8.")).to_be_visible()


def test_two_people_who_change_one_case_lose_nothing(page: Page, browser: Browser, app: App) -> None:
    page.goto(triage(app, "is there a limit on the number of guests", k=1))
    lost_at(page).wait_for()
    save_case(page, "first version")
    open_cases(page)
    note = page.get_by_role("textbox", name="Note")
    expect(note).to_have_value("first version")
    other = browser.new_page()
    other.set_default_timeout(120_000)
    other.goto(f"{app.url}/triage?view=Cases")
    expect(other.get_by_role("textbox", name="Note")).to_have_value("first version")
    other.get_by_role("textbox", name="Note").fill("what Ben found out")
    other.get_by_role("button", name="Save changes").click()
    expect(other.get_by_test_id("stSpinner")).to_have_count(0)
    other.get_by_role("button", name="Save changes").wait_for()
    other.wait_for_timeout(3000)

    note.fill("what Ana found out")
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_text("changed this case in the meantime")).to_be_visible()
    expect(page.get_by_text("what Ben found out")).to_be_visible()
    expect(note).to_have_value("what Ana found out")
    other.close()


def test_a_passage_on_inspect_leads_to_its_triage_with_everything_filled_in(page: Page, app: App) -> None:
    asked = {"q": QUESTION, "r": "No reranker", "k": 3, "pool": 20}
    page.goto(f"{app.url}/?" + "&".join(f"{name}={quote_plus(str(value))}" for name, value in asked.items()))
    page.get_by_role("button", name=re.compile("should have answered$")).click()
    page.get_by_test_id("loss-strip").wait_for()
    settled(page)
    for setting in ("k=3", "pool=20", "r=No+reranker", "doc=", "q=from"):
        assert setting in page.url
    page.reload()
    expect(page.get_by_test_id("loss-strip")).to_be_visible()


def test_a_link_opens_a_case_and_a_case_opens_a_triage_that_survives_a_reload(page: Page, app: App) -> None:
    page.goto(triage(app, "who may see backups", k=1))
    lost_at(page).wait_for()
    save_case(page, "to be linked")
    open_cases(page)
    page.get_by_role("button", name="Copy link").click()
    link = page.get_by_test_id("stCode").inner_text().strip()
    page.goto(link)
    expect(page.get_by_role("textbox", name="Note")).to_have_value("to be linked")
    page.get_by_role("button", name="Open in Triage").click()
    page.get_by_role("button", name="Find out why").wait_for()
    expect(lost_at(page)).to_contain_text("lost here")
    settled(page)
    page.reload()
    expect(lost_at(page)).to_contain_text("lost here")


def test_a_case_is_deleted_after_a_question_that_names_it(page: Page, app: App) -> None:
    page.goto(triage(app, "how are guests invited", k=1))
    lost_at(page).wait_for()
    save_case(page, "to be deleted")
    open_cases(page)
    page.get_by_role("button", name="Delete", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("how are guests invited")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("textbox", name="Note")).to_have_value("to be deleted")
    page.get_by_role("button", name="Delete", exact=True).click()
    dialog.get_by_role("button", name="Delete this case").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_test_id("headline")).not_to_contain_text("how are guests invited")
