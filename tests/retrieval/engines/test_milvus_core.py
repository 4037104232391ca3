"""The real core of Milvus: the suite of connected indexes for dense search and filters, and that of our collections.

Its 2.3.5 has no REST interface of v2, so the tests give it that form, as they do for Milvus Lite.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from pymilvus import DataType

from rag_core.errors import EngineError
from rag_core.retrieval.embedders.sentence_embedder import SentenceEmbedder
from rag_core.retrieval.engines.index_config import IndexConfig, IndexFields
from rag_core.retrieval.engines.protocol import IndexEngine
from rag_core.schema.filters import Condition
from tests.corpus.stored_conformance import StoredConformance
from tests.corpus.test_stored_in_milvus import InMilvus
from tests.retrieval.engines.index_conformance import CONDITIONS, QUERY, ROWS, IndexConformance, Row, Server, only
from tests.retrieval.engines.milvus_core import MilvusCore, installed
from tests.retrieval.engines.milvus_server import MilvusServer
from tests.retrieval.engines.rest_index import RestIndex

pytestmark = pytest.mark.slow
FIELDS = IndexFields(
    text="body", title="title", document="doc", source="kind", updated="changed", tenant="customer", metadata="meta",
)  # fmt: skip


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MilvusCore]:
    installed()
    made = MilvusCore(tmp_path_factory.mktemp("core"))
    yield made
    made.kill()


@pytest.fixture(scope="module")
def milvus(core: MilvusCore) -> Iterator[MilvusServer]:
    made = MilvusServer(core.address)
    yield made
    made.close()


def row_of(row: Row) -> dict[str, Any]:
    """What a row does not have is not there."""
    given = {"title": row.title, "doc": row.document, "kind": row.source, "customer": row.tenant,
             "changed": row.updated and row.updated.isoformat()}  # fmt: skip
    there = {name: value for name, value in given.items() if value}
    return {"pk": row.id, "body": row.text, "dense": list(row.vector), "meta": row.metadata, **there}


class Rows(RestIndex):
    """Fills collections of the core. Making one takes seconds, so that one with just these rows is taken again."""

    fields = FIELDS
    cannot = {"missing field": "rows may have fields that the schema does not have"}

    def __init__(self, milvus: MilvusServer) -> None:
        self.milvus = milvus
        self.made: dict[str, list[Row] | None] = {}
        self.name = ""
        super().__init__(milvus.http)

    def fill(self, rows: Sequence[Row]) -> IndexEngine:
        self.name = next((name for name, there in self.made.items() if there == list(rows)), "") or self.make(rows)
        return self.connected()

    def make(self, rows: Sequence[Row]) -> str:
        client, name = self.milvus.client, f"shop_{len(self.made)}"
        schema = client.create_schema(enable_dynamic_field=True)
        schema.add_field("pk", DataType.VARCHAR, is_primary=True, max_length=300)
        schema.add_field("body", DataType.VARCHAR, max_length=5000)
        schema.add_field("meta", DataType.JSON)
        schema.add_field("dense", DataType.FLOAT_VECTOR, dim=4)
        params = client.prepare_index_params()
        params.add_index("dense", metric_type="COSINE", index_type="FLAT")
        client.create_collection(name, schema=schema, index_params=params, consistency_level="Strong")
        for begin in range(0, len(rows), 1000):
            client.insert(name, [row_of(row) for row in rows[begin : begin + 1000]])
        self.made[name] = list(rows)
        return name

    def described(self) -> IndexConfig:
        return IndexConfig(kind="milvus", address=self.milvus.http.address, index=self.name, fields=FIELDS)

    def delete(self, ids: Sequence[str]) -> None:
        self.made[self.name] = None
        self.milvus.client.delete(self.name, ids=list(ids))


@pytest.fixture(scope="module")
def shop(milvus: MilvusServer) -> Rows:
    return Rows(milvus)


class TestCore(IndexConformance):
    """Without days: this version finds texts by their beginning alone, and 2.4 by a pattern."""

    paged = 60
    rows = ROWS

    @pytest.mark.parametrize("condition", CONDITIONS, ids=str)
    def test_a_filter_finds_what_it_matches_and_nothing_else(self, server: Server, condition: Condition) -> None:
        if "known" in str(condition):
            pytest.skip("2.3.5 takes the pattern of a day as it is written, and finds nothing")
        if "updated" in str(condition) or "since" in str(condition):
            with pytest.raises(EngineError, match="cannot parse expression"):
                self.filled(server).dense(QUERY, 50, only(condition))
            return
        super().test_a_filter_finds_what_it_matches_and_nothing_else(server, condition)

    def test_a_time_with_an_offset_is_compared_as_an_instant_or_refused(self, server: Server) -> None:
        with pytest.raises(EngineError, match="cannot parse expression"):
            super().test_a_time_with_an_offset_is_compared_as_an_instant_or_refused(server)

    @pytest.fixture
    def server(self, shop: Rows) -> Iterator[Server]:
        yield shop
        shop.leave()


class InCore(InMilvus):
    words = days = False


class TestStoredInCore(StoredConformance):
    @pytest.fixture
    def kept(self, milvus: MilvusServer, tmp_path: Path, packaged: SentenceEmbedder) -> Iterator[InCore]:
        yield InCore(milvus, tmp_path, packaged)
        for name in milvus.client.list_collections():
            milvus.client.drop_collection(name)
