"""`PgVectorIndex`: dense search by pgvector, lexical search by `tsvector`, on one table that is read and never written.

Dense scores are 1 - distance (cosine), the dot product, or the distance (l2), as the connection or the table's index
says; vectors without a direction have no cosine and are not found. Lexical scores are `ts_rank_cd` of all words of the
question, any of which may be missing: a rank by how near its words are to each other, which knows no rare words. Where
an extension ranks the words by BM25 (`bm25`), they are its scores.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import SecretStr

from rag_core.errors import BadInput, MissingField, MissingIndex, WrongDimension
from rag_core.retrieval.engines.index_config import SPACES, Distance, IndexConfig, IndexDescription, SearchedIndex
from rag_core.retrieval.engines.postgres.catalog import describe_table, vector_tables
from rag_core.retrieval.engines.postgres.connection import Server
from rag_core.retrieval.engines.postgres.rows import passage_of
from rag_core.retrieval.engines.postgres.statements import Statements, lexeme_query
from rag_core.retrieval.engines.protocol import Capabilities, SearchResult
from rag_core.schema.spaces import ScoreSpace

if TYPE_CHECKING:
    import psycopg

    from rag_core.schema.documents import Passage
    from rag_core.schema.filters import Filter
    from rag_core.schema.vectors import Vectors

ESTIMATED = 100_000
"""Tables of more rows than this, by the planner's estimate, are not counted but estimated."""


class PgVectorIndex:
    """One table. Its layout is read on first use, and again after an error that says that it has changed."""

    def __init__(self, config: IndexConfig, secret: SecretStr | None) -> None:
        """Connects to nothing yet. Raises BadInput where the address or the table cannot be one."""
        self.config = config
        self.server = Server(config, secret)
        self._known: Statements | None = None
        self._dimensions = 0
        self._reading = threading.Lock()

    @classmethod
    def connect(cls, config: IndexConfig, secret: SecretStr | None) -> PgVectorIndex:
        """The table of that config. Raises BadInput where none is named."""
        if not config.index:
            raise BadInput("Choose the table that is searched.")
        return cls(config, secret)

    @classmethod
    def indexes(cls, config: IndexConfig, secret: SecretStr | None) -> tuple[SearchedIndex, ...]:
        """The tables with a vector column that this user may read."""
        server = Server(config, secret)
        try:
            with server.reading() as cursor:
                return vector_tables(cursor)
        finally:
            server.close()

    @classmethod
    def describe(cls, config: IndexConfig, secret: SecretStr | None) -> IndexDescription:
        """The table's columns, which of them are which part, and three rows."""
        with closing(cls.connect(config, secret)) as index, index.server.reading() as cursor:
            return describe_table(cursor, config, index.server.place)

    @property
    def capabilities(self) -> Capabilities:
        """Everything but the server's own fusion, which Postgres does not have."""
        return Capabilities()

    def dimensions(self) -> int:
        """The length of its vectors: as the column says, else as its first row has it."""
        if not self._dimensions:
            with self._asking() as (cursor, made):
                self._dimensions = made.vector.column.dimensions or _first(cursor, made.first_dimensions()) or 0
        return self._dimensions

    def dense(self, vector: Vectors, depth: int, where: Filter | None = None) -> SearchResult:
        """The nearest rows by the table's distance, which the scores are made of."""
        needed = self.dimensions()
        if needed and len(vector) != needed:
            raise WrongDimension(self.config.place, needed, len(vector))
        with self._asking() as (cursor, made):
            distance = made.distance
            for setting in made.search_settings(depth):
                cursor.execute(setting)
            found = made.nearest(f"[{','.join(map(repr, vector.tolist()))}]", depth, where)
            rows = cursor.execute(found.sql, found.values).fetchall()
        near = [(name, _score(far, distance)) for name, far in rows if far is not None and math.isfinite(far)]
        return SearchResult(_once_each(near), space=SPACES[distance])

    def approximate(self, depth: int, where: Filter | None = None) -> str:  # noqa: ARG002 - as the protocol has it
        """Which approximate index of the table finds the nearest rows; empty for none."""
        with self._asking() as (_, made):
            return made.approximate(depth)

    def lexical(self, query: str, depth: int, where: Filter | None = None) -> SearchResult:
        """The rows with the question's words, any of them: by BM25 where an extension has it, else by `ts_rank_cd`."""
        with self._asking() as (cursor, made):
            if made.bm25:
                best = made.by_bm25(made.bm25, query.replace("\0", " "), depth, where)
                rows = cursor.execute(best.sql, best.values).fetchall()
                return SearchResult(_once_each([(name, float(score)) for name, score in rows]), space=ScoreSpace.BM25)
            lexemes: list[str] = _first(cursor, made.lexemes(query.replace("\0", " "))) or []
            if not lexemes:
                return SearchResult([], space=ScoreSpace.TS_RANK_CD)
            found = made.by_words(lexeme_query(lexemes), lexemes, depth, where)
            rows = cursor.execute(found.sql, found.values).fetchall()
        terms = {term for _, _, there in rows for term in there or ()}
        return SearchResult(
            _once_each([(name, float(score)) for name, score, _ in rows]),
            terms=tuple(one for one in lexemes if one in terms),
            space=ScoreSpace.TS_RANK_CD,
        )

    def passages_by_id(self, ids: Sequence[str]) -> dict[str, Passage]:
        """The rows of these ids as passages, in one request."""
        with self._asking() as (cursor, made):
            wanted = made.passages(ids)
            found = self._passages(cursor.execute(wanted.sql, wanted.values))
        return {one: found[one] for one in ids if one in found}

    def vectors_by_id(self, ids: Sequence[str]) -> dict[str, Vectors]:
        """The stored vectors of these ids."""
        with self._asking() as (cursor, made):
            wanted = made.vectors(ids)
            found = dict(cursor.execute(wanted.sql, wanted.values).fetchall())
        return {one: np.array(found[one], np.float32) for one in ids if one in found}

    def count(self, where: Filter | None = None) -> int:
        """How many rows match; of a large table without a filter, the planner's estimate."""
        with self._asking() as (cursor, made):
            if where is None and not self.config.namespace and made.layout.rows > ESTIMATED:
                return made.layout.rows
            return int(_first(cursor, made.count(where)))

    def listed(self, first: int, where: Filter | None = None) -> list[Passage]:
        """The first rows that match, by id."""
        with self._asking() as (cursor, made):
            wanted = made.listed(first, where)
            return list(self._passages(cursor.execute(wanted.sql, wanted.values)).values())

    def close(self) -> None:
        """Close the kept connections."""
        self.server.close()

    @staticmethod
    def _passages(cursor: psycopg.Cursor) -> dict[str, Passage]:
        return {row[0]: passage_of(row) for row in cursor.fetchall()}

    @contextmanager
    def _asking(self) -> Iterator[tuple[psycopg.Cursor, Statements]]:
        """A cursor and the statements for the table. What turns out to have changed is read again by the next call."""
        try:
            with self.server.reading() as cursor:
                yield cursor, self._statements(cursor)
        except (MissingField, MissingIndex):
            self._known, self._dimensions = None, 0
            raise

    def _statements(self, cursor: psycopg.Cursor) -> Statements:
        with self._reading:
            if self._known is None:
                self._known = Statements.read(cursor, self.config, self.server.place)
            return self._known


def _first(cursor: psycopg.Cursor, asked: Any) -> Any:
    """The first value of the first row; None without one."""
    row = cursor.execute(asked.sql, asked.values).fetchone()
    return row[0] if row else None


def _once_each(hits: list[tuple[str, float]]) -> list[tuple[str, float]]:
    """The hits in their order; of an id that several rows have, the best."""
    found: dict[str, float] = {}
    for name, score in hits:
        found.setdefault(name, score)
    return list(found.items())


def _score(far: float, distance: Distance) -> float:
    """pgvector's distance as a score: the cosine, the dot product, or the distance itself."""
    return {"cosine": 1 - far, "dot": -far, "l2": far}[distance]
