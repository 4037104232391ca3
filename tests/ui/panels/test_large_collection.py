"""The Corpus page of a large collection lists some documents and counts some passages, and says so."""

from __future__ import annotations

import pytest

from rag_core.corpus.sample import SAMPLE
from tests.ui.pages import page, said
from ui import caches, passage_lengths
from ui.panels import corpus_views

pytestmark = pytest.mark.usefixtures("sample")
OWNER = "cd" * 16


def test_some_documents_and_some_passages_stand_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpus_views, "LISTED", 2)
    monkeypatch.setattr(passage_lengths, "COUNTED", 2)
    found = caches.collection(SAMPLE, OWNER)
    passage_lengths.token_lengths.clear()
    every = -(-found.ref.passages // 2)
    at = page("8_corpus.py", owner=OWNER)
    assert f"2 of {found.ref.documents} documents. Search to see others." in said(at)
    assert "Counted in one" not in said(at)  # before you look at it, for the other tabs stay quick
    at.session_state["corpus_tab"] = "Passages"
    at.run()
    assert f"Counted in one passage of {every:,}." in said(at)
    assert len(passage_lengths.token_lengths(found)) == len(range(0, found.ref.passages, every))
    at.text_input(key="within").set_value(found.documents()[1].id).run()
    assert not at.exception and f"1 of {found.ref.documents} documents" in said(at)
    assert "Search to see others" not in said(at)
    passage_lengths.token_lengths.clear()
