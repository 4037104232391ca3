"""BM25 in Postgres, where an extension brings it: ParadeDB's `pg_search`, Timescale's `pg_textsearch`, `vchord_bm25`.

    pg_search      WHERE body ||| 'the question' ORDER BY pdb.score(id) DESC       a `bm25` index with the text column
    pg_textsearch  ORDER BY body <@> to_bm25query('the question', 'its index')     the same; scores under 0
    vchord_bm25    ORDER BY words <&> to_bm25query('its index', tokenize('the question', 'its tokenizer'))

Which one a table has is read from the extensions of the database and from its indexes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from rag_core.errors import BadInput
from rag_core.retrieval.engines.index_config import IndexConfig
from rag_core.retrieval.engines.postgres.conditions import Part, identifier
from rag_core.retrieval.engines.postgres.layout import Layout

if TYPE_CHECKING:
    import psycopg

Extension = Literal["pg_search", "pg_textsearch", "vchord_bm25"]
VECTOR = "bm25vector"
"""The type of a column that `vchord_bm25` searches."""

INDEX = re.compile(
    r'CREATE INDEX (?P<name>"(?:[^"]|"")+"|\S+) ON .*? USING bm25 \((?P<columns>.*?)\)(?: WITH \((?P<with>.*)\))?$'
)
KEY = re.compile(r"key_field='?\"?(\w+)")

FOUND = """
SELECT e.extname, n.nspname,
       (SELECT max(s.nspname) FROM pg_proc p JOIN pg_namespace s ON s.oid = p.pronamespace
        WHERE p.proname = 'score' AND s.nspname IN ('pdb', 'paradedb')),
       EXISTS (SELECT FROM pg_operator o WHERE o.oprname = '|||'),
       (SELECT min(s.nspname) FROM pg_proc p JOIN pg_namespace s ON s.oid = p.pronamespace WHERE p.proname = 'tokenize')
FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
WHERE e.extname IN ('pg_search', 'pg_textsearch', 'vchord_bm25')
"""


@dataclass(frozen=True)
class Bm25:
    """The extension that ranks a table's words.

    schema     where its functions are
    index      the index's name in SQL; key: the column that names rows in a `pg_search` index
    scores     the schema of `score` (`pg_search`: pdb, earlier paradedb); any_word: whether it has `|||`
    tokenizer  the schema of `tokenize` (`vchord_bm25`)
    """

    extension: Extension
    schema: str
    index: str
    column: str
    key: str = ""
    scores: str = ""
    any_word: bool = False
    tokenizer: str = ""


def read_bm25(cursor: psycopg.Cursor, layout: Layout, config: IndexConfig) -> Bm25 | None:
    """The extension that can rank this table's words; None where there is none, or another column is named for them."""
    found: dict[Extension, list[Any]] = {name: rest for name, *rest in cursor.execute(FOUND).fetchall()}
    return chosen(found, layout, config) if found else None


def chosen(found: dict[Extension, list[Any]], layout: Layout, config: IndexConfig) -> Bm25 | None:
    """The same, of the extensions that there are. Each has an access method of the name bm25, so there is one."""
    fields = config.fields
    named = layout.by_name.get(fields.lexical)
    column = fields.lexical if named and named.type == VECTOR else fields.text
    if fields.lexical and column != fields.lexical and fields.lexical != fields.text:
        return None
    index = next((one for one in map(INDEX.search, layout.indexes) if one and _covers(one["columns"], column)), None)
    for name, (schema, scores, any_word, tokenizer) in found.items():
        if index is None or (name == "vchord_bm25") != (named is not None and named.type == VECTOR):
            continue
        key = KEY.search(index["with"] or "")
        return Bm25(
            extension=name, schema=schema, index=index["name"], column=column, key=key[1] if key else fields.id,
            scores=scores or "", any_word=bool(any_word), tokenizer=tokenizer or "",
        )  # fmt: skip
    return None


def _covers(columns: str, column: str) -> bool:
    """Whether an index's columns have that one, with or without its tokenizer and operator class."""
    return bool(column) and bool(re.search(rf'(?:^|[(, ])"?{re.escape(column)}"?(?:$|[), ]|::)', columns))


def ranked(
    bm25: Bm25, layout: Layout, config: IndexConfig, asked: str, id_text: Any, allowed: Part, depth: int, whole: bool
) -> Part:
    """Id and score (BM25, higher is better) of the best rows under the condition, ties by id.

    whole: the condition leaves nothing out, so that the extension's index gives the best ones. Else every row that
    matches is scored first, since the index would stop before enough of them pass.
    """
    sql, table = _sql(), identifier(layout.schema, layout.table)
    score, order, holds = WAYS[bm25.extension](bm25, layout, config, asked)
    inner = sql.SQL("SELECT ctid AS sp_row, {}::float8 AS sp_score FROM {} WHERE {}").format(
        score.sql, table, holds.sql
    )
    values = (*score.values, *holds.values)
    if whole:
        inner = sql.SQL("{} ORDER BY {} LIMIT %s").format(inner, order.sql)
        values = (*values, *order.values, depth)
    joined = sql.SQL(
        "WITH sp_found AS MATERIALIZED ({}) "
        "SELECT {} AS sp_id, sp_score FROM sp_found JOIN {} AS own ON own.ctid = sp_row "
        "WHERE sp_score > 0 AND {} ORDER BY sp_score DESC, sp_id LIMIT %s"
    ).format(inner, id_text, table, allowed.sql)
    return Part(joined, (*values, *allowed.values, depth))


def _pg_search(bm25: Bm25, layout: Layout, config: IndexConfig, asked: str) -> tuple[Part, Part, Part]:  # noqa: ARG001
    """Score, order, and the condition that a row has any of the words."""
    sql = _sql()
    column, key = identifier(bm25.column), identifier(bm25.key)
    score = Part(sql.SQL("{}({})").format(identifier(bm25.scores, "score"), key))
    order = Part(sql.SQL("{} DESC").format(score.sql))
    if bm25.any_word:
        return score, order, Part(sql.SQL("{} ||| %s::text").format(column), (asked,))
    match = sql.SQL("{} @@@ {}(field => %s, value => %s)").format(key, identifier("paradedb", "match"))
    return score, order, Part(match, (bm25.column, asked))


def _pg_textsearch(bm25: Bm25, layout: Layout, config: IndexConfig, asked: str) -> tuple[Part, Part, Part]:  # noqa: ARG001
    sql = _sql()
    far = sql.SQL("({} OPERATOR({}.<@>) {}(%s, %s))").format(
        identifier(bm25.column), identifier(bm25.schema), identifier(bm25.schema, "to_bm25query")
    )
    values = (asked, _qualified(bm25, layout))
    return Part(sql.SQL("-{}").format(far), values), Part(far, values), Part(sql.SQL("TRUE"))


def _vchord_bm25(bm25: Bm25, layout: Layout, config: IndexConfig, asked: str) -> tuple[Part, Part, Part]:
    if not config.language:
        raise BadInput(
            f"{bm25.column} is searched by vchord_bm25. Enter the name of its tokenizer as the language of its words."
        )
    sql = _sql()
    far = sql.SQL("({} <&> {}(%s::regclass, {}(%s, %s)::{}))").format(
        identifier(bm25.column),
        identifier(bm25.schema, "to_bm25query"),
        identifier(bm25.tokenizer or bm25.schema, "tokenize"),
        identifier(bm25.schema, VECTOR),
    )
    values = (_qualified(bm25, layout), asked, config.language)
    return Part(sql.SQL("-{}").format(far), values), Part(far, values), Part(sql.SQL("TRUE"))


WAYS = {"pg_search": _pg_search, "pg_textsearch": _pg_textsearch, "vchord_bm25": _vchord_bm25}


def _qualified(bm25: Bm25, layout: Layout) -> str:
    """The index's name with its schema, which is that of the table."""
    return f'"{layout.schema}".{bm25.index}'


def _sql() -> Any:
    from psycopg import sql

    return sql
