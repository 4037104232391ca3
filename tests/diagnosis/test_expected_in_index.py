"""The expected document in an index that cannot list its documents: by id, by title, by words, with a quote."""

from __future__ import annotations

import pytest

from rag_core.diagnosis import Expected, locate
from rag_core.errors import BadInput
from rag_core.schema.documents import Passage


def passage(name: str, document: str, text: str, title: str = "") -> Passage:
    return Passage(id=name, document_id=document, start=0, end=len(text), text=text, title=title)


PASSAGES = (
    passage("a1", "refunds.md", "A refund takes five days.", "Refunds"),
    passage("a2", "refunds.md", "It goes to the card.", "Refunds"),
    passage("b1", "plans.md", "There are three plans.", "Plans"),
)


class Searched:
    """Finds by id and title, and everything by a search."""

    def passages_named(self, name: str) -> tuple[Passage, ...]:
        return tuple(one for one in PASSAGES if name in (one.document_id, one.title, "twins", one.text))

    def similar_passages(self, name: str) -> list[Passage]:
        return list(PASSAGES)


def test_all_passages_of_the_document_count():
    found = locate(Searched(), Expected(document="refunds.md"))
    assert (found.document_id, found.title, found.whole) == ("refunds.md", "Refunds", True)
    assert [one.id for one in found.passages] == ["a1", "a2"]
    assert found.spans == (None, None)


def test_a_passage_or_a_quote_narrows_it():
    assert [one.id for one in locate(Searched(), Expected(document="Refunds", passage_id="a2")).passages] == ["a2"]
    found = locate(Searched(), Expected(document="Refunds", quote="FIVE   days"))
    assert [one.id for one in found.passages] == ["a1"]
    assert found.span_in("a1") == (15, 24)


def test_words_that_no_passage_has_are_said():
    with pytest.raises(BadInput, match="may be split between two"):
        locate(Searched(), Expected(document="Refunds", quote="five days. It goes"))


def test_a_document_that_is_not_there_names_the_nearest():
    found = locate(Searched(), Expected(document="Refund"))
    assert not found.in_corpus
    assert [one.title for one in found.nearest] == ["Refunds"]


def test_a_title_of_several_documents_is_not_enough():
    with pytest.raises(BadInput, match=r"2 documents have the title “twins”: plans\.md, refunds\.md"):
        locate(Searched(), Expected(document="twins"))
