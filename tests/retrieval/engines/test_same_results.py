"""The sample corpus in Postgres gives the same dense results as the embedded collection, searched exactly."""

from __future__ import annotations

import json

import pytest

from rag_core.corpus.collection import Collection
from rag_core.retrieval.embedders.sentence_embedder import SentenceEmbedder
from rag_core.retrieval.engines.connected_collection import ConnectedCollection
from rag_core.retrieval.engines.index_config import IndexConfig
from rag_core.retrieval.engines.index_kinds import connect
from rag_core.retrieval.engines.model_check import check_model
from tests.retrieval.engines.postgres_server import PostgresServer
from tests.retrieval.engines.test_pgvector import FIELDS, SECRET

QUESTIONS = (
    "How long do refunds take?",
    "Who may approve an invoice?",
    "What does error KB-17 mean?",
    "Is single sign-on part of the plan?",
    "Where is the data kept?",
)


@pytest.mark.postgres
def test_the_same_questions_give_the_same_dense_top_10(
    sample: Collection, packaged: SentenceEmbedder, pgvector_server: PostgresServer
) -> None:
    server, width = pgvector_server, sample.vectors.shape[1]
    server.sql(f"""CREATE TABLE sample (id text PRIMARY KEY, body text, title text, embedding vector({width}),
               meta jsonb, doc text, kind text, changed date, customer text)""")
    rows = [
        (one.id, one.text, one.title, str(vector.tolist()), json.dumps(one.metadata), one.document_id, one.source,
         one.updated_at, one.tenant)
        for one, vector in zip(sample.passages, sample.vectors, strict=True)
    ]  # fmt: skip
    server.sql("INSERT INTO sample VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)", rows)
    config = IndexConfig(kind="pgvector", address=server.address(), index="sample", fields=FIELDS, exact=True)
    there = ConnectedCollection(connect(config, SECRET), config, packaged)
    try:
        assert check_model(there).fits
        for question in QUESTIONS:
            vector = packaged.embed_query(question)
            mine, its = sample.dense(vector, 10).hits, there.dense(vector, 10).hits
            assert [name for name, _ in its] == [name for name, _ in mine]
            assert [score for _, score in its] == pytest.approx([score for _, score in mine], abs=1e-5)
    finally:
        there.index.close()
        server.sql("DROP TABLE sample")
