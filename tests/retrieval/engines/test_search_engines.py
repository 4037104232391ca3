"""Elasticsearch and OpenSearch as their references describe them: the suite on both, and what is their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from rag_core.corpus.facets import facets
from rag_core.diagnosis import Expected, locate
from rag_core.errors import BadInput, EngineError, EngineRefused, MissingField, WrongDimension
from rag_core.pipeline.pipeline import Pipeline
from rag_core.retrieval.engines.connected_collection import ConnectedCollection
from rag_core.retrieval.engines.index_config import IndexConfig, IndexFields
from rag_core.retrieval.engines.index_kinds import kind_named
from rag_core.retrieval.engines.protocol import IndexEngine
from rag_core.schema.filters import Condition, Dated, Equal, In, Not
from rag_core.schema.policy import NO_RERANKER, Policy
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.trace import Trace
from tests.corpus.doubles import WordEmbedder
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
from tests.retrieval.engines.search_engine_server import SearchEngineServer

FIELDS = IndexFields(
    text="body", title="title", vector="dense", document="doc", source="kind", updated="changed", tenant="customer"
)
KEYWORD, TEXT = {"type": "keyword"}, {"type": "text"}
TITLE = {"type": "text", "fields": {"raw": KEYWORD}}
PARTS: dict[str, Any] = {"body": TEXT, "title": TITLE, "doc": KEYWORD, "kind": KEYWORD, "changed": {"type": "date"},
                         "customer": KEYWORD}  # fmt: skip
META: dict[str, Any] = {"stars": {"type": "long"}, "state": TITLE, "open": {"type": "boolean"},
                        "rate": {"type": "float"}, "reviewed": {"type": "date"}, "flag": {"type": "boolean"},
                        "code": KEYWORD}  # fmt: skip
VECTORS: dict[bool, dict[str, Any]] = {
    True: {"type": "dense_vector", "dims": 4, "similarity": "cosine"},
    False: {"type": "knn_vector", "dimension": 4, "space_type": "cosinesimil", "method": {"engine": "lucene"}},
}


class Documents(RestIndex):
    """Fills an index. Elasticsearch's documents have metadata at the top and their own ids, OpenSearch's have an object
    of metadata and a field with the id."""

    def __init__(self, elastic: bool) -> None:
        self.elastic = elastic
        self.kind = "elasticsearch" if elastic else "opensearch"
        self.fields = FIELDS if elastic else FIELDS.with_(id="key", metadata="meta")
        self.server = SearchEngineServer(elastic)
        super().__init__(self.server.http)
        self.keys: dict[str, str] = {}

    def fill(self, rows: Sequence[Row]) -> IndexEngine:
        self.keys = {row.id: row.id if self.elastic else f"k{number}" for number, row in enumerate(rows)}
        inside = META if self.elastic else {"meta": {"properties": META}, "key": KEYWORD}
        documents = {self.keys[row.id]: self.source(row) for row in rows}
        self.server.create("shop", {**PARTS, **inside, "dense": VECTORS[self.elastic]}, documents)
        return self.connected()

    def source(self, row: Row) -> dict[str, Any]:
        given = {"body": row.text, "title": row.title or None, "doc": row.document or None, "kind": row.source or None,
                 "customer": row.tenant, "changed": row.updated and row.updated.isoformat(),
                 "dense": list(row.vector)}  # fmt: skip
        inside = row.metadata if self.elastic else {"meta": row.metadata, "key": row.id}
        return {name: value for name, value in {**given, **inside}.items() if value is not None}

    def described(self) -> IndexConfig:
        return IndexConfig(kind=self.kind, address=self.server.http.address, index="shop", fields=self.fields)

    def delete(self, ids: Sequence[str]) -> None:
        for one in ids:
            del self.server.documents["shop"][self.keys[one]]


@pytest.fixture
def elastic() -> Iterator[Documents]:
    made = Documents(True)
    yield made
    made.close()


@pytest.fixture
def opensearch() -> Iterator[Documents]:
    made = Documents(False)
    yield made
    made.close()


class TestElasticsearch(IndexConformance):
    rows = TYPED_ROWS

    @pytest.fixture
    def server(self, elastic: Documents) -> Server:
        return elastic


class TestOpenSearch(IndexConformance):
    rows = TYPED_ROWS

    @pytest.fixture
    def server(self, opensearch: Documents) -> Server:
        return opensearch


ONE, FAR = [1.0, 0.0, 0.0, 0.0], [0.5, 0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("similarity", "space", "scores"),
    [
        ("cosine", ScoreSpace.COSINE, [1, 1]),
        ("dot_product", ScoreSpace.DOT, [1, 0.5]),
        ("max_inner_product", ScoreSpace.DOT, [1, 0.5]),
        ("l2_norm", ScoreSpace.DISTANCE, [0, 0.5]),
    ],
)
def test_scores_of_elasticsearch_are_what_its_vectors_say(
    elastic: Documents, similarity: str, space: ScoreSpace, scores: list[float]
) -> None:
    vector = {"type": "dense_vector", "dims": 4, "similarity": similarity}
    elastic.server.create("shop", {"body": TEXT, "dense": vector}, {"a": {"dense": ONE}, "b": {"dense": FAR}})
    found = elastic.connected().dense(QUERY, 2)
    assert (ids(found.hits), found.space) == (["a", "b"], space)
    assert [score for _, score in found.hits] == pytest.approx(scores)


@pytest.mark.parametrize(
    ("kind", "space", "scores"),
    [
        ({"space_type": "cosinesimil"}, ScoreSpace.COSINE, [1, 1]),
        ({"method": {"space_type": "innerproduct", "engine": "faiss"}}, ScoreSpace.DOT, [1, 0.5]),
        ({}, ScoreSpace.DISTANCE, [0, 0.5]),
    ],
)
def test_scores_of_opensearch_are_too(
    opensearch: Documents, kind: dict[str, Any], space: ScoreSpace, scores: list[float]
) -> None:
    told = {"type": "knn_vector", "dimension": 4, **kind, "similarity": kind.get("method", {}).get("space_type")}
    rows = {"1": {"dense": ONE, "key": "a"}, "2": {"dense": FAR, "key": "b"}}
    opensearch.server.create("shop", {"body": TEXT, "key": KEYWORD, "dense": told}, rows)
    found = opensearch.connected().dense(QUERY, 2)
    assert (ids(found.hits), found.space) == (["a", "b"], space)
    assert [score for _, score in found.hits] == pytest.approx(scores)


def test_words_are_bm25_and_each_fuses_in_its_own_way(elastic: Documents, opensearch: Documents) -> None:
    rows = [Row("a", "refund", at(0)), Row("b", "other", at(60))]
    for server, space, first in ((elastic, ScoreSpace.RRF, 2 / 61), (opensearch, ScoreSpace.UNKNOWN, 1.0)):
        index = server.fill(rows)
        # idf of a word in one of two texts: ln(1 + 1.5 / 1.5); every text has the mean length
        assert index.lexical("refund", 5).hits == [("a", pytest.approx(np.log(2) / (1 + 1.2)))]
        assert index.lexical("refund", 5).space is ScoreSpace.BM25
        fused = index.hybrid("refund", QUERY, 2)
        assert (fused.space, fused.hits[0]) == (space, ("a", pytest.approx(first)))


def test_a_lexical_score_is_explained_in_the_servers_words(elastic: Documents, opensearch: Documents) -> None:
    rows = [Row("a", "refund by card", at(0)), Row("b", "refund", at(60)), Row("c", "other", at(90))]
    for server in (elastic, opensearch):
        index = server.fill(rows)
        scores = dict(index.lexical("refund card", 5).hits)
        explained = index.explained("refund card", "a")
        assert explained is not None and explained.value == pytest.approx(scores["a"])
        assert [part.text.partition(" ")[0] for part in explained.parts] == ["weight(body:refund", "weight(body:card"]
        assert sum(part.value for part in explained.parts) == pytest.approx(scores["a"])
        one = index.explained("refund card", "b")
        assert one is not None and one.text.startswith("weight(body:refund in 0)")
        assert index.explained("refund card", "c") is None
        collection = ConnectedCollection(index, server.config(), WordEmbedder())
        assert collection.explains and collection.explained("refund card", "a") == explained


def test_a_server_that_explains_nothing_is_said(elastic: Documents, monkeypatch: pytest.MonkeyPatch) -> None:
    index = elastic.fill([Row("a", "refund", at(0))])
    monkeypatch.setattr(index, "_search", lambda body: [{"_id": "a"}])
    with pytest.raises(EngineError, match="gave no explanation of the score"):
        index.explained("refund", "a")


def test_a_pipeline_of_the_index_is_left_to_fuse(opensearch: Documents) -> None:
    index = opensearch.fill([Row("a", "refund", at(0))])
    index.hybrid("refund", QUERY, 2)
    assert "search_pipeline" in opensearch.server.http.asked[-1].body
    opensearch.server.settings = {"index": {"search": {"default_pipeline": "mine"}}}
    index.hybrid("refund", QUERY, 2)
    assert "search_pipeline" not in opensearch.server.http.asked[-1].body


@pytest.mark.parametrize("fields", [{"document": "doc"}, {"id": "doc"}], ids=str)
def test_parts_that_are_kept_as_numbers_are_filtered_by_their_text(elastic: Documents, fields: dict[str, str]) -> None:
    number, rows = {"type": "long"}, {f"k{one}": {"dense": ONE, "customer": one, "doc": 70 + one} for one in (7, 8)}
    elastic.server.create("shop", {"body": TEXT, "dense": VECTORS[True], "customer": number, "doc": number}, rows)
    index = elastic.connected(fields=IndexFields(text="body", vector="dense", tenant="customer", **fields))
    for condition in (In(field="tenant", values=("7",)), Equal(field="document_id", value="77")):
        for one, document in ((condition, "77"), (Not(condition=condition), "78")):
            assert [passage.document_id for passage in index.listed(5, only(one))] == [document], one
            assert len(index.dense(QUERY, 5, only(one)).hits) == 1
    assert index.count(only(Equal(field="tenant", value="seven"))) == 0
    if "id" in fields:
        assert list(index.passages_by_id(["78", "no number"])) == ["78"]
        body = elastic.server.http.asked[-1].body
        assert body["query"] == {"terms": {"doc": [78]}}  # a real server refuses a text for a number


def test_a_value_of_a_list_filters_is_offered_and_keeps_the_question(elastic: Documents) -> None:
    given: dict[str, Any] = {"1": ["acme", "umbrella"], "2": ["acme"], "3": "zenith"}
    rows = {one: {"body": "refund", "dense": ONE, "customer": of, "tags": of} for one, of in given.items()}
    elastic.server.create("shop", {"body": TEXT, "dense": VECTORS[True], "customer": KEYWORD, "tags": KEYWORD}, rows)
    index = elastic.connected(fields=IndexFields(text="body", vector="dense", tenant="customer"))
    assert facets(index.listed(9)).tenants == ("acme", "umbrella", "zenith")
    collection = ConnectedCollection(index, elastic.config(searches="lexical"), WordEmbedder())
    for field in ("tenant", "tags"):
        condition = In(field=field, values=("umbrella", "none"))
        for one, wanted in ((condition, {"1"}), (Not(condition=condition), {"2", "3"})):
            trace = Pipeline(collection).run("refund", Policy(reranker=NO_RERANKER), only(one))
            assert {hit.passage_id for hit in trace["lexical"].hits} == wanted
            assert Trace.read(trace.to_json()) == trace


@pytest.mark.parametrize("kind", ["date", "keyword"])
def test_a_day_is_that_in_utc_and_refused_where_the_server_compares_texts(elastic: Documents, kind: str) -> None:
    day = date(2026, 3, 15)
    found = {"1": {"body": "refund", "dense": ONE, "changed": "2026-03-14T23:30:00.25-05:00"}}
    properties = {"body": TEXT, "dense": VECTORS[True], "changed": {"type": kind}}
    elastic.server.create("shop", properties, found)
    index = elastic.connected(fields=IndexFields(text="body", vector="dense", updated="changed"))
    assert index.passages_by_id(["1"])["1"].updated_at == day
    that_day, before = only(Dated(after=day, before=day + timedelta(days=1))), only(Dated(before=date(2026, 3, 10)))
    if kind == "keyword":
        for ask in (
            lambda: index.listed(3, that_day),
            lambda: index.count(only(Equal(field="updated_at", value=str(day)))),
        ):
            with pytest.raises(BadInput, match=r"changed of .* has times with an offset to UTC"):
                ask()
    else:
        assert [one.id for one in index.listed(3, that_day)] == ["1"]
    assert index.listed(3, before) == []


def test_documents_of_an_alias_of_several_indices_are_told_apart(elastic: Documents) -> None:
    properties = {"body": TEXT, "dense": VECTORS[True]}
    for name, angle in (("old", 30), ("new", 0)):
        elastic.server.create(name, properties, {"1": {"body": f"Of {name}.", "dense": list(at(angle))}})
    elastic.server.aliases["both"] = ["old", "new"]
    index = elastic.connected(index="both", fields=IndexFields(text="body", vector="dense"))
    assert ids(index.dense(QUERY, 5).hits) == ["new/1", "old/1"]
    assert {one.id for one in index.listed(5)} == {"new/1", "old/1"}
    found = index.passages_by_id(["old/1", "new/1", "1", "new/2", "none/1"])
    assert {one: passage.text for one, passage in found.items()} == {"old/1": "Of old.", "new/1": "Of new."}
    assert index.vectors_by_id(["old/1"])["old/1"].tolist() == pytest.approx(at(30))
    condition = Equal(field="document_id", value="old/1")
    assert ids(index.dense(QUERY, 5, only(condition)).hits) == ["old/1"]
    assert ids(index.dense(QUERY, 5, only(Not(condition=condition))).hits) == ["new/1"]


def test_an_index_without_vectors_is_connected_for_its_words(elastic: Documents) -> None:
    elastic.server.create("shop", {"body": TEXT, "customer": KEYWORD}, {"1": {"body": "refund", "customer": "acme"}})
    config = elastic.config(fields=IndexFields(text="body", tenant="customer"), searches="lexical")
    index = elastic.connected(fields=config.fields)
    assert (index.dimensions(), index.vectors_by_id(["1"])) == (0, {})
    collection = ConnectedCollection(index, config, WordEmbedder())
    assert locate(collection, Expected(document="1")).in_corpus
    policy, other = Policy(reranker=NO_RERANKER), only(Equal(field="tenant", value="zenith"))
    assert [hit.passage_id for hit in Pipeline(collection).run("refund", policy)["lexical"].hits] == ["1"]
    (warning,) = Pipeline(collection).run("refund", policy, other)["lexical"].warnings
    assert "or the filter excludes those that do" in warning.message


@pytest.mark.parametrize(
    "condition", [Equal(field="body", value="refund"), Dated(field="body"), Equal(field="blob", value="x")], ids=str
)
def test_what_is_not_indexed_whole_is_no_filter(elastic: Documents, condition: Condition) -> None:
    elastic.server.create("shop", {"body": TEXT, "dense": VECTORS[True]}, {}, dynamic="false")
    index = elastic.connected()
    index.dimensions()
    asked = len(elastic.server.http.asked)
    for where in (only(condition), only(Not(condition=condition))):
        with pytest.raises(BadInput, match="Use another filter"):
            index.dense(QUERY, 3, where)
    assert len(elastic.server.http.asked) == asked


def test_vectors_that_cannot_be_filtered_inside_the_search_are_not_filtered(opensearch: Documents) -> None:
    opensearch.fill(TYPED_ROWS)
    opensearch.server.mappings["shop"]["properties"]["dense"] = {**VECTORS[False], "method": {"engine": "nmslib"}}
    index = opensearch.connected()
    with pytest.raises(BadInput, match="nmslib, which cannot filter"):
        index.dense(QUERY, 3, only(Equal(field="tenant", value="acme")))
    assert index.dense(QUERY, 3).hits


def test_an_index_is_described_by_its_mapping(elastic: Documents) -> None:
    elastic.fill(TYPED_ROWS)
    properties = {"text": TITLE, "vector": VECTORS[True], "metadata": {"properties": {"source": TITLE, "title": TITLE}}}
    document = {"text": "Hello.", "vector": ONE, "metadata": {"source": "a.md", "title": "A"}}
    elastic.server.create("langchain", properties, {"1": document})
    elastic.server.create("words", {"text": TEXT}, {})
    elastic.server.create(".security", {"v": VECTORS[True]}, {})
    kind, config = kind_named("elasticsearch"), elastic.config(index="langchain", fields=IndexFields())
    assert [(one.name, one.told) for one in kind.indexes(config, SECRET)] == [
        ("langchain", "vector"),
        ("shop", "dense"),
    ]
    told = kind.describe(config, SECRET)
    assert told.fields == IndexFields(
        text="text", vector="vector", metadata="metadata", title="metadata.title", document="metadata.source"
    )
    assert (told.dimensions, told.distance, told.passages) == (4, "cosine", 1)
    assert told.rows[0]["_id"] == "1" and told.rows[0]["metadata.title"] == "A" and "vector" not in told.rows[0]
    index = elastic.connected(index="langchain", fields=told.fields)
    passage = index.passages_by_id(["1"])["1"]
    assert (passage.text, passage.title, passage.document_id) == ("Hello.", "A", "a.md")
    assert index.count(only(Equal(field="document_id", value="a.md"))) == 1


def test_a_user_in_the_address_sends_a_password(elastic: Documents) -> None:
    elastic.fill(TYPED_ROWS)
    index = elastic.connected(address=elastic.server.http.address.replace("//", "//reader@"))
    assert index.count() == len(TYPED_ROWS)
    with pytest.raises(EngineRefused) as caught:
        elastic.connected(address=elastic.server.http.address.replace("//", "//other@")).count()
    assert KEY not in str(caught.value)


def test_a_search_that_wants_a_licence_is_no_wrong_key(elastic: Documents) -> None:
    index = elastic.fill(TYPED_ROWS)
    index.dimensions()
    reason = "current license is non-compliant for [Reciprocal Rank Fusion (RRF)]"
    elastic.server.http.answers = lambda _: (403, {"error": {"type": "security_exception", "reason": reason}})
    with pytest.raises(EngineError, match="no licence for this") as caught:
        index.hybrid("refunds", QUERY, 3)
    assert not isinstance(caught.value, EngineRefused)


def test_an_answer_of_some_shards_only_is_none(elastic: Documents) -> None:
    index = elastic.fill(TYPED_ROWS)
    index.dimensions()
    elastic.server.http.answers = lambda _: (200, {"_shards": {"failed": 1}, "hits": {"hits": []}})
    with pytest.raises(EngineError, match="in part only"):
        index.dense(QUERY, 3)


def test_what_the_mapping_does_not_have_is_said(elastic: Documents) -> None:
    elastic.fill(TYPED_ROWS)
    with pytest.raises(MissingField, match=r"has no field title_vector\. It has dense"):
        elastic.connected(fields=FIELDS.with_(vector="title_vector")).dense(QUERY, 3)
    with pytest.raises(MissingField, match="has no field words"):
        elastic.connected(fields=FIELDS.with_(lexical="words")).lexical("x", 3)
    with pytest.raises(WrongDimension, match="have 4 numbers"):
        elastic.connected().dense(np.ones(3, np.float32), 3)
    with pytest.raises(BadInput, match="at most 10,000"):
        elastic.connected().dense(QUERY, 10_001)
