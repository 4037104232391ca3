"""What was expected is found by id, title, passage and quote; the rest is said in words."""

from __future__ import annotations

import pytest

from rag_core.diagnosis import Expected, locate, nearest_documents
from rag_core.errors import BadInput
from rag_core.schema.documents import Document, Passage

TEXT = "Refunds take\nthirty days. Games are not refunded. Refunds take thirty days."


class Shelf:
    """Two documents; the first is cut at fixed places, so that spans can be counted."""

    def __init__(self, cuts=((0, 26), (26, 50), (50, 77))):
        self._documents = [
            Document(id="refunds.md", title="Refund policy", text=TEXT),
            Document(id="sla.md", title="Service levels", text="Four hours."),
        ]
        self._cuts = {"refunds.md": cuts, "sla.md": ((0, 11),)}

    def documents(self):
        return self._documents

    def document(self, document_id):
        return {document.id: document for document in self.documents()}[document_id]

    def passages_of(self, document_id):
        text = next(document.text for document in self._documents if document.id == document_id)
        return tuple(
            Passage(id=f"{document_id}::{i}", document_id=document_id, start=start, end=end, text=text[start:end])
            for i, (start, end) in enumerate(self._cuts[document_id])
        )


def test_by_id_and_by_title_whatever_its_case():
    assert locate(Shelf(), Expected(document="refunds.md")).title == "Refund policy"
    assert locate(Shelf(), Expected(document="refund POLICY")).document_id == "refunds.md"


def test_nearest_titles_for_what_is_not_there():
    found = locate(Shelf(), Expected(document="Refunds polcy"))
    assert not found.in_corpus and found.nearest[0].document_id == "refunds.md"
    assert nearest_documents(Shelf().documents(), "東京") == ()


def test_a_title_that_two_documents_share_is_ambiguous():
    class Twins(Shelf):
        def documents(self):
            return [Document(id=name, title="Same", text="x") for name in ("a", "b")]

    with pytest.raises(BadInput, match=r"2 documents have the title “same”: a, b"):
        locate(Twins(), Expected(document="same"))


def test_without_a_quote_every_chunk_counts():
    found = locate(Shelf(), Expected(document="refunds.md"))
    assert [c.id for c in found.passages] == ["refunds.md::0", "refunds.md::1", "refunds.md::2"]
    assert found.whole and found.span_in("refunds.md::1") is None


def test_a_quote_narrows_to_the_chunks_that_hold_it_wherever_it_stands():
    found = locate(Shelf(), Expected(document="refunds.md", quote="refunds take thirty"))
    assert found.whole and [c.id for c in found.passages] == ["refunds.md::0", "refunds.md::2"]
    start, end = found.span_in("refunds.md::0") or (0, 0)
    assert TEXT[start:end] == "Refunds take\nthirty"


def test_a_quote_that_no_chunk_holds_whole_is_cut():
    found = locate(Shelf(), Expected(document="refunds.md", quote="thirty days. Games"))
    assert not found.whole
    spans = [passage.text[slice(*found.span_in(passage.id))] for passage in found.passages]
    assert spans == ["thirty days. ", "Games"]


def test_a_chunk_by_id():
    found = locate(Shelf(), Expected(document="refunds.md", passage_id="refunds.md::1"))
    assert found.passage_ids == {"refunds.md::1"}
    with pytest.raises(BadInput, match="re-chunked"):
        locate(Shelf(), Expected(document="refunds.md", passage_id="refunds.md::9"))


def test_a_quote_that_the_document_does_not_hold():
    with pytest.raises(BadInput, match="does not contain these words"):
        locate(Shelf(), Expected(document="sla.md", quote="five hours"))


def test_a_location_goes_to_json_and_back():
    found = locate(Shelf(), Expected(document="refunds.md", quote="thirty days. Games"))
    assert type(found).model_validate_json(found.model_dump_json()) == found
