"""Extensions of Postgres that rank by BM25, by stand-ins: their operators and functions, in plain SQL.

No package index has the extensions themselves. The stand-ins have the names, arguments and signs that their
documentation gives; they count shared words, so that an expected order can be worked out by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from rag_core.errors import BadInput
from rag_core.retrieval.engines.index_config import IndexConfig, IndexFields
from rag_core.retrieval.engines.index_kinds import connect, kind_named
from rag_core.retrieval.engines.postgres.bm25 import INDEX, KEY
from rag_core.retrieval.engines.protocol import IndexEngine
from rag_core.schema.filters import Equal, Filter, Not
from rag_core.schema.spaces import ScoreSpace
from tests.retrieval.engines.postgres_server import ADMIN, READER, PostgresServer

pytestmark = pytest.mark.postgres
BRIN = """
CREATE ACCESS METHOD bm25 TYPE INDEX HANDLER brinhandler;
CREATE OPERATOR CLASS bm25_ops DEFAULT FOR TYPE text USING bm25
  AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >,
  FUNCTION 1 brin_minmax_opcinfo(internal), FUNCTION 2 brin_minmax_add_value(internal, internal, internal, internal),
  FUNCTION 3 brin_minmax_consistent(internal, internal, internal),
  FUNCTION 4 brin_minmax_union(internal, internal, internal);
"""
HASH = """
CREATE ACCESS METHOD bm25 TYPE INDEX HANDLER hashhandler;
CREATE OPERATOR CLASS bm25_ops DEFAULT FOR TYPE text USING bm25 AS OPERATOR 1 =, FUNCTION 1 hashtext(text);
"""
SHARED = """
CREATE EXTENSION vector;
CREATE TABLE passages (id text PRIMARY KEY, body text, kind text, score int, words {words}, embedding vector(2));
{method}
CREATE FUNCTION shared(text, text) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$
  SELECT count(*)::float8 FROM unnest(string_to_array(lower($1), ' ')) AS one
  WHERE one = ANY(string_to_array(lower($2), ' ')) $$;
"""
ROWS = """
INSERT INTO passages (id, body, kind, score, embedding) VALUES
  ('one', 'refund', 'chat', 1, '[1,0]'), ('two', 'refund refund card', 'policy', 2, '[1,0]'),
  ('three', 'office hours', 'policy', 3, '[0,1]'), ('four', 'refund refund refund', 'chat', 4, '[0,1]');
"""
OWN = {
    "pg_search": """
CREATE SCHEMA pdb;
CREATE FUNCTION any_word(text, text) RETURNS boolean LANGUAGE sql STABLE AS $$ SELECT shared($1, $2) > 0 $$;
CREATE OPERATOR ||| (LEFTARG = text, RIGHTARG = text, FUNCTION = any_word);
CREATE FUNCTION pdb.score(text) RETURNS real LANGUAGE sql STABLE AS $$
  SELECT shared(body, 'refund card')::real FROM passages WHERE id = $1 $$;
CREATE INDEX passages_bm25 ON passages USING bm25 (id, body);
GRANT USAGE ON SCHEMA pdb TO reader;
""",
    "pg_textsearch": """
CREATE FUNCTION to_bm25query(text, text) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT $1 WHERE to_regclass($2) IS NOT NULL $$;
CREATE FUNCTION negative(text, text) RETURNS float8 LANGUAGE sql STABLE AS $$ SELECT -shared($1, $2) $$;
CREATE OPERATOR <@> (LEFTARG = text, RIGHTARG = text, FUNCTION = negative);
CREATE INDEX passages_bm25 ON passages USING bm25 (body);
""",
    "vchord_bm25": """
CREATE FUNCTION bm25_catalog.to_bm25query(regclass, bm25_catalog.bm25vector) RETURNS text LANGUAGE sql
  AS $$ SELECT $2::text $$;
CREATE SCHEMA tokenizer_catalog;
CREATE FUNCTION tokenizer_catalog.tokenize(text, text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT $1 WHERE $2 = 'bert' $$;
CREATE FUNCTION negative(text, text) RETURNS float8 LANGUAGE sql STABLE AS $$ SELECT -shared($1, $2) $$;
CREATE OPERATOR <&> (LEFTARG = text, RIGHTARG = text, FUNCTION = negative);
CREATE INDEX passages_bm25 ON passages USING bm25 (words);
GRANT USAGE ON SCHEMA bm25_catalog, tokenizer_catalog TO reader;
""",
}
FIELDS = IndexFields(id="id", text="body", vector="embedding", source="kind")


class Database:
    """A database of its own with the stand-in for one extension."""

    def __init__(self, server: PostgresServer, extension: str) -> None:
        self.server, self.name = server, f"with_{extension}"
        server.sql(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")
        server.sql(f"CREATE DATABASE {self.name}")
        vchord = extension == "vchord_bm25"
        before = "CREATE SCHEMA bm25_catalog; CREATE DOMAIN bm25_catalog.bm25vector AS text;" if vchord else ""
        words = "bm25_catalog.bm25vector" if vchord else "text"
        self.sql(before + SHARED.format(words=words, method=HASH if vchord else BRIN) + OWN[extension] + ROWS)
        if vchord:
            self.sql("UPDATE passages SET words = body")
        place = "(SELECT oid FROM pg_namespace WHERE nspname = 'bm25_catalog')" if vchord else "extnamespace"
        self.sql(f"""GRANT SELECT ON passages TO reader; SET allow_system_table_mods = on;
                 INSERT INTO pg_extension SELECT (oid::bigint + 100000)::oid, '{extension}', extowner, {place},
                 extrelocatable, '1.0', NULL, NULL FROM pg_extension WHERE extname = 'vector'""")
        self.engines: list[IndexEngine] = []

    def sql(self, statement: str) -> None:
        import psycopg

        with psycopg.connect(self._address(ADMIN[0]), password=ADMIN[1], autocommit=True) as connection:
            connection.execute(statement)

    def _address(self, user: str) -> str:
        return f"{self.server.address(user).rpartition('/')[0]}/{self.name}"

    def config(self, **changes: Any) -> IndexConfig:
        config = IndexConfig(kind="pgvector", address=self._address(READER[0]), index="public.passages", fields=FIELDS)
        return config.with_(**changes)

    def connected(self, **changes: Any) -> IndexEngine:
        self.engines.append(connect(self.config(**changes), SecretStr(READER[1])))
        return self.engines[-1]

    def drop(self) -> None:
        for engine in self.engines:
            engine.close()
        self.server.sql(f"DROP DATABASE {self.name} WITH (FORCE)")


@pytest.fixture(params=OWN)
def database(request: pytest.FixtureRequest, pgvector_server: PostgresServer) -> Iterator[Database]:
    made = Database(pgvector_server, request.param)
    yield made
    made.drop()


def words_of(database: Database) -> dict[str, Any]:
    """What a connection to it says of its words."""
    if "vchord" not in database.name:
        return {}
    return {"fields": FIELDS.with_(lexical="words"), "language": "bert"}


def test_words_are_ranked_by_it_with_the_filter_inside(database: Database) -> None:
    index = database.connected(**words_of(database))
    found = index.lexical("refund card", 10)
    assert found.space is ScoreSpace.BM25
    assert found.hits == [("four", 3.0), ("two", 3.0), ("one", 1.0)]
    assert index.lexical("refund card", 2).hits == found.hits[:2]
    chat = Filter(conditions=(Equal(field="source", value="chat"),))
    assert index.lexical("refund card", 1, chat).hits == [("four", 3.0)]
    other = Filter(conditions=(Not(condition=Equal(field="score", value=4)),))
    assert [name for name, _ in index.lexical("refund card", 10, other).hits] == ["two", "one"]
    assert index.lexical("100% 'nothing' \"of: it\" --", 10).hits == []


def test_the_form_guesses_it(database: Database) -> None:
    seen = kind_named("pgvector").describe(database.config(), SecretStr(READER[1]))
    assert seen.fields.lexical == ("words" if "vchord" in database.name else "")


def test_a_tsvector_that_is_named_is_searched_instead(database: Database) -> None:
    database.sql("ALTER TABLE passages ADD tsv tsvector GENERATED ALWAYS AS (to_tsvector('simple', body)) STORED")
    index = database.connected(fields=FIELDS.with_(lexical="tsv"))
    assert index.lexical("refund", 10).space is ScoreSpace.TS_RANK_CD


def test_vchord_wants_its_tokenizer(pgvector_server: PostgresServer) -> None:
    database = Database(pgvector_server, "vchord_bm25")
    try:
        with pytest.raises(BadInput, match="name of its tokenizer"):
            database.connected(fields=FIELDS.with_(lexical="words")).lexical("refund", 10)
    finally:
        database.drop()


def test_an_index_of_each_is_read_with_its_key() -> None:
    search = INDEX.search("CREATE INDEX search_idx ON public.items USING bm25 (id, description) WITH (key_field=id)")
    assert search and KEY.search(search["with"])[1] == "id" and search["name"] == "search_idx"  # type: ignore[index]
    text = INDEX.search("CREATE INDEX docs_idx ON public.docs USING bm25 (content) WITH (text_config=english)")
    assert text and text["columns"] == "content" and KEY.search(text["with"]) is None
    assert INDEX.search("CREATE INDEX a ON public.b USING gin (c)") is None
