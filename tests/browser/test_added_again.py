"""A file that is added again replaces all that came from it, whatever its kind."""

from __future__ import annotations

import json
import re

from playwright.sync_api import FilePayload, Page, expect

from tests.browser.conftest import App, ask, settled, upload
from tests.corpus.files import pdf
from tests.corpus.word_files import packaged, paragraph

OLD, NEW = "The zorilla toll is 93 florins.", "The zorilla toll is 61 florins."


def version(toll: str, rows: int) -> list[FilePayload]:
    """A file of each kind: of two kinds the rows are documents."""
    table = "title,text\n" + "".join(f"Row {n} of the table,Cart {n}. {toll}\n" for n in range(rows))
    items = [{"id": f"item{n}", "title": f"Item {n} of the list", "text": f"Barge {n}. {toll}"} for n in range(rows)]
    mail = f"From: ann@example.com\nSubject: The toll in a mail\n\n{toll}\n"
    files = {
        "toll.md": f"# The toll in Markdown\n\n{toll}\n".encode(),
        "toll.html": f"<title>The toll in a page</title><p>{toll}</p>".encode(),
        "toll.docx": packaged(paragraph(toll)),
        "toll.pdf": pdf(toll),
        "toll.csv": table.encode(),
        "toll.json": json.dumps(items).encode(),
        "toll.eml": mail.encode(),
    }
    return [{"name": name, "mimeType": "application/octet-stream", "buffer": data} for name, data in files.items()]


def add(page: Page, files: list[FilePayload], button: str, documents: int) -> None:
    page.get_by_role("tab", name="Add documents").click()
    upload(page.locator("[data-testid=stFileUploaderDropzoneInput]"), files)
    settled(page)
    if button == "Add to collection":
        page.get_by_text("Add to Toll").click()
    else:
        page.get_by_role("textbox", name="Name of the new collection").fill("Toll")
        page.get_by_role("textbox", name="Name of the new collection").press("Enter")
    settled(page)
    page.get_by_role("button", name=button, exact=True).click()
    expect(page.get_by_text(re.compile(f"^{documents} documents were indexed in Toll"))).to_be_visible()


def test_a_file_added_again_replaces_all_that_came_from_it(page: Page, app: App) -> None:
    page.goto(f"{app.url}/corpus")
    add(page, version(OLD, rows=3), "Index", documents=11)
    page.goto(f"{app.url}/corpus?c=Toll")
    add(page, version(NEW, rows=2), "Add to collection", documents=9)
    page.goto(f"{app.url}/?c=Toll&k=12&r=No+reranker&pool=50")
    ask(page, "How many florins is the zorilla toll?")
    strip = page.get_by_test_id("step-strip")
    expect(strip).to_contain_text("9 → 9")
    expect(page.get_by_test_id("answer")).to_contain_text("61 florins")
    assert page.get_by_text("93 florins").count() == 0
