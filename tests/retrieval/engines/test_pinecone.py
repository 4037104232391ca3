"""Pinecone as its documentation describes it: the suite, and what is its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from rag_core.errors import BadInput, EngineError
from rag_core.retrieval.engines.index_config import IndexConfig, IndexFields
from rag_core.retrieval.engines.index_kinds import kind_named
from rag_core.retrieval.engines.protocol import IndexEngine
from rag_core.schema.filters import Dated, Equal, Not
from rag_core.schema.spaces import ScoreSpace
from tests.retrieval.engines.index_conformance import QUERY, ROWS, IndexConformance, Row, Server, at, ids, only
from tests.retrieval.engines.pinecone_server import PineconeServer
from tests.retrieval.engines.rest_index import SECRET, RestIndex

FIELDS = IndexFields(text="body", title="title", document="doc", source="kind", updated="changed", tenant="customer")


def metadata(row: Row) -> dict[str, Any]:
    given = {"body": row.text, "title": row.title or None, "doc": row.document or None, "kind": row.source or None,
             "customer": row.tenant, "changed": row.updated and row.updated.isoformat(), **row.metadata}  # fmt: skip
    return {name: value for name, value in given.items() if value is not None}


class Records(RestIndex):
    """Fills the index of the server."""

    fields = FIELDS

    def __init__(self) -> None:
        self.pinecone = PineconeServer()
        super().__init__(self.pinecone.http)

    def fill(self, rows: Sequence[Row]) -> IndexEngine:
        self.pinecone.records = {"": {row.id: (list(row.vector), metadata(row)) for row in rows}}
        return self.connected()

    def described(self) -> IndexConfig:
        return IndexConfig(kind="pinecone", address=self.pinecone.http.address, index="shop", fields=FIELDS)

    def through(self, port: int) -> IndexEngine:
        self.pinecone.host = f"127.0.0.1:{port}"
        return super().through(port)

    def delete(self, ids: Sequence[str]) -> None:
        for one in ids:
            del self.pinecone.records[""][one]


@pytest.fixture
def records() -> Iterator[Records]:
    made = Records()
    yield made
    made.close()


class TestPinecone(IndexConformance):
    paged = 150

    @pytest.fixture
    def server(self, records: Records) -> Server:
        return records


@pytest.mark.parametrize(
    ("metric", "space", "scores"),
    [
        ("cosine", ScoreSpace.COSINE, [1, 0.5]),
        ("dotproduct", ScoreSpace.DOT, [1, 0.5]),
        ("euclidean", ScoreSpace.DISTANCE, [0, 0.5]),  # the server gives the square, 0.25
    ],
)
def test_scores_are_in_the_space_of_the_metric(
    records: Records, metric: str, space: ScoreSpace, scores: list[float]
) -> None:
    far = (0.5, 0.0, 0.0, 0.0) if metric != "cosine" else at(60)
    records.fill([Row("near", "a", at(0)), Row("far", "b", far)])
    records.pinecone.metric = metric
    found = records.connected().dense(QUERY, 2)
    assert (ids(found.hits), found.space) == (["near", "far"], space)
    assert [score for _, score in found.hits] == pytest.approx(scores)
    for told in ("cosine", "dot", "l2"):
        assert records.connected(distance=told).dense(QUERY, 2).space is space


def test_the_connection_says_the_metric_where_the_index_does_not(records: Records) -> None:
    records.fill([Row("near", "a", at(0))])
    records.pinecone.metric = ""
    answers = records.pinecone.http.answers
    records.pinecone.http.answers = lambda asked: (
        (200, {"matches": [{"id": "near", "score": 0.25}]}) if asked.path == ("query",) else answers(asked)
    )
    found = records.connected(distance="l2").dense(QUERY, 1)
    assert (found.hits, found.space) == ([("near", 0.5)], ScoreSpace.DISTANCE)


def test_a_namespace_is_searched_alone_and_the_address_may_be_the_host(records: Records) -> None:
    records.fill(ROWS)
    records.pinecone.records["team"] = {"a": (list(at(0)), {"body": "Ours."})}
    index = records.connected(index="", namespace="team")
    assert (ids(index.dense(QUERY, 9).hits), index.count()) == (["a"], 1)
    assert [passage.text for passage in index.listed(9)] == ["Ours."]
    assert records.connected().count() == len(ROWS)


def test_an_index_is_described_by_three_records(records: Records) -> None:
    rows = [Row(str(number), f"Text {number}.", at(number), "A", "a.md") for number in range(150)]
    records.fill(rows)
    kind, config = kind_named("pinecone"), records.config(fields=IndexFields())
    assert [(one.name, one.told) for one in kind.indexes(config, SECRET)] == [("shop", "4 numbers, cosine")]
    told = kind.describe(config, SECRET)
    assert told.fields == IndexFields(text="body", title="title")
    assert (told.dimensions, told.distance, told.passages, len(told.rows)) == (4, "cosine", 150, 3)
    assert len(records.connected().listed(120)) == 120


def test_what_pinecone_cannot_say_is_refused_before_anything_is_sent(records: Records) -> None:
    records.fill(ROWS)
    index = records.connected(fields=FIELDS.with_(document=""))
    with pytest.raises(BadInput, match="cannot filter by the id"):
        index.count(only(Equal(field="document_id", value="refund")))
    with pytest.raises(BadInput, match="cannot filter by dates"):
        index.capabilities.check(only(Dated()), "It")
    assert index.count(only(Equal(field="title", value=""))) == 3
    assert index.count(only(Not(condition=Equal(field="title", value="")))) == 3
    with pytest.raises(BadInput, match="at most 10,000"):
        index.dense(QUERY, 10_001)


def test_a_count_that_the_server_cannot_tell_is_none(records: Records) -> None:
    records.fill([Row(f"{number}", "x", at(1), tenant="a") for number in range(10_000)])
    with pytest.raises(EngineError, match="up to 10,000 only"):
        records.connected().count(only(Equal(field="tenant", value="a")))
