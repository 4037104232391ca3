"""Any date that the files of an upload hold can be chosen as the date of their documents."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rag_core.corpus.storage.orders import OrderBook
from ui import caches

ROOT = Path(__file__).parents[3]
NOTE = b"---\nupdated: 2026-05-01\nreviewed: 13 June 2025\nowner: Ann\n---\nLamps are in stock.\n"
TABLE = b"id,text,checked\n1,Pumps are in stock,2025-02-03\n"


@pytest.mark.parametrize(
    ("chosen", "days"),
    [
        (None, {"a.md": date(2026, 5, 1), "b.csv#1": None}),
        ("reviewed", {"a.md": date(2025, 6, 13), "b.csv#1": None}),
        ("checked", {"a.md": date(2026, 5, 1), "b.csv#1": date(2025, 2, 3)}),
    ],
)
def test_the_chosen_field_gives_the_date(sample: None, chosen: str | None, days: dict[str, date | None]) -> None:
    at = AppTest.from_file(str(ROOT / "pages" / "8_corpus.py"), default_timeout=300)
    at.run()
    at.file_uploader[0].set_value([("a.md", NOTE, "text/markdown"), ("b.csv", TABLE, "text/csv")])
    at.run()
    box = at.selectbox(key="date_field")
    assert [one for one in box.options if "usual" not in one] == ["updated", "reviewed", "checked"]
    box.set_value(chosen).run()
    at.button(key="index").click().run()
    library = caches.private(at.session_state["owner"])
    (order,) = OrderBook(library.root).all().found
    caches.job_book().join(order.id)
    at.run()
    assert not at.exception
    documents = library.open(order.name, caches.embedder()).documents()
    assert {document.id: document.updated_at for document in documents} == days
