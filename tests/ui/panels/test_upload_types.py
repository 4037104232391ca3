"""Whatever can be read can be uploaded: every ending in the registry goes through the page."""

from __future__ import annotations

from pathlib import Path

from streamlit.testing.v1 import AppTest

from rag_core.corpus.readers.registry import FORMATS, endings
from rag_core.corpus.storage.orders import OrderBook
from tests.corpus.files import pdf
from tests.corpus.word_files import packaged, paragraph
from ui import caches

ROOT = Path(__file__).parents[3]
CONTENTS = {
    "PDF": pdf("Words."),
    "Word": packaged(paragraph("Words.")),
    "HTML": b"<p>Words.</p>",
    "mail": b"From: ann@example.com\nSubject: Words\n\nWords.\n",
    "mailbox": b"From ann@example.com Sat Mar 14 09:30:00 2026\nFrom: ann@example.com\nSubject: Words\n\nWords.\n",
    "Markdown": b"# Words",
    "text": b"Words.",
    "CSV": b"id,text\n1,Words.\n",
    "JSON": b'[{"text": "Words."}]',
    "JSON Lines": b'{"text": "Words."}\n',
}


def test_every_ending_that_can_be_read_can_be_uploaded(sample: None) -> None:
    at = AppTest.from_file(str(ROOT / "pages" / "8_corpus.py"), default_timeout=300)
    at.run()
    box = at.file_uploader[0]
    assert list(box.proto.type) == endings()
    assert all(row.name in (box.help or "") for row in FORMATS)
    files = [(f"a{ending}", CONTENTS[row.name], "") for row in FORMATS for ending in row.endings]
    box.set_value(files).run()
    at.button(key="index").click().run()
    assert not at.exception
    (order,) = OrderBook(caches.private(at.session_state["owner"]).root).all().found
    caches.job_book().join(order.id)
    at.run()
    assert not at.exception
    (results,) = [one.value for one in at.dataframe if "Result" in one.value.columns]
    assert dict(zip(results["File"], results["Documents"], strict=True)) == {name: 1 for name, _, _ in files}
    assert "What was wrong" not in results.columns
