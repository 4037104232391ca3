"""A collection that is kept in Postgres: made, asked, added to, replaced; what goes wrong is said and leaves whole
documents."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from pydantic import SecretStr

from rag_core.corpus.collection import Collection
from rag_core.corpus.indexing import IndexingPlan, index_documents
from rag_core.corpus.stored_indexing import Written, index_into_store
from rag_core.errors import BadInput, EngineError, EngineRefused, WrongDimension
from rag_core.pipeline.pipeline import Pipeline
from rag_core.retrieval.embedders.sentence_embedder import SentenceEmbedder
from rag_core.retrieval.engines.connected_collection import ConnectedCollection
from rag_core.retrieval.engines.every_index import every_index, index_named
from rag_core.retrieval.engines.model_check import check_model
from rag_core.retrieval.engines.stores import NamedStore, Store, table_of
from rag_core.schema.chunking import Chunking
from rag_core.schema.documents import Document
from rag_core.schema.files import SourceFile
from rag_core.schema.filters import Dated, Equal, Filter
from rag_core.schema.policy import Policy
from rag_core.settings import Settings
from tests.retrieval.engines.postgres_server import ADMIN, READER, PostgresServer

pytestmark = pytest.mark.postgres
SCHEMA, WRITER = 'sec"ond %s', ("writer", "wr1ter-secret")
QUERY = "How long do refunds take?"
DOCUMENTS = (
    Document(id="refunds.md", title="Refunds", text="# Refunds\n\n## In the EU\n\nRefunds take thirty days.",
             source="policy", tenant="acme", updated_at="2026-03-14", metadata={"stars": 4, "lang": "en"}),
    Document(id="shipping.md", title="Shipping", text="# Shipping\n\nParcels arrive within five days."),
    Document(id="100% “odd'; DROP TABLE x.md", title="", text="A naïve 100% claim: %s is 日本語, don't \\ worry."),
)  # fmt: skip


@pytest.fixture
def server(pgvector_server: PostgresServer) -> Iterator[PostgresServer]:
    """With a user who may make schemas and no more."""
    pgvector_server.sql(f"CREATE ROLE {WRITER[0]} LOGIN PASSWORD '{WRITER[1]}'")
    pgvector_server.sql(f"GRANT CREATE ON DATABASE postgres TO {WRITER[0]}")
    yield pgvector_server
    pgvector_server.sql(f"DROP OWNED BY {WRITER[0]} CASCADE")
    pgvector_server.sql(f"DROP ROLE {WRITER[0]}")


class Kept:
    """What a user has: a store, a data folder, a model."""

    def __init__(self, server: PostgresServer, folder: Path, embedder: SentenceEmbedder) -> None:
        self.folder, self.embedder, self.server = folder, embedder, server
        self.store = self.of(WRITER)
        entry = {"address": server.address(WRITER[0]), "schema": SCHEMA, "secret_env": "TEAM_PW"}
        self.file = folder / "stores.json"
        self.file.write_text(json.dumps({"Team": entry}))

    def of(self, user: tuple[str, str], schema: str = SCHEMA) -> NamedStore:
        """The store as that user."""
        store = Store.made_of({"address": self.server.address(user[0]), "schema": schema})
        return NamedStore("Team", store, SecretStr(user[1]))

    def index(self, documents: Sequence[Document] = DOCUMENTS, name: str = "Hand%book", **more: object) -> Written:
        given: dict[str, object] = {"store": self.store, "embedder": self.embedder, "chunking": Chunking(), **more}
        return index_into_store(name, documents=documents, data_dir=self.folder, **given)  # type: ignore[arg-type]

    def opened(self, name: str = "Hand%book") -> ConnectedCollection:
        settings = Settings(data_dir=self.folder, stores=self.file)
        return index_named(name, settings, {"TEAM_PW": WRITER[1]}).collection(self.embedder)

    def rows(self, name: str = "Hand%book") -> dict[str, tuple[str, str]]:
        """By passage id: the version of its row, which a write changes, and its text."""
        quoted = SCHEMA.replace('"', '""')
        found = self.server.sql(f'SELECT id, xmin::text, text FROM "{quoted}".{table_of(name)}')
        return {one: (version, text) for one, version, text in found}


@pytest.fixture
def kept(server: PostgresServer, tmp_path: Path, packaged: SentenceEmbedder) -> Kept:
    return Kept(server, tmp_path, packaged)


def test_it_is_opened_by_its_name_and_asked_as_any_collection(kept: Kept) -> None:
    assert str(kept.index()) == "3 documents written (3 passages)"
    found = kept.opened()
    trace = Pipeline(found, kept.embedder).run(QUERY, Policy(top_k=1))
    assert [hit.passage.document_id for hit in trace.kept] == ["refunds.md"]
    (passage,) = found.passages_named("refunds.md")
    assert (passage.title, passage.source, passage.tenant, passage.metadata) == (
        "Refunds", "policy", "acme", {"stars": 4, "lang": "en"},
    )  # fmt: skip
    assert passage.model_text == "Refunds > In the EU\nRefunds take thirty days."
    assert check_model(found).verdict == "fits"
    odd = DOCUMENTS[2].id
    assert [one.text for one in found.passages_named(odd)] == [DOCUMENTS[2].text]
    where = Filter(conditions=(Equal(field="stars", value=4), Dated(field="updated_at", after="2026-01-01")))
    assert [one for one, _ in found.dense(kept.embedder.embed_query(QUERY), 9, where).hits] == [passage.id]
    assert [one for one, _ in found.lexical("parcel", 9).hits] == ["shipping.md::0"]
    assert found.lexical("refunds", 9).hits[0][0] == passage.id, "the heading is searched too"
    assert kept.file.read_text().count("secret") == 1 and WRITER[1] not in "".join(
        path.read_text() for path in (kept.folder / "stored").iterdir()
    )


def test_the_sample_corpus_gives_the_same_ten_as_in_files(
    kept: Kept, sample: Collection, packaged: SentenceEmbedder
) -> None:
    plan = IndexingPlan("Some of it", None, sample.manifest.chunking, 50_000)
    sample = index_documents(plan, sample.documents()[:60], packaged, known=sample)
    kept.index(sample.documents(), "sample", chunking=plan.chunking)
    found = kept.opened("sample")
    found.index.config = exact = found.config.with_(exact=True)
    assert found.index.config is exact and found.size() == len(sample.passages)
    for query in (QUERY, "Who signs a purchase over 10,000?", "VPN does not connect"):
        vector = packaged.embed_query(query)
        here, there = sample.dense(vector, 10).hits, found.dense(vector, 10).hits
        assert [score for _, score in there] == pytest.approx([score for _, score in here], abs=1e-4)
        assert {one for one, score in here if score > here[-1][1] + 1e-4} <= {one for one, _ in there}
        trace, own = (Pipeline(one, packaged).run(query) for one in (found, sample))
        for one in trace.kept:
            assert one.passage.model_text == sample.passage(one.passage.id).model_text
        assert trace.kept[0].passage.id == own.kept[0].passage.id


def test_adding_writes_what_is_new_or_changed_and_nothing_else(kept: Kept) -> None:
    kept.index()
    before = kept.rows()
    changed = DOCUMENTS[1].with_(text="# Shipping\n\nParcels arrive tomorrow.\n\n## Abroad\n\nIn a week.")
    fresh = Document(id="new.md", text="Something new.")
    assert kept.index([DOCUMENTS[0], changed, fresh]) == Written(documents=2, unchanged=1, passages=3)
    after = kept.rows()
    same = ["refunds.md::0", f"{DOCUMENTS[2].id}::0"]
    assert [after[one] for one in same] == [before[one] for one in same]
    assert sorted(after) == sorted([*same, "new.md::0", "shipping.md::0", "shipping.md::1"])
    assert "tomorrow" in after["shipping.md::0"][1]


def test_replacing_removes_what_is_gone(kept: Kept) -> None:
    kept.index()
    before = kept.rows()
    assert kept.index(DOCUMENTS[1:], whole=True) == Written(unchanged=2, removed=1)
    assert kept.rows() == {one: row for one, row in before.items() if not one.startswith("refunds.md")}
    with pytest.raises(BadInput, match="is there already"):
        kept.index(new=True)


def test_rows_that_a_new_version_of_a_table_no_longer_has_are_removed(kept: Kept) -> None:
    rows = [Document(id=f"faq.csv#{number}", text=f"Answer {number}.") for number in (1, 2, 10)]
    others = [Document(id=name, text="Something else.") for name in ("faq.csv2#1", "faq.cs", "a.md")]
    kept.index([*rows, *others])
    file = SourceFile(name="faq.csv")
    assert kept.index(rows[:1], files=(file,)) == Written(unchanged=1, removed=2)
    assert {one.partition("::")[0] for one in kept.rows()} == {"faq.csv#1", *(one.id for one in others)}


class Failing:
    """The packaged model, which fails or calls `then` when it embeds the passages of a document."""

    def __init__(self, embedder: SentenceEmbedder, then: object) -> None:
        self.embedder, self.then = embedder, then
        self.model, self.name, self.dimensions = embedder.model, embedder.name, embedder.dimensions
        self.max_tokens, self.at_once, self.load_ms = embedder.max_tokens, 1, 0.0
        self.embed_query, self.token_spans = embedder.embed_query, embedder.token_spans

    def embed(self, texts, progress=None):  # type: ignore[no-untyped-def]
        made = self.embedder.embed(texts)
        if any("Parcels" in text for text in texts):
            self.then()  # type: ignore[operator]
        return made


def test_an_interruption_leaves_whole_documents_and_the_next_call_writes_the_rest(kept: Kept) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        kept.index(embedder=Failing(kept.embedder, interrupt))
    assert sorted(kept.rows()) == ["refunds.md::0"]
    assert Pipeline(kept.opened(), kept.embedder).run(QUERY).kept[0].passage.id == "refunds.md::0"
    assert kept.index() == Written(documents=2, unchanged=1, passages=2)


def test_a_server_that_goes_away_half_way_is_said_with_what_was_written(kept: Kept) -> None:
    with pytest.raises(EngineError, match=r"Nothing answers at .* 1 of 3 documents was written") as gone:
        kept.index(embedder=Failing(kept.embedder, kept.server.stop))
    assert WRITER[1] not in str(gone.value)
    kept.server.start()
    assert sorted(kept.rows()) == ["refunds.md::0"]
    assert kept.index() == Written(documents=2, unchanged=1, passages=2)


def test_a_document_is_written_whole_or_not_at_all(kept: Kept) -> None:
    """The second passage of a document cannot be written: the document stays as it was."""
    kept.index()
    before = kept.rows()
    quoted, table = SCHEMA.replace('"', '""'), table_of("Hand%book")
    kept.server.sql(f"ALTER TABLE \"{quoted}\".{table} ADD CHECK (text NOT LIKE 'In a week%')")
    changed = DOCUMENTS[1].with_(text="# Shipping\n\nParcels arrive tomorrow.\n\n## Abroad\n\nIn a week.")
    with pytest.raises(EngineError, match="Nothing was written"):
        kept.index([changed])
    assert kept.rows() == before


def test_vectors_that_are_too_long_for_a_graph_are_compared_one_by_one(kept: Kept) -> None:
    long = Failing(kept.embedder, lambda: None)
    long.model, long.dimensions = "long@1", 2500
    short = long.embed
    long.embed = lambda texts, progress=None: np.pad(short(texts), ((0, 0), (0, 2500 - 384)))
    kept.index(embedder=long)
    table = f"tablename = '{table_of('Hand%book')}'"
    assert not [one for (one,) in kept.server.sql(f"SELECT indexdef FROM pg_indexes WHERE {table}") if "hnsw" in one]
    asked = np.pad(kept.embedder.embed_query(QUERY), (0, 2500 - 384))
    assert kept.opened().dense(asked, 1).hits[0][0] == "refunds.md::0"


def test_what_cannot_be_is_said_before_anything_is_written(kept: Kept, packaged: SentenceEmbedder) -> None:
    def tables() -> list[tuple[object, ...]]:
        return kept.server.sql("SELECT schemaname, tablename FROM pg_tables WHERE schemaname !~ '^pg_' ORDER BY 1, 2")

    there = tables()
    refused = ((kept.of(READER), EngineError, "may not make the schema"),
               (kept.of(READER, "public"), EngineError, "may not make tables in the schema public"),
               (kept.of((WRITER[0], "wrong")), EngineRefused, "refuses this user"),
               (kept.of(WRITER, "ä" * 32), BadInput, "too long"))  # fmt: skip
    for store, error, said in refused:
        with pytest.raises(error, match=said):
            kept.index(store=store)
    for text, said in (("\0", "U\\+0000"), (" \n", "no text")):
        with pytest.raises(BadInput, match=said):
            kept.index([Document(id="a.md", text=text)])
    with pytest.raises(BadInput, match="too long for Postgres"):
        kept.index([DOCUMENTS[0], Document(id="b" * 3000, text="Words.")])
    assert tables() == there and every_index(Settings(data_dir=kept.folder))[0] == {}


def test_a_table_that_was_made_with_something_else_is_not_touched(kept: Kept) -> None:
    kept.index()
    before = kept.rows()
    other = Failing(kept.embedder, lambda: None)
    other.model = "another@1"
    for more, said in (
        ({"embedder": other}, "was made with the model all"),
        ({"chunking": Chunking(max_tokens=64)}, "64"),
    ):
        with pytest.raises(BadInput, match=said):
            kept.index(DOCUMENTS[:1], whole=True, **more)
    other.dimensions = 7
    with pytest.raises(WrongDimension, match="have 384 numbers, and the embedding model here makes 7"):
        kept.index(embedder=other)
    kept.server.sql("CREATE SCHEMA taken CREATE TABLE taken.mine (id int)")
    try:
        kept.server.sql(f"GRANT ALL ON SCHEMA taken TO {WRITER[0]}")
        with pytest.raises(BadInput, match="Second Pass did not make it"):
            kept.index(name="mine", store=kept.of(WRITER, "taken"))
    finally:
        kept.server.sql("DROP SCHEMA taken CASCADE")
    assert kept.rows() == before


def test_the_extension_is_enabled_by_who_may_and_asked_for_by_who_may_not(kept: Kept) -> None:
    """In a database of its own, so that no other test misses it."""
    import psycopg

    def of(user: tuple[str, str]) -> NamedStore:
        address = kept.server.address(user[0]).removesuffix("postgres") + "bare"
        return NamedStore("Team", Store.made_of({"address": address}), SecretStr(user[1]))

    kept.server.sql("CREATE DATABASE bare")
    admin = of(ADMIN).store.address
    with psycopg.connect(admin, password=ADMIN[1], autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA second_pass AUTHORIZATION {WRITER[0]}")
    try:
        with pytest.raises(EngineError, match=r"may not enable it .* CREATE EXTENSION vector"):
            kept.index(store=of(WRITER))
        assert kept.index(store=of(ADMIN)).documents == 3
    finally:
        kept.server.sql("DROP DATABASE bare WITH (FORCE)")


def test_the_note_of_a_store_that_is_not_named_any_more_says_so(kept: Kept) -> None:
    kept.index()
    with pytest.raises(BadInput, match="no store “Team”"):
        index_named("Hand%book", Settings(data_dir=kept.folder), {})
    with pytest.raises(BadInput, match="TEAM_PW is not set"):
        index_named("Hand%book", Settings(data_dir=kept.folder, stores=kept.file), {})
