"""Milvus Lite behind the REST interface of Milvus: the suite with metadata in JSON, and what is its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from pymilvus import DataType, Function, FunctionType

from rag_core.errors import BadInput, EngineError, EngineRefused, MissingField
from rag_core.retrieval.engines.index_config import IndexConfig, IndexFields
from rag_core.retrieval.engines.index_kinds import kind_named
from rag_core.retrieval.engines.protocol import IndexEngine
from rag_core.schema.filters import Equal, In, Not
from rag_core.schema.spaces import ScoreSpace
from tests.retrieval.engines.http_server import KEY
from tests.retrieval.engines.index_conformance import (
    QUERY,
    ROWS,
    TYPED_ROWS,
    IndexConformance,
    Row,
    Server,
    at,
    ids,
    only,
)
from tests.retrieval.engines.milvus_server import MilvusServer
from tests.retrieval.engines.rest_index import SECRET, RestIndex

pytestmark = pytest.mark.slow
FIELDS = IndexFields(
    text="body", title="title", document="doc", source="kind", updated="changed", tenant="customer", metadata="meta",
    lexical="words",
)  # fmt: skip
TEXTS = ("title", "doc", "kind", "changed", "customer")


@pytest.fixture(scope="module")
def milvus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MilvusServer]:
    server = MilvusServer(tmp_path_factory.mktemp("milvus"))
    yield server
    server.close()


def row_of(row: Row) -> dict[str, Any]:
    return {"pk": row.id, "body": row.text, "dense": list(row.vector), "title": row.title or None,
            "doc": row.document or None, "kind": row.source or None, "customer": row.tenant,
            "changed": row.updated and row.updated.isoformat(), "meta": row.metadata or None}  # fmt: skip


class Rows(RestIndex):
    """Fills a collection of the server. Making one takes a second, so that one with just these rows is taken again."""

    fields = FIELDS

    def __init__(self, milvus: MilvusServer) -> None:
        self.milvus = milvus
        self.there: list[Row] | None = None
        super().__init__(milvus.http)

    def fill(self, rows: Sequence[Row]) -> IndexEngine:
        if self.there != list(rows):
            self.make(rows)
            self.there = list(rows)
        return self.connected()

    def make(self, rows: Sequence[Row]) -> None:
        schema = self.milvus.client.create_schema()
        schema.add_field("pk", DataType.VARCHAR, is_primary=True, max_length=300)
        schema.add_field("body", DataType.VARCHAR, max_length=5000, enable_analyzer=True)
        for name in TEXTS:
            schema.add_field(name, DataType.VARCHAR, max_length=300, nullable=True)
        schema.add_field("meta", DataType.JSON, nullable=True)
        schema.add_field("dense", DataType.FLOAT_VECTOR, dim=4)
        schema.add_field("words", DataType.SPARSE_FLOAT_VECTOR)
        bm25 = Function(name="bm25", function_type=FunctionType.BM25, input_field_names=["body"],
                        output_field_names=["words"])  # fmt: skip
        schema.add_function(bm25)
        self.create("shop", schema, "COSINE", [row_of(row) for row in rows], words="BM25")

    def create(self, name: str, schema: Any, metric: str, rows: list[dict[str, Any]], **sparse: str) -> None:
        client = self.milvus.client
        params = client.prepare_index_params()
        params.add_index("dense", metric_type=metric, index_type="FLAT")
        for field, kind in sparse.items():
            params.add_index(field, metric_type=kind, index_type="SPARSE_INVERTED_INDEX")
        if client.has_collection(name):
            client.drop_collection(name)
        client.create_collection(name, schema=schema, index_params=params)
        for begin in range(0, len(rows), 1000):
            client.insert(name, rows[begin : begin + 1000])
        client.load_collection(name)

    def described(self) -> IndexConfig:
        return IndexConfig(kind="milvus", address=self.milvus.http.address, index="shop", fields=FIELDS)

    def delete(self, ids: Sequence[str]) -> None:
        self.there = None
        self.milvus.client.delete("shop", ids=list(ids))


@pytest.fixture(scope="module")
def shop(milvus: MilvusServer) -> Rows:
    return Rows(milvus)


@pytest.fixture
def rows(shop: Rows) -> Iterator[Rows]:
    yield shop
    shop.leave()


class TestMilvus(IndexConformance):
    compares_texts = True
    rows = (*ROWS[:4], TYPED_ROWS[4], ROWS[5])  # Lite is written in Python, where true is 1

    @pytest.fixture
    def server(self, rows: Rows) -> Server:
        return rows


def numbered(rows: Rows, metric: str, name: str = "numbers") -> None:
    """A collection by whole numbers, with fields that only its rows have."""
    schema = rows.milvus.client.create_schema(enable_dynamic_field=True)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("dense", DataType.FLOAT_VECTOR, dim=4)
    given = [{"id": 7, "dense": list(at(0)), "text": "Seven.", "source": "a.md", "stars": 4, "lang": "de"},
             {"id": 8, "dense": list(at(60)), "text": "Eight.", "source": "b.md", "open": True}]  # fmt: skip
    rows.create(name, schema, metric, given)


@pytest.mark.parametrize(
    ("metric", "space", "scores"),
    [
        ("COSINE", ScoreSpace.COSINE, [1, 0.5]),
        ("IP", ScoreSpace.DOT, [1, 0.5]),
        ("L2", ScoreSpace.DISTANCE, [0, 1]),  # the chord of 60 degrees is 1, as its square is
    ],
)
def test_scores_are_in_the_space_of_the_metric(rows: Rows, metric: str, space: ScoreSpace, scores: list[float]) -> None:
    numbered(rows, metric)
    found = rows.connected(index="numbers", fields=IndexFields(text="text")).dense(QUERY, 2)
    assert (ids(found.hits), found.space) == (["7", "8"], space)
    assert [score for _, score in found.hits] == pytest.approx(scores, abs=1e-5)


def test_fields_that_only_rows_have_are_read_and_filtered(rows: Rows) -> None:
    numbered(rows, "COSINE")
    fields = IndexFields(text="text", document="source", language="lang")
    index = rows.connected(index="numbers", fields=fields)
    seven = index.passages_by_id(["7", "x", "07"])
    assert list(seven) == ["7"]
    assert (seven["7"].text, seven["7"].document_id, seven["7"].metadata) == (
        "Seven.", "a.md", {"stars": 4, "language": "de", "id": 7},
    )  # fmt: skip
    for condition, wanted in (
        (Equal(field="stars", value=4), ["7"]),
        (Not(condition=Equal(field="stars", value=4)), ["8"]),
        (Equal(field="language", value="de"), ["7"]),
        (In(field="document_id", values=("b.md", "c.md")), ["8"]),
        (Equal(field="open", value=True), ["8"]),
    ):
        assert ids(index.dense(QUERY, 5, only(condition)).hits) == wanted


@pytest.mark.parametrize(("field", "text", "other"), [("id", "7", "8"), ("stars", "4", "8")])
def test_parts_that_are_kept_as_numbers_are_filtered_by_their_text(
    rows: Rows, field: str, text: str, other: str
) -> None:
    numbered(rows, "COSINE")
    index = rows.connected(index="numbers", fields=IndexFields(text="text", tenant=field, document=field))
    for condition in (In(field="tenant", values=(text,)), Equal(field="document_id", value=text)):
        assert ids(index.dense(QUERY, 5, only(condition)).hits) == ["7"]
        assert ids(index.dense(QUERY, 5, only(Not(condition=condition))).hits) == [other]
    assert index.count(only(Equal(field="tenant", value="seven"))) == 0


def test_an_id_that_no_number_is_finds_nothing(rows: Rows) -> None:
    numbered(rows, "COSINE")
    index = rows.connected(index="numbers", fields=IndexFields(text="text"))
    assert index.count(only(Equal(field="document_id", value="x' or 1 == 1"))) == 0
    assert index.count(only(Not(condition=Equal(field="document_id", value="7")))) == 1


def test_words_are_bm25_and_both_are_fused_by_rrf(rows: Rows) -> None:
    index = rows.fill(ROWS)
    found = index.lexical("refunds", 5)
    assert found.space is ScoreSpace.BM25 and found.hits[0][1] > 0
    assert index.hybrid("refunds", QUERY, 5).space is ScoreSpace.RRF
    assert not rows.connected(fields=FIELDS.with_(lexical="")).capabilities.lexical


def test_a_partition_is_searched_alone(rows: Rows) -> None:
    numbered(rows, "COSINE")
    client = rows.milvus.client
    client.create_partition("numbers", "archive")
    client.insert("numbers", [{"id": 9, "dense": list(at(0)), "text": "Nine."}], partition_name="archive")
    index = rows.connected(index="numbers", namespace="archive", fields=IndexFields(text="text"))
    assert (ids(index.dense(QUERY, 5).hits), index.count()) == (["9"], 1)
    assert list(index.passages_by_id(["7", "9"])) == ["9"]


def test_a_collection_is_described_by_its_schema_and_rows(rows: Rows) -> None:
    rows.fill(ROWS)
    numbered(rows, "L2")
    kind = kind_named("milvus")
    assert {"shop", "numbers"} <= {one.name for one in kind.indexes(rows.config(), SECRET)}
    told = kind.describe(rows.config(fields=IndexFields()), SECRET)
    assert told.fields == IndexFields(
        id="pk", text="body", title="title", vector="dense", metadata="meta", source="kind", tenant="customer",
        lexical="words",
    )  # fmt: skip
    assert (told.dimensions, told.distance, told.passages, len(told.rows)) == (4, "cosine", 6, 3)
    other = kind.describe(rows.config(index="numbers", fields=IndexFields()), SECRET)
    assert (other.distance, other.fields.text, other.fields.document) == ("l2", "text", "source")
    assert "dense" not in other.rows[0]


def test_what_is_wrong_is_said(rows: Rows) -> None:
    rows.fill(ROWS)
    with pytest.raises(MissingField, match=r"has no field title_vector\. It has dense"):
        rows.connected(fields=FIELDS.with_(vector="title_vector")).dense(QUERY, 3)
    with pytest.raises(MissingField, match="of its BM25"):
        rows.connected(fields=FIELDS.with_(lexical="body")).lexical("x", 3)
    with pytest.raises(BadInput, match="is JSON, which cannot be compared"):
        rows.connected(fields=FIELDS.with_(source="meta")).dense(QUERY, 3, only(Equal(field="source", value="x")))
    with pytest.raises(BadInput, match="at most 16,384"):
        rows.connected().dense(QUERY, 20_000)
    for code, kind in ((101, "Load the collection"), (65535, "code 65535")):
        answer = rows.milvus.http.answers
        rows.milvus.http.answers = lambda _, code=code: (200, {"code": code, "message": f"no {KEY}"})  # type: ignore[misc]
        with pytest.raises(EngineError, match=kind) as caught:
            rows.connected().count()
        rows.milvus.http.answers = answer
        assert KEY not in str(caught.value)
    with pytest.raises(EngineRefused):
        rows.connected(address=rows.milvus.http.address.replace("//", "//guest@")).count()
    assert rows.connected(address=rows.milvus.http.address.replace("//", "//root@")).count() == 6
