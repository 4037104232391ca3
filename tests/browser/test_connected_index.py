"""A table of langchain-postgres in the browser: connected by its address and password, asked, and its passages seen."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from rag_core.retrieval.embedders.sentence_embedder import SentenceEmbedder
from tests.browser.conftest import App, ask, go, settled, upload
from tests.retrieval.engines.postgres_server import READER, PostgresServer
from tests.ui.test_connected_indexes import QUERY, TABLE, TEXTS, fill

THERE = {
    "Scores & threshold": "Choose a threshold from labelled questions",
    "Latency & cost": "Percentiles by step",
    "Compare": "Compare A and B on many questions",
    "Triage": "should have answered",
    "Rerankers": "Late interaction",
    "Corpus": "connected in this session",
    "Runs": "Runs",
}
"""Words of every page that reads a run."""

LABELLED = {
    QUERY: "refunds.md",
    "What does KB-17 mean?": "errors.md",
    "How long may goods be returned?": "returns.md",
    "When is the office open?": "hours.md",
}
"""Questions, and the document that answers each."""


def test_a_table_is_connected_and_asked(
    app: App, page: Page, pgvector_server: PostgresServer, packaged: SentenceEmbedder, tmp_path: Path
) -> None:
    fill(pgvector_server, packaged.embed([text for _, text in TEXTS.values()]).tolist())
    try:
        page.goto(f"{app.url}/corpus")
        page.get_by_role("tab", name="Connect an index").click()
        page.get_by_role("textbox", name="Name", exact=True).fill("Handbook")
        page.get_by_role("textbox", name="Address").fill(pgvector_server.address())
        page.get_by_role("textbox", name="Password", exact=True).fill(READER[1])
        page.get_by_role("button", name="Show its tables").click()
        expect(page.get_by_text("Its first rows")).to_be_visible()
        expect(page.get_by_role("combobox", name="Title", exact=True)).to_have_value("langchain_metadata.title")
        settled(page)
        page.get_by_role("textbox", name="Question to try").fill(QUERY)
        page.get_by_role("button", name="Try it").click()
        expect(page.get_by_text("made these vectors")).to_be_visible()
        settled(page)
        page.get_by_role("button", name="Connect", exact=True).click()
        expect(page.get_by_text("Handbook is connected for this session")).to_be_visible()
        settled(page)
        page.get_by_role("button", name="Ask it on Inspect").click()
        expect(page.get_by_text("Handbook: 4 passages.")).to_be_visible()
        settled(page)
        ask(page, QUERY)
        expect(page.get_by_text("A refund takes five working days to arrive").first).to_be_visible()
        settled(page)
        every_page_works(page)
        labelled_questions_are_evaluated(page, tmp_path / "handbook.csv")

        pgvector_server.stop()
        ask_again(page, "When is the office open?")
        expect(page.get_by_text("Nothing answers at")).to_be_visible()
        pgvector_server.start()
        settled(page)
        ask(page, "When is the office open on weekdays?")
        expect(page.get_by_text("The office is open from nine to five").first).to_be_visible()
        settled(page)
        assert READER[1] not in page.content() and READER[1] not in page.url
    finally:
        pgvector_server.sql(f"DROP TABLE {TABLE}")
    assert READER[1] not in app.log


def every_page_works(page: Page) -> None:
    """Each page in turn, as its link in the sidebar opens it, has what it shows of the run and nothing that failed."""
    for title, there in THERE.items():
        go(page, title)
        expect(page.get_by_text(there).first).to_be_attached()
        settled(page)
        assert page.get_by_test_id("stException").count() == 0, title
        assert page.get_by_test_id("stAlertContentError").count() == 0, title
    go(page, "Inspect")


def labelled_questions_are_evaluated(page: Page, file: Path) -> None:
    """Uploaded on Evaluate and run over the index, they give verdict and curves; no document is said to be missing."""
    file.write_text("query,document_id\n" + "".join(f"{query},{document}\n" for query, document in LABELLED.items()))
    go(page, "Evaluate")
    upload(page.locator("input[type=file]"), file)
    page.get_by_role("button", name="Evaluate 4 questions").click()
    expect(page.get_by_test_id("headline")).to_contain_text("nDCG@5")
    settled(page)
    for figure in ("Where quality is lost", "nDCG@10 by pool", "What top-k keeps"):
        expect(page.get_by_text(figure, exact=True)).to_be_visible()
    for trouble in ("stException", "stAlertContentError", "stAlertContentWarning"):
        assert page.get_by_test_id(trouble).count() == 0, trouble
    go(page, "Inspect")


def ask_again(page: Page, question: str) -> None:
    """Type a question that gets no run, and press Enter."""
    box = page.get_by_role("textbox", name=re.compile("^Question "))
    box.fill(question)
    box.press("Enter")
