"""Qdrant's own engine behind HTTP: the suite by an id in the payload, and what is its own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import SecretStr

from rag_core.errors import BadInput, EngineError, EngineRefused, MissingField, MissingIndex
from rag_core.retrieval.engines.index_config import IndexConfig, IndexFields
from rag_core.retrieval.engines.index_kinds import connect, kind_named
from rag_core.retrieval.engines.protocol import IndexEngine
from rag_core.schema.filters import Dated, Equal, In, Not
from rag_core.schema.spaces import ScoreSpace
from tests.retrieval.engines.http_server import KEY
from tests.retrieval.engines.index_conformance import QUERY, ROWS, IndexConformance, Row, Server, at, ids, only
from tests.retrieval.engines.qdrant_server import QdrantServer
from tests.retrieval.engines.rest_index import SECRET, RestIndex

FIELDS = IndexFields(
    id="chunk_id", text="body", title="title", vector="dense", document="doc", source="kind", updated="changed",
    tenant="customer", metadata="meta", lexical="words",
)  # fmt: skip
DENSE, WORDS = {"dense": {"size": 4, "distance": "Cosine"}}, {"words": {"modifier": "idf"}}


def payload(row: Row) -> dict[str, Any]:
    given = {"chunk_id": row.id, "body": row.text, "title": row.title or None, "doc": row.document or None,
             "kind": row.source or None, "customer": row.tenant,
             "changed": row.updated and row.updated.isoformat(), "meta": row.metadata}  # fmt: skip
    return {name: value for name, value in given.items() if value is not None}


class Points(RestIndex):
    """Fills a collection of the server."""

    fields = FIELDS

    def __init__(self, folder: Path) -> None:
        self.qdrant = QdrantServer(folder)
        super().__init__(self.qdrant.http)
        self.keys: dict[str, int] = {}

    def fill(self, rows: Sequence[Row]) -> IndexEngine:
        self.keys = {row.id: number for number, row in enumerate(rows)}
        made = self.qdrant.create("shop", DENSE, WORDS)
        made.upsert([(self.keys[one.id], {"dense": list(one.vector), "words": one.text}, payload(one)) for one in rows])
        return self.connected()

    def described(self) -> IndexConfig:
        return IndexConfig(kind="qdrant", address=self.qdrant.http.address, index="shop", fields=FIELDS, exact=True)

    def delete(self, ids: Sequence[str]) -> None:
        from qdrant_edge import UpdateOperation

        keys = [self.keys[one] for one in ids]
        self.qdrant.collections["shop"].shard.update(UpdateOperation.delete_points(keys))


@pytest.fixture
def points(tmp_path: Path) -> Iterator[Points]:
    made = Points(tmp_path)
    yield made
    made.close()


class TestQdrant(IndexConformance):
    @pytest.fixture
    def server(self, points: Points) -> Server:
        return points


UUIDS = ("5c56c793-69f3-4fbf-87e6-c4bf54c28c26", "00000000-0000-0000-0000-000000000001")


@pytest.fixture
def plain(points: Points) -> Points:
    """A collection with one vector without a name, ids of Qdrant's own, and no metadata object."""
    made = points.qdrant.create("plain", {"size": 4, "distance": "Euclid"})
    made.upsert([(7, {"": list(at(0))}, {"text": "Seven.", "stars": 4, "tenant_id": 17}),
                 (UUIDS[0], {"": list(at(60))}, {"text": "A UUID.", "stars": 5, "Größe (cm)": "x"})])  # fmt: skip
    return points


def test_without_a_named_id_it_is_the_points_own(plain: Points) -> None:
    index = plain.connected(index="plain", fields=IndexFields(text="text"))
    found = index.dense(QUERY, 5)
    assert (ids(found.hits), found.space) == (["7", UUIDS[0]], ScoreSpace.DISTANCE)
    assert [score for _, score in found.hits] == pytest.approx([0, 1], abs=1e-5)  # the chord of 60 degrees is 1
    assert list(index.passages_by_id(["none", UUIDS[0].upper(), "7", UUIDS[1], "07"])) == [UUIDS[0].upper(), "7"]
    assert index.vectors_by_id(["7"])["7"].tolist() == pytest.approx([1, 0, 0, 0])
    assert index.count(only(In(field="document_id", values=("7", "x")))) == 1
    assert index.count(only(Not(condition=Equal(field="document_id", value="7")))) == 1
    assert index.count(only(Equal(field="Größe (cm)", value="x"))) == 1


def test_a_part_that_the_index_keeps_as_a_number_is_found_by_its_text(plain: Points) -> None:
    index = plain.connected(index="plain", fields=IndexFields(text="text", tenant="tenant_id"))
    assert index.passages_by_id(["7"])["7"].tenant == "17"
    assert [one.id for one in index.listed(5, only(Equal(field="tenant", value="17")))] == ["7"]
    assert index.count(only(Not(condition=Equal(field="tenant", value="17")))) == 1


@pytest.mark.parametrize("number", [7, 1234567890123456789, 2**63 - 1])
def test_an_id_that_the_index_keeps_as_a_number_is_found_however_long(points: Points, number: int) -> None:
    made = points.qdrant.create("plain", {"size": 4, "distance": "Cosine"})
    made.upsert([(1, {"": list(at(0))}, {"text": "x", "key": number, "doc": number})])
    index = points.connected(index="plain", fields=IndexFields(text="text", id="key", document="doc"))
    assert list(index.passages_by_id([str(number), "9" * 19])) == [str(number)]
    assert [one.id for one in index.listed(5, only(Equal(field="document_id", value=str(number))))] == [str(number)]


def test_a_day_is_that_in_utc_and_a_value_of_a_list_is_enough(points: Points) -> None:
    made = points.qdrant.create("plain", {"size": 4, "distance": "Cosine"})
    given = {"text": "x", "changed": "2026-03-14T23:30:00-05:00", "team": ["acme", "umbrella"]}
    made.upsert([(7, {"": list(at(0))}, given)])
    index = points.connected(index="plain", fields=IndexFields(text="text", updated="changed", tenant="team"))
    assert index.passages_by_id(["7"])["7"].updated_at == date(2026, 3, 15)
    for condition, number in (
        (Equal(field="updated_at", value="2026-03-15"), 1),
        (Dated(before=date(2026, 3, 15)), 0),
        (In(field="tenant", values=("umbrella",)), 1),
        (Not(condition=Equal(field="tenant", value="acme")), 0),
    ):
        found = index.listed(5, only(condition))
        assert len(found) == number, condition
        assert all(condition.matches(passage) for passage in found)


def test_a_part_that_is_not_mapped_is_empty_in_every_passage(plain: Points) -> None:
    index = plain.connected(index="plain", fields=IndexFields(text="text"))
    assert index.count(only(Equal(field="tenant", value="17"))) == 0
    assert index.count(only(Equal(field="source", value=""))) == 2
    assert index.count(only(Not(condition=Equal(field="source", value="")))) == 0


@pytest.mark.parametrize(("distance", "space"), [("Dot", ScoreSpace.DOT), ("Manhattan", ScoreSpace.DISTANCE)])
def test_scores_are_in_the_space_of_the_collections_distance(points: Points, distance: str, space: ScoreSpace) -> None:
    made = points.qdrant.create("other", {"size": 4, "distance": distance})
    made.upsert([(1, {"": [2.0, 0, 0, 0]}, {"text": "a"}), (2, {"": [0.5, 0, 0, 0]}, {"text": "b"})])
    found = points.connected(index="other", fields=IndexFields(text="text")).dense(QUERY, 2)
    assert found.space is space
    assert dict(found.hits) == ({"1": 2.0, "2": 0.5} if distance == "Dot" else {"2": 0.5, "1": 1.0})


def test_words_are_bm25_and_both_are_fused_by_rrf(points: Points) -> None:
    index = points.fill(ROWS)
    assert index.lexical("refunds", 5).space is ScoreSpace.BM25
    assert index.hybrid("refunds", QUERY, 5).space is ScoreSpace.RRF
    dense_only = points.connected(fields=FIELDS.with_(lexical=""))
    assert (dense_only.capabilities.lexical, dense_only.capabilities.hybrid) == (False, False)


def test_both_are_fused_by_scores_where_that_is_chosen(points: Points) -> None:
    by_ranks = points.fill(ROWS).hybrid("refunds", QUERY, 5)
    by_scores = points.connected(fusion="dbsf").hybrid("refunds", QUERY, 5)
    assert (by_ranks.space, by_scores.space) == (ScoreSpace.RRF, ScoreSpace.UNKNOWN)
    assert set(ids(by_scores.hits)) & set(ids(by_ranks.hits))
    assert [score for _, score in by_scores.hits] != [score for _, score in by_ranks.hits]


def test_the_named_model_makes_the_sparse_vector_of_a_question(points: Points) -> None:
    words = points.fill(ROWS).lexical("refunds", 5)
    named = points.connected(sparse_model="Qdrant/bm25").lexical("refunds", 5)
    assert (named.hits, named.space) == (words.hits, ScoreSpace.BM25)
    with pytest.raises(EngineError, match="InferenceService is not initialized for splade-v3"):
        points.connected(sparse_model="splade-v3").lexical("refunds", 5)


def test_what_another_kind_cannot_be_told_is_refused(points: Points) -> None:
    for told, sentence in (
        ({"fusion": "dbsf"}, "Weaviate cannot fuse its searches by dbsf"),
        ({"sparse_model": "splade"}, "Weaviate cannot be told a model of sparse vectors"),
        ({"exact": True}, "Weaviate cannot be searched without its approximate index"),
    ):
        with pytest.raises(BadInput, match=sentence):
            connect(points.described().with_(exact=False).with_(kind="weaviate", **told), None)


def test_a_collection_is_described_with_three_rows_and_guessed_fields(points: Points) -> None:
    made = points.qdrant.create("langchain", {"size": 4, "distance": "Cosine"})
    found = [(number, {"": list(at(number))}, {"page_content": f"Text {number}.",
              "metadata": {"source": "a.md", "title": "A", "language": "de"}}) for number in range(5)]  # fmt: skip
    made.upsert(found)
    points.fill(ROWS)
    kind, config = kind_named("qdrant"), points.described().with_(index="langchain", fields=IndexFields())
    assert [one.name for one in kind.indexes(config, SECRET)] == ["langchain", "shop"]
    told = kind.describe(config, SECRET)
    assert (told.dimensions, told.distance, told.passages, len(told.rows)) == (4, "cosine", 5, 3)
    assert told.fields == IndexFields(
        text="page_content", title="metadata.title", metadata="metadata", document="metadata.source",
        language="metadata.language",
    )  # fmt: skip
    assert told.rows[0]["id"] == "0" and told.rows[0]["metadata.title"] == "A"
    passage = points.connected(index="langchain", fields=told.fields).listed(1)[0]
    assert (passage.text, passage.title, passage.document_id, passage.metadata) == (
        "Text 0.", "A", "a.md", {"language": "de"},
    )  # fmt: skip
    named = kind.describe(points.config(fields=IndexFields()), SECRET).fields
    assert (named.vector, named.lexical, named.metadata) == ("dense", "words", "meta")
    points.qdrant.create("splade", DENSE, {"splade": {}})
    assert kind.describe(points.described().with_(index="splade", fields=IndexFields()), SECRET).fields.lexical == ""


def test_the_text_in_a_node_of_llama_index_is_found_and_read(points: Points) -> None:
    node = {"id_": "1", "metadata": {"file_name": "refunds.md"}, "text": "Refunds take five days."}
    payload = {"_node_content": json.dumps(node), "_node_type": "TextNode", "file_name": "refunds.md", "doc_id": "d1"}
    points.qdrant.create("nodes", {"size": 4, "distance": "Cosine"}).upsert([(1, {"": [1.0, 0, 0, 0]}, payload)])
    described = kind_named("qdrant").describe(points.described().with_(index="nodes", fields=IndexFields()), SECRET)
    fields = described.fields
    assert (fields.text, fields.title, fields.document) == ("_node_content.text", "file_name", "doc_id")
    (passage,) = points.connected(index="nodes", fields=fields).listed(5)
    assert (passage.text, passage.title, passage.document_id) == ("Refunds take five days.", "refunds.md", "d1")
    (same,) = points.connected(index="nodes", fields=fields).passages_by_id(["1"]).values()
    assert same == passage


def test_a_vector_that_is_not_there_is_said_with_those_that_are(points: Points) -> None:
    points.fill(ROWS)
    with pytest.raises(MissingField, match=r"has no field titles\. It has dense"):
        points.connected(fields=FIELDS.with_(vector="titles")).dense(QUERY, 3)
    with pytest.raises(MissingField, match=r"has no field splade\. It has words"):
        points.connected(fields=FIELDS.with_(lexical="splade")).lexical("x", 3)
    with pytest.raises(MissingField, match="has no field number"):
        points.connected(fields=FIELDS.with_(id="number")).dense(QUERY, 3)


def test_no_error_holds_the_key(points: Points) -> None:
    points.fill(ROWS)
    points.qdrant.http.answers = lambda asked: (500, {"status": {"error": f"broken for {asked.headers['api-key']}"}})
    with pytest.raises(EngineError, match="broken for •••") as caught:
        points.connected().count()
    assert KEY not in str(caught.value)
    points.qdrant.http.answers = lambda asked: (403, f"no {asked.headers['api-key']}")
    with pytest.raises(EngineRefused, match="no •••"):
        points.connected().count()


def test_what_cannot_be_connected_is_said_before_anything_is_sent(points: Points) -> None:
    wrong: dict[str, dict[str, Any]] = {
        "Choose the collection": {"index": ""},
        "field of the text": {"fields": IndexFields()},
        "must look like http": {"address": "qdrant://x"},
        r"no \?": {"address": "http://x/?a=b"},
    }
    for said, changes in wrong.items():
        with pytest.raises(BadInput, match=said):
            points.connected(**changes)
    with pytest.raises(BadInput, match="Copy it again"):
        points.connected(SecretStr("key\nX: y"))
    assert points.qdrant.http.asked == []


def test_a_collection_that_was_made_again_is_read_again(points: Points) -> None:
    index = points.fill(ROWS)
    assert index.dimensions() == 4
    made = points.qdrant.create("shop", {"dense": {"size": 2, "distance": "Dot"}})
    made.upsert([(1, {"dense": [1.0, 0.0]}, {"chunk_id": "new", "body": "New."})])
    with pytest.raises(EngineError, match="have 2 numbers"):
        index.dense(QUERY, 3)
    found = index.dense(np.array([1, 0], np.float32), 3)
    assert (found.hits, found.space) == ([("new", 1.0)], ScoreSpace.DOT)
    del points.qdrant.collections["shop"]
    with pytest.raises(MissingIndex):
        index.count()
