"""The database: SQLite in the data folder by default, any other that SQLAlchemy speaks when `DATABASE_URL` says so.

Pair scores are kept here; cases and re-runs by `rag_core.triage`, runs by `rag_core.runs.store`; the schema's versions
are in `rag_core.storage.migrations`. Threads and processes may write at once: every write is an upsert in a transaction
of its own, SQLite runs in WAL mode with a busy timeout. Nothing here knows a model.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from rag_core.errors import BadInput, MissingPackage, SecondPassError, first_line
from rag_core.schema.steps import PairScore
from rag_core.settings import Settings
from rag_core.storage.migrations import migrate

FILE = "second_pass.db"
BUSY_MS = 15_000
IN_ONE_STATEMENT = 500
"""Bound parameters of one statement, well under SQLite's and Postgres's limits."""

REMEMBERED = 20_000
"""Pair scores kept in memory in front of the database."""

UPSERT: dict[str, Callable[[sa.Table], sqlite.Insert | postgresql.Insert]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}

metadata = sa.MetaData()
pair_scores = sa.Table(
    "pair_scores",
    metadata,
    sa.Column("model", sa.String(400), primary_key=True),
    sa.Column("query_hash", sa.String(64), primary_key=True),
    sa.Column("content_hash", sa.String(64), primary_key=True),
    sa.Column("score", sa.Double, nullable=False),
    sa.Column("tokens", sa.Integer, nullable=False),
    sa.Column("unseen_tokens", sa.Integer, nullable=False),
    sa.Column("seen_chars", sa.Integer),
)
MEASURED = ("score", "tokens", "unseen_tokens", "seen_chars")

T = TypeVar("T")


class Store:
    """One database, opened when first used, safe to share between threads.

    Store("sqlite:///data/second_pass.db")
    Store.from_settings(Settings())
    Store.from_settings(Settings(), durable=True)      what is written is on the disk before the transaction ends
    Every method raises SecondPassError with what to do where the database cannot be read or written, and BadInput for
    a value that it cannot keep.
    """

    def __init__(self, url: str, durable: bool = False, wait_s: float = 30.0) -> None:
        """`wait_s`: how long to wait for a connection that others have in use."""
        try:
            self._url = sa.make_url(url)
        except sa.exc.ArgumentError as exc:
            raise BadInput("DATABASE_URL is not an address, such as postgresql+psycopg://user@host/name.") from exc
        if self._url.get_backend_name() not in UPSERT:
            raise BadInput(f"The database must be {' or '.join(UPSERT)}, not {self._url.get_backend_name()}.")
        try:
            self._url.get_dialect()
        except sa.exc.NoSuchModuleError as exc:
            raise BadInput(f"SQLAlchemy has no driver {self._url.get_driver_name()} for this database.") from exc
        self._tune = partial(_tune_sqlite, synchronous="FULL" if durable else "NORMAL")
        self._wait_s = wait_s
        self._opening = threading.Lock()

    @classmethod
    def from_settings(cls, settings: Settings, durable: bool = False) -> Store:
        """The database at `DATABASE_URL` where that is set, else the SQLite file in the data folder."""
        return cls(os.environ.get("DATABASE_URL", "").strip() or f"sqlite:///{settings.data_dir / FILE}", durable)

    @contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        """A transaction: committed at the end, rolled back on an error."""
        try:
            with self._open().begin() as connection:
                yield connection
        except (sa.exc.StatementError, sa.exc.TimeoutError, OverflowError) as exc:
            if isinstance(exc, sa.exc.DBAPIError | sa.exc.TimeoutError) and not isinstance(exc, sa.exc.DataError):
                raise SecondPassError(self._in_words(exc)) from exc
            raise BadInput(
                f"The database cannot keep one of these values ({first_line(exc.__cause__ or exc)})."
            ) from exc

    @property
    def place(self) -> str:
        """Where it is: a file, or an address without its password."""
        file = self._url.database if self._url.get_backend_name() == "sqlite" else None
        return str(Path(file).absolute()) if file else self._url.render_as_string()

    def _open(self) -> sa.Engine:
        with self._opening:
            return self._engine

    @cached_property
    def _engine(self) -> sa.Engine:
        """The engine, its tables brought up to date; the caller holds the lock."""
        local = self._url.get_backend_name() == "sqlite"
        try:
            if local and self._url.database and self._url.database != ":memory:":
                Path(self._url.database).parent.mkdir(parents=True, exist_ok=True)
            wait = {"pool_timeout": self._wait_s} if self._pooled else {}
            engine = sa.create_engine(self._url, pool_pre_ping=not local, **wait)
            if local:
                sa.event.listen(engine, "connect", self._tune)
            _up_to_date(engine)
        except (sa.exc.DBAPIError, sa.exc.TimeoutError, OSError) as exc:
            raise SecondPassError(self._in_words(exc)) from exc
        except ImportError as exc:
            raise MissingPackage(self._url.get_driver_name(), "This database") from exc
        return engine

    @property
    def _pooled(self) -> bool:
        """False for a database in memory, which has one connection."""
        return self._url.get_backend_name() != "sqlite" or self._url.database not in (None, "", ":memory:")

    def _in_words(self, exc: Exception) -> str:
        """The sentence for a user; `DATABASE_URL` is shown without its password."""
        reason = str(getattr(exc, "orig", None) or exc).splitlines()[0]
        if "not a database" in reason or "malformed" in reason:
            return f"The database {self.place} is damaged ({reason}). Move that file away to start with a new one."
        if "is full" in reason or "No space left" in reason:
            return f"The database {self.place} has no room ({reason}). Free some space on its disk, then try again."
        if "locked" in reason or isinstance(exc, sa.exc.TimeoutError):
            return f"The database {self.place} is busy ({reason}). Try again in a moment."
        return f"The database {self.place} cannot be used ({reason}). Check that it is there and may be written."

    def close(self) -> None:
        """Give the connections back. The store opens again when used."""
        with self._opening:
            if "_engine" in self.__dict__:
                self._engine.dispose()
                del self.__dict__["_engine"]

    def pair_cache(self) -> StoredPairs:
        """The pair-score cache kept in this database."""
        return StoredPairs(self)


def _tune_sqlite(connection: sqlite3.Connection, _record: object, synchronous: str) -> None:
    for pragma in (f"busy_timeout={BUSY_MS}", "journal_mode=WAL", f"synchronous={synchronous}", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    # SQLite's own lower knows ASCII alone.
    connection.create_function("lower", 1, lambda one: one.lower() if isinstance(one, str) else one, deterministic=True)


def _up_to_date(engine: sa.Engine) -> None:
    try:
        migrate(engine)
    except BaseException:
        engine.dispose()
        raise


class StoredPairs:
    """Pair scores by (model, query, content hash): the `PairCache` protocol of `rag_core.rerank.scoring`.

    The most recent ones also stay in memory. The query's text is not stored, only its hash.
    """

    def __init__(self, store: Store, remembered: int = REMEMBERED) -> None:
        self._store = store
        self._size = remembered
        self._recent: OrderedDict[tuple[str, str, str], PairScore] = OrderedDict()
        self._lock = threading.Lock()

    def get_many(self, model: str, query: str, content_hashes: Sequence[str]) -> dict[str, PairScore]:
        """The scores that are known, by content hash, each with `cached` set."""
        query_hash = hash_of(query)
        known = self._recall(model, query_hash, content_hashes)
        asked = [one for one in content_hashes if one not in known]
        for some in _slices(asked, IN_ONE_STATEMENT - 2):
            wanted = sa.select(pair_scores.c.content_hash, *(pair_scores.c[name] for name in MEASURED)).where(
                pair_scores.c.model == model,
                pair_scores.c.query_hash == query_hash,
                pair_scores.c.content_hash.in_(some),
            )
            with self._store.begin() as connection:
                rows = connection.execute(wanted).mappings().all()
            found = {row["content_hash"]: _pair(row) for row in rows}
            self._remember(model, query_hash, found)
            known |= found
        return known

    def put_many(self, model: str, query: str, pairs: Mapping[str, PairScore]) -> None:
        """Keep these scores, by content hash; a pair that is there already gets the new score."""
        query_hash = hash_of(query)
        rows = [
            {"model": model, "query_hash": query_hash, "content_hash": one, **pair.model_dump(include=set(MEASURED))}
            for one, pair in sorted(pairs.items())
        ]
        for some in _slices(rows, IN_ONE_STATEMENT // len(pair_scores.c)):
            with self._store.begin() as connection:
                insert = UPSERT[connection.dialect.name](pair_scores).values(some)
                key = list(pair_scores.primary_key.columns)
                new = {name: insert.excluded[name] for name in MEASURED}
                connection.execute(insert.on_conflict_do_update(index_elements=key, set_=new))
        self._remember(
            model, query_hash, {one: pair.model_copy(update={"cached": True}) for one, pair in pairs.items()}
        )

    def _recall(self, model: str, query_hash: str, content_hashes: Sequence[str]) -> dict[str, PairScore]:
        known = {}
        with self._lock:
            for one in content_hashes:
                pair = self._recent.get((model, query_hash, one))
                if pair is not None:
                    self._recent.move_to_end((model, query_hash, one))
                    known[one] = pair
        return known

    def _remember(self, model: str, query_hash: str, pairs: Mapping[str, PairScore]) -> None:
        with self._lock:
            for one, pair in pairs.items():
                self._recent[model, query_hash, one] = pair
            while len(self._recent) > self._size:
                self._recent.popitem(last=False)


def hash_of(text: str) -> str:
    """SHA-256 (hex) of a text: a key that gives nothing of it away and has one length."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _pair(row: sa.RowMapping) -> PairScore:
    return PairScore(cached=True, **{name: row[name] for name in MEASURED})


def _slices(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
