"""The facts beside a passage."""

from __future__ import annotations

from rag_core.schema.documents import Passage
from ui.panels.candidates import facts_of


def test_metadata_that_repeats_a_fact_is_shown_once():
    metadata = {"source": "returns.md", "page": 3, "tenant": "acme"}
    passage = Passage(id="a", document_id="a", start=0, end=1, text="x", source="returns.md", metadata=metadata)
    shown = dict(facts_of(passage).itertuples(index=False))
    assert shown == {
        "Document": "a", "Characters": "0 to 1", "Source": "returns.md", "page": "3", "tenant": "acme",
    }  # fmt: skip


def test_what_only_llama_index_reads_is_no_fact():
    metadata = {"_node_content": "{}", "_node_type": "TextNode", "file_name": "a.md"}
    passage = Passage(id="a", document_id="a", start=0, end=1, text="x", metadata=metadata)
    assert "file_name" in (shown := dict(facts_of(passage).itertuples(index=False))) and len(shown) == 3
