"""A collection in memory: documents, passages, vectors and both indexes. The embedded `Engine`.

Read-only once made, so any number of threads may search it. Making one is `rag_core.corpus.indexing`'s, keeping
it on disk `rag_core.corpus.storage.library`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from rag_core.corpus.storage.manifest import Manifest
from rag_core.corpus.stored_vectors import StoredVectors
from rag_core.corpus.texts import Texts
from rag_core.corpus.token_store import TokenStore
from rag_core.errors import CollectionError
from rag_core.retrieval.engines.protocol import Capabilities, SearchResult
from rag_core.schema.documents import CollectionRef, Document, Passage
from rag_core.schema.files import SourceFile
from rag_core.schema.filters import Filter

if TYPE_CHECKING:
    from pathlib import Path

    from rag_core.corpus.joined_rows import JoinedVectors
    from rag_core.retrieval.bm25 import LexicalIndex
    from rag_core.retrieval.engines.protocol import VectorIndex
    from rag_core.retrieval.topk import Mask, Rows
    from rag_core.schema.vectors import Vectors

_KEPT_MASKS = 32


class Collection:
    """Row i of the vectors and of both indexes is `passages[i]`; the passages of a document stand together.

    `files` are those that documents were read from, as far as it was recorded. `token_vectors`: of its passages, as far
    as they were kept; late interaction reads the other passages at query time. `folder`: where it was opened, if it can
    be a part of a larger one as it lies there.
    """

    def __init__(
        self,
        manifest: Manifest,
        texts: Texts,
        vectors: Vectors | JoinedVectors,
        dense: VectorIndex,
        lexical: LexicalIndex,
        files: Sequence[SourceFile] = (),
        token_vectors: TokenStore | None = None,
        folder: Path | None = None,
    ) -> None:
        self.manifest = manifest
        self.folder = folder
        self.files = tuple(files)
        self.texts = texts
        self.passages = texts.passages
        self.vectors = vectors
        self.token_vectors = token_vectors or TokenStore()
        self.dense_index = dense
        self.lexical_index = lexical
        self._mask = lru_cache(_KEPT_MASKS)(self._mask_of)
        self._without_dense = ""

    @property
    def ref(self) -> CollectionRef:
        """Which collection this is."""
        return self.manifest.ref

    def documents(self) -> Sequence[Document]:
        """All documents, in the order in which they were added. Of a saved collection each is read when it is asked
        for."""
        return self.texts.documents

    def document(self, document_id: str) -> Document:
        """The document of that id. KeyError if there is none."""
        return self.texts.document(document_id)

    def kinds(self) -> Sequence[Passage]:
        """A passage without text for all whose documents agree in source, tenant, date and metadata: what filters can
        tell apart, without a look at each."""
        return self.texts.kinds()

    def has_document(self, document_id: str) -> bool:
        """Whether there is a document of that id."""
        return self.texts.has_document(document_id)

    def has_passage(self, passage_id: str) -> bool:
        """Whether there is a passage of that id."""
        return self.texts.row(passage_id) is not None

    def passages_of(self, document_id: str) -> tuple[Passage, ...]:
        """The document's passages in order of reading; none for a document without text. KeyError for no document."""
        rows = self.texts.rows_of(document_id)
        if not rows:
            self.texts.document(document_id)
        return tuple(self.passages[row] for row in rows)

    def passage(self, passage_id: str) -> Passage:
        """The passage of that id. KeyError if there is none."""
        row = self.texts.row(passage_id)
        if row is None:
            raise KeyError(passage_id)
        return self.passages[row]

    @property
    def embedder_key(self) -> str:
        """The key of the model that made its vectors; empty where none was recorded."""
        return self.manifest.embedder

    def by_words(self, why: str) -> Collection:
        """The same collection, searched by words alone: a question needs no embedding model. `why`: a sentence."""
        made = copy(self)
        made._without_dense = why
        return made

    @property
    def capabilities(self) -> Capabilities:
        """What the embedded engine can do: all but fuse by itself."""
        return Capabilities(dense=not self._without_dense)

    def passages_by_id(self, ids: Sequence[str]) -> dict[str, Passage]:
        """The passages of these ids, in this order; those that are not there are left out."""
        rows = {one: self.texts.row(one) for one in ids}
        return {one: self.passages[row] for one, row in rows.items() if row is not None}

    def count(self, where: Filter | None = None) -> int:
        """How many passages match the filter; all of them without one."""
        return len(self.passages) if where is None else int(np.count_nonzero(self._mask(where)))

    def listed(self, first: int, where: Filter | None = None) -> list[Passage]:
        """The first passages that match the filter, in the order of the documents."""
        rows = range(len(self.passages)) if where is None else np.flatnonzero(self._mask(where)).tolist()
        return [self.passages[row] for row in rows[:first]]

    def dense(self, vector: Vectors, depth: int, where: Filter | None = None) -> SearchResult:
        """The `depth` passages with the highest cosine to the unit vector, among those that match the filter."""
        if self._without_dense:
            return SearchResult([], unavailable=self._without_dense)
        allowed = self._allowed(where)
        rows, scores = self.dense_index.search(vector, depth, allowed)
        how = self.dense_index.approximate(depth, allowed)
        return SearchResult(self._hits(rows, scores.tolist()), approximate=how)

    def approximate(self, depth: int, where: Filter | None = None) -> str:
        """How dense search looks for so many, where that may miss some; empty where it is exact."""
        return self.dense_index.approximate(depth, self._allowed(where))

    def vectors_by_id(self, ids: Sequence[str]) -> dict[str, Vectors]:
        """The stored vectors of these passages; those that are not there are left out."""
        rows = {one: self.texts.row(one) for one in ids}
        return {one: self.vectors[row] for one, row in rows.items() if row is not None}

    def lexical(self, query: str, depth: int, where: Filter | None = None) -> SearchResult:
        """The `depth` passages with the highest BM25 score over 0, among those that match the filter."""
        rows, scores, terms = self.lexical_index.search(query, depth, self._allowed(where))
        return SearchResult(self._hits(rows, scores.tolist()), terms)

    def stored_vectors(self) -> StoredVectors:
        """The vectors by content hash."""
        return StoredVectors(self.texts, self.vectors)

    def token_source(self) -> TokenStore:
        """Where late interaction finds the token vectors of its passages."""
        return self.token_vectors

    def check_model(self, embedding_model: str) -> None:
        """Raises CollectionError where the vectors were made by another model than this one."""
        if self.manifest.embedding_model != embedding_model:
            raise CollectionError(
                f"The collection {self.manifest.name!r} was indexed with the embedding model "
                f"{self.manifest.embedding_model}, but {embedding_model} is in use. "
                "Re-index the collection, or choose the model that it was made with."
            )

    def _hits(self, rows: Rows, scores: list[float]) -> list[tuple[str, float]]:
        return [(self.passages[row].id, score) for row, score in zip(rows.tolist(), scores, strict=True)]

    def _allowed(self, where: Filter | None) -> Mask | None:
        return None if where is None else self._mask(where)

    def _mask_of(self, where: Filter) -> Mask:
        """Which rows match."""
        mask = self.texts.matching(where)
        mask.setflags(write=False)
        return mask
