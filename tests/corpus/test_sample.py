"""The sample corpus is indexed once, and again when its files have changed."""

from __future__ import annotations

from pathlib import Path

from rag_core.corpus.sample import SAMPLE, ensure_sample, is_current
from rag_core.corpus.storage.library import Library
from rag_core.retrieval.embedders.sentence_embedder import SentenceEmbedder


def test_it_is_current_until_a_file_changes(tmp_path: Path, packaged: SentenceEmbedder) -> None:
    documents = tmp_path / "sample" / "documents"
    documents.mkdir(parents=True)
    (documents / "refunds.md").write_text("# Refunds\n\nWithin 30 days.\n")
    library = Library(tmp_path / "library")
    assert not is_current(library, documents.parent, packaged)
    ensure_sample(library, documents.parent, packaged)
    assert is_current(library, documents.parent, packaged)
    (documents / "refunds.md").write_text("# Refunds\n\nWithin 14 days.\n")
    assert not is_current(library, documents.parent, packaged)
    ensure_sample(library, documents.parent, packaged)
    assert "14 days" in library.open(SAMPLE, packaged).passages[0].text
