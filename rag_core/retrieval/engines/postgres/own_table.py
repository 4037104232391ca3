"""A table of passages that Second Pass makes and writes itself: one transaction a document, all of it or nothing.

    table = OwnTable(config, secret)
    table.prepare(MadeWith(model="all-MiniLM-L6-v2@…", embedder="packaged", dimensions=384, chunking=Chunking()))
    table.put("refunds.md", digest, passages, vectors)
    table.close()

It is searched by `PgVectorIndex` with `OWN_FIELDS`. What made it is in its comment, as JSON. A writer waits for the
other writers of the same table.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr, ValidationError

from rag_core.errors import BadInput, EngineError, EngineRefused
from rag_core.retrieval.engines.index_config import IndexConfig, IndexFields
from rag_core.retrieval.engines.own_store import MadeWith, check_made, somebody_elses
from rag_core.retrieval.engines.postgres.connection import Server
from rag_core.retrieval.engines.postgres.layout import parsed
from rag_core.retrieval.engines.postgres.own_statements import OwnStatements

if TYPE_CHECKING:
    import psycopg

    from rag_core.schema.documents import Passage
    from rag_core.schema.vectors import Vectors

OWN_FIELDS = IndexFields(
    id="id", text="text", title="title", vector="embedding", metadata="metadata", document="document_id",
    source="source", updated="updated_at", tenant="tenant", lexical="words",
)  # fmt: skip
LONGEST_ID = 2000
"""Bytes of a passage's id: an index of Postgres takes few more."""


class OwnTable:
    """The table that a config names (`schema.table`). Connects when it is first asked."""

    def __init__(self, config: IndexConfig, secret: SecretStr | None) -> None:
        """Raises BadInput where the address or the table cannot be one."""
        self.config = config
        self.server = Server(config, secret)
        self.sql = OwnStatements(*parsed(config.index))

    def close(self) -> None:
        """Close the kept connections."""
        self.server.close()

    def made(self) -> MadeWith | None:
        """What the table says of itself; None where it is not there. Raises BadInput where it is somebody else's."""
        with self.server.reading() as cursor:
            return self._made(cursor)

    def prepare(self, wanted: MadeWith) -> None:
        """Make the table where it is not there, with its schema, the extension and the indexes; all or nothing.

        Raises as `check_made`, BadInput where it is somebody else's, and EngineError where this user may not write.
        Nothing was written then.
        """
        with self._alone() as cursor:
            there = self._made(cursor)
            if there is None:
                self._make(cursor, wanted)
                return
            self._check_rights(cursor)
        check_made(self.config.place, there, wanted)

    def digests(self, documents: Sequence[str] | None = None, files: Sequence[str] = ()) -> dict[str, bytes]:
        """The digest of each of these documents that is there, and of what came from these files (`faq.csv`,
        `faq.csv#3`); of every document without a list."""
        asked = self.sql.digests(documents, files)
        with self.server.reading() as cursor:
            return {one: bytes(digest) for one, digest in cursor.execute(asked.sql, asked.values).fetchall()}

    def put(self, document: str, digest: bytes, passages: Sequence[Passage], vectors: Vectors) -> None:
        """Write the passages of a document in place of those that it had. vectors: float32, (passages, dimensions)."""
        language = self.config.language or "english"
        rows = [_row(one, digest, vector, language) for one, vector in zip(passages, vectors, strict=True)]
        with self._alone() as cursor:
            self._delete(cursor, [document])
            if rows:
                cursor.executemany(self.sql.insert(self._vector_schema(cursor)), rows)

    def remove(self, documents: Sequence[str]) -> None:
        """Delete all passages of these documents."""
        with self._alone() as cursor:
            self._delete(cursor, documents)

    def drop(self) -> None:
        """Delete the table. Raises BadInput where it is somebody else's; where it is not there, nothing is done."""
        with self._alone() as cursor:
            if self._made(cursor) is not None:
                cursor.execute(self.sql.drop())

    def check_writable(self, passages: Iterable[Passage]) -> None:
        """Raises BadInput for what Postgres cannot keep: a zero character, or an id that is too long for an index."""
        for one in passages:
            texts = (
                one.id,
                one.model_text,
                one.source,
                one.tenant or "",
                *one.metadata,
                *map(str, one.metadata.values()),
            )
            if any("\0" in text for text in texts):
                raise BadInput(
                    f"{one.document_id!r} holds the character U+0000, which Postgres cannot keep. Remove it."
                )
            if len(one.id.encode()) > LONGEST_ID:
                raise BadInput(f"The id {one.document_id[:60]!r}… is too long for Postgres. Rename the document.")

    @contextmanager
    def _alone(self) -> Iterator[psycopg.Cursor]:
        """A transaction that waits for other writers of this table."""
        with self.server.writing() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [self.config.index])
            yield cursor

    def _delete(self, cursor: psycopg.Cursor, documents: Sequence[str]) -> None:
        asked = self.sql.delete(documents)
        cursor.execute(asked.sql, asked.values)

    def _made(self, cursor: psycopg.Cursor) -> MadeWith | None:
        row = cursor.execute(*self.sql.comment_of).fetchone()
        if row is None:
            return None
        try:
            return MadeWith.model_validate(json.loads(row[0] or ""))
        except (ValueError, ValidationError) as exc:
            raise somebody_elses(self.config.place) from exc

    def _make(self, cursor: psycopg.Cursor, wanted: MadeWith) -> None:
        if not cursor.execute(*self.sql.language(wanted.language)).fetchone():
            raise BadInput(f"{self.server.place} has no text search configuration {wanted.language}. Use “simple”.")
        self._have_schema(cursor)
        vectors = self._have_extension(cursor)
        comment = wanted.model_dump_json()
        for statement in self.sql.create(vectors, wanted.dimensions, comment):
            cursor.execute(statement)

    def _have_schema(self, cursor: psycopg.Cursor) -> None:
        """The schema, made where it is not there. Raises EngineError where this user may not make tables in it."""
        schema = self.sql.schema
        there, may = cursor.execute(*self.sql.schema_rights).fetchone() or (False, False)
        if not may:
            what = f"make tables in the schema {schema}" if there else f"make the schema {schema}"
            grant = f"GRANT CREATE ON SCHEMA {schema}" if there else f"CREATE SCHEMA {schema}"
            raise EngineError(f"This user may not {what} at {self.server.place}. Let an administrator run: {grant} …")
        if not there:
            cursor.execute(self.sql.create_schema())

    def _have_extension(self, cursor: psycopg.Cursor) -> str:
        """The schema of pgvector, which is installed where this user may. Raises EngineError where there is none."""
        place = self.server.place
        if found := cursor.execute(self.sql.VECTORS).fetchone():
            return str(found[0])
        available, may = cursor.execute(self.sql.VECTORS_AVAILABLE).fetchone() or (False, False)
        if not available:
            raise EngineError(f"{place} does not have pgvector. Install it on the server, then index again.")
        if not may:
            raise EngineError(f"{ENABLE} at {place}. Let an administrator run: CREATE EXTENSION vector")
        cursor.execute("CREATE EXTENSION IF NOT EXISTS vector")
        return self._vector_schema(cursor)

    def _vector_schema(self, cursor: psycopg.Cursor) -> str:
        found = cursor.execute(self.sql.VECTORS).fetchone()
        if found is None:
            raise EngineError(f"{self.server.place} does not have pgvector any more. Run: CREATE EXTENSION vector")
        return str(found[0])

    def _check_rights(self, cursor: psycopg.Cursor) -> None:
        (may,) = cursor.execute(*self.sql.table_rights).fetchone() or (False,)
        if not may:
            raise EngineRefused(self.config.place, "it may not write into this table")


ENABLE = "The extension vector is not enabled, and this user may not enable it"


def _row(one: Passage, digest: bytes, vector: Any, language: str) -> tuple[Any, ...]:
    """What `OwnStatements.insert` takes."""
    numbers = f"[{','.join(map(repr, vector.tolist()))}]"
    metadata = json.dumps(one.metadata)
    return (one.id, one.document_id, digest, one.title, list(one.heading_path), one.text, one.source, one.updated_at,
            one.tenant, metadata, numbers, language, one.model_text)  # fmt: skip
