"""Postgres with pgvector, a real server: the suite, and what is its own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import numpy as np
import pytest
from pydantic import SecretStr

from rag_core.errors import BadInput, EngineError, EngineGone, EngineRefused, MissingIndex
from rag_core.retrieval.engines.index_config import IndexConfig, IndexFields
from rag_core.retrieval.engines.index_kinds import connect, kind_named
from rag_core.retrieval.engines.postgres.index import PgVectorIndex
from rag_core.retrieval.engines.protocol import IndexEngine
from rag_core.schema.documents import Passage
from rag_core.schema.filters import Dated, Equal, Not
from rag_core.schema.spaces import ScoreSpace
from tests.retrieval.engines.index_conformance import (
    QUERY,
    ROWS,
    IndexConformance,
    Row,
    Server,
    at,
    ids,
    only,
    passage_of,
    spread,
)
from tests.retrieval.engines.postgres_server import READER, PostgresServer

pytestmark = pytest.mark.postgres
SECRET = SecretStr(READER[1])
FIELDS = IndexFields(
    id="id", text="body", title="title", vector="embedding", metadata="meta", document="doc", source="kind",
    updated="changed", tenant="customer",
)  # fmt: skip
COLUMNS = """id text PRIMARY KEY, body text, title text, embedding vector(4), meta jsonb, doc text, kind varchar(40),
changed date, customer text"""
INSERT = "INSERT INTO {} VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"


def values(row: Row) -> tuple[Any, ...]:
    vector = f"[{','.join(map(str, row.vector))}]"
    meta = json.dumps(row.metadata) if row.metadata else None
    return (row.id, row.text, row.title or None, vector, meta, row.document or None, row.source or None, row.updated,
            row.tenant)  # fmt: skip


class Tables:
    """Fills a table of the server."""

    cannot: dict[str, str] = {}

    def __init__(self, server: PostgresServer) -> None:
        self.server = server
        self.engines: list[IndexEngine] = []

    def fill(self, rows: Sequence[Row]) -> IndexEngine:
        self.server.sql("DROP TABLE IF EXISTS passages CASCADE")
        self.server.sql(f"CREATE TABLE passages ({COLUMNS})")
        self.server.sql(INSERT.format("passages"), [values(row) for row in rows])
        return self.connected()

    def config(self, **changes: Any) -> IndexConfig:
        config = IndexConfig(
            kind="pgvector", address=self.server.address(), index="public.passages", fields=FIELDS, exact=True
        )
        return config.with_(**changes)

    def connected(self, secret: SecretStr = SECRET, **changes: Any) -> IndexEngine:
        self.engines.append(connect(self.config(**changes), secret))
        return self.engines[-1]

    def delete(self, ids: Sequence[str]) -> None:
        self.server.sql("DELETE FROM passages WHERE id = %s", [(one,) for one in ids])

    def broken(self, what: str) -> IndexEngine:
        if what == "credentials":
            return self.connected(SecretStr("wrong"))
        if what == "missing index":
            return self.connected(index="public.nothing")
        if what == "missing field":
            return self.connected(fields=FIELDS.with_(text="nothing"))
        self.server.sql("CREATE VIEW slow AS SELECT * FROM passages WHERE pg_sleep(0.4) IS NOT NULL")
        return self.connected(index="public.slow", timeout_s=0.5)

    def port(self) -> int:
        return self.server.port

    def through(self, port: int) -> IndexEngine:
        return self.connected(address=self.server.address().replace(f":{self.server.port}/", f":{port}/"))

    def stop(self) -> None:
        self.server.stop()

    def start(self) -> None:
        self.server.start()

    def close(self) -> None:
        for engine in self.engines:
            engine.close()


@pytest.fixture
def tables(pgvector_server: PostgresServer) -> Iterator[Tables]:
    made = Tables(pgvector_server)
    yield made
    made.close()


class TestPgVector(IndexConformance):
    paged = 100

    @pytest.fixture
    def server(self, tables: Tables) -> Server:
        return tables


class TestMetadataInJsonOnly(IndexConformance):
    """As LangChain keeps it: everything but id, text and vector is in one JSON object (`json`, not `jsonb`)."""

    paged = 100

    @pytest.fixture
    def server(self, pgvector_server: PostgresServer) -> Iterator[Server]:
        made = InJson(pgvector_server)
        yield made
        made.close()


class InJson(Tables):
    parts = {"title": "title", "document": "doc", "source": "kind", "updated": "changed", "tenant": "customer"}

    def fill(self, rows: Sequence[Row]) -> IndexEngine:
        self.server.sql("DROP TABLE IF EXISTS passages CASCADE")
        self.server.sql(
            "CREATE TABLE passages (langchain_id varchar PRIMARY KEY, content text, embedding vector, all_ json)"
        )
        given = [(row.id, row.text, values(row)[3], json.dumps(self.whole(row))) for row in rows]
        self.server.sql("INSERT INTO passages VALUES (%s, %s, %s, %s)", given)
        return self.connected()

    def whole(self, row: Row) -> dict[str, Any]:
        """The metadata with the passage's parts in it."""
        _, _, title, _, _, doc, kind, changed, customer = values(row)
        parts = {
            "title": title,
            "doc": doc,
            "kind": kind,
            "changed": changed and f"{changed}T08:00",
            "customer": customer,
        }
        return {**row.metadata, **{name: part for name, part in parts.items() if part is not None}}

    def config(self, **changes: Any) -> IndexConfig:
        inside = {part: f"all_.{name}" for part, name in self.parts.items()}
        fields = IndexFields(id="langchain_id", text="content", vector="embedding", metadata="all_", **inside)
        config = IndexConfig(
            kind="pgvector", address=self.server.address(), index="passages", fields=fields, exact=True
        )
        return config.with_(**changes)

    def delete(self, ids: Sequence[str]) -> None:
        self.server.sql("DELETE FROM passages WHERE langchain_id = %s", [(one,) for one in ids])

    def broken(self, what: str) -> IndexEngine:
        if what == "missing field":
            return self.connected(fields=self.config().fields.with_(text="nothing"))
        return super().broken(what)

    def connected(self, secret: SecretStr = SECRET, **changes: Any) -> IndexEngine:
        self.engines.append(WithoutParts(self.config(**changes), secret, {*self.parts.values()}))
        return self.engines[-1]


class WithoutParts(PgVectorIndex):
    """The index, its passages without the metadata that are parts of them, so that they equal the rows they are of."""

    def __init__(self, config: IndexConfig, secret: SecretStr, parts: set[str]) -> None:
        super().__init__(config, secret)
        self.parts = parts

    def passages_by_id(self, ids: Sequence[str]) -> dict[str, Passage]:
        found = super().passages_by_id(ids)
        return {key: self.bare(one) for key, one in found.items()}

    def bare(self, one: Passage) -> Passage:
        rest = {name: value for name, value in one.metadata.items() if name not in self.parts}
        return one.model_copy(update={"metadata": rest})


# distances


@pytest.mark.parametrize(
    ("distance", "space", "scores"),
    [
        ("cosine", ScoreSpace.COSINE, [1.0, 1.0, 0.0]),
        ("dot", ScoreSpace.DOT, [6.0, 2.0, 0.0]),
        ("l2", ScoreSpace.DISTANCE, [1.0, 2.0, 3.0]),
    ],
)
def test_scores_are_what_the_distance_makes_them(
    tables: Tables, distance: str, space: ScoreSpace, scores: list[float]
) -> None:
    rows = [Row("long", "", (3, 0, 0, 0)), Row("short", "", (1, 0, 0, 0)), Row("across", "", (0, 0, 0, 0.0001))]
    tables.fill(rows)
    asked = np.array([2, 0, 0, 0], np.float32)
    found = tables.connected(distance=distance).dense(asked, 3)
    assert found.space is space
    assert sorted((score for _, score in found.hits), reverse=distance != "l2") == pytest.approx(
        sorted([1.0, 1.0, 2.0] if distance == "l2" else scores, reverse=distance != "l2"), abs=1e-3
    )


def test_the_distance_is_that_of_the_tables_index(tables: Tables) -> None:
    tables.fill(ROWS)
    assert tables.connected().dense(QUERY, 1).space is ScoreSpace.COSINE
    tables.server.sql("CREATE INDEX ON passages USING hnsw (embedding vector_l2_ops)")
    assert tables.connected().dense(QUERY, 1).space is ScoreSpace.DISTANCE
    assert kind_named("pgvector").describe(tables.config(), SECRET).distance == "l2"


@pytest.mark.parametrize(("column", "operators"), [("embedding", ""), ("(embedding::vector(4))", "vector_l2_ops")])
def test_the_distance_that_an_index_leaves_unsaid_is_l2(tables: Tables, column: str, operators: str) -> None:
    tables.fill(ROWS)
    tables.server.sql(f"CREATE INDEX ON passages USING ivfflat ({column} {operators}) WITH (lists = 2)")
    assert tables.connected().dense(QUERY, 1).space is ScoreSpace.DISTANCE


def test_how_it_searches_is_told_by_the_index_that_is_used(tables: Tables) -> None:
    tables.fill(ROWS)
    assert [tables.connected(exact=False).approximate(200)] == [""]  # type: ignore[attr-defined]
    tables.server.sql("CREATE INDEX ON passages USING hnsw (embedding vector_cosine_ops)")
    told = [
        tables.connected(exact=exact, distance=distance).approximate(200)  # type: ignore[attr-defined]
        for exact, distance in ((False, None), (False, "cosine"), (False, "dot"), (True, None))
    ]
    assert told == ["HNSW, breadth 400", "HNSW, breadth 400", "", ""]
    tables.server.sql("UPDATE pg_class SET reltuples = 1000000 WHERE relname = 'passages'")
    assert tables.connected(exact=False).approximate(200) == "HNSW, breadth 500"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("index", "by"),
    [
        ("hnsw (embedding vector_cosine_ops)", {"cosine"}),
        ("hnsw (embedding vector_ip_ops) WITH (m = 4)", {"dot"}),
        ("hnsw (embedding vector_l1_ops)", set()),
        ("ivfflat (embedding vector_l2_ops) WITH (lists = 1)", {"l2"}),
        ("ivfflat (embedding) WITH (lists = 1)", {"l2"}),
        ("hnsw (embedding vector_l2_ops) WHERE kind = 'faq'", {"l2"}),
        ("hnsw ((embedding::halfvec(4)) halfvec_cosine_ops)", set()),
        ("hnsw ((binary_quantize(embedding)::bit(4)) bit_hamming_ops)", set()),
        ("hnsw (embedding_title vector_cosine_ops)", set()),
        ('hnsw ("a ""title" vector_cosine_ops)', set()),
    ],
)
def test_only_an_index_of_the_searched_column_and_comparison_makes_it_approximate(
    index: str, by: set[str], tables: Tables
) -> None:
    tables.fill(ROWS)
    for column in ("embedding_title", '"a ""title"', '"embedding (title)"'):
        tables.server.sql(f"ALTER TABLE passages ADD COLUMN {column} vector(4)")
    tables.server.sql(f"CREATE INDEX ON passages USING {index}")

    def told(distance: str | None, vector: str = "embedding") -> str:
        searched = tables.connected(exact=False, distance=distance, fields=FIELDS.with_(vector=vector))
        return searched.approximate(200)  # type: ignore[attr-defined, no-any-return]

    assert {distance for distance in ("cosine", "dot", "l2") if told(distance)} == by
    assert bool(told(None)) is bool(by)
    assert bool(told("cosine", "embedding_title")) is ("embedding_title" in index)
    assert bool(told(None, 'a "title')) is ('a ""title' in index)
    assert told(None, "embedding (title)") == ""


def test_the_index_of_a_column_with_a_longer_name_says_nothing_of_this_one(tables: Tables) -> None:
    tables.fill(ROWS)
    tables.server.sql("ALTER TABLE passages ADD COLUMN embedding_title vector(4)")
    tables.server.sql("CREATE INDEX ON passages USING hnsw (embedding_title vector_l2_ops)")
    assert tables.connected(exact=False).dense(QUERY, 1).space is ScoreSpace.COSINE


def test_vectors_without_a_direction_have_no_cosine(tables: Tables) -> None:
    index = tables.fill([Row("zero", "", (0, 0, 0, 0)), Row("one", "", at(3))])
    assert ids(index.dense(QUERY, 5).hits) == ["one"]


# approximate indexes


@pytest.mark.parametrize("method", ["hnsw", "ivfflat"])
def test_an_approximate_index_fills_the_depth_under_a_filter_too(tables: Tables, method: str) -> None:
    """Out of the box, HNSW gives 40 rows and then filters them."""
    tables.fill(spread(2000))
    tables.server.sql(f"CREATE INDEX ON passages USING {method} (embedding vector_cosine_ops)")
    tables.server.sql("ANALYZE passages")
    index = tables.connected(exact=False)
    assert len(index.dense(QUERY, 200).hits) == 200
    found = ids(index.dense(QUERY, 100, only(Equal(field="tenant", value="t1"))).hits)
    assert len(found) == 100
    assert all(one >= "row-01000" for one in found)


def test_exact_search_leaves_the_approximate_index_out(tables: Tables) -> None:
    tables.fill(spread(500))
    tables.server.sql("CREATE INDEX ON passages USING ivfflat (embedding vector_cosine_ops) WITH (lists = 100)")
    assert ids(tables.connected(exact=True).dense(QUERY, 60).hits) == [f"row-{number:05}" for number in range(60)]


def test_an_id_that_several_rows_have_is_where_its_best_row_is(tables: Tables) -> None:
    tables.fill([])
    tables.server.sql("ALTER TABLE passages DROP CONSTRAINT passages_pkey")
    best, worst = Row("twice", "refund refund", at(1)), Row("twice", "a refund and, much later, a visit", at(50))
    rows = [best, Row("once", "refund visit", at(20)), worst]
    tables.server.sql(INSERT.format("passages"), [values(row) for row in rows])
    index = tables.connected()
    found = index.dense(QUERY, 5).hits
    assert (ids(found), found[0][1]) == (["twice", "once"], pytest.approx(best.vector[0], abs=1e-4))
    scores = [score for _, score in index.lexical("refund", 5).hits]
    assert (len(scores), scores) == (2, sorted(scores, reverse=True))
    assert ids(index.lexical("refund", 5).hits) == ["twice", "once"]


# words


def test_any_word_of_the_question_finds_and_terms_are_those_that_did(tables: Tables) -> None:
    found = tables.fill(ROWS).lexical("Do refunds take a zebra's time?", 10)
    assert ids(found.hits) == ["refund"]
    assert found.terms == ("refund", "take")
    assert found.space is ScoreSpace.TS_RANK_CD


def test_a_tsvector_column_is_searched_in_its_own_language(tables: Tables) -> None:
    tables.fill(ROWS)
    made = "GENERATED ALWAYS AS (to_tsvector('german'::regconfig, coalesce(body, ''))) STORED"
    tables.server.sql(f"ALTER TABLE passages ADD words tsvector {made}")
    index = tables.connected(fields=FIELDS.with_(lexical="words"))
    assert ids(index.lexical("Börsen", 10).hits) == ["börse/7 ☂"]
    assert index.lexical("Börsen", 10).terms == ("bors",)
    with pytest.raises(BadInput, match="title is text, no tsvector"):
        tables.connected(fields=FIELDS.with_(lexical="title")).lexical("x", 3)


def test_a_language_that_the_server_does_not_know_is_said(tables: Tables) -> None:
    tables.fill(ROWS)
    with pytest.raises(EngineError, match="klingon"):
        tables.connected(language="klingon").lexical("x", 3)


# keys, columns


@pytest.mark.parametrize(
    ("kind", "keys"),
    [
        ("smallint", ["7", "12"]),
        ("integer", ["7", "40000"]),
        ("bigint", ["7", "1234567890123456789", str(2**63 - 1)]),
        ("numeric", ["7", "12.50"]),
        ("char(5)", ["7", "12"]),
        ("uuid", ["0" * 8 + "-0000-4000-8000-" + "0" * 12]),
    ],
)
def test_ids_of_other_types_are_texts_here(tables: Tables, kind: str, keys: list[str]) -> None:
    tables.server.sql("DROP TABLE IF EXISTS passages CASCADE")
    tables.server.sql(f"CREATE TABLE passages (key {kind} PRIMARY KEY, body text, embedding vector(4))")
    tables.server.sql("INSERT INTO passages VALUES (%s, 'text', '[1,0,0,0]')", [(key,) for key in keys])
    index = tables.connected(fields=IndexFields(id="key", text="body", vector="embedding"))
    assert ids(index.dense(QUERY, 5).hits) == sorted(keys)
    others = ["no key", "99", "40001", "3000000000", "9" * 19, "9" * 40, "\0"]
    assert list(index.passages_by_id([*keys, *others])) == keys
    assert sorted(index.vectors_by_id([*keys, *others])) == sorted(keys)
    found = index.passages_by_id(keys)[keys[0]]
    assert (found.document_id, found.text, found.metadata) == (keys[0], "text", {})


def test_other_columns_are_metadata_and_filter(tables: Tables) -> None:
    tables.fill(ROWS)
    tables.server.sql('ALTER TABLE passages ADD pages int, ADD seen timestamptz, ADD "odd ""name" text')
    tables.server.sql("""UPDATE passages SET pages = 3, seen = '2026-01-02T23:30:00-05', "odd ""name" = 'x'
                      WHERE id = 'refund'""")
    index = tables.connected()
    found = index.passages_by_id(["refund"])["refund"].metadata
    assert {found["pages"], found['odd "name'], str(found["seen"])[:10]} == {3, "x", "2026-01-03"}
    for condition in (
        Equal(field="pages", value=3),
        Equal(field='odd "name', value="x"),
        Dated(field="seen", after=date(2026, 1, 3)),
        Not(condition=Not(condition=Equal(field="pages", value=3))),
    ):
        assert ids(index.dense(QUERY, 5, only(condition)).hits) == ["refund"], condition
        assert condition.matches(index.passages_by_id(["refund"])["refund"])


def test_texts_are_days_where_the_filter_says_so_and_never_an_error(tables: Tables) -> None:
    written = [
        *("2026-01-01T00:30+02:00", "2026-01-01 00:30:00.5 +0200", "2026-01-01t10:00:00.123456789+02"),
        *("2025-12-31T23:30-05:00", "2025-12-31T23:30-00:15"),
        *("2026-01-01T25:30+02:00", "2026-01-01T10:00+16:00", "2026-01-01T10:00+02:", "2026-01-01T10:00+02:00 Berlin"),
        *("0001-01-01T00:30+02:00", "9999-12-31T23:30-05:00", "0000-01-01T10:00+02:00", "2026-02-30T10:00+02:00"),
        *("2025-02-29T10:00+02:00", "2000-02-29T00:00+02:00", "1900-02-29", "2028-02-29", "spring", "", "2026-01-01\n"),
    ]
    rows = [Row(f"{number}", "text", at(number), metadata={"seen": one}) for number, one in enumerate(written)]
    tables.fill(rows)
    index = tables.connected()
    for day in (date(1, 1, 1), date(2000, 2, 28), date(2000, 2, 29), date(2026, 1, 1), date(2026, 1, 2)):
        where = only(Dated(field="seen", after=day))
        wanted = [row.id for row in rows if where.matches(passage_of(row))]
        assert ids(index.dense(QUERY, 50, where).hits) == wanted, day


def test_a_server_that_writes_days_in_its_own_way_finds_them_too(tables: Tables) -> None:
    tables.fill(ROWS)
    tables.server.sql(f"ALTER ROLE {READER[0]} SET datestyle = 'SQL, DMY'")
    try:
        index = tables.connected()
        assert ids(index.dense(QUERY, 5, only(Equal(field="updated_at", value="2026-03-14"))).hits) == ["refund"]
        assert index.passages_by_id(["refund"])["refund"].updated_at == date(2026, 3, 14)
    finally:
        tables.server.sql(f"ALTER ROLE {READER[0]} RESET datestyle")


def test_names_with_a_per_cent_sign_and_more_columns_than_a_function_has_arguments(tables: Tables) -> None:
    tables.fill(ROWS)
    many = ", ".join(f"ADD c{number} int DEFAULT {number}" for number in range(120))
    tables.server.sql(f'ALTER TABLE passages ADD "rate %" int DEFAULT 7, {many}')
    tables.server.sql('ALTER TABLE passages RENAME TO "100% sure"')
    index = tables.connected(index='public."100% sure"', fields=FIELDS.with_(lexical=""))
    found = index.passages_by_id(["refund"])["refund"].metadata
    assert (found["rate %"], found["c0"], found["c49"], found["c119"]) == (7, 0, 49, 119)
    assert len(index.dense(QUERY, 9, only(Equal(field="rate %", value=7))).hits) == len(ROWS)
    assert ids(index.lexical("refunds", 5, only(Equal(field="rate %", value=7))).hits) == ["refund"]
    for name in ("body", "embedding", "id"):
        tables.server.sql(f'ALTER TABLE "100% sure" RENAME {name} TO "{name} %"')
    fields = IndexFields(id="id %", text="body %", vector="embedding %")
    index = tables.connected(index='public."100% sure"', fields=fields)
    assert (ids(index.dense(QUERY, 1).hits), ids(index.lexical("refunds", 5).hits)) == (["refund"], ["refund"])
    assert index.passages_by_id(["refund"])["refund"].text == ROWS[0].text
    tables.server.sql('DROP TABLE "100% sure"')


def test_an_id_inside_json_is_refused_in_words(tables: Tables) -> None:
    tables.fill(ROWS)
    for field in ("meta.stars", "meta"):
        with pytest.raises(BadInput, match="Choose a column as the id"):
            tables.connected(fields=FIELDS.with_(id=field)).dense(QUERY, 3)


def test_a_language_that_is_not_mapped_is_filtered_in_the_metadata(tables: Tables) -> None:
    rows = [Row("de", "a", at(1), metadata={"language": "de"}), Row("four", "b", at(2), metadata={"language": 4})]
    index = tables.fill(rows)
    for value, name in (("de", "de"), (4, "four")):
        condition = Equal(field="language", value=value)
        assert ids(index.dense(QUERY, 3, only(condition)).hits) == [name]
        assert condition.matches(index.passages_by_id([name])[name])
    tables.server.sql("ALTER TABLE passages ADD language text DEFAULT 'fr'")
    assert tables.connected().count(only(Equal(field="language", value="fr"))) == 2


def test_a_value_that_postgres_cannot_hold_matches_nothing(tables: Tables) -> None:
    index = tables.fill(ROWS)
    for value in ("a\0b", "\ud800"):
        assert index.dense(QUERY, 5, only(Equal(field="state", value=value))).hits == []


def test_half_precision_vectors(tables: Tables) -> None:
    tables.fill(ROWS)
    tables.server.sql("ALTER TABLE passages ALTER embedding TYPE halfvec(4)")
    index = tables.connected()
    assert ids(index.dense(QUERY, 2).hits) == ["refund", "börse/7 ☂"]
    assert index.vectors_by_id(["refund"])["refund"][0] == pytest.approx(ROWS[0].vector[0], abs=1e-3)


def test_the_extension_may_be_in_another_schema(tables: Tables) -> None:
    tables.fill(ROWS)
    tables.server.sql("CREATE SCHEMA IF NOT EXISTS extensions")
    tables.server.sql("GRANT USAGE ON SCHEMA extensions TO reader")
    tables.server.sql("ALTER EXTENSION vector SET SCHEMA extensions")
    try:
        index = tables.connected()
        assert ids(index.dense(QUERY, 1).hits) == ["refund"]
        assert len(index.vectors_by_id(["refund"])) == 1
    finally:
        tables.server.sql("ALTER EXTENSION vector SET SCHEMA public")


def test_a_column_that_goes_away_is_said_and_its_successor_found_after_correction(tables: Tables) -> None:
    index = tables.fill(ROWS)
    index.dense(QUERY, 1)
    tables.server.sql("ALTER TABLE passages RENAME COLUMN embedding TO vector_2")
    with pytest.raises(EngineError, match="has no field"):
        index.dense(QUERY, 1)
    tables.server.sql("ALTER TABLE passages RENAME COLUMN vector_2 TO embedding")
    assert ids(index.dense(QUERY, 1).hits) == ["refund"]


# what is there


def test_tables_with_vectors_are_listed_and_described(tables: Tables) -> None:
    tables.fill(ROWS)
    tables.server.sql('DROP TABLE IF EXISTS "odd.table", hidden')
    tables.server.sql('CREATE TABLE "odd.table" (id int PRIMARY KEY, embedding vector(3))')
    tables.server.sql("CREATE TABLE hidden (embedding vector(3))")
    tables.server.sql("REVOKE ALL ON hidden FROM reader")
    kind, config = kind_named("pgvector"), tables.config(index="")
    names = [one.name for one in kind.indexes(config, SECRET)]
    assert "public.passages" in names
    assert 'public."odd.table"' in names
    assert "public.hidden" not in names
    assert kind.describe(config.with_(index='public."odd.table"'), SECRET).dimensions == 3
    seen = kind.describe(tables.config(), SECRET)
    assert seen.fields.with_(source="kind", updated="", tenant="customer") == IndexFields(
        id="id", text="body", title="title", vector="embedding", metadata="meta", source="kind", tenant="customer"
    )
    assert (seen.dimensions, len(seen.rows)) == (4, 3)
    assert seen.rows[0]["body"] == ROWS[0].text
    assert "meta.stars" in seen.names
    tables.server.sql('DROP TABLE "odd.table", hidden')


@pytest.fixture
def langchain(pgvector_server: PostgresServer) -> Iterator[PostgresServer]:
    """The tables of LangChain's PGVector, as it creates them, with two collections."""
    server = pgvector_server
    server.sql("""CREATE TABLE langchain_pg_collection (uuid UUID PRIMARY KEY, name VARCHAR NOT NULL UNIQUE,
               cmetadata JSON)""")
    server.sql("""CREATE TABLE langchain_pg_embedding (id VARCHAR PRIMARY KEY, collection_id UUID REFERENCES
               langchain_pg_collection (uuid) ON DELETE CASCADE, embedding VECTOR,
               document VARCHAR, cmetadata JSONB)""")
    server.sql("CREATE INDEX ix_cmetadata_gin ON langchain_pg_embedding USING gin (cmetadata jsonb_path_ops)")
    keys = [f"{number:08}-0000-4000-8000-000000000000" for number in (1, 2)]
    server.sql(
        "INSERT INTO langchain_pg_collection VALUES (%s, %s, NULL)", list(zip(keys, ("books", "mails"), strict=True))
    )
    rows = [
        (f"p{number}", keys[number % 2], f"[{1 - number / 10},0.1,0,0]", f"Text {number}",
         json.dumps({"source": f"f{number}.md", "title": f"File {number}", "page": number}))
        for number in range(6)
    ]  # fmt: skip
    server.sql("INSERT INTO langchain_pg_embedding VALUES (%s, %s, %s, %s, %s)", rows)
    yield server
    server.sql("DROP TABLE langchain_pg_embedding, langchain_pg_collection")


def test_a_collection_of_langchain_is_found_guessed_and_searched_alone(langchain: PostgresServer) -> None:
    kind = kind_named("pgvector")
    server = IndexConfig(kind="pgvector", address=langchain.address())
    listed = [(one.name, one.namespace) for one in kind.indexes(server, SECRET) if "langchain" in one.name]
    assert listed == [("public.langchain_pg_embedding", "books"), ("public.langchain_pg_embedding", "mails")]
    config = server.with_(index=listed[0][0], namespace="books")
    seen = kind.describe(config, SECRET)
    assert seen.fields == IndexFields(
        id="id", text="document", title="cmetadata.title", vector="embedding", metadata="cmetadata",
        document="cmetadata.source",
    )  # fmt: skip
    index = kind.connect(config.with_(fields=seen.fields), SECRET)
    assert ids(index.dense(QUERY, 9).hits) == ["p0", "p2", "p4"]
    assert ids(index.dense(QUERY, 9, only(Equal(field="page", value=2))).hits) == ["p2"]
    assert (index.count(), index.dimensions()) == (3, 4)
    found = index.passages_by_id(["p2", "p1"])
    assert list(found) == ["p2"]
    assert (found["p2"].title, found["p2"].document_id) == ("File 2", "f2.md")
    index.close()


# connections


def test_nothing_can_be_written(tables: Tables) -> None:
    tables.fill(ROWS)
    index = PgVectorIndex(tables.config(address=tables.server.address("postgres")), SecretStr("adm1n-secret"))
    with pytest.raises(EngineError, match="read-only"), index.server.reading() as cursor:
        cursor.execute("DELETE FROM passages")
    index.close()
    assert tables.server.sql("SELECT count(*) FROM passages") == [(6,)]


@pytest.mark.parametrize("address", ["http://localhost:5432", "postgresql://db/app?passfile=/etc/shadow"])
def test_only_plain_postgres_addresses_are_taken(tables: Tables, address: str) -> None:
    with pytest.raises(BadInput, match="The address m"):
        tables.connected(address=address)


def test_the_environments_own_password_is_never_sent(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    tables.fill(ROWS)
    monkeypatch.setenv("PGPASSWORD", READER[1])
    index = PgVectorIndex(tables.config(), None)
    with pytest.raises(EngineRefused):
        index.count()


def test_errors_hold_no_password(tables: Tables) -> None:
    tables.fill(ROWS)
    for changes in ({"index": "no.table"}, {"address": "postgresql://reader@127.0.0.1:1/x"}, {"language": "x"}):
        with pytest.raises(EngineError) as caught:
            tables.connected(**changes).lexical("refunds", 3)
        assert READER[1] not in str(caught.value)


def test_a_database_that_is_not_there_and_a_port_where_nobody_is(tables: Tables) -> None:
    port = tables.server.port
    with pytest.raises(MissingIndex, match="There is no database nowhere"):
        tables.connected(address=f"postgresql://reader@127.0.0.1:{port}/nowhere").count()
    with pytest.raises(EngineGone, match=r"Nothing answers at 127\.0\.0\.1:1/x"):
        tables.connected(address="postgresql://reader@127.0.0.1:1/x").count()


def test_parts_that_are_not_said_are_asked_for(tables: Tables) -> None:
    tables.fill(ROWS)
    with pytest.raises(BadInput, match=r"Choose which column of .* is the vector"):
        tables.connected(fields=IndexFields(id="id", text="body")).dense(QUERY, 3)
    with pytest.raises(BadInput, match="body is text, no vector"):
        tables.connected(fields=IndexFields(id="id", text="body", vector="body")).dense(QUERY, 3)
    with pytest.raises(BadInput, match="Choose the table"):
        tables.connected(index="")
