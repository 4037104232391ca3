"""The same questions over the sample corpus find the same ten passages by meaning, wherever its vectors are kept.

Real engines: Qdrant's, Chroma's server, Milvus Lite, each searched as somebody else's index (Postgres has a test of its
own).
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from pymilvus import DataType

from rag_core.corpus.collection import Collection
from rag_core.pipeline.pipeline import Pipeline
from rag_core.retrieval.embedders.sentence_embedder import SentenceEmbedder
from rag_core.retrieval.engines.connected_collection import ConnectedCollection
from rag_core.retrieval.engines.index_config import IndexConfig, IndexFields
from rag_core.retrieval.engines.index_kinds import connect
from rag_core.schema.policy import NO_RERANKER, Policy
from tests.retrieval.engines.chroma_server import ChromaServer
from tests.retrieval.engines.http_server import KEY
from tests.retrieval.engines.milvus_server import MilvusServer
from tests.retrieval.engines.qdrant_server import QdrantServer

pytestmark = pytest.mark.slow
EQUAL = 1e-6
"""Cosines that are nearer than this are equal: the sums of 384 products in float32 differ by that much."""

QUERIES = [
    json.loads(line)["text"]
    for line in (Path(__file__).parents[3] / "sample_corpus" / "queries.jsonl").read_text("utf-8").splitlines()[::6]
]
FIELDS = IndexFields(text="text", title="title", document="document_id")
Connected = Callable[[IndexConfig, str], ConnectedCollection]


@pytest.fixture
def connected(packaged: SentenceEmbedder) -> Iterator[Connected]:
    made: list[ConnectedCollection] = []

    def connected_to(config: IndexConfig, secret: str) -> ConnectedCollection:
        index = connect(config, SecretStr(secret) if secret else None)
        made.append(ConnectedCollection(index, config, packaged))
        return made[-1]

    yield connected_to
    for one in made:
        one.index.close()


def vectors_of(sample: Collection) -> list[list[float]]:
    return [list(map(float, vector)) for vector in sample.vectors]


def same_ten(sample: Collection, other: ConnectedCollection, packaged: SentenceEmbedder) -> None:
    """The ten for each question, in order; those with equal cosines, to what a float can tell, may change places."""
    for query in QUERIES:
        vector = packaged.embed_query(query)
        there, every = other.dense(vector, 10).hits, dict(sample.dense(vector, len(sample.passages)).hits)
        here = list(every.items())[:10]
        assert [score for _, score in there] == pytest.approx([score for _, score in here], abs=EQUAL)
        assert len({one for one, _ in there}) == 10
        for (one, _), (wanted, score) in zip(there, here, strict=True):
            assert one == wanted or every[one] == pytest.approx(score, abs=EQUAL), query
    passage = sample.passages[7]
    assert (other.passage(passage.id).text, other.passage(passage.id).title) == (passage.text, passage.title)


def runs(sample: Collection, other: ConnectedCollection, packaged: SentenceEmbedder) -> None:
    """A run of the pipeline keeps the passages that it keeps on the collection itself, by meaning alone."""
    policy = Policy(reranker=NO_RERANKER, pool=10)
    trace, own = (Pipeline(one, packaged).run(QUERIES[0], policy) for one in (other, sample))
    assert trace["dense"].hits[0].passage_id == own["dense"].hits[0].passage_id
    assert all(trace.passages[hit.passage_id].text for hit in trace["dense"].hits[:10])


def test_in_qdrant(sample: Collection, packaged: SentenceEmbedder, connected: Connected, tmp_path: Path) -> None:
    server = QdrantServer(tmp_path)
    made = server.create("sample", {"size": 384, "distance": "Cosine"})
    made.upsert([
        (row, {"": vector}, {"key": one.id, "text": one.text, "title": one.title, "document_id": one.document_id})
        for row, (one, vector) in enumerate(zip(sample.passages, vectors_of(sample), strict=True))
    ])  # fmt: skip
    config = IndexConfig(kind="qdrant", address=server.http.address, index="sample", exact=True, timeout_s=60,
                         fields=FIELDS.with_(id="key"))  # fmt: skip
    try:
        other = connected(config, KEY)
        same_ten(sample, other, packaged)
        runs(sample, other, packaged)
    finally:
        server.http.stop()


def test_in_chroma(sample: Collection, packaged: SentenceEmbedder, connected: Connected, tmp_path: Path) -> None:
    server = ChromaServer(tmp_path)
    server.start()
    try:
        name = f"sample-{uuid.uuid4().hex[:8]}"
        hnsw = {"space": "cosine", "ef_search": 500, "ef_construction": 400}
        made = server.ask("POST", "", {"name": name, "configuration": {"hnsw": hnsw}})
        pairs = list(zip(sample.passages, vectors_of(sample), strict=True))
        for some in (pairs[begin : begin + 500] for begin in range(0, len(pairs), 500)):
            server.ask("POST", f"/{made['id']}/add", {
                "ids": [one.id for one, _ in some], "embeddings": [vector for _, vector in some],
                "documents": [one.text for one, _ in some],
                "metadatas": [{"title": one.title, "document_id": one.document_id} for one, _ in some],
            })  # fmt: skip
        config = IndexConfig(kind="chroma", address=server.address, index=name, timeout_s=60,
                             fields=FIELDS.with_(text="document"))  # fmt: skip
        other = connected(config, "")
        same_ten(sample, other, packaged)
        runs(sample, other, packaged)
    finally:
        server.stop()


def test_in_milvus(sample: Collection, packaged: SentenceEmbedder, connected: Connected, tmp_path: Path) -> None:
    server = MilvusServer(tmp_path)
    try:
        schema = server.client.create_schema()
        schema.add_field("key", DataType.VARCHAR, is_primary=True, max_length=300)
        for field in ("text", "title", "document_id"):
            schema.add_field(field, DataType.VARCHAR, max_length=60_000)
        schema.add_field("dense", DataType.FLOAT_VECTOR, dim=384)
        params = server.client.prepare_index_params()
        params.add_index("dense", metric_type="COSINE", index_type="FLAT")
        server.client.create_collection("sample", schema=schema, index_params=params)
        rows = [
            {"key": one.id, "text": one.text, "title": one.title, "document_id": one.document_id, "dense": vector}
            for one, vector in zip(sample.passages, vectors_of(sample), strict=True)
        ]
        server.client.insert("sample", rows)
        server.client.load_collection("sample")
        config = IndexConfig(kind="milvus", address=server.http.address, index="sample", fields=FIELDS, timeout_s=60)
        other = connected(config, KEY)
        same_ten(sample, other, packaged)
        runs(sample, other, packaged)
    finally:
        server.http.stop()
        server.client.close()
