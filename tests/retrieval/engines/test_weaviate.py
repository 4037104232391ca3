"""Weaviate as its documentation describes it: the suite with whole texts, and what is its own."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import pytest

from rag_core.errors import BadInput, EngineError, MissingField
from rag_core.retrieval.engines.index_config import IndexConfig, IndexFields
from rag_core.retrieval.engines.index_kinds import kind_named
from rag_core.retrieval.engines.protocol import IndexEngine
from rag_core.schema.filters import Condition, Dated, Equal, In, Not
from rag_core.schema.spaces import ScoreSpace
from tests.retrieval.engines.http_server import KEY
from tests.retrieval.engines.index_conformance import (
    QUERY,
    TYPED_ROWS,
    IndexConformance,
    Row,
    Server,
    at,
    ids,
    only,
)
from tests.retrieval.engines.rest_index import SECRET, RestIndex
from tests.retrieval.engines.weaviate_server import WeaviateServer

FIELDS = IndexFields(
    id="key", text="body", title="title", vector="dense", document="doc", source="kind", updated="changed",
    tenant="customer",
)  # fmt: skip
WHOLE = [{"name": name, "dataType": ["text"], "tokenization": "field"}
         for name in ("key", "title", "doc", "kind", "customer", "state", "code", "reviewed")]  # fmt: skip
BODY = {"name": "body", "dataType": ["text"], "tokenization": "word"}
PROPERTIES = [*WHOLE, BODY, *({"name": name, "dataType": [kind]} for name, kind in (
    ("changed", "date"), ("stars", "int"), ("open", "boolean"), ("flag", "boolean"), ("rate", "number")))]  # fmt: skip
NULLS = {"indexNullState": True}


def properties(row: Row) -> dict[str, Any]:
    given = {"key": row.id, "body": row.text, "title": row.title or None, "doc": row.document or None,
             "kind": row.source or None, "customer": row.tenant,
             "changed": row.updated and f"{row.updated}T00:00:00Z", **row.metadata}  # fmt: skip
    return {name: value for name, value in given.items() if value is not None}


def key(row: Row) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, row.id))


class Objects(RestIndex):
    """Fills a class of the server."""

    fields = FIELDS
    nothing = "Nothing"

    def __init__(self) -> None:
        self.weaviate = WeaviateServer()
        super().__init__(self.weaviate.http)

    def fill(self, rows: Sequence[Row]) -> IndexEngine:
        objects = {key(row): (properties(row), {"dense": list(row.vector)}) for row in rows}
        config = {"dense": {"vectorIndexConfig": {"distance": "cosine"}}}
        self.weaviate.create("Shop", PROPERTIES, objects, vectorConfig=config, invertedIndexConfig=NULLS)
        return self.connected()

    def described(self) -> IndexConfig:
        return IndexConfig(kind="weaviate", address=self.weaviate.http.address, index="Shop", fields=FIELDS)

    def delete(self, ids: Sequence[str]) -> None:
        for one in ids:
            del self.weaviate.objects["Shop"][""][str(uuid.uuid5(uuid.NAMESPACE_URL, one))]


@pytest.fixture
def objects() -> Iterator[Objects]:
    made = Objects()
    yield made
    made.close()


class TestWeaviate(IndexConformance):
    paged = 250
    compares_texts = True
    rows = TYPED_ROWS

    @pytest.fixture
    def server(self, objects: Objects) -> Server:
        return objects


IDS = [str(uuid.UUID(int=number)) for number in (1, 2)]


@pytest.mark.parametrize(
    ("distance", "space", "scores"),
    [
        ("cosine", ScoreSpace.COSINE, [1, 0.5]),
        ("dot", ScoreSpace.DOT, [1, 0.5]),
        ("l2-squared", ScoreSpace.DISTANCE, [0, 1]),  # the chord of 60 degrees is 1, as its square is
    ],
)
def test_distances_are_turned_back(objects: Objects, distance: str, space: ScoreSpace, scores: list[float]) -> None:
    two = {one: ({"body": one}, {"": list(at(angle))}) for one, angle in zip(IDS, (0, 60), strict=True)}
    objects.weaviate.create("Plain", [BODY], two, vectorIndexConfig={"distance": distance})
    index = objects.connected(index="Plain", fields=IndexFields(text="body"))
    found = index.dense(QUERY, 2)
    assert (ids(found.hits), found.space) == (IDS, space)
    assert [score for _, score in found.hits] == pytest.approx(scores, abs=1e-5)
    assert list(index.passages_by_id(["none", IDS[1].upper(), IDS[0]])) == [IDS[1].upper(), IDS[0]]
    assert index.count(only(Equal(field="document_id", value=IDS[0]))) == 1
    assert index.vectors_by_id([IDS[0]])[IDS[0]].tolist() == [1, 0, 0, 0]


@pytest.mark.parametrize(
    "condition",
    [
        Equal(field="body", value="x"),
        Dated(field="body"),
        Equal(field="title", value=""),
        Not(condition=Dated(field="changed")),
        Not(condition=Dated(field="key")),
        Equal(field="secret", value="x"),
    ],
    ids=str,
)
def test_what_a_class_cannot_say_is_refused_before_anything_is_sent(objects: Objects, condition: Condition) -> None:
    hidden = {"name": "secret", "dataType": ["text"], "tokenization": "field", "indexFilterable": False}
    objects.weaviate.create("Shop", [*PROPERTIES, hidden], {}, vectorConfig={"dense": {"vectorIndexConfig": {}}})
    index = objects.connected()
    index.dimensions()
    asked = len(objects.weaviate.http.asked)
    with pytest.raises(BadInput, match="nothing was searched"):
        index.count(only(condition))
    assert len(objects.weaviate.http.asked) == asked


@pytest.mark.parametrize("fields", [{"document": "doc"}, {"id": "doc"}], ids=str)
def test_parts_that_are_kept_as_numbers_are_filtered_by_their_text(objects: Objects, fields: dict[str, str]) -> None:
    whole = [{"name": name, "dataType": ["int"]} for name in ("customer", "doc")]
    two = {one: ({"customer": 7 + n, "doc": 77 + n}, {"": list(at(0))}) for n, one in enumerate(IDS)}
    objects.weaviate.create("Plain", [BODY, *whole], two, vectorIndexConfig={"distance": "cosine"})
    index = objects.connected(index="Plain", fields=IndexFields(text="body", tenant="customer", **fields))
    for condition in (In(field="tenant", values=("7",)), Equal(field="document_id", value="77")):
        for one, document in ((condition, "77"), (Not(condition=condition), "78")):
            assert [passage.document_id for passage in index.listed(5, only(one))] == [document], one
    assert index.count(only(Equal(field="tenant", value="seven"))) == 0
    if index.config.fields.id:  # type: ignore[attr-defined]
        assert list(index.passages_by_id(["78", "no number"])) == ["78"]
        assert list(index.vectors_by_id(["78"])) == ["78"]


def test_an_id_that_is_kept_as_a_number_is_found_however_long(objects: Objects) -> None:
    one = {IDS[0]: ({"doc": 1234567890123456789}, {"": list(at(0))})}
    doc = {"name": "doc", "dataType": ["int"]}
    objects.weaviate.create("Plain", [BODY, doc], one, vectorIndexConfig={"distance": "cosine"})
    index = objects.connected(index="Plain", fields=IndexFields(text="body", id="doc"))
    assert list(index.passages_by_id(["1234567890123456789", "9" * 19])) == ["1234567890123456789"]


@pytest.mark.parametrize("kind", ["date", "text"])
def test_a_day_is_that_in_utc(objects: Objects, kind: str) -> None:
    found = {IDS[0]: ({"changed": "2026-03-14T23:30:00-05:00"}, {"": list(at(0))})}
    objects.weaviate.create("Plain", [BODY, {"name": "changed", "dataType": [kind]}], found)
    index = objects.connected(index="Plain", fields=IndexFields(text="body", updated="changed"))
    assert [one.updated_at for one in index.listed(3)] == [date(2026, 3, 15)]


def test_a_tenant_is_searched_alone(objects: Objects) -> None:
    for tenant, one in zip(("acme", "zenith"), IDS, strict=True):
        found = {one: ({"body": f"Of {tenant}."}, {"": list(at(0))})}
        objects.weaviate.create("Tenants", [BODY], found, tenant, multiTenancyConfig={"enabled": True})
    index = objects.connected(index="Tenants", namespace="zenith", fields=IndexFields(text="body"))
    assert (ids(index.dense(QUERY, 5).hits), index.count()) == ([IDS[1]], 1)
    assert [passage.text for passage in index.listed(5)] == ["Of zenith."]
    assert list(index.passages_by_id(IDS)) == [IDS[1]]


def test_words_are_bm25_and_hybrid_is_the_servers_own(objects: Objects) -> None:
    index = objects.fill(TYPED_ROWS)
    assert index.lexical("refunds", 5).space is ScoreSpace.BM25
    assert index.hybrid("refunds", QUERY, 5).space is ScoreSpace.UNKNOWN


def test_a_class_is_described_by_its_schema(objects: Objects) -> None:
    objects.fill(TYPED_ROWS)
    kind, config = kind_named("weaviate"), objects.config(fields=IndexFields())
    assert [one.name for one in kind.indexes(config, SECRET)] == ["Shop"]
    told = kind.describe(config, SECRET)
    assert told.fields == IndexFields(text="body", title="title", vector="dense", source="kind", tenant="customer")
    assert (told.dimensions, told.distance, told.passages, len(told.rows)) == (4, "cosine", 6, 3)


def test_what_is_wrong_is_said(objects: Objects) -> None:
    objects.fill(TYPED_ROWS)
    with pytest.raises(MissingField, match=r"has no field titles\. It has dense"):
        objects.connected(fields=FIELDS.with_(vector="titles")).dense(QUERY, 3)
    with pytest.raises(MissingField, match="has no field number"):
        objects.connected(fields=FIELDS.with_(id="number")).dense(QUERY, 3)
    with pytest.raises(BadInput, match="capital letter"):
        objects.connected(index="shop) { x }")
    index = objects.connected()
    index.dimensions()
    objects.weaviate.http.answers = lambda _: (200, {"errors": [{"message": f"broken for {KEY}"}]})
    with pytest.raises(EngineError, match="broken for •••"):
        index.count()
