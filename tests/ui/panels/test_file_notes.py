"""What was left out of a file is shown with it, after the upload and for as long as the collection is kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rag_core.corpus.storage.orders import OrderBook
from tests.corpus.pdf_files import Page, written
from tests.ui.pages import noted
from ui import caches
from ui.panels.file_notes import MOST_WHOLE

ROOT = Path(__file__).parents[3]


@pytest.fixture
def uploaded(sample: None) -> AppTest:
    """The corpus page after a PDF with a comment in it was uploaded."""
    at = AppTest.from_file(str(ROOT / "pages" / "8_corpus.py"), default_timeout=300)
    at.run()
    page = Page([(20, 700, "The quota is 417 crates.")]).note("Ask legal first")
    at.file_uploader[0].set_value([("depot.pdf", written(page), "application/pdf")])
    at.run()
    at.button(key="index").click().run()
    (order,) = orders_of(at).all().found
    caches.job_book().join(order.id)
    at.run()
    assert not at.exception
    return at


def orders_of(at: AppTest) -> OrderBook:
    """What this session has asked for."""
    return OrderBook(caches.private(at.session_state["owner"]).root)


def tables(at: AppTest, *columns: str) -> list[list[dict[str, object]]]:
    """The rows of every table on the page that has these columns."""
    return [one.value.to_dict("records") for one in at.dataframe if set(columns) <= set(one.value.columns)]


NOTE = {
    "File": "depot.pdf",
    "Where": "page 1",
    "What": "left out",
    "Why": "It is a comment.",
    "Words": "Ask legal first",
}


def test_after_the_upload_and_later_with_the_collection(uploaded: AppTest) -> None:
    for shown in (2, 1):  # the upload's results and the collection; then the collection alone
        files = tables(uploaded, "File", "Documents", "Notes")
        assert [[(row["File"], row["Documents"], row["Notes"]) for row in rows] for rows in files] == [
            [("depot.pdf", 1, "1 place left out")]
        ] * shown
        assert [table.to_dict("records") for table in noted(uploaded)] == [[NOTE]] * shown
        for order in orders_of(uploaded).all().found:
            uploaded.button(key=f"close_{order.id}").click()
        uploaded.run()


def test_every_word_of_a_note_is_shown_until_there_are_very_many() -> None:
    few, many = (AppTest.from_function(_notes, args=(count,)).run() for count in (MOST_WHOLE, MOST_WHOLE + 1))
    assert (len(few.table), len(few.dataframe)) == (1, 0)
    assert (len(many.table), len(many.dataframe)) == (0, 1)
    assert [len(noted(at)[0]) for at in (few, many)] == [MOST_WHOLE, MOST_WHOLE + 1]


def _notes(count: int) -> None:
    from rag_core.schema.files import FileNote, SourceFile
    from ui.panels import file_notes

    note = FileNote(kind="left out", where="page 1", reason="It is a comment.", text="Ask legal first")
    file_notes.show_notes([SourceFile(name="depot.pdf", notes=(note,) * count)], "notes")
