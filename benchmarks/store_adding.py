"""What adding to a large collection in Postgres costs: python -m benchmarks.store_adding [--sizes 10000 100000]

One document of one passage goes into a collection of each size, 30 times, by what an upload goes by
(`index_into_store`): what is there is asked, the passage embedded (made-up vectors of 384 dimensions in clusters,
`benchmarks.search`) and written in a transaction of its own. Then each is deleted. The sizes take turns, so that a busy
machine slows all of them; pages (of 8 KB, of the table and its indexes) are what the server read, and no load changes
them. The server is a Postgres with pgvector of its own, which does not wait for the disk. Each collection is filled in
one go, its graph (HNSW) built after that.

`ratio` is of the last size to the first. What grows with the collection would be near the ratio of the sizes.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from pkgutil import resolve_name
from typing import Any, cast

import numpy as np
import psycopg
from pydantic import SecretStr

from benchmarks.search import DIMENSIONS, SEED, Vectors, clustered
from rag_core.corpus.stored_indexing import IntoStore, index_into_store
from rag_core.retrieval.engines.stores import NamedStore, Store
from rag_core.schema.chunking import Chunking
from rag_core.schema.documents import Document
from rag_core.schema.files import SourceFile

SERVER, SCHEMA = "tests.retrieval.engines.postgres_server", "second_pass"
SIZES, ADDED, WARM = (10_000, 100_000), 30, 2


class MadeUp:
    """Gives each text the next of some vectors."""

    model, dimensions, max_tokens, load_ms = "made-up@1", DIMENSIONS, 256, 0.0

    def __init__(self, vectors: Vectors) -> None:
        self._next = iter(vectors)

    def embed(self, texts: Sequence[str], progress: object = None) -> Vectors:  # noqa: ARG002 - the protocol's
        """A vector for each text."""
        given: Vectors = np.stack([next(self._next) for _ in texts])
        return given

    def embed_query(self, query: str) -> Vectors:
        """A vector."""
        given: Vectors = self.embed([query])[0]
        return given


def document(number: int) -> Document:
    """A document of one passage."""
    return Document(id=f"document {number}.md", text=f"Parcel {number} waits in depot {number % 97}.")


class Large:
    """A collection of so many passages on a server of the tests, and vectors for more."""

    def __init__(self, server: Any, store: NamedStore, size: int, folder: Path) -> None:
        vectors = clustered(np.random.default_rng(SEED), size + ADDED + WARM)
        self.server, self.store, self.size, self.folder = server, store, size, folder
        self.name, self.embedder = f"passages_{size}", MadeUp(vectors[size:])
        index_into_store(self.name, store, [document(0)], MadeUp(vectors[:1]), Chunking(), folder)
        self._fill(vectors[:size])

    def add(self, number: int) -> None:
        """Add a document that is not there, as an upload of a file does."""
        one = document(self.size + number)
        files = [SourceFile(name=one.id)]
        index_into_store(self.name, self.store, [one], self.embedder, None, self.folder, files=files)

    def delete(self, number: int) -> None:
        """Delete what `add` added."""
        IntoStore(self.store, self.folder).remove_documents(self.name, [document(self.size + number).id])

    def pages(self) -> int:
        """Pages of the table and its indexes that were read since it was made, in memory or from the disk."""
        ((read,),) = self.server.sql(
            "SELECT heap_blks_read + heap_blks_hit + idx_blks_read + idx_blks_hit + coalesce(toast_blks_read, 0) + "
            f"coalesce(toast_blks_hit, 0) FROM pg_statio_user_tables WHERE relname = '{self.name}'"
        )
        return int(read)

    def _fill(self, vectors: Vectors) -> None:
        """The rows of these vectors as `put` writes them, then the graph over them."""
        table = f"{SCHEMA}.{self.name}"
        of_graph = f"schemaname = '{SCHEMA}' AND tablename = '{self.name}' AND indexdef LIKE '%USING hnsw%'"
        ((graph, made),) = self.server.sql(f"SELECT indexname, indexdef FROM pg_indexes WHERE {of_graph}")
        user, password = resolve_name(f"{SERVER}:ADMIN")
        with psycopg.connect(self.server.address(user), password=password, autocommit=True) as connection:
            run = cast("Callable[[str], object]", connection.execute)
            run(f"DROP INDEX {SCHEMA}.{graph}")
            run(f"TRUNCATE {table}")
            columns = "id, document_id, document_digest, title, heading_path, text, source, metadata, embedding, words"
            with connection.cursor().copy(f"COPY {table} ({columns}) FROM STDIN".encode()) as copy:
                for number, vector in enumerate(vectors):
                    one = document(number)
                    words = " ".join(f"'{word}'" for word in one.text.lower().strip(".").split())
                    numbers = f"[{','.join(map(repr, vector.tolist()))}]"
                    row = (f"{one.id}::0", one.id, f"\\x{number:064x}", "", "{}", one.text, "", "{}", numbers, words)
                    copy.write_row(row)
            run("SET maintenance_work_mem = '1GB'")
            run(made)
            run(f"VACUUM ANALYZE {table}")


def measured(every: Sequence[Large], act: Callable[[Large, int], None]) -> list[tuple[float, float]]:
    """Of each collection, in turns: the median of milliseconds, and pages read each time, after some that warm up."""
    took: list[list[float]] = [[] for _ in every]
    before: list[int] = []
    for number in range(ADDED + WARM):
        if number == WARM:
            before = [one.pages() for one in every]
        for one, ms in zip(every, took, strict=True):
            began = time.perf_counter()
            act(one, number)
            ms.append((time.perf_counter() - began) * 1000)
    pages = [(one.pages() - was) / ADDED for one, was in zip(every, before, strict=True)]
    return [(float(np.median(ms[WARM:])), read) for ms, read in zip(took, pages, strict=True)]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    sizes = parser.parse_args(arguments).sizes
    user, password = resolve_name(f"{SERVER}:ADMIN")
    folder = Path(tempfile.mkdtemp(prefix="pg"))  # short: the name of its socket is in it
    server = resolve_name(f"{SERVER}:PostgresServer")(folder)
    try:
        kept = Store.made_of({"address": server.address(user), "schema": SCHEMA, "timeout_s": 600})
        store = NamedStore("Benchmark", kept, SecretStr(password))
        every = [Large(server, store, size, folder / "notes") for size in sizes]
        rows = [(*a, *b) for a, b in zip(measured(every, Large.add), measured(every, Large.delete), strict=True)]
        print(f"{'passages there':<18}{'adding, ms':>14}{'pages':>10}{'deleting, ms':>16}{'pages':>10}")
        for size, row in zip(sizes, rows, strict=True):
            print(f"{size:<18,}{row[0]:>14.1f}{row[1]:>10.0f}{row[2]:>16.1f}{row[3]:>10.0f}")
        ratios = [last / first for first, last in zip(rows[0], rows[-1], strict=True)]
        print(f"{'ratio':<18}{ratios[0]:>14.2f}{ratios[1]:>10.2f}{ratios[2]:>16.2f}{ratios[3]:>10.2f}")
    finally:
        server.close()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
