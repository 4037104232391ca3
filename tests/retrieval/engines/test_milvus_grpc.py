"""Milvus Lite by gRPC, as it is: the suite, through pymilvus and no REST interface, and what is its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rag_core.errors import BadInput, EngineError
from rag_core.retrieval.engines.index_config import IndexConfig, IndexFields
from rag_core.retrieval.engines.index_kinds import kind_named
from rag_core.retrieval.engines.milvus.own_schema import OWN_FIELDS
from rag_core.retrieval.engines.protocol import IndexEngine
from rag_core.schema.filters import Equal
from rag_core.schema.spaces import ScoreSpace
from tests.retrieval.engines.http_server import KEY, HttpServer
from tests.retrieval.engines.index_conformance import (
    QUERY,
    ROWS,
    TYPED_ROWS,
    IndexConformance,
    Row,
    Server,
    ids,
    only,
)
from tests.retrieval.engines.milvus_lite_server import LiteServer
from tests.retrieval.engines.rest_index import SECRET
from tests.retrieval.engines.test_milvus import FIELDS, Rows, numbered

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def lite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiteServer]:
    server = LiteServer(tmp_path_factory.mktemp("lite"))
    yield server
    server.close()


class ByGrpc(Rows):
    """The same collections, made in and read from the server itself."""

    cannot = {"credentials": "Milvus Lite asks for none"}

    def __init__(self, lite: LiteServer) -> None:
        self.milvus = self.lite = lite  # type: ignore[assignment]
        self.engines: list[IndexEngine] = []
        self.there: list[Row] | None = None

    def described(self) -> IndexConfig:
        return IndexConfig(kind="milvus", address=self.lite.address, index="shop", fields=FIELDS)

    def broken(self, what: str) -> IndexEngine:
        if what == "time-out":
            self.lite.hold(True)
            return self.connected(timeout_s=0.3)
        return super().broken(what)

    def port(self) -> int:
        return self.lite.port

    def through(self, port: int) -> IndexEngine:
        return self.connected(address=f"milvus+grpc://127.0.0.1:{port}", timeout_s=3)

    def stop(self) -> None:
        self.lite.stop()

    def start(self) -> None:
        """With the collection loaded: Lite leaves that to its user, where Milvus does it itself."""
        self.lite.start()
        self.lite.client.load_collection("shop")

    def leave(self) -> None:
        self.lite.hold(False)
        for engine in self.engines:
            engine.close()
        self.engines.clear()


@pytest.fixture(scope="module")
def shop(lite: LiteServer) -> ByGrpc:
    return ByGrpc(lite)


class TestMilvusByGrpc(IndexConformance):
    compares_texts = True
    paged = 60
    rows = (*ROWS[:4], TYPED_ROWS[4], ROWS[5])  # Lite is written in Python, where true is 1

    @pytest.fixture
    def server(self, shop: ByGrpc) -> Iterator[Server]:
        yield shop
        shop.leave()


def test_parts_of_a_collection_and_fields_that_only_rows_have(shop: ByGrpc) -> None:
    numbered(shop, "L2")
    shop.lite.client.create_partition("numbers", "archive")
    nine = {"id": 9, "dense": [1.0, 0.0, 0.0, 0.0], "text": "Nine.", "stars": 5}
    shop.lite.client.insert("numbers", [nine], partition_name="archive")
    fields = IndexFields(text="text", document="source")
    index = shop.connected(index="numbers", fields=fields)
    found = index.dense(QUERY, 5, only(Equal(field="stars", value=4)))
    assert (found.hits, found.space) == ([("7", pytest.approx(0))], ScoreSpace.DISTANCE)
    assert index.passages_by_id(["8"])["8"].metadata == {"id": 8, "open": True}
    archived = shop.connected(index="numbers", namespace="archive", fields=fields)
    assert (ids(archived.dense(QUERY, 5).hits), archived.count(), len(archived.listed(9))) == (["9"], 1, 1)
    shop.leave()


def test_a_collection_is_described(shop: ByGrpc) -> None:
    shop.fill(ROWS)
    kind = kind_named("milvus")
    assert "shop" in [one.name for one in kind.indexes(shop.config(), SECRET)]
    told = kind.describe(shop.config(fields=IndexFields()), SECRET)
    assert (told.dimensions, told.distance, told.passages, len(told.rows)) == (4, "cosine", 6, 3)
    assert (told.fields.id, told.fields.text, told.fields.lexical) == ("pk", "body", "words")
    shop.leave()


@pytest.mark.parametrize("address", ["milvus+http://localhost:1", "milvus+grpc://localhost:1/x", "milvus+grpc://"])
def test_an_address_that_cannot_be_one_is_refused_at_once(address: str) -> None:
    with pytest.raises(BadInput, match="must look like"):
        kind_named("milvus").connect(IndexConfig(kind="milvus", address=address, index="shop", fields=FIELDS), None)


def test_a_collection_of_our_own_is_over_rest_alone() -> None:
    config = IndexConfig(kind="milvus", address="milvus+grpc://localhost:19530", index="shop", fields=OWN_FIELDS)
    with pytest.raises(BadInput, match="needs the REST interface"):
        kind_named("milvus").connect(config, None)


def test_another_server_at_the_address_is_said_in_words(lite: LiteServer) -> None:
    http = HttpServer(lambda _: (200, {}))
    address = http.address.replace("http", "milvus+grpc")
    config = IndexConfig(kind="milvus", address=address, index="shop", fields=FIELDS, timeout_s=2)
    index = kind_named("milvus").connect(config, SECRET)
    try:
        with pytest.raises(EngineError) as caught:
            index.count()
    finally:
        index.close()
        http.stop()
    assert KEY not in str(caught.value)
