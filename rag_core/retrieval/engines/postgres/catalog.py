"""What there is to search on a server, and what a table looks like in a form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rag_core.retrieval.engines.field_guess import guessed, short
from rag_core.retrieval.engines.index_config import IndexConfig, IndexDescription, IndexFields, SearchedIndex
from rag_core.retrieval.engines.postgres.bm25 import VECTOR, read_bm25
from rag_core.retrieval.engines.postgres.conditions import Part, identifier
from rag_core.retrieval.engines.postgres.langchain import PASSAGES, collections_in, in_collection
from rag_core.retrieval.engines.postgres.layout import JSON, VECTORS, Layout, read_layout, written

if TYPE_CHECKING:
    import psycopg

SAMPLE = 3
"""Rows that a form shows."""

SHOWN = {**dict.fromkeys(VECTORS, "real[]"), **dict.fromkeys(JSON, "jsonb")}
"""What columns of these types are read as; all others as text."""

TABLES = """
SELECT n.nspname, c.relname, min(format_type(a.atttypid, a.atttypmod)), c.reltuples
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_type t ON t.oid = a.atttypid AND t.typname = ANY(%s)
WHERE a.attnum > 0 AND NOT a.attisdropped AND NOT c.relispartition
  AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
GROUP BY n.nspname, c.relname, c.reltuples
ORDER BY n.nspname, c.relname
LIMIT 1000
"""


def vector_tables(cursor: psycopg.Cursor) -> tuple[SearchedIndex, ...]:
    """The tables with a vector column; LangChain's once for each collection in it."""
    found: list[SearchedIndex] = []
    for schema, table, kind, rows in cursor.execute(TABLES, [list(VECTORS)]).fetchall():
        told = kind.rpartition(".")[2] + (f", about {int(rows):,} rows" if rows > 0 else "")
        name = written(schema, table)
        inside = collections_in(cursor, schema) if table == PASSAGES else []
        found += [SearchedIndex(name=name, namespace=one, told=told.partition(",")[0]) for one in inside]
        found += [] if inside else [SearchedIndex(name=name, told=told)]
    return tuple(found)


def describe_table(cursor: psycopg.Cursor, config: IndexConfig, server: str) -> IndexDescription:
    """Its columns and the keys in their JSON, three rows, and a guess which is which."""
    layout = read_layout(cursor, config, server)
    rows = _sampled(cursor, layout, in_collection(layout, config))
    keys = {
        f"{column.name}.{key}": None
        for column in layout.columns
        if column.type in JSON
        for row in rows
        if isinstance(row[column.name], dict)
        for key in row[column.name]
    }
    names = (*layout.by_name, *keys)
    fields = IndexFields(**guessed(names, _settled(layout)))
    if fields.lexical and read_bm25(cursor, layout, config.with_(fields=fields.with_(lexical=""))):
        fields = fields.with_(lexical="")  # BM25 of the text knows more than a tsvector
    vector = layout.by_name.get(fields.vector)
    return IndexDescription(
        names=names,
        fields=fields,
        rows=tuple({name: short(value) for name, value in row.items()} for row in rows),
        dimensions=vector.dimensions if vector else 0,
        distance=layout.distance(fields.vector) if fields.vector else None,
        passages=layout.rows if layout.rows > 0 else None,
    )


def _settled(layout: Layout) -> dict[str, str]:
    """The parts that the types of the columns settle: the key, the vector, the words, the only JSON object and text."""
    kinds = {
        "vector": VECTORS,
        "lexical": ("tsvector", VECTOR),
        "metadata": JSON,
        "text": ("text",),
    }
    found = {part: [one.name for one in layout.columns if one.type in types] for part, types in kinds.items()}
    found["id"] = [one.name for one in layout.columns if one.key]
    sure = {part: names[0] for part, names in found.items() if len(names) == 1}
    if found["lexical"]:
        sure["lexical"] = found["lexical"][0]
    if sure.get("text") == sure.get("id"):
        sure.pop("text", None)
    return sure


def _sampled(cursor: psycopg.Cursor, layout: Layout, which: Part) -> list[dict[str, Any]]:
    """Three of these rows: vectors as numbers, JSON as it is, all else as text."""
    from psycopg import sql

    shown = [
        sql.SQL("{}::{}").format(identifier(column.name), sql.SQL(SHOWN.get(column.type, "text")))
        for column in layout.columns
    ]
    asked = sql.SQL("SELECT {} FROM {} WHERE {} LIMIT %s").format(
        sql.SQL(", ").join(shown), identifier(layout.schema, layout.table), which.sql
    )
    names = [column.name for column in layout.columns]
    return [dict(zip(names, row, strict=True)) for row in cursor.execute(asked, (*which.values, SAMPLE)).fetchall()]
