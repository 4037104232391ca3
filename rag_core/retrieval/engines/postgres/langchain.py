"""LangChain's two tables of langchain-postgres: the passages of all collections are in one, with a collection's id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag_core.errors import MissingField
from rag_core.retrieval.engines.index_config import IndexConfig
from rag_core.retrieval.engines.postgres.conditions import Part, identifier
from rag_core.retrieval.engines.postgres.layout import Layout

if TYPE_CHECKING:
    import psycopg

PASSAGES, COLLECTIONS = "langchain_pg_embedding", "langchain_pg_collection"
COLLECTION = "collection_id"
"""The column of the passages that points to the collections."""


def collections_in(cursor: psycopg.Cursor, schema: str) -> list[str]:
    """The names of the collections; none without that table."""
    from psycopg import sql

    if cursor.execute("SELECT to_regclass(%s)", [f'"{schema}".{COLLECTIONS}']).fetchone() != (None,):
        asked = sql.SQL("SELECT name FROM {} ORDER BY name LIMIT 1000").format(sql.Identifier(schema, COLLECTIONS))
        return [name for (name,) in cursor.execute(asked).fetchall()]
    return []


def in_collection(layout: Layout, config: IndexConfig) -> Part:
    """The condition that a row is of the collection that the connection names; true where it names none. Raises
    MissingField where one is named and the table has none."""
    from psycopg import sql

    if not config.namespace:
        return Part(sql.SQL("TRUE"))
    if COLLECTION not in layout.by_name:
        raise MissingField(config.place, COLLECTION, layout.by_name)
    inside = sql.SQL("{} = (SELECT uuid FROM {} WHERE name = %s)")
    found = inside.format(identifier(COLLECTION), identifier(layout.schema, COLLECTIONS))
    return Part(found, (config.namespace,))
