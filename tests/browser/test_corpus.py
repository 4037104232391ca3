"""Uploading in a real browser: four files and a broken one; a fact that stands only in the PDF is found."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from docx import Document as Docx
from fpdf import FPDF
from playwright.sync_api import FilePayload, Page, expect

from tests.browser.conftest import App, ask

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
    page.locator("[data-testid=stFileUploaderDropzoneInput]").set_input_files(files)
    page.get_by_role("button", name="Index", exact=True).click()
    expect(page.get_by_text(re.compile("5 documents were indexed"))).to_be_visible()
    expect(page.get_by_text(re.compile("^Left out: broken.pdf: It is damaged"))).to_be_visible()
    page.get_by_role("link", name="Inspect").click()
    ask(page, "How many crates is the wombat quota?")
    expect(page.get_by_test_id("answer")).to_contain_text("417 crates")


def test_documents_show_their_chunk_boundaries(page: Page, app: App) -> None:
    page.goto(f"{app.url}/corpus")
    expect(page.get_by_test_id("document")).to_be_visible()
    assert page.locator(".sp-chunk").count() >= 1


def test_search_within_that_finds_nothing_is_kind(page: Page, app: App) -> None:
    page.goto(f"{app.url}/corpus")
    box = page.get_by_role("searchbox", name="Search within").or_(page.get_by_label("Search within"))
    box.first.fill("zzzz-nothing-holds-this")
    box.first.press("Enter")
    expect(page.get_by_text("No document holds these words.")).to_be_visible()


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
    page.locator("[data-testid=stFileUploaderDropzoneInput]").set_input_files(files)
    page.get_by_role("textbox", name="Name of the new collection").fill(IMAGE)
    page.get_by_role("textbox", name="Name of the new collection").press("Enter")
    page.get_by_role("button", name="Index", exact=True).click()
    expect(page.get_by_text(re.compile("3 documents were indexed"))).to_be_visible()
    expect(page.get_by_test_id("document")).to_contain_text("florins")
    page.get_by_role("link", name="Inspect").click()
    ask(page, "How many florins is the zorilla toll?")
    expect(page.get_by_test_id("answer")).to_contain_text("93 florins")
    assert page.locator("img[src='x'], img[src*='evil.example']").count() == 0
    assert not [url for url in asked_for if "evil.example" in url]
