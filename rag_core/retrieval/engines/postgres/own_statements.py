"""The statements that make, write and delete a table of our own. Names are quoted, values are parameters.

Statements without values are run without any, so a `%` in their names is as it is; in the others it is doubled
(`identifier`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rag_core.errors import BadInput
from rag_core.retrieval.engines.postgres.conditions import Part, identifier

GRAPH_LIMIT = 2000
"""Numbers of the longest vector that pgvector's HNSW takes; longer ones are searched exactly."""

GRAPH_BREADTH = 160
"""pgvector's `ef_construction`: at its usual 64 the graph of a million passages found .86 of the nearest hundred."""

ROW = ("#", "$")
"""What is between a file and its row in a document's id, and the character after it: ids of rows are between."""

LONGEST_NAME = 63
"""Bytes of a name in Postgres."""


class OwnStatements:
    """For one table."""

    VECTORS = """SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
    WHERE e.extname = 'vector'"""
    VECTORS_AVAILABLE = """SELECT true, bool_or(NOT superuser OR (trusted AND
    has_database_privilege(current_database(), 'CREATE')) OR
    (SELECT rolsuper FROM pg_roles WHERE rolname = current_user))
    FROM pg_available_extension_versions WHERE name = 'vector' GROUP BY name"""

    def __init__(self, schema: str, table: str) -> None:
        """Raises BadInput for a name that Postgres would cut off, or a table without its schema."""
        if not schema:
            raise BadInput("Name the table as schema.table.")
        for name in (schema, table):
            if len(name.encode()) > LONGEST_NAME:
                raise BadInput(f"{name[:LONGEST_NAME]}… is too long for a name in Postgres. Choose a shorter one.")
        self.schema = schema
        self.table = table

    @property
    def comment_of(self) -> tuple[str, list[str]]:
        """The comment of the table; no row where there is none of that name."""
        return (
            "SELECT obj_description(c.oid, 'pg_class') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname = %s AND c.relname = %s",
            [self.schema, self.table],
        )

    @property
    def schema_rights(self) -> tuple[str, list[str]]:
        """Whether the schema is there, and whether this user may make a table in it, the schema included."""
        return (
            "SELECT there, CASE WHEN there "
            "THEN has_schema_privilege(%s, 'CREATE') AND has_schema_privilege(%s, 'USAGE') "
            "ELSE has_database_privilege(current_database(), 'CREATE') END "
            "FROM (SELECT EXISTS(SELECT FROM pg_namespace WHERE nspname = %s) AS there) AS found",
            [self.schema] * 3,
        )

    @property
    def table_rights(self) -> tuple[str, list[str]]:
        """Whether this user may read, write and delete rows."""
        rights = " AND ".join(f"has_table_privilege(c.oid, '{one}')" for one in ("SELECT", "INSERT", "DELETE"))
        return (
            f"SELECT {rights} FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname = %s AND c.relname = %s",
            [self.schema, self.table],
        )

    def language(self, name: str) -> tuple[str, list[str]]:
        """A row where there is a text search configuration of that name."""
        return "SELECT 1 FROM pg_ts_config WHERE cfgname = %s", [name]

    def create_schema(self) -> Any:
        """Makes the schema."""
        sql = _sql()
        return sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(self.schema))

    def create(self, vectors: str, dimensions: int, comment: str) -> list[Any]:
        """Make the table, its indexes and its comment. vectors: the schema of pgvector."""
        sql = _sql()
        table, kind = sql.Identifier(self.schema, self.table), sql.Identifier(vectors, "vector")
        made = sql.SQL(
            'CREATE TABLE {} (id text COLLATE "C" PRIMARY KEY, document_id text COLLATE "C" NOT NULL, '
            "document_digest bytea NOT NULL, title text NOT NULL, heading_path text[] NOT NULL, text text NOT NULL, "
            "source text NOT NULL, updated_at date, tenant text, metadata jsonb NOT NULL, embedding {}({}) NOT NULL, "
            "words tsvector NOT NULL)"
        ).format(table, kind, sql.Literal(dimensions))
        documents = sql.SQL("CREATE INDEX ON {} (document_id, document_digest)").format(table)
        words = sql.SQL("CREATE INDEX ON {} USING gin (words)").format(table)
        said = sql.SQL("COMMENT ON TABLE {} IS {}").format(table, sql.Literal(comment))
        graph = sql.SQL("CREATE INDEX ON {} USING hnsw (embedding {}) WITH (ef_construction = {})").format(
            table, sql.Identifier(vectors, "vector_cosine_ops"), sql.Literal(GRAPH_BREADTH)
        )
        return [made, documents, words, said, *([graph] if dimensions <= GRAPH_LIMIT else [])]

    def digests(self, documents: Sequence[str] | None, files: Sequence[str]) -> Part:
        """Id and digest of these documents, and of what came from these files; of all without a list."""
        found = _sql().SQL("SELECT DISTINCT document_id, document_digest FROM {} WHERE {}")
        if documents is None:
            return Part(found.format(self._name, _sql().SQL("true")), ())
        row = " OR document_id >= %s AND document_id < %s" * len(files)
        bounds = (f"{name}{mark}" for name in files for mark in ROW)
        return Part(
            found.format(self._name, _sql().SQL(f"document_id = ANY(%s){row}")), ([*documents, *files], *bounds)
        )

    def delete(self, documents: Sequence[str]) -> Part:
        """Delete every passage of these documents."""
        return Part(_sql().SQL("DELETE FROM {} WHERE document_id = ANY(%s)").format(self._name), (list(documents),))

    def insert(self, vectors: str) -> Any:
        """Write one passage. vectors: the schema of pgvector."""
        return (
            _sql()
            .SQL(
                "INSERT INTO {} (id, document_id, document_digest, title, heading_path, text, source, updated_at, "
                "tenant, metadata, embedding, words) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s::{}, "
                "to_tsvector(%s::regconfig, %s))"
            )
            .format(self._name, identifier(vectors, "vector"))
        )

    def drop(self) -> Any:
        """Delete the table."""
        sql = _sql()
        return sql.SQL("DROP TABLE {}").format(sql.Identifier(self.schema, self.table))

    @property
    def _name(self) -> Any:
        return identifier(self.schema, self.table)


def _sql() -> Any:
    from psycopg import sql

    return sql
