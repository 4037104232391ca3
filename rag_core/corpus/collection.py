"""A collection in memory: documents, chunks, vectors and both indexes. The embedded `Engine`.

Read-only once made, so any number of threads may search it. Making one is `rag_core.corpus.indexing`'s, keeping
it on disk `rag_core.corpus.library`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from rag_core.corpus.manifest import Manifest
from rag_core.errors import CollectionError
from rag_core.filters import Filter
from rag_core.retrieval.base import Found
from rag_core.types import Chunk, CollectionRef, Document

if TYPE_CHECKING:
    from rag_core.retrieval.base import Vectors
    from rag_core.retrieval.dense import DenseIndex
    from rag_core.retrieval.lexical import LexicalIndex
    from rag_core.retrieval.topk import Mask, Rows

_KEPT_MASKS = 32


class Collection:
    """Row i of the vectors and of both indexes is `chunks[i]`; the chunks of a document stand together."""

    def __init__(
        self,
        manifest: Manifest,
        documents: Sequence[Document],
        chunks: Sequence[Chunk],
        vectors: Vectors,
        dense: DenseIndex,
        lexical: LexicalIndex,
    ) -> None:
        self.manifest = manifest
        self.chunks = tuple(chunks)
        self.vectors = vectors
        self.dense_index = dense
        self.lexical_index = lexical
        self._documents = {document.id: document for document in documents}
        self._rows = {chunk.id: row for row, chunk in enumerate(self.chunks)}
        self._rows_of: dict[str, list[int]] = {}
        for row, chunk in enumerate(self.chunks):
            self._rows_of.setdefault(chunk.document_id, []).append(row)
        self._mask = lru_cache(_KEPT_MASKS)(self._mask_of)

    @property
    def ref(self) -> CollectionRef:
        """Which collection this is."""
        return self.manifest.ref

    def documents(self) -> tuple[Document, ...]:
        """All documents, in the order in which they were added."""
        return tuple(self._documents.values())

    def document(self, document_id: str) -> Document:
        """The document of that id. KeyError if there is none."""
        return self._documents[document_id]

    def chunks_of(self, document_id: str) -> tuple[Chunk, ...]:
        """The document's chunks in order of reading; none for a document without text. KeyError for no document."""
        self._documents[document_id]
        return tuple(self.chunks[row] for row in self._rows_of.get(document_id, ()))

    def chunk(self, chunk_id: str) -> Chunk:
        """The chunk of that id. KeyError if there is none."""
        return self.chunks[self._rows[chunk_id]]

    def dense(self, vector: Vectors, depth: int, where: Filter | None = None) -> Found:
        """The `depth` chunks with the highest cosine to the unit vector, among those that match the filter."""
        rows, scores = self.dense_index.search(vector, depth, self._allowed(where))
        return Found(self._hits(rows, scores.tolist()))

    def lexical(self, query: str, depth: int, where: Filter | None = None) -> Found:
        """The `depth` chunks with the highest BM25 score over 0, among those that match the filter."""
        rows, scores, terms = self.lexical_index.search(query, depth, self._allowed(where))
        return Found(self._hits(rows, scores.tolist()), terms)

    def stored_vectors(self) -> dict[str, Vectors]:
        """The vector, shape (dimensions,), of each text by its content hash."""
        return {chunk.content_hash: vector for chunk, vector in zip(self.chunks, self.vectors, strict=True)}

    def check_model(self, embedding_model: str) -> None:
        """Raises CollectionError where the vectors were made by another model than this one."""
        if self.manifest.embedding_model != embedding_model:
            raise CollectionError(
                f"The collection {self.manifest.name!r} was indexed with the embedding model "
                f"{self.manifest.embedding_model}, but {embedding_model} is in use. "
                "Re-index the collection, or choose the model that it was made with."
            )

    def _hits(self, rows: Rows, scores: list[float]) -> list[tuple[str, float]]:
        return [(self.chunks[row].id, score) for row, score in zip(rows.tolist(), scores, strict=True)]

    def _allowed(self, where: Filter | None) -> Mask | None:
        return None if where is None else self._mask(where)

    def _mask_of(self, where: Filter) -> Mask:
        """Which rows match. Filters ask for what a chunk has of its document, so one chunk answers for all of it."""
        mask = np.zeros(len(self.chunks), dtype=np.bool_)
        for rows in self._rows_of.values():
            mask[rows] = where.matches(self.chunks[rows[0]])
        mask.setflags(write=False)
        return mask
