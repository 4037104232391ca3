"""Uploading in a real browser: four files and a broken one; a fact that stands only in the PDF is found."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from docx import Document as Docx
from fpdf import FPDF
from playwright.sync_api import FilePayload, Page, Position, expect

from tests.browser.conftest import App, ask, click_until, go, settled, upload

IMAGE = "![x](https://evil.example/p.png)"
TAG = "<img src=x onerror=alert(1)>"
FACT = "The wombat quota for the northern depot is 417 crates."


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """One PDF, one DOCX, one HTML, one CSV, and a PDF that is cut off."""
    pdf = FPDF()
    pdf.add_page()
    pdf.set_font("Helvetica", size=12)
    pdf.multi_cell(0, 8, f"Depot rules\n\n{FACT} It is reviewed each spring by the depot council.")
    pdf.output(str(tmp_path / "depot.pdf"))
    docx = Docx()
    docx.add_heading("Visiting hours", 1)
    docx.add_paragraph("Visitors may come on Tuesdays between nine and eleven.")
    docx.save(str(tmp_path / "visits.docx"))
    (tmp_path / "menu.html").write_text(
        "<html><title>Menu</title><body><h1>Menu</h1><p>Soup on Fridays.</p></body></html>"
    )
    (tmp_path / "staff.csv").write_text("id,title,text\n1,Ada,Ada runs the gate.\n2,Bo,Bo runs the kitchen.\n")
    (tmp_path / "broken.pdf").write_bytes((tmp_path / "depot.pdf").read_bytes()[:40])
    return [tmp_path / name for name in ("depot.pdf", "visits.docx", "menu.html", "staff.csv", "broken.pdf")]


def test_uploading_names_the_broken_file_and_finds_the_fact(page: Page, app: App, files: list[Path]) -> None:
    page.goto(f"{app.url}/corpus")
    page.get_by_role("tab", name="Add documents").click()
    types = page.get_by_text(re.compile("PDF, DOCX.*NDJSON"))
    expect(types).to_be_visible()
    assert types.evaluate("one => one.scrollWidth <= one.clientWidth"), "the list of file types is cut"
    upload(page.locator("[data-testid=stFileUploaderDropzoneInput]"), files)
    page.get_by_role("button", name="Index", exact=True).click()
    expect(page.get_by_text(re.compile("5 documents were indexed"))).to_be_visible()
    expect(page.get_by_text(re.compile("^Left out: broken.pdf: It is damaged"))).to_be_visible()
    page.get_by_role("button", name="Ask about them").click()
    ask(page, "How many crates is the wombat quota?")
    expect(page.get_by_test_id("answer")).to_contain_text("417 crates")


TABLE = "title,text\n" + "".join(f"Row {n},The item with the number {n} is kept on a shelf.\n" for n in range(600))


def indexing(page: Page, app: App, name: str) -> None:
    """Start indexing a table that takes some seconds."""
    page.goto(f"{app.url}/corpus")
    page.get_by_role("tab", name="Add documents").click()
    table: FilePayload = {"name": "items.csv", "mimeType": "text/csv", "buffer": TABLE.encode()}
    upload(page.locator("[data-testid=stFileUploaderDropzoneInput]"), [table])
    page.get_by_role("textbox", name="Name of the new collection").fill(name)
    page.get_by_role("textbox", name="Name of the new collection").press("Enter")
    page.get_by_role("button", name="Index", exact=True).click()


def test_a_page_that_watched_a_job_to_its_end_rests(page: Page, app: App) -> None:
    sent: list[object] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    indexing(page, app, "Watched")
    expect(page.get_by_text(re.compile("Embedding passages: .* left"))).to_be_visible()
    page.get_by_role("tab", name="Manage").click()  # a click while it works
    expect(page.get_by_text("600 documents were indexed in Watched.")).to_be_visible()
    settled(page)
    page.wait_for_timeout(1500)
    before = len(sent)
    page.wait_for_timeout(3000)
    assert len(sent) == before


def test_deleting_names_the_documents_can_be_called_off_and_leaves_nothing_selected(page: Page, app: App) -> None:
    indexing(page, app, "Fewer")
    expect(page.get_by_text("600 documents were indexed in Fewer.")).to_be_visible()
    page.get_by_role("tab", name="Documents", exact=True).click()
    settled(page)
    grid = page.get_by_role("tabpanel", name="Documents", exact=True).locator(".dvn-scroller").first
    delete, box_of_first_row = page.get_by_role("button", name="Delete 1 document"), Position(x=12, y=52)
    click_until(lambda most: expect(delete).to_be_visible(timeout=most), grid, box_of_first_row)
    delete.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Row 0 (items.csv#1)")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_text("600 of 600 documents")).to_be_visible()
    delete.click()
    dialog.get_by_role("button", name="Delete 1 document").click()
    expect(page.get_by_text("1 document deleted from Fewer; 599 left.")).to_be_visible()
    expect(page.get_by_text("599 of 599 documents")).to_be_visible()
    expect(delete).to_have_count(0)


def test_documents_show_their_chunk_boundaries(page: Page, app: App) -> None:
    page.goto(f"{app.url}/corpus")
    expect(page.get_by_test_id("document")).to_be_visible()
    assert page.locator(".sp-chunk").count() >= 1


def test_search_within_that_finds_nothing_is_kind(page: Page, app: App) -> None:
    page.goto(f"{app.url}/corpus")
    box = page.get_by_role("searchbox", name="Search the documents").or_(page.get_by_label("Search the documents"))
    box.first.fill("zzzz-nothing-holds-this")
    box.first.press("Enter")
    expect(page.get_by_text("No document contains these words.")).to_be_visible()


def test_hostile_names_and_texts_are_only_text(page: Page, app: App) -> None:
    asked_for: list[str] = []
    page.on("request", lambda request: asked_for.append(request.url))
    text = f"# {TAG} {IMAGE}\n\nThe zorilla toll is 93 florins. {TAG} {IMAGE}\n"
    table = f"id,title,text\n{IMAGE},{TAG},The {TAG} numbat toll is 12 florins.\n"
    files: list[FilePayload] = [
        {"name": f"{IMAGE}.txt", "mimeType": "text/plain", "buffer": text.encode()},
        {"name": f"{TAG}{IMAGE}.md", "mimeType": "text/markdown", "buffer": text.encode()},
        {"name": f"{IMAGE}.csv", "mimeType": "text/csv", "buffer": table.encode()},
    ]
    page.goto(f"{app.url}/corpus")
    page.get_by_role("tab", name="Add documents").click()
    upload(page.locator("[data-testid=stFileUploaderDropzoneInput]"), files)
    page.get_by_role("textbox", name="Name of the new collection").fill(IMAGE)
    page.get_by_role("textbox", name="Name of the new collection").press("Enter")
    page.get_by_role("button", name="Index", exact=True).click()
    expect(page.get_by_text(re.compile("3 documents were indexed"))).to_be_visible()
    expect(page.get_by_test_id("document")).to_contain_text("florins")
    go(page, "Inspect")
    ask(page, "How many florins is the zorilla toll?")
    expect(page.get_by_test_id("answer")).to_contain_text("93 florins")
    assert page.locator("img[src='x'], img[src*='evil.example']").count() == 0
    assert not [url for url in asked_for if "evil.example" in url]
