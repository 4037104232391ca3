"""Token vectors of collections that lie in a database, on disk by collection, model and text: what one process has
read, no other one reads again.

    <data folder>/token_vectors.db

One SQLite file, safe for any number of threads and processes, also where one is killed. Each text is a record with its
checksum (`kept_tokens`). A damaged record is removed, and so is a file that is no database any more; both are said, and
the token vectors are made again. Where the records grow over the limit, those that were used longest ago go. The disk
has the space again of what is removed; where it cannot be given back, it stays free in the file until the next time.
What was read is used even where it cannot be noted that it was.
"""

from __future__ import annotations

import math
import sqlite3
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rag_core.corpus.storage.kept_tokens import to_bytes, tokens_in
from rag_core.corpus.storage.versions import locked
from rag_core.corpus.token_store import MOST_BYTES
from rag_core.errors import SecondPassError
from rag_core.rerank.stored_tokens import Stored
from rag_core.wording.step_warnings import (
    token_book_held,
    token_book_made_anew,
    token_records_damaged,
    token_use_not_noted,
)

if TYPE_CHECKING:
    from rag_core.inference.token_codes import TokenCodes

FILE = "token_vectors.db"
BUSY_S = 15.0
NOTING_S = 1.0
"""How long a reader waits for others who write, only to note what it has used."""
IN_ONE_STATEMENT = 500
LET_GO = 0.1
"""The share of the limit that goes at once."""

_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_HELD = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_TABLES = (
    """CREATE TABLE IF NOT EXISTS texts (number INTEGER PRIMARY KEY, collection TEXT NOT NULL, model TEXT NOT NULL,
    hash BLOB NOT NULL, size INTEGER NOT NULL, used INTEGER NOT NULL, UNIQUE (collection, model, hash))""",
    """CREATE TABLE IF NOT EXISTS records (
    number INTEGER PRIMARY KEY REFERENCES texts ON DELETE CASCADE, record BLOB NOT NULL)""",
)
_CANNOT_BE_USED = "The kept token vectors in {} cannot be used ({}). Make room, or remove that file."
_OVER = """DELETE FROM texts WHERE number IN (SELECT number FROM (
    SELECT number, sum(size) OVER (ORDER BY used DESC, number DESC) AS so_far FROM texts) WHERE so_far > ?)"""


@dataclass(frozen=True)
class TokenBook:
    """The token vectors of one collection (its `IndexConfig.identity`) in the file of `folder`, whose records of all
    collections take up to `most_bytes`. It waits `busy_s` seconds for others who write.

    Raises SecondPassError with what to do where the file cannot be used.
    """

    folder: Path
    collection: str
    most_bytes: int = MOST_BYTES
    busy_s: float = BUSY_S

    @property
    def path(self) -> Path:
        """The file."""
        return self.folder / FILE

    def find(self, model: str, content_hashes: Collection[str]) -> Stored:
        """Those of that model that are kept, by content hash (hex)."""
        if not self.path.exists():
            return Stored({})
        with self._open() as book:
            numbers, found = self._read(book, model, [bytes.fromhex(one) for one in content_hashes])
        damaged = numbers.keys() - found.keys()
        said = [token_records_damaged(len(damaged))] if damaged else []
        try:
            if numbers:
                self._note_use(model, [numbers[one] for one in found], damaged)
        except SecondPassError as exc:
            said.append(token_use_not_noted(exc))
        return Stored(found, " ".join(said))

    def keep(self, model: str, codes: Mapping[str, TokenCodes]) -> None:
        """Keep these, by content hash; one that is there already stays."""
        with self._open() as book:
            with book:
                for content_hash, one in codes.items():
                    record = to_bytes(content_hash, one)
                    made = book.execute(
                        "INSERT INTO texts (collection, model, hash, size, used) VALUES (?, ?, ?, ?, ?) "
                        "ON CONFLICT DO NOTHING RETURNING number",
                        (self.collection, model, bytes.fromhex(content_hash), len(record), time.time_ns()),
                    ).fetchone()
                    if made:
                        book.execute("INSERT INTO records (number, record) VALUES (?, ?)", (*made, record))
                size = book.execute("SELECT coalesce(sum(size), 0) FROM texts").fetchone()[0]
                if over := size > self.most_bytes:
                    book.execute(_OVER, (int(self.most_bytes * (1 - LET_GO)),))
            if over:
                _give_back(book, self.most_bytes, may_rewrite=False)  # a question waits, and others who write

    def forget(self) -> None:
        """Remove those of this collection."""
        if self.path.exists():
            with self._open() as book:
                with book:
                    book.execute("DELETE FROM texts WHERE collection = ?", (self.collection,))
                _give_back(book)

    def trim(self) -> None:
        """Remove what is over the limit, of all collections: at 0 everything."""
        if self.path.exists():
            with self._open() as book:
                with book:
                    book.execute(_OVER, (self.most_bytes,))
                _give_back(book)

    def _note_use(self, model: str, used: list[int], damaged: Collection[str]) -> None:
        """Note that these were used now, and remove those that are damaged, unless they were made again meanwhile."""
        with self._open(NOTING_S) as book, book:
            book.execute("BEGIN IMMEDIATE")
            numbers, whole = self._read(book, model, [bytes.fromhex(one) for one in damaged])
            gone = [(number,) for one, number in numbers.items() if one not in whole]
            book.executemany("DELETE FROM texts WHERE number = ?", gone)
            now = time.time_ns()
            book.executemany("UPDATE texts SET used = ? WHERE number = ?", [(now, number) for number in used])

    def _read(
        self, book: sqlite3.Connection, model: str, hashes: list[bytes]
    ) -> tuple[dict[str, int], dict[str, TokenCodes]]:
        """The numbers of those that are kept, and what is whole of them."""
        numbers: dict[str, int] = {}
        found: dict[str, TokenCodes] = {}
        for start in range(0, len(hashes), IN_ONE_STATEMENT):
            some = hashes[start : start + IN_ONE_STATEMENT]
            rows = book.execute(
                "SELECT hash, number, record FROM texts LEFT JOIN records USING (number) "
                f"WHERE collection = ? AND model = ? AND hash IN ({','.join('?' * len(some))})",
                (self.collection, model, *some),
            )
            for kept, number, record in rows:
                numbers[kept.hex()] = number
                found.update((name, one) for name, one in tokens_in(record or b"") if name == kept.hex())
        return numbers, found

    @contextmanager
    def _open(self, most_s: float = math.inf) -> Iterator[sqlite3.Connection]:
        """A connection; waits so long for others who write. A file that is damaged is removed."""
        inode = 0
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self.path, timeout=min(most_s, self.busy_s))) as book:
                inode = self.path.stat().st_ino
                if not book.execute("PRAGMA auto_vacuum").fetchone()[0]:
                    book.execute("PRAGMA auto_vacuum=INCREMENTAL")  # of an older file from its next VACUUM on
                for setting in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
                    book.execute(f"PRAGMA {setting}")
                for table in _TABLES:
                    book.execute(table)
                yield book
        except (sqlite3.Error, OSError) as exc:
            if _code(exc) in _HELD:
                raise SecondPassError(token_book_held(self.path, exc)) from exc
            if _code(exc) in _DAMAGED:
                self._remove(inode)
                raise SecondPassError(token_book_made_anew(self.path, exc)) from exc
            raise SecondPassError(_CANNOT_BE_USED.format(self.path, exc)) from exc

    def _remove(self, inode: int) -> None:
        """Remove the damaged file, unless another process has made a new one by now. Raises SecondPassError."""
        try:
            with locked(self.folder, "token_vectors", BUSY_S), suppress(FileNotFoundError):
                if self.path.stat().st_ino == inode:
                    for ending in ("-wal", "-shm", ""):
                        self.path.with_name(FILE + ending).unlink(missing_ok=True)
        except OSError as exc:
            raise SecondPassError(_CANNOT_BE_USED.format(self.path, exc)) from exc


def _code(failure: Exception) -> int:
    """What SQLite calls it; 0 where it has no name for it."""
    return getattr(failure, "sqlite_errorcode", 0) & 0xFF


def _give_back(book: sqlite3.Connection, most_bytes: int = 0, *, may_rewrite: bool = True) -> None:
    """Let the disk have the free pages of a file that is larger than so, after the transaction that freed them. An
    earlier version's file, which cannot give back single pages, is written again for that, once, where it may be.

    Where that fails, as on a full disk, the pages stay free for the next time. Raises sqlite3.Error for a damaged file.
    """
    try:
        pages, free, size, gives_pages = (
            book.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size", "auto_vacuum")
        )
        surplus = min(free, pages - most_bytes // size)
        if surplus > 0 and gives_pages:  # a script, for `execute` would give back one page alone
            book.executescript(f"PRAGMA incremental_vacuum({surplus})")
        elif surplus > 0 and may_rewrite:
            book.execute("VACUUM")
    except sqlite3.Error as exc:
        if _code(exc) in _DAMAGED:
            raise
