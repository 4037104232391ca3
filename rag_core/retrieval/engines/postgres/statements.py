"""The statements that search one table, made of its layout and the connection's fields. Names are quoted, values are
parameters.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from rag_core.errors import BadInput
from rag_core.retrieval.engines.index_config import Distance, IndexConfig
from rag_core.retrieval.engines.postgres import approximate
from rag_core.retrieval.engines.postgres.bm25 import Bm25, ranked, read_bm25
from rag_core.retrieval.engines.postgres.conditions import (
    TEXTS,
    Conditions,
    Part,
    day_text,
    identifier,
    json_value,
    text_value,
)
from rag_core.retrieval.engines.postgres.ids import OF_THEIR_TYPE, fits
from rag_core.retrieval.engines.postgres.langchain import in_collection
from rag_core.retrieval.engines.postgres.layout import JSON, OPERATORS, VECTORS, Layout, Place, read_layout

if TYPE_CHECKING:
    import psycopg

    from rag_core.schema.filters import Filter

PAIRS = 50
"""Names and values of one `jsonb_build_object`: a function takes 100 arguments."""


class Statements:
    """For one table."""

    def __init__(self, layout: Layout, config: IndexConfig, version: tuple[int, ...], bm25: Bm25 | None = None) -> None:
        """`version`: pgvector's; `bm25`: the extension that ranks its words. Raises BadInput where id, text or vector
        is not said, MissingField where it is not there."""
        fields = config.fields
        self.layout = layout
        self.config = config
        self.version = version
        self.bm25 = bm25
        self.id = layout.needed(fields.id, "id")
        self.text = layout.needed(fields.text, "text")
        if self.id.key or self.id.column.type in JSON:
            raise BadInput(f"{fields.id} is in JSON, where no passage can be looked up. Choose a column as the id.")
        self.vector = layout.needed(fields.vector, "vector")
        if self.vector.column.type not in VECTORS:
            raise BadInput(
                f"{fields.vector} is {self.vector.column.type}, no vector. Choose the column of the vectors."
            )
        self.conditions = Conditions(layout, fields)

    @classmethod
    def read(cls, cursor: psycopg.Cursor, config: IndexConfig, server: str) -> Statements:
        """With the layout as it is now. Raises MissingIndex, MissingField, BadInput."""
        row = cursor.execute("SELECT extversion FROM pg_extension WHERE extname = 'vector'").fetchone()
        version = tuple(int(part) for part in re.findall(r"\d+", row[0] if row else "0"))
        layout = read_layout(cursor, config, server)
        return cls(layout, config, version, read_bm25(cursor, layout, config))

    @property
    def distance(self) -> Distance:
        """How its vectors are compared."""
        return self.config.distance or self.layout.distance(self.config.fields.vector) or "cosine"

    @cached_property
    def table(self) -> Any:
        """Its name, quoted."""
        return identifier(self.layout.schema, self.layout.table)

    def search_settings(self, depth: int) -> list[str]:
        """What makes the approximate index find as many as are asked for, also under a filter; or what turns it off."""
        return approximate.settings(self.layout, self.config, self.version, depth)

    def approximate(self, depth: int) -> str:
        """Which approximate index the nearest rows may come from, in a few words; empty for none."""
        return approximate.told(self.layout, self.config, self.distance, depth)

    def first_dimensions(self) -> Part:
        """The length of a stored vector."""
        sql = _sql()
        counted = sql.SQL("{}({})").format(
            identifier(self.vector.column.schema, "vector_dims"), identifier(self.vector.column.name)
        )
        return self._select(counted, sql.SQL("{} IS NOT NULL").format(identifier(self.vector.column.name)), "LIMIT 1")

    def nearest(self, vector: str, depth: int, where: Filter | None) -> Part:
        """Id and distance of the nearest rows, in order. Exact search breaks ties by id, also at the cut."""
        sql, allowed = _sql(), self._allowed(where)
        column = identifier(self.vector.column.name)
        far = sql.SQL("({} OPERATOR({}.{}) %s::{})").format(
            column,
            identifier(self.vector.column.schema),
            sql.SQL(OPERATORS[self.distance]),
            identifier(self.vector.column.schema, self.vector.column.type),
        )
        tied = sql.SQL(", id" if self.config.exact else "")
        inner = sql.SQL("SELECT {} AS id, {} AS far FROM {} WHERE {} IS NOT NULL AND {} ORDER BY {}{} LIMIT %s").format(
            self._id_text, far, self.table, column, allowed.sql, sql.SQL("far") if self.config.exact else far, tied
        )
        again = () if self.config.exact else (vector,)
        whole = sql.SQL("SELECT id, far FROM ({}) AS found ORDER BY far, id").format(inner)
        return Part(whole, (vector, *allowed.values, *again, depth))

    def lexemes(self, query: str) -> Part:
        """The question's words as the text search configuration makes them."""
        return Part(_sql().SQL("SELECT tsvector_to_array(to_tsvector(%s::regconfig, %s))"), (self.language, query))

    def by_words(self, asked: str, lexemes: Sequence[str], depth: int, where: Filter | None) -> Part:
        """Id, rank and matched words of the rows that have any of the words, best first, ties by id."""
        sql, allowed = _sql(), self._allowed(where)
        words, given = self._words
        inner = sql.SQL(
            "SELECT {} AS id, ts_rank_cd({}, %s::tsquery) AS score, {} AS words FROM {} WHERE {} @@ %s::tsquery AND {} "
            "ORDER BY score DESC, id LIMIT %s"
        ).format(self._id_text, words, words, self.table, words, allowed.sql)
        there = sql.SQL("ARRAY(SELECT lexeme FROM unnest(words) WHERE lexeme = ANY(%s))")
        whole = sql.SQL("SELECT id, score, {} FROM ({}) AS found ORDER BY score DESC, id").format(there, inner)
        return Part(whole, (list(lexemes), *given, asked, *given, *given, asked, *allowed.values, depth))

    def by_bm25(self, bm25: Bm25, asked: str, depth: int, where: Filter | None) -> Part:
        """Id and score of the rows that an extension ranks best, ties by id."""
        whole = where is None and not self.config.namespace
        return ranked(bm25, self.layout, self.config, asked, self._id_text, self._allowed(where), depth, whole)

    def passages(self, ids: Sequence[str]) -> Part:
        """The rows of these ids, with the columns of `rows.COLUMNS`."""
        return self._rows(self._among(ids), "")

    def vectors(self, ids: Sequence[str]) -> Part:
        """Id and vector, as numbers, of these ids."""
        sql, among = _sql(), self._among(ids)
        column = identifier(self.vector.column.name)
        what = sql.SQL("{}, {}::real[]").format(self._id_text, column)
        return self._select(what, sql.SQL("{} IS NOT NULL AND {}").format(column, among.sql), "", among.values)

    def count(self, where: Filter | None) -> Part:
        """How many rows match."""
        allowed = self._allowed(where)
        return self._select(_sql().SQL("count(*)"), allowed.sql, "", allowed.values)

    def listed(self, first: int, where: Filter | None) -> Part:
        """The first rows that match, by id."""
        return self._rows(self._allowed(where), "ORDER BY 1 LIMIT %s", (first,))

    @property
    def language(self) -> str:
        """The text search configuration of its words."""
        return self.config.language or self.layout.language(self.config.fields.lexical) or "english"

    @property
    def _words(self) -> tuple[Any, tuple[Any, ...]]:
        """The `tsvector` that is searched: the column that is named, else one that is made of the text."""
        sql, named = _sql(), self.layout.of(self.config.fields.lexical)
        if named and named.column.type == "tsvector":
            return identifier(named.column.name), ()
        if named:
            raise BadInput(f"{self.config.fields.lexical} is {named.column.type}, no tsvector. Leave its field empty.")
        if self.text.key or self.text.column.type not in TEXTS:
            found, given = text_value(self.text)
            return sql.SQL("to_tsvector({}::regconfig, {})").format(sql.Literal(self.language), found), given
        column = identifier(self.text.column.name)  # as an index on this very expression would have it
        return sql.SQL("to_tsvector({}::regconfig, {})").format(sql.Literal(self.language), column), ()

    @property
    def _id_text(self) -> Any:
        """The id as text that sorts the same everywhere."""
        return _sql().SQL('({}::text COLLATE "C")').format(identifier(self.id.column.name))

    def _allowed(self, where: Filter | None) -> Part:
        """The filter, rows with an id, and of LangChain's tables those of the collection that is named."""
        sql, found = _sql(), self.conditions.where(where)
        named = sql.SQL("{} AND {} IS NOT NULL").format(found.sql, identifier(self.id.column.name))
        inside = in_collection(self.layout, self.config)
        return Part(sql.SQL("{} AND {}").format(named, inside.sql), (*found.values, *inside.values))

    def _among(self, ids: Sequence[str]) -> Part:
        """Rows of these ids: compared in the column's own type, so that its index serves. What is none is left out."""
        kind, sql = self.id.column.type, _sql()
        able = [one for one in ids if fits(one, kind)]
        cast = kind if kind in OF_THEIR_TYPE else "text"
        column = identifier(self.id.column.name) if kind in (*OF_THEIR_TYPE, *TEXTS) else self._id_text
        allowed = self._allowed(None)
        among = sql.SQL("{} = ANY(%s::{}[]) AND {}").format(column, sql.SQL(cast), allowed.sql)
        return Part(among, (able, *allowed.values))

    def _rows(self, which: Part, end: str, values: tuple[Any, ...] = ()) -> Part:
        sql, fields = _sql(), self.config.fields
        texts = [self._text(path) for path in (fields.text, fields.title, fields.document, fields.source, fields.tenant,
                                                fields.language)]  # fmt: skip
        updated, metadata = self.layout.of(fields.updated), self.layout.of(fields.metadata)
        day = day_text(updated) if updated else (sql.SQL("NULL"), ())
        inside = json_value(metadata) if metadata else (sql.SQL("NULL"), ())
        names = [column.name for column in self.conditions.metadata_columns()]
        objects = [_object(names[begin : begin + PAIRS]) for begin in range(0, max(1, len(names)), PAIRS)]
        columns = sql.SQL(" || ").join(objects)
        parts = [(self._id_text, ()), *texts, day, inside, (columns, ()), (self.conditions.headings, ())]
        what = sql.SQL(", ").join([found for found, _ in parts])
        given = tuple(value for _, values_ in parts for value in values_)
        return self._select(what, which.sql, end, (*given, *which.values, *values))

    def _text(self, path: str) -> tuple[Any, tuple[Any, ...]]:
        place: Place | None = self.layout.of(path)
        return text_value(place) if place else (_sql().SQL("NULL"), ())

    def _select(self, what: Any, where: Any, end: str, values: tuple[Any, ...] = ()) -> Part:
        sql = _sql()
        return Part(sql.SQL("SELECT {} FROM {} WHERE {} {}").format(what, self.table, where, sql.SQL(end)), values)


def lexeme_query(lexemes: Sequence[str]) -> str:
    """A `tsquery` that any of the words fulfils.

    >>> lexeme_query(["refund", "o'clock"])
    "'refund' | 'o''clock'"
    """
    return " | ".join("'" + one.replace("\\", "\\\\").replace("'", "''") + "'" for one in lexemes)


def _object(names: Sequence[str]) -> Any:
    """These columns as one JSON object."""
    sql = _sql()
    pairs = [sql.SQL("{}, {}").format(sql.Literal(name.replace("%", "%%")), identifier(name)) for name in names]
    return sql.SQL("jsonb_build_object({})").format(sql.SQL(", ").join(pairs))


def _sql() -> Any:
    from psycopg import sql

    return sql
