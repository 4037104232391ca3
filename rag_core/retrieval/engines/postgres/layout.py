"""What a table looks like: its columns, where the parts of a passage are, how its vectors and words are indexed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from rag_core.errors import BadInput, MissingField, MissingIndex
from rag_core.retrieval.engines.index_config import Distance, IndexConfig

if TYPE_CHECKING:
    import psycopg

NAME = re.compile(
    r'(?:(?:"(?P<quoted_schema>(?:[^"]|"")+)"|(?P<schema>[^".]+))\.)?(?:"(?P<quoted>(?:[^"]|"")+)"|(?P<table>[^"]+))'
)
VECTORS = ("vector", "halfvec")
JSON = ("json", "jsonb")
PLAIN = (
    "text", "varchar", "bpchar", "name", "citext", "uuid", "bool", "int2", "int4", "int8", "float4", "float8",
    "numeric", "date", "timestamp", "timestamptz",
)  # fmt: skip
"""Types of columns that become metadata of a passage."""

OPERATORS: dict[Distance, str] = {"cosine": "<=>", "dot": "<#>", "l2": "<->"}
DISTANCES: dict[str, Distance] = {"cosine": "cosine", "ip": "dot", "l2": "l2"}
"""By the middle of an operator class: `vector_cosine_ops`."""

COLUMNS = """
SELECT n.nspname, a.attname, t.typname, a.atttypmod, tn.nspname, coalesce(i.indisprimary, false),
       pg_get_expr(d.adbin, d.adrelid), c.reltuples, c.oid
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_type t ON t.oid = a.atttypid
JOIN pg_namespace tn ON tn.oid = t.typnamespace
LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary AND i.indnkeyatts = 1 AND i.indkey[0] = a.attnum
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum AND a.attgenerated <> ''
WHERE c.relname = %s AND n.nspname = ANY(CASE WHEN %s <> '' THEN ARRAY[%s::name] ELSE current_schemas(false) END)
  AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY array_position(current_schemas(false), n.nspname), n.nspname, a.attnum
"""
INDEXES = "SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = %s"
CONFIGURED = re.compile(r"to_tsvector\('(?:pg_catalog\.)?(\w+)'::regconfig")


@dataclass(frozen=True)
class Column:
    """A column: its type's name and schema, the length of its vectors (0: none is set), whether it is the key."""

    name: str
    type: str
    schema: str = "pg_catalog"
    dimensions: int = 0
    key: bool = False
    generated: str = ""


@dataclass(frozen=True)
class Place:
    """Where a part is: a column, or a key inside a JSON column."""

    column: Column
    key: str = ""


@dataclass(frozen=True)
class Layout:
    """A table by its columns. `rows` is the planner's estimate, -1 where there is none; `indexes` their definitions."""

    schema: str
    table: str
    columns: tuple[Column, ...]
    rows: int
    indexes: tuple[str, ...]
    place: str

    @cached_property
    def by_name(self) -> dict[str, Column]:
        """The columns by name."""
        return {column.name: column for column in self.columns}

    def of(self, path: str) -> Place | None:
        """The column of that name, or the key inside a JSON column (`meta.source`); None for an empty path.

        Raises MissingField where there is none.
        """
        if not path:
            return None
        if column := self.by_name.get(path):
            return Place(column)
        head, _, key = path.partition(".")
        inside = self.by_name.get(head)
        if inside and key and inside.type in JSON:
            return Place(inside, key)
        raise MissingField(self.place, path, self.by_name)

    def needed(self, path: str, what: str) -> Place:
        """As `of`. Raises BadInput where the connection does not say where it is."""
        found = self.of(path)
        if found is None:
            raise BadInput(f"Choose which column of {self.place} is the {what}.")
        return found

    def distance(self, vector: str) -> Distance | None:
        """How an index of that column compares vectors; None where it has none. Of IVFFlat, `l2` is the default, which
        its definition then leaves out."""
        name = _in_definition(vector)
        pattern = re.compile(rf"USING \w+ \(+{name}[^)]*\)?.*?(?:vector|halfvec)_(cosine|ip|l2)_ops")
        unsaid = re.compile(rf"USING ivfflat \(+{name}\)(?!.*_ops)")
        for index in self.indexes:
            if match := pattern.search(index):
                return DISTANCES[match[1]]
            if unsaid.search(index):
                return "l2"
        return None

    def approximate(self, vector: str, distance: Distance) -> frozenset[str]:
        """The methods (`hnsw`, `ivfflat`) of the indexes of that very column that compare in this way: no others serve
        its searches, not those of an expression of it either."""
        pattern = re.compile(rf"USING (hnsw|ivfflat) \({_in_definition(vector)}(?: (?:\S+\.)?[a-z]+_(\w+)_ops)?[ )]")
        found = filter(None, map(pattern.search, self.indexes))
        return frozenset(match[1] for match in found if DISTANCES.get(match[2] or "l2") == distance)

    def language(self, lexical: str) -> str:
        """The text search configuration that a generated column or an index names; empty where none does."""
        column = self.by_name.get(lexical)
        said = [column.generated] if column and column.generated else list(self.indexes)
        return next((match[1] for one in said if (match := CONFIGURED.search(one))), "")


def _in_definition(column: str) -> str:
    """A pattern of the column's name as a definition has it: whole, in quotes where it needs them."""
    quoted = column.replace('"', '""')
    return rf'(?:{re.escape(column)}(?![\w$])|"{re.escape(quoted)}")'


def parsed(index: str) -> tuple[str, str]:
    """Schema and table of `schema.table`; names with dots or quotes stand in double quotes, as in SQL.

    >>> parsed("public.chunks"), parsed("chunks"), parsed('"a.b"."c""d"')
    (('public', 'chunks'), ('', 'chunks'), ('a.b', 'c"d'))
    """
    found = NAME.fullmatch(index.strip())
    if not found:
        raise BadInput("Name the table as schema.table.")
    schema = (found["quoted_schema"] or "").replace('""', '"') or found["schema"] or ""
    return schema, (found["quoted"] or "").replace('""', '"') or found["table"]


def written(schema: str, table: str) -> str:
    """The other way: what `parsed` reads.

    >>> written("public", "chunks"), written("a.b", 'c"d')
    ('public.chunks', '"a.b"."c""d"')
    """
    return ".".join(
        name if re.fullmatch(r"[^\".]+", name) else f'"{name.replace(chr(34), chr(34) * 2)}"'
        for name in (schema, table)
    )


def read_layout(cursor: psycopg.Cursor, config: IndexConfig, server: str) -> Layout:
    """The table that the config names. Raises MissingIndex where there is none, or none that this user sees."""
    schema, table = parsed(config.index)
    rows: Sequence[tuple[str, str, str, int, str, bool, str | None, float, int]] = cursor.execute(
        COLUMNS, [table, schema, schema]
    ).fetchall()
    if not rows:
        raise MissingIndex(server, "table", config.index)
    first = rows[0][0]
    columns = tuple(
        Column(name, kind, where, max(0, size) if kind in VECTORS else 0, key, generated or "")
        for of, name, kind, size, where, key, generated, _, _ in rows
        if of == first
    )
    indexes = tuple(one for (one,) in cursor.execute(INDEXES, [rows[0][8]]).fetchall())
    return Layout(first, table, columns, int(rows[0][7]), indexes, config.place)
