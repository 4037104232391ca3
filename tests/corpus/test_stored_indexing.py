"""A collection that is kept in Postgres: the suite of every database, and what is Postgres's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from pydantic import SecretStr

from rag_core.errors import BadInput, EngineError, EngineRefused
from rag_core.retrieval.embedders.sentence_embedder import SentenceEmbedder
from rag_core.retrieval.engines.every_index import every_index
from rag_core.retrieval.engines.stores import NamedStore, Store, table_of
from rag_core.schema.documents import Document
from rag_core.settings import Settings
from tests.corpus.stored_conformance import DOCUMENTS, QUERY, Failing, Kept, StoredConformance
from tests.retrieval.engines.postgres_server import ADMIN, READER, PostgresServer

pytestmark = pytest.mark.postgres
SCHEMA, WRITER = 'sec"ond %s', ("writer", "wr1ter-secret")


@pytest.fixture
def server(pgvector_server: PostgresServer) -> Iterator[PostgresServer]:
    """With a user who may make schemas and no more."""
    pgvector_server.sql(f"CREATE ROLE {WRITER[0]} LOGIN PASSWORD '{WRITER[1]}'")
    pgvector_server.sql(f"GRANT CREATE ON DATABASE postgres TO {WRITER[0]}")
    yield pgvector_server
    pgvector_server.sql(f"DROP OWNED BY {WRITER[0]} CASCADE")
    pgvector_server.sql(f"DROP ROLE {WRITER[0]}")


class InPostgres(Kept):
    """A store of the user who may make schemas."""

    secret = WRITER[1]

    def __init__(self, server: PostgresServer, folder: Path, embedder: SentenceEmbedder) -> None:
        self.server = server
        super().__init__(folder, embedder, self.of(WRITER))

    def of(self, user: tuple[str, str], schema: str = SCHEMA) -> NamedStore:
        """The store as that user."""
        store = Store.made_of({"address": self.server.address(user[0]), "schema": schema})
        return NamedStore("Team", store, SecretStr(user[1]))

    def rows(self, name: str = "Hand%book") -> dict[str, tuple[str, str]]:
        quoted = SCHEMA.replace('"', '""')
        found = self.server.sql(f'SELECT id, xmin::text, text FROM "{quoted}".{table_of(name)}')
        return {one: (version, text) for one, version, text in found}

    def stop(self) -> None:
        self.server.stop()

    def start(self) -> None:
        self.server.start()

    @contextmanager
    def refusing(self, text: str) -> Iterator[None]:
        quoted, table = SCHEMA.replace('"', '""'), table_of("Hand%book")
        self.server.sql(f"ALTER TABLE \"{quoted}\".{table} ADD CONSTRAINT refused CHECK (text NOT LIKE '{text}%')")
        yield
        self.server.sql(f'ALTER TABLE "{quoted}".{table} DROP CONSTRAINT refused')

    @contextmanager
    def somebody_elses(self, name: str) -> Iterator[NamedStore]:
        self.server.sql(f"CREATE SCHEMA taken CREATE TABLE taken.{name} (id int)")
        try:
            self.server.sql(f"GRANT ALL ON SCHEMA taken TO {WRITER[0]}")
            yield self.of(WRITER, "taken")
        finally:
            self.server.sql("DROP SCHEMA taken CASCADE")


@pytest.fixture
def kept(server: PostgresServer, tmp_path: Path, packaged: SentenceEmbedder) -> InPostgres:
    return InPostgres(server, tmp_path, packaged)


class TestPostgres(StoredConformance):
    pass


def test_the_graph_is_built_wider_than_by_default(kept: InPostgres) -> None:
    kept.index()
    table = f"tablename = '{table_of('Hand%book')}'"
    made = kept.server.sql(f"SELECT indexdef FROM pg_indexes WHERE {table} AND indexdef LIKE '%USING hnsw%'")
    assert "ef_construction='160'" in made[0][0]


def test_vectors_that_are_too_long_for_a_graph_are_compared_one_by_one(kept: InPostgres) -> None:
    long = Failing(kept.embedder, lambda: None)
    long.model, long.dimensions = "long@1", 2500
    short = long.embed
    long.embed = lambda texts, progress=None: np.pad(short(texts), ((0, 0), (0, 2500 - 384)))
    kept.index(embedder=long)
    table = f"tablename = '{table_of('Hand%book')}'"
    assert not [one for (one,) in kept.server.sql(f"SELECT indexdef FROM pg_indexes WHERE {table}") if "hnsw" in one]
    asked = np.pad(kept.embedder.embed_query(QUERY), (0, 2500 - 384))
    assert kept.opened().dense(asked, 1).hits[0][0] == "refunds.md::0"


def test_what_cannot_be_is_said_before_anything_is_written(kept: InPostgres, packaged: SentenceEmbedder) -> None:
    def tables() -> list[tuple[object, ...]]:
        return kept.server.sql("SELECT schemaname, tablename FROM pg_tables WHERE schemaname !~ '^pg_' ORDER BY 1, 2")

    there = tables()
    refused = ((kept.of(READER), EngineError, "may not make the schema"),
               (kept.of(READER, "public"), EngineError, "may not make tables in the schema public"),
               (kept.of((WRITER[0], "wrong")), EngineRefused, "refuses this user"),
               (kept.of(WRITER, "ä" * 32), BadInput, "too long"))  # fmt: skip
    for store, error, said in refused:
        with pytest.raises(error, match=said):
            kept.index(store=store)
    for text, said in (("\0", "U\\+0000"), (" \n", "no text")):
        with pytest.raises(BadInput, match=said):
            kept.index([Document(id="a.md", text=text)])
    with pytest.raises(BadInput, match="too long for Postgres"):
        kept.index([DOCUMENTS[0], Document(id="b" * 3000, text="Words.")])
    assert tables() == there and every_index(Settings(data_dir=kept.folder))[0] == {}


def test_the_extension_is_enabled_by_who_may_and_asked_for_by_who_may_not(kept: InPostgres) -> None:
    """In a database of its own, so that no other test misses it."""
    import psycopg

    def of(user: tuple[str, str]) -> NamedStore:
        address = kept.server.address(user[0]).removesuffix("postgres") + "bare"
        return NamedStore("Team", Store.made_of({"address": address}), SecretStr(user[1]))

    kept.server.sql("CREATE DATABASE bare")
    admin = of(ADMIN).store.address
    with psycopg.connect(admin, password=ADMIN[1], autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA second_pass AUTHORIZATION {WRITER[0]}")
    try:
        with pytest.raises(EngineError, match=r"may not enable it .* CREATE EXTENSION vector"):
            kept.index(store=of(WRITER))
        assert kept.index(store=of(ADMIN)).documents == 3
    finally:
        kept.server.sql("DROP DATABASE bare WITH (FORCE)")
