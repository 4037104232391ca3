"""Stores that LangChain's and LlamaIndex's own classes made are guessed right, without a word from anybody."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from rag_core.retrieval.embedders.sentence_embedder import SentenceEmbedder
from rag_core.retrieval.engines.connected_collection import ConnectedCollection
from rag_core.retrieval.engines.index_config import IndexConfig, IndexDescription
from rag_core.retrieval.engines.index_kinds import connect, kind_named
from rag_core.retrieval.engines.model_check import check_model
from rag_core.schema.documents import Passage
from tests.retrieval.engines.chroma_server import ChromaServer, installed
from tests.retrieval.engines.postgres_server import ADMIN, READER, PostgresServer
from tests.retrieval.engines.stranger_stores import LLAMA_INDEX, PGVECTOR, PGVECTORSTORE, made_by

QUERY = "How many days does a refund take?"
HANDBOOK = {
    "refunds.md": ("Refunds", "A refund takes five working days to arrive on the card it was paid with."),
    "hours.md": ("Opening hours", "The office is open from nine to five, on weekdays only."),
}
RECIPES = {"soup.md": ("Soup", "Boil the leeks in the broth until they are soft."), "refunds.md": ("No", "No refund.")}
COLLECTIONS = json.dumps({"handbook": [*HANDBOOK.items()], "recipes": [*RECIPES.items()]})
pytestmark = [pytest.mark.slow, pytest.mark.package]


@pytest.fixture
def postgres(pgvector_server: PostgresServer) -> Iterator[PostgresServer]:
    yield pgvector_server
    pgvector_server.sql("DROP TABLE IF EXISTS langchain_pg_embedding, langchain_pg_collection, handbook, recipes")


def admin(server: PostgresServer) -> str:
    return f"postgresql+psycopg://{ADMIN[0]}:{ADMIN[1]}@127.0.0.1:{server.port}/postgres"


def opened(
    config: IndexConfig, secret: str, packaged: SentenceEmbedder
) -> tuple[IndexDescription, ConnectedCollection]:
    """The index by its guessed fields."""
    key = SecretStr(secret) if secret else None
    seen = kind_named(config.kind).describe(config, key)
    config = config.with_(fields=seen.fields)
    return seen, ConnectedCollection(connect(config, key), config, packaged)


def first(found: ConnectedCollection) -> Passage:
    return found.passage(found.dense(found.embedder.embed_query(QUERY), 5).hits[0][0])


@pytest.mark.postgres
def test_pgvector_of_langchain_lists_its_collections_and_reads_one(
    postgres: PostgresServer, packaged: SentenceEmbedder, embedded
) -> None:
    made_by(PGVECTOR, embedded, admin(postgres), COLLECTIONS)
    server = IndexConfig(kind="pgvector", address=postgres.address())
    there = [one for one in kind_named("pgvector").indexes(server, SecretStr(READER[1])) if one.namespace]
    assert [(one.name, one.namespace) for one in there] == [
        ("public.langchain_pg_embedding", "handbook"), ("public.langchain_pg_embedding", "recipes")
    ]  # fmt: skip
    for one, own in zip(there, (HANDBOOK, RECIPES), strict=True):
        config = server.with_(index=one.name, namespace=one.namespace)
        seen, found = opened(config, READER[1], packaged)
        assert {row["document"] for row in seen.rows} == {text for _, text in own.values()}
        guess = seen.fields
        assert (guess.id, guess.text, guess.title) == ("id", "document", "cmetadata.title")
        assert (guess.vector, guess.metadata, guess.document) == ("embedding", "cmetadata", "cmetadata.source")
        assert check_model(found).verdict == "fits" and found.size() == 2
        hits = found.dense(packaged.embed_query(QUERY), 5).hits
        assert {found.passage(name).document_id for name, _ in hits} == set(own)
        assert len(found.passages_named("refunds.md")) == 1
        found.index.close()


@pytest.mark.postgres
def test_pgvectorstore_of_langchain_has_a_column_for_a_field(
    postgres: PostgresServer, packaged: SentenceEmbedder, embedded
) -> None:
    made_by(PGVECTORSTORE, embedded, admin(postgres), COLLECTIONS)
    config = IndexConfig(kind="pgvector", address=postgres.address(), index="public.handbook")
    seen, found = opened(config, READER[1], packaged)
    guess = seen.fields
    assert (guess.id, guess.text, guess.title) == ("langchain_id", "content", "langchain_metadata.title")
    assert (guess.vector, guess.metadata, guess.document) == ("embedding", "langchain_metadata", "source")
    assert check_model(found).verdict == "fits"
    assert (first(found).document_id, first(found).title) == ("refunds.md", "Refunds")
    found.index.close()


def test_chroma_of_llama_index_has_its_texts_titles_and_days(
    tmp_path: Path, packaged: SentenceEmbedder, embedded
) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    for name, (_, text) in HANDBOOK.items():
        (folder / name).write_text(text)
    server = ChromaServer(tmp_path / "chroma")
    server.start()
    try:
        made_by(LLAMA_INDEX, embedded, str(server.port), "handbook", str(folder), path=installed())
        seen, found = opened(IndexConfig(kind="chroma", address=server.address, index="handbook"), "", packaged)
        guess = seen.fields
        assert (guess.text, guess.title, guess.updated) == ("document", "file_name", "last_modified_date")
        assert guess.document == "document_id"
        check = check_model(found)
        assert check.verdict == "fits" and check.cosine == pytest.approx(1, abs=1e-3)
        passage = first(found)
        assert (passage.text, passage.title) == (HANDBOOK["refunds.md"][1], "refunds.md")
        assert passage.updated_at is not None
        assert [one.id for one in found.passages_named("refunds.md")] == [passage.id]
        found.index.close()
    finally:
        server.stop()
