"""Chroma's own server: the suite, and what is its own."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from pydantic import SecretStr

from rag_core.errors import BadInput, EngineRefused
from rag_core.retrieval.engines.index_config import IndexConfig, IndexFields
from rag_core.retrieval.engines.index_kinds import connect, kind_named
from rag_core.retrieval.engines.protocol import IndexEngine
from rag_core.schema.filters import Condition, Dated, Equal, In
from rag_core.schema.spaces import ScoreSpace
from tests.retrieval.engines.chroma_server import ChromaServer
from tests.retrieval.engines.http_server import KEY, HttpServer
from tests.retrieval.engines.index_conformance import QUERY, ROWS, IndexConformance, Row, Server, at, ids, only

pytestmark = pytest.mark.slow
FIELDS = IndexFields(title="title", document="doc", source="kind", updated="changed", tenant="customer")


@pytest.fixture(scope="module")
def chroma(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChromaServer]:
    server = ChromaServer(tmp_path_factory.mktemp("chroma"))
    server.start()
    yield server
    server.stop()


def metadata(row: Row) -> dict[str, Any] | None:
    given = {"title": row.title or None, "doc": row.document or None, "kind": row.source or None,
             "customer": row.tenant, "changed": row.updated and row.updated.isoformat(), **row.metadata}  # fmt: skip
    return {name: value for name, value in given.items() if value is not None} or None


class Collections:
    """Fills a collection of the server."""

    cannot = {"credentials": "the open server asks for none: a test below shows it"}

    def __init__(self, server: ChromaServer) -> None:
        self.server = server
        self.engines: list[IndexEngine] = []
        self.name = self.id = ""

    def create(self, rows: Sequence[Row], space: str = "cosine", **configuration: Any) -> None:
        self.name = f"shop-{uuid.uuid4().hex[:8]}"
        hnsw = {"space": space, "ef_search": 400, **configuration}
        made: Any = self.server.ask("POST", "", {"name": self.name, "configuration": {"hnsw": hnsw}})
        self.id = made["id"]
        for begin in range(0, len(rows), 2000):
            some = rows[begin : begin + 2000]
            self.server.ask("POST", f"/{self.id}/add", {
                "ids": [row.id for row in some], "embeddings": [row.vector for row in some],
                "documents": [row.text for row in some], "metadatas": [metadata(row) for row in some],
            })  # fmt: skip

    def fill(self, rows: Sequence[Row]) -> IndexEngine:
        self.create(rows)
        return self.connected()

    def config(self, **changes: Any) -> IndexConfig:
        config = IndexConfig(kind="chroma", address=self.server.address, index=self.name, fields=FIELDS)
        return config.with_(**changes)

    def connected(self, secret: SecretStr | None = None, **changes: Any) -> IndexEngine:
        self.engines.append(connect(self.config(**changes), secret))
        return self.engines[-1]

    def delete(self, ids: Sequence[str]) -> None:
        self.server.ask("POST", f"/{self.id}/delete", {"ids": list(ids)})

    def broken(self, what: str) -> IndexEngine:
        if what == "missing index":
            return self.connected(index="nothing")
        if what == "missing field":
            return self.connected(fields=FIELDS.with_(text="nothing"))
        self.server.hold(True)
        return self.connected(timeout_s=0.3)

    def port(self) -> int:
        return self.server.port

    def through(self, port: int) -> IndexEngine:
        return self.connected(address=f"http://127.0.0.1:{port}")

    def stop(self) -> None:
        self.server.stop()

    def start(self) -> None:
        self.server.start()

    def close(self) -> None:
        self.server.hold(False)
        for engine in self.engines:
            engine.close()


@pytest.fixture
def collections(chroma: ChromaServer) -> Iterator[Collections]:
    made = Collections(chroma)
    yield made
    made.close()


class TestChroma(IndexConformance):
    paged = 350

    @pytest.fixture
    def server(self, collections: Collections) -> Server:
        return collections


@pytest.mark.parametrize(
    ("space", "named", "scores"),
    [
        ("cosine", ScoreSpace.COSINE, [1, 0.5]),
        ("ip", ScoreSpace.DOT, [1, 0.5]),
        ("l2", ScoreSpace.DISTANCE, [0, 1]),  # the chord of 60 degrees is 1
    ],
)
def test_distances_are_turned_back(
    collections: Collections, space: str, named: ScoreSpace, scores: list[float]
) -> None:
    collections.create([Row("near", "a", at(0)), Row("far", "b", at(60))], space)
    found = collections.connected().dense(QUERY, 2)
    assert (ids(found.hits), found.space) == (["near", "far"], named)
    assert [score for _, score in found.hits] == pytest.approx(scores, abs=1e-5)


def test_a_collection_is_described(collections: Collections) -> None:
    collections.create([Row(str(number), f"Text {number}.", at(number), "A", "a.md") for number in range(5)])
    kind, config = kind_named("chroma"), collections.config(fields=IndexFields())
    assert collections.name in [one.name for one in kind.indexes(config, None)]
    told = kind.describe(config, None)
    assert told.fields == IndexFields(text="document", title="title")
    assert (told.dimensions, told.distance, told.passages, len(told.rows)) == (4, "cosine", 5, 3)
    assert told.rows[0] == {"id": "0", "document": "Text 0.", "doc": "a.md", "title": "A"}


@pytest.mark.parametrize(
    "condition",
    [Equal(field="title", value=""), Equal(field="document_id", value="refund")],
    ids=str,
)
def test_what_chroma_cannot_say_is_refused_before_anything_is_sent(
    collections: Collections, condition: Condition
) -> None:
    collections.fill(ROWS)
    index = collections.connected(fields=FIELDS.with_(document=""))
    with pytest.raises(BadInput, match="cannot filter by"):
        index.dense(QUERY, 3, only(condition))


def test_days_are_declared_as_what_it_cannot_compare(collections: Collections) -> None:
    index = collections.fill(ROWS)
    with pytest.raises(BadInput, match="cannot filter by dates"):
        index.capabilities.check(only(Dated()), "Chroma")


def test_an_empty_collection_tells_no_dimension_until_something_is_there(collections: Collections) -> None:
    index = collections.fill([])
    assert index.dimensions() == 0
    collections.server.ask(
        "POST", f"/{collections.id}/add", {"ids": ["a"], "embeddings": [list(at(0))], "documents": ["x"]}
    )
    assert index.dimensions() == 4
    assert index.count(only(In(field="tenant", values=()))) == 0


def test_a_key_is_sent_as_a_token_and_never_shown() -> None:
    server = HttpServer(lambda asked: (401, {"error": "AuthError", "message": f"no {asked.headers['x-chroma-token']}"}))
    config = IndexConfig(kind="chroma", address=server.address, index="shop", namespace="team/data")
    index = connect(config, SecretStr(KEY))
    try:
        with pytest.raises(EngineRefused, match="Enter the right one") as caught:
            index.dense(QUERY, 3)
    finally:
        index.close()
        server.stop()
    assert KEY not in str(caught.value)
    assert server.asked[0].path == ("api", "v2", "tenants", "team", "databases", "data", "collections", "shop")
