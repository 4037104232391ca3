"""A collection offers a filter only by what tells its documents apart."""

from __future__ import annotations

from datetime import date

from rag_core.corpus.facets import MOST_VALUES, Facets, Field, facets
from rag_core.schema.documents import Document

EARLY, LATE = date(2025, 1, 1), date(2026, 1, 1)


def document(name: str, **fields: object) -> Document:
    return Document(id=name, text=name, **fields)


def test_values_are_sorted_and_named_once():
    found = facets(
        [
            document("1", tenant="b", source="chat", updated_at=LATE),
            document("2", tenant="a", source="policy", updated_at=EARLY),
            document("3", tenant="b", source="chat"),
        ]
    )
    assert found == Facets(tenants=("a", "b"), sources=("chat", "policy"), first=EARLY, last=LATE)
    assert found.any


def test_a_document_without_a_tenant_differs_from_one_with_a_tenant():
    assert facets([document("1", tenant="a"), document("2")]).tenants == ("a",)


def test_whether_any_document_states_its_authority():
    assert facets([document("1"), document("2", metadata={"authority": "0.4"})]).authority
    assert not facets([document("1"), document("2", metadata={"authority": "the council"})]).authority


def test_nothing_is_offered_where_all_agree():
    same = [document(name, tenant="a", source="chat", updated_at=EARLY) for name in "12"]
    assert facets(same) == facets([]) == Facets()
    assert not facets(same).any


def test_fields_of_the_metadata_are_offered_where_they_tell_documents_apart():
    found = facets(
        [
            document("1", metadata={"plan": "Pro", "year": 2026, "same": "x", "some": "y", "tag": "a\u2028b"}),
            document("2", metadata={"plan": "Basic", "year": 2025, "same": "x", "tag": "b"}),
        ]
    )
    assert found.any and found.fields == (
        Field(name="plan", values=("Basic", "Pro")),
        Field(name="some", values=("y",)),
        Field(name="tag", values=("a", "b")),
        Field(name="year", values=("2025", "2026")),
    )
    many = facets([document(str(one), metadata={"number": one}) for one in range(2 * MOST_VALUES)])
    assert len(many.fields[0].values) == MOST_VALUES
