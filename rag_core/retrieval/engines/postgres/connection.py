"""Transactions on a Postgres server: a few kept connections, a time-out on the server, errors in words.

    server = Server(config, secret)
    with server.reading() as cursor:
        cursor.execute("SELECT 1")

`reading` is read-only; `writing` is for tables of our own (`own_table`), and writes all of it or nothing.

A connection that the server closed meanwhile is replaced once. Nothing of the environment's own access is used: no
PGPASSWORD, no password file.
"""

from __future__ import annotations

import math
import queue
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qsl, urlsplit

from pydantic import SecretStr

from rag_core.errors import (
    BadInput,
    EngineError,
    EngineGone,
    EngineRefused,
    EngineTimeout,
    MissingField,
    MissingIndex,
    MissingPackage,
    first_line,
)
from rag_core.retrieval.engines.index_config import IndexConfig

if TYPE_CHECKING:
    import psycopg

KEPT = 4
"""Connections that are kept open while nobody searches."""

PARAMETERS = {"host", "port", "sslmode", "sslrootcert", "application_name", "target_session_attrs", "channel_binding"}
"""What an address may say after its question mark."""

GONE = ("57P01", "57P02", "57P03", "08")
REFUSED = ("28", "42501")
"""How the codes of these errors begin (Postgres, appendix A)."""

CONNECT_REFUSED = ("password", "authentication", "pg_hba.conf", "role ", "ssl", "certificate")
"""Words of a message by which a server that answers refuses a user: such errors come without a code."""


class Server:
    """One Postgres server, as one user. Safe to share between threads."""

    def __init__(self, config: IndexConfig, secret: SecretStr | None) -> None:
        """Connects to nothing yet. Raises BadInput for an address that is no Postgres address."""
        parts = urlsplit(config.address)
        if parts.scheme not in ("postgresql", "postgres"):
            raise BadInput("The address must look like postgresql://user@localhost:5432/database.")
        if unknown := sorted({name for name, _ in parse_qsl(parts.query, True)} - PARAMETERS):
            raise BadInput(f"The address may not say {unknown[0]}. It may say {', '.join(sorted(PARAMETERS))}.")
        self.config = config
        self.place = config.with_(index="").place
        self._secret = secret
        self._idle: queue.LifoQueue[psycopg.Connection] = queue.LifoQueue()
        weakref.finalize(self, _closed, self._idle)

    @contextmanager
    def reading(self) -> Iterator[psycopg.Cursor]:
        """A cursor in a read-only transaction with the connection's time-out. Raises EngineError."""
        with self._transaction("READ ONLY") as connection, connection.cursor() as cursor:
            yield cursor

    @contextmanager
    def writing(self) -> Iterator[psycopg.Cursor]:
        """A cursor in a transaction that is kept whole at the end, and not at all where anything is raised. Raises
        EngineError."""
        with self._transaction("READ WRITE") as connection:
            with connection.cursor() as cursor:
                yield cursor
            connection.commit()

    @contextmanager
    def _transaction(self, access: str) -> Iterator[psycopg.Connection]:
        """A connection in a transaction, which is rolled back unless it was committed."""
        psycopg = _psycopg()
        try:
            connection = self._begun(access)
            try:
                yield connection
            finally:
                self._put_back(connection)
        except psycopg.Error as exc:
            raise self.in_words(exc) from exc

    def close(self) -> None:
        """Close the kept connections; a later call opens new ones."""
        _closed(self._idle)

    def _begun(self, access: str) -> psycopg.Connection:
        """A connection in a transaction of its own: a kept one, or a new one where that is dead by now."""
        psycopg = _psycopg()
        with suppress(queue.Empty):
            kept = self._idle.get_nowait()
            try:
                self._begin(kept, access)
                return kept
            except psycopg.OperationalError:
                self.close()  # the server was restarted: the others are as dead
        fresh = self._opened()
        self._begin(fresh, access)
        return fresh

    def _begin(self, connection: psycopg.Connection, access: str) -> None:
        milliseconds = math.ceil(self.config.timeout_s * 1000)
        connection.execute(
            f"SET TRANSACTION {access}; SET LOCAL statement_timeout = {milliseconds}; SET LOCAL TimeZone = 'UTC'"
        )

    def _put_back(self, connection: psycopg.Connection) -> None:
        with suppress(_psycopg().Error):
            connection.rollback()
        if connection.closed or connection.broken or self._idle.qsize() >= KEPT:
            connection.close()
        else:
            self._idle.put(connection)

    def _opened(self) -> psycopg.Connection:
        seconds = self.config.timeout_s
        made = _psycopg().connect(
            self.config.address,
            password=self._secret.get_secret_value() if self._secret else "",
            passfile="/no/password/file",
            connect_timeout=max(2, math.ceil(seconds)),
            tcp_user_timeout=math.ceil(seconds * 1000) + 2000,
            prepare_threshold=None,
        )
        return cast("psycopg.Connection", made)

    def in_words(self, exc: psycopg.Error) -> EngineError:
        """What a driver's error means for the user. The secret is in no message of it."""
        code, place = exc.sqlstate or "", self.config.place
        said = _unprefixed(first_line(exc))
        if code == "57014" or isinstance(exc, _psycopg().errors.ConnectionTimeout):
            return EngineTimeout(place, self.config.timeout_s)
        if code == "42P01":
            return MissingIndex(self.place, "table", self.config.index)
        if code == "42703":
            return MissingField(place, _quoted(said))
        if code.startswith(REFUSED):
            return EngineRefused(self.place, said)
        if code.startswith(GONE):
            return EngineGone(self.place, said)
        if not code and isinstance(exc, _psycopg().OperationalError):
            return self._not_connected(first_line(exc), said)
        return EngineError(f"{place} answered with an error: {said.rstrip('.')}. Look into the server's log.")

    def _not_connected(self, whole: str, said: str) -> EngineError:
        """A connection that could not be made or was lost: the server says why (FATAL), or nobody is there."""
        if any(mark in whole for mark in ("FATAL", "SSL", "no password")):
            if "does not exist" in said and said.startswith("database"):
                return MissingIndex(self.place, "database", _quoted(said))
            if any(word in said.lower() for word in CONNECT_REFUSED):
                return EngineRefused(self.place, said)
        return EngineGone(self.place, said)


def _closed(idle: queue.LifoQueue[psycopg.Connection]) -> None:
    with suppress(queue.Empty):
        while True:
            idle.get_nowait().close()


def _psycopg() -> Any:
    """The driver, imported when it is first needed."""
    try:
        import psycopg
    except ImportError as exc:
        raise MissingPackage("psycopg", "Postgres") from exc
    return psycopg


def _unprefixed(said: str) -> str:
    """`connection to server at "127.0.0.1", port 5432 failed: FATAL:  no` -> `no`."""
    for mark in ("FATAL:", "failed: ", "ERROR:"):
        said = said.rpartition(mark)[2].strip() if mark in said else said
    return said


def _quoted(said: str) -> str:
    """The name that a message has in double quotes, or the message."""
    parts = said.split('"')
    return parts[1] if len(parts) > 2 else said
