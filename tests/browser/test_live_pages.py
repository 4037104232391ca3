"""A live retriever in the browser on every page: what is typed on one page is asked there, and stays on the next."""

from __future__ import annotations

from playwright.sync_api import FilePayload, Page, expect

from rag_core.triage import CaseBook
from tests.browser.conftest import App, go, settled, upload
from tests.browser.test_runs import store_of
from tests.runs.live.search_server import KEY, SearchServer, plain, serving

NAME = "Walked search"
GRADES = b"query,document_id,grade\nRefund?,refunds.md,2\nReturn?,returns.md,1\nDisk?,errors.md,1\n"


def connect(page: Page, app: App, server: SearchServer) -> None:
    page.goto(f"{app.url}/corpus")
    page.get_by_role("tab", name="Connect a retriever").click()
    page.get_by_role("textbox", name="Name", exact=True).fill(NAME)
    page.get_by_role("textbox", name="Address").fill(server.url)
    page.get_by_role("textbox", name="Key", exact=True).fill(KEY)
    page.get_by_role("button", name="Connect", exact=True).click()
    expect(page.get_by_text(f"{NAME} is connected for this session")).to_be_visible()


def test_the_retriever_is_asked_on_every_page(app: App, page: Page) -> None:
    with serving(plain) as server:
        connect(page, app, server)
        go(page, "Latency & cost")
        expect(page.get_by_text("See how long your retriever takes")).to_be_visible()
        settled(page)
        box = page.get_by_role("textbox", name=f"Question (to: {NAME})")
        box.fill("Is the disk full?")
        box.press("Enter")
        expect(page.get_by_text("returned 3 results in")).to_be_visible()
        assert len(server.requests) == 1
        settled(page)
        page.get_by_role("button", name="Ask 10 times").click()
        expect(page.get_by_text("10 answers. The first took")).to_be_visible()
        assert [one.body["query"] for one in server.requests] == ["Is the disk full?"] * 11

        go(page, "Compare")
        expect(page.get_by_text("returned 3 results in")).to_be_visible()
        settled(page)
        page.get_by_role("combobox", name="Reranker").click()
        page.get_by_role("option", name="late interaction").first.click()
        page.get_by_role("button", name="Score 3 candidates").click()
        expect(page.get_by_text("Rank by rank")).to_be_visible()

        go(page, "Triage")
        document = page.get_by_role("combobox", name="Document that should have answered")
        document.click()
        page.get_by_role("option", name="Errors").click()
        expect(page.get_by_test_id("headline")).to_contain_text("“Errors”")
        settled(page)
        page.get_by_text("Save as a case").click()
        settled(page)
        page.get_by_role("button", name="Save case").click()
        expect(page.get_by_text("Saved. Find it under Cases")).to_be_visible()
        assert len(server.requests) == 11

        go(page, "Evaluate")
        page.get_by_role("radio", name="A file").click()
        grades: FilePayload = {"name": "grades.csv", "mimeType": "text/csv", "buffer": GRADES}
        upload(page.locator("input[type=file]").first, [grades])
        ask = page.get_by_role("button", name="Ask 3 questions")
        ask.wait_for()
        settled(page)
        ask.click()
        expect(page.get_by_text("3 of 3 runs have grades")).to_be_visible()
        assert [one.body["query"] for one in server.requests[11:]] == ["Refund?", "Return?", "Disk?"]
        settled(page)
        page.get_by_role("button", name="Triage", exact=True).click()
        expect(page.get_by_role("heading", name="Triage", exact=True)).to_be_visible()
        expect(page.get_by_test_id("headline")).to_contain_text("“Errors” was not lost: it was kept 3rd of 3")
        assert len(server.requests) == 14 and all(
            one.headers["Authorization"] == f"Bearer {KEY}" for one in server.requests
        )
        assert KEY not in page.content() and KEY not in page.url
    assert KEY not in app.log
    cases = CaseBook(store_of(app))
    for one in cases.find(collection=NAME).found:
        cases.delete(one.id)
