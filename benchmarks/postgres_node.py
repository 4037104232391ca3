"""What one Postgres with pgvector does with a large collection: python -m benchmarks.postgres_node [--passages 100000]

A collection of the store's own kind is filled with the made-up passages of `scale_texts` (five of about 100 words a
document, 384 dimensions) in one go, then its graph (HNSW) and its words (GIN) are indexed. The benchmark prints what
that takes on the disk, dense and lexical search with one and with eight questions at a time by what the app asks it by,
recall against the exact nearest, and adding a document as an upload does.

The server is on this machine, takes the usual settings but `maintenance_work_mem`, and does not wait for the disk.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from pkgutil import resolve_name
from typing import Any, cast

import numpy as np
import psycopg
from pydantic import SecretStr

from benchmarks.scale_texts import (
    DIMENSIONS,
    SECTIONS,
    ClusterEmbedder,
    MadeUpDocuments,
    cut,
    query_vector,
    query_words,
    vector_of,
)
from benchmarks.search import Vectors
from rag_core.corpus.stored_indexing import index_into_store
from rag_core.retrieval.engines.index_kinds import connect
from rag_core.retrieval.engines.stores import NamedStore, Store
from rag_core.schema.chunking import Chunking

SERVER, SCHEMA, NAME = "tests.retrieval.engines.postgres_server", "second_pass", "Large"
DEPTH, AT_ONCE, ADDED = 100, 8, 20
COPIED = (
    "id text, document_id text, document_digest bytea, title text, heading_path text[], text text, source text, "
    "tenant text, metadata jsonb, embedding vector, read text"
)


class Node:
    """The server, and a collection in it."""

    def __init__(self, folder: Path) -> None:
        user, self.password = resolve_name(f"{SERVER}:ADMIN")
        self.server = resolve_name(f"{SERVER}:PostgresServer")(folder)
        self.notes = folder / "notes"
        address = self.server.address(user)
        kept = Store.made_of({"address": address, "schema": SCHEMA, "timeout_s": 600})
        self.store = NamedStore("Benchmark", kept, SecretStr(self.password))
        self.config = self.store.config(NAME, ClusterEmbedder.model)
        self.table, self._address = self.config.index, address

    def add(self, number: int) -> None:
        """Add the document of that number as an upload does."""
        one = MadeUpDocuments(0).made(number)
        index_into_store(NAME, self.store, [one], ClusterEmbedder(), Chunking(), self.notes)

    def fill(self, passages: int) -> Iterator[tuple[str, float]]:
        """What is done, and the seconds that it took."""
        self.add(0)
        schema, table = self.table.split(".")
        of_table = f"schemaname = '{schema}' AND tablename = '{table}' AND indexdef ~ 'USING (hnsw|gin)'"
        made = self.server.sql(f"SELECT indexname, indexdef FROM pg_indexes WHERE {of_table} ORDER BY indexdef")
        with psycopg.connect(self._address, password=self.password, autocommit=True) as connection:
            run = cast("Callable[[str], object]", connection.execute)
            for index, _ in made:
                run(f"DROP INDEX {schema}.{index}")
            run(f"TRUNCATE {self.table}")
            with timed() as took:
                run(f"CREATE UNLOGGED TABLE copied ({COPIED})")
                with connection.cursor().copy("COPY copied FROM STDIN") as copy:
                    for row in rows(passages):
                        copy.write_row(row)
                columns = (
                    "id, document_id, document_digest, title, heading_path, text, source, tenant, metadata, embedding"
                )
                run(
                    f"INSERT INTO {self.table} ({columns}, words) "
                    f"SELECT {columns}, to_tsvector('english', read) FROM copied"
                )
                run("DROP TABLE copied")
            yield "making, copying and inserting rows", took()
            run("SET maintenance_work_mem = '4GB'")
            for _, statement in made:
                with timed() as took:
                    run(statement)
                yield ("graph" if "hnsw" in statement else "index of words"), took()
            run(f"VACUUM ANALYZE {self.table}")

    def sizes(self) -> dict[str, float]:
        """Gigabytes on the disk, by part."""
        ((rows, whole),) = self.server.sql(
            f"SELECT pg_table_size('{self.table}'), pg_total_relation_size('{self.table}')"
        )
        schema, table = self.table.split(".")
        indexes = self.server.sql(
            "SELECT indexdef, pg_relation_size(format('%I.%I', schemaname, indexname)) FROM pg_indexes "
            f"WHERE schemaname = '{schema}' AND tablename = '{table}'"
        )
        found = {"rows": rows / 1e9}
        for name, kind in (("graph", "USING hnsw"), ("words", "USING gin")):
            found[name] = sum(size for made, size in indexes if kind in made) / 1e9
        return found | {"whole": whole / 1e9}


def rows(passages: int) -> Iterator[tuple[Any, ...]]:
    """What `copied` takes."""
    for number, document in enumerate(MadeUpDocuments(passages)):
        for part, one in enumerate(cut(document)):
            vector = f"[{','.join(map(repr, vector_of(number, part).tolist()))}]"
            yield (
                one.id, one.document_id, f"\\x{number:064x}", one.title, list(one.heading_path), one.text, one.source,
                one.tenant, "{}", vector, one.model_text,
            )  # fmt: skip


@contextmanager
def timed() -> Iterator[Callable[[], float]]:
    """Seconds, once it is over."""
    began, took = time.perf_counter(), [0.0]
    yield lambda: took[0]
    took[0] = time.perf_counter() - began


def percentiles(search: Callable[[Any], object], asked: Sequence[Any], at_once: int) -> str:
    """Milliseconds a question at the median and at 95%, after some that warm up."""

    def one(question: Any) -> float:
        began = time.perf_counter()
        search(question)
        return (time.perf_counter() - began) * 1000

    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(one, asked[: 2 * at_once]))
        took = list(pool.map(one, asked))
    return f"{np.percentile(took, 50):.1f} / {np.percentile(took, 95):.1f}"


def nearest(passages: int, asked: Sequence[Vectors]) -> list[set[str]]:
    """Ids of the exact nearest of every question."""
    documents = passages // SECTIONS
    vectors = np.empty((documents * SECTIONS, DIMENSIONS), np.float32)
    for row in range(len(vectors)):
        vectors[row] = vector_of(*divmod(row, SECTIONS))
    best = [np.argpartition(-(vectors @ one), DEPTH)[:DEPTH] for one in asked]
    return [{f"doc-{row // SECTIONS}.md::{row % SECTIONS}" for row in found.tolist()} for found in best]


def line(name: str, value: object) -> None:
    """One figure."""
    print(f"{name:<52}{value}", flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--passages", type=int, default=100_000)
    parser.add_argument("--questions", type=int, default=100)
    given = parser.parse_args(arguments)
    folder = Path(tempfile.mkdtemp(prefix="pg"))  # short: the name of its socket is in it
    node = Node(folder)
    try:
        line("passages", f"{given.passages:,}")
        line("load of the machine", f"{os.getloadavg()[0]:.1f}")
        for name, seconds in node.fill(given.passages):
            line(f"{name}, s", f"{seconds:.0f}")
        for name, size in node.sizes().items():
            line(f"on the disk, {name}, GB", f"{size:.2f}")
        line("load of the machine", f"{os.getloadavg()[0]:.1f}")
        searched(node, given.passages, given.questions)
        added(node, given.passages)
    finally:
        node.server.close()
        shutil.rmtree(folder)


def searched(node: Node, passages: int, questions: int) -> None:
    """Print what the searches take and how much of the exact nearest they find."""
    documents = passages // SECTIONS
    vectors = [query_vector(number, documents) for number in range(questions)]
    words = [query_words(number, documents) for number in range(questions)]
    with closing(connect(node.config, SecretStr(node.password))) as index:
        found = [{one for one, _ in index.dense(vector, DEPTH).hits} for vector in vectors]
        for at_once in (1, AT_ONCE):
            said = f"p50 / p95 ms, {at_once} at a time"
            line(f"dense, {said}", percentiles(lambda one: index.dense(one, DEPTH), vectors, at_once))
            line(f"lexical, {said}", percentiles(lambda one: index.lexical(one, DEPTH), words, at_once))
    exact = nearest(passages, vectors)
    shared = [len(one & best) / DEPTH for one, best in zip(found, exact, strict=True)]
    line(f"dense, recall@{DEPTH}", f"{np.mean(shared):.4f}")


def added(node: Node, passages: int) -> None:
    """Print what adding a document takes."""
    first = passages // SECTIONS
    took = []
    for number in range(first, first + ADDED + 2):
        with timed() as seconds:
            node.add(number)
        took.append(seconds() * 1000)
    line(f"adding a document of {SECTIONS} passages, ms, median", f"{np.median(took[2:]):.0f}")


if __name__ == "__main__":
    main()
