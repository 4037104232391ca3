"""Vectors that were paid for, on disk by model and text: no text is sent to a service twice, in whatever collection.

One SQLite file, safe for any number of threads and processes. Where it grows over its limit the oldest vectors go.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from rag_core.errors import SecondPassError

if TYPE_CHECKING:
    from rag_core.schema.vectors import Vectors

FILE = "vectors.db"
BUSY_S = 15.0
IN_ONE_STATEMENT = 500
LET_GO = 0.1
"""The share of the limit that goes at once."""

_TABLE = """CREATE TABLE IF NOT EXISTS vectors (
    number INTEGER PRIMARY KEY, model TEXT NOT NULL, hash BLOB NOT NULL, vector BLOB NOT NULL, UNIQUE (model, hash))"""


class KeepsVectors(Protocol):
    """Where vectors are kept by model and content hash (32 bytes)."""

    def read(self, model: str, hashes: Sequence[bytes]) -> dict[bytes, Vectors]:
        """Those that are known."""
        ...

    def add(self, model: str, vectors: Mapping[bytes, Vectors]) -> None:
        """Keep these; they are on disk when this returns."""
        ...


@dataclass(frozen=True)
class VectorBook:
    """The vectors in one file of `folder`, up to `most_bytes`.

    Raises SecondPassError with what to do where the file cannot be used.
    """

    folder: Path
    most_bytes: int = 2 * 2**30

    @property
    def path(self) -> Path:
        """The file."""
        return self.folder / FILE

    def read(self, model: str, hashes: Sequence[bytes]) -> dict[bytes, Vectors]:
        """The vectors of that model that are known, float32, by content hash."""
        if not self.path.exists():
            return {}
        found: dict[bytes, Vectors] = {}
        with self._open() as book:
            for start in range(0, len(hashes), IN_ONE_STATEMENT):
                some = hashes[start : start + IN_ONE_STATEMENT]
                marks = ",".join("?" * len(some))
                rows = book.execute(
                    f"SELECT hash, vector FROM vectors WHERE model = ? AND hash IN ({marks})", (model, *some)
                )
                found.update((bytes(one), np.frombuffer(vector, "<f4").astype(np.float32)) for one, vector in rows)
        return found

    def add(self, model: str, vectors: Mapping[bytes, Vectors]) -> None:
        """Keep these vectors of that model, by content hash; one that is there already stays."""
        rows = [(model, one, np.ascontiguousarray(vector, "<f4").tobytes()) for one, vector in vectors.items()]
        with self._open() as book:
            book.executemany("INSERT OR IGNORE INTO vectors (model, hash, vector) VALUES (?, ?, ?)", rows)
            self._trim(book)

    def _trim(self, book: sqlite3.Connection) -> None:
        pages, free, size = (
            book.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
        )
        if (pages - free) * size <= self.most_bytes:
            return
        first, last = book.execute("SELECT min(number), max(number) FROM vectors").fetchone()
        until = first + max(1, int((last - first + 1) * LET_GO))
        book.execute("DELETE FROM vectors WHERE number < ?", (until,))

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """A connection for one transaction."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self.path, timeout=BUSY_S)) as book:
                book.execute("PRAGMA journal_mode=WAL")
                book.execute(_TABLE)
                with book:
                    yield book
        except (sqlite3.Error, OSError) as exc:
            raise SecondPassError(
                f"The kept vectors in {self.path} cannot be used ({exc}). Make room, or remove that file: "
                "its vectors are then made and paid for again."
            ) from exc
