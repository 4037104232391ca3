"""What the benchmark of large collections makes is what indexing makes."""

from __future__ import annotations

import numpy as np

from benchmarks.scale_copies import multiplied
from benchmarks.scale_late import Pool, timed
from benchmarks.scale_texts import (
    ClusterEmbedder,
    MadeUpDocuments,
    TokenClusterEmbedder,
    cut,
    query_vector,
    query_words,
)
from rag_core.corpus.chunking import chunk_document
from rag_core.corpus.storage.library import Library
from rag_core.schema.chunking import Chunking


def test_passages_that_are_cut_already_are_those_of_chunking() -> None:
    for document in MadeUpDocuments(15):
        assert cut(document) == chunk_document(document, Chunking(), ClusterEmbedder())


def test_copies_are_a_collection_of_as_many_documents(tmp_path) -> None:
    one = Library(tmp_path).build("One", MadeUpDocuments(20), Chunking(), ClusterEmbedder())
    made = multiplied(one, 3, exact_limit=10**6)
    assert (made.ref.documents, made.ref.passages) == (12, 60)
    assert len({passage.id for passage in made.passages}) == 60
    for document in made.documents():
        assert {passage.document_id for passage in made.passages_of(document.id)} == {document.id}
    words = query_words(1, 4)
    assert len(made.lexical(words, 100).hits) == 3 * len(one.lexical(words, 100).hits) > 0
    (first, _), *_ = made.dense(query_vector(2, 4), 5).hits
    assert made.has_passage(first)
    np.testing.assert_allclose(np.linalg.norm(made.vectors, axis=1), 1, atol=1e-5)


def test_copies_have_token_vectors_of_their_own_that_late_interaction_reads(tmp_path) -> None:
    one = Library(tmp_path).build("One", MadeUpDocuments(20), Chunking(), TokenClusterEmbedder())
    made = multiplied(one, 3, exact_limit=10**6)
    texts = [passage.model_text for passage in made.passages]
    assert made.manifest.token_vectors
    assert len(made.token_vectors) == made.manifest.token_vectors.passages == len(set(texts)) == 60
    assert [made.texts.content_hash(row) for row in range(60)] == [one.content_hash for one in made.passages]
    assert made.token_vectors.nbytes == 3 * one.token_vectors.nbytes
    assert len(timed(made, [Pool("How long?", texts)], at_once=1).ms) == 1, "it fails where a passage is read"
