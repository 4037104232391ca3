"""How fast the engines that run here answer, and how exactly: python -m benchmarks.engines [ROWS] [--depth N]

Default: 5,000 synthetic unit vectors of 384 dimensions in clusters (`benchmarks.search`), 200 questions, depth 10. Each
engine is searched by what the app searches it with, its answer read and its connection included: FAISS in this process,
Postgres with pgvector, Chroma's server, Milvus Lite and Qdrant's engine, the last two behind a small HTTP server of
the tests and so slower or faster than their own. Agreement is the share of the exact nearest that it found.

An engine that is not installed is named with the reason. Writes nothing.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from pkgutil import resolve_name

import numpy as np
from pydantic import SecretStr

from benchmarks.search import DIMENSIONS, SEED, Vectors, clustered
from rag_core.retrieval.engines.faiss_index import DenseIndex
from rag_core.retrieval.engines.index_config import IndexConfig, IndexFields
from rag_core.retrieval.engines.index_kinds import connect

QUESTIONS, DEPTH, ROWS = 200, 10, 5000
Search = Callable[[Vectors, int], list[str]]
Made = Iterator[dict[str, Search]]


@dataclass(frozen=True)
class Timed:
    """One way of searching: milliseconds of each question, and the share of the exact nearest that it found."""

    name: str
    ms: Sequence[float]
    agreement: float

    def __str__(self) -> str:
        p50, p95 = np.percentile(self.ms, [50, 95], method="lower")
        return f"{self.name:<34}{p50:>9.2f}{p95:>9.2f}{self.agreement:>12.4f}"


def timed(name: str, search: Search, queries: Vectors, nearest: Sequence[set[str]], depth: int) -> Timed:
    """Ask every question once, after one that warms up."""
    search(queries[0], depth)
    took, shared = [], []
    for query, exact in zip(queries, nearest, strict=True):
        began = time.perf_counter()
        found = search(query, depth)
        took.append((time.perf_counter() - began) * 1000)
        shared.append(len(exact & set(found)) / depth)
    return Timed(name, took, float(np.mean(shared)))


def nearest_of(vectors: Vectors, queries: Vectors, depth: int) -> list[set[str]]:
    """The exact nearest of every question, by a product of matrices."""
    best = np.argpartition(-(queries @ vectors.T), depth, axis=1)[:, :depth]
    return [set(map(str, row)) for row in best.tolist()]


@contextmanager
def embedded(vectors: Vectors, folder: Path) -> Made:  # noqa: ARG001
    """FAISS, in this process."""

    def by(index: DenseIndex) -> Search:
        return lambda vector, depth: [str(row) for row in index.search(vector, depth)[0]]

    yield {
        "Embedded, exact": by(DenseIndex.build(vectors, exact_limit=len(vectors))),
        "Embedded, HNSW": by(DenseIndex.build(vectors, exact_limit=0)),
    }


@contextmanager
def postgres(vectors: Vectors, folder: Path) -> Made:
    """A server with pgvector, from its wheel."""
    reader = resolve_name("tests.retrieval.engines.postgres_server:READER")
    server_of = resolve_name("tests.retrieval.engines.postgres_server:PostgresServer")
    missing = resolve_name("tests.retrieval.engines.postgres_server:missing")

    if reason := missing():
        raise ImportError(reason)
    server = server_of(folder)  # which its own user must be able to enter
    try:
        server.sql(f"CREATE TABLE passages (id text PRIMARY KEY, body text, embedding vector({DIMENSIONS}))")
        rows = [(str(row), "-", str(vector.tolist())) for row, vector in enumerate(vectors)]
        server.sql("INSERT INTO passages VALUES (%s, %s, %s)", rows)
        server.sql("CREATE INDEX ON passages USING hnsw (embedding vector_cosine_ops)")
        server.sql("ANALYZE passages")
        fields = IndexFields(id="id", text="body", vector="embedding")
        config = IndexConfig(kind="pgvector", address=server.address(), index="passages", fields=fields)
        with connected(config.with_(exact=True), reader[1]) as exact, connected(config, reader[1]) as near:
            yield {"Postgres with pgvector, exact": exact, "Postgres with pgvector, HNSW": near}
    finally:
        server.close()


@contextmanager
def chroma(vectors: Vectors, folder: Path) -> Made:
    """Chroma's own server."""
    server_of = resolve_name("tests.retrieval.engines.chroma_server:ChromaServer")

    server = server_of(folder / "chroma")
    server.start()
    try:
        made = server.ask("POST", "", {"name": "passages", "configuration": {"hnsw": {"space": "cosine"}}})
        for begin in range(0, len(vectors), 500):
            some = range(begin, min(begin + 500, len(vectors)))
            rows = {"ids": list(map(str, some)), "documents": ["-"] * len(some)}
            server.ask("POST", f"/{made['id']}/add", {**rows, "embeddings": vectors[some.start : some.stop].tolist()})
        with connected(IndexConfig(kind="chroma", address=server.address, index="passages"), "") as search:
            yield {"Chroma, HNSW": search}
    finally:
        server.stop()


@contextmanager
def milvus(vectors: Vectors, folder: Path) -> Made:
    """Milvus Lite."""
    types = resolve_name("pymilvus:DataType")

    key = resolve_name("tests.retrieval.engines.http_server:KEY")
    server_of = resolve_name("tests.retrieval.engines.milvus_server:MilvusServer")

    (folder / "milvus").mkdir()
    server = server_of(folder / "milvus")
    try:
        schema = server.client.create_schema()
        schema.add_field("id", types.VARCHAR, is_primary=True, max_length=20)
        schema.add_field("body", types.VARCHAR, max_length=20)
        schema.add_field("embedding", types.FLOAT_VECTOR, dim=DIMENSIONS)
        params = server.client.prepare_index_params()
        params.add_index("embedding", metric_type="COSINE", index_type="FLAT")
        server.client.create_collection("passages", schema=schema, index_params=params)
        for begin in range(0, len(vectors), 1000):
            some = enumerate(vectors[begin : begin + 1000].tolist(), start=begin)
            server.client.insert("passages", [{"id": str(at), "body": "-", "embedding": one} for at, one in some])
        server.client.load_collection("passages")
        fields = IndexFields(text="body", vector="embedding")
        config = IndexConfig(kind="milvus", address=server.http.address, index="passages", fields=fields)
        with connected(config, key) as search:
            yield {"Milvus Lite, exact": search}
    finally:
        server.http.stop()
        server.client.close()


@contextmanager
def qdrant(vectors: Vectors, folder: Path) -> Made:
    """Qdrant's own engine of a shard."""
    key = resolve_name("tests.retrieval.engines.http_server:KEY")
    server_of = resolve_name("tests.retrieval.engines.qdrant_server:QdrantServer")

    (folder / "qdrant").mkdir()
    server = server_of(folder / "qdrant")
    try:
        made = server.create("passages", {"size": DIMENSIONS, "distance": "Cosine"})
        made.upsert([(row, {"": vector}, {"body": "-"}) for row, vector in enumerate(vectors.tolist())])
        config = IndexConfig(
            kind="qdrant", address=server.http.address, index="passages", fields=IndexFields(text="body")
        )
        with connected(config.with_(exact=True), key) as exact, connected(config, key) as near:
            yield {"Qdrant's engine, exact": exact, "Qdrant's engine, as it comes": near}
    finally:
        server.http.stop()


@contextmanager
def connected(config: IndexConfig, secret: str) -> Iterator[Search]:
    """How the app searches an index."""
    index = connect(config, SecretStr(secret) if secret else None)
    try:
        yield lambda vector, depth: [one for one, _ in index.dense(vector, depth).hits]
    finally:
        index.close()


WAYS = {"embedded": embedded, "postgres": postgres, "chroma": chroma, "milvus": milvus, "qdrant": qdrant}


def main() -> None:
    """Print the table, an engine after the other."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("rows", type=int, nargs="?", default=ROWS, help="vectors in each engine (default: %(default)s)")
    parser.add_argument("--depth", type=int, default=DEPTH, help="how many are asked for (default: %(default)s)")
    parser.add_argument("--engines", nargs="+", choices=WAYS, default=list(WAYS), help="default: all")
    given = parser.parse_args()
    everything = clustered(np.random.default_rng(SEED), given.rows + QUESTIONS)
    vectors, queries = everything[: given.rows], everything[given.rows :]
    nearest = nearest_of(vectors, queries, given.depth)
    print(f"{len(vectors):,} vectors of {DIMENSIONS} dimensions, {QUESTIONS} questions, depth {given.depth}\n")
    print(f"{'':<34}{'p50 ms':>9}{'p95 ms':>9}{'agreement':>12}")
    for name in given.engines:
        report(name, vectors, queries, nearest, given.depth)


def report(name: str, vectors: Vectors, queries: Vectors, nearest: Sequence[set[str]], depth: int) -> None:
    """The lines of one engine, or why it is not there."""
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="engines-", ignore_cleanup_errors=True) as folder:
        try:
            with WAYS[name](vectors, Path(folder)) as ways:
                for called, search in ways.items():
                    print(timed(called, search, queries, nearest, depth), flush=True)
        except ImportError as exc:
            print(f"{name:<34}not here: {exc}", flush=True)


if __name__ == "__main__":
    main()
