"""The embedded collection is an engine like the others: what of the suite applies to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pytest

from rag_core.corpus.collection import Collection
from rag_core.corpus.storage.manifest import Manifest
from rag_core.corpus.texts import Texts
from rag_core.retrieval.bm25 import LexicalIndex
from rag_core.retrieval.engines.faiss_index import DenseIndex
from rag_core.schema.chunking import Chunking
from rag_core.schema.documents import Document
from tests.retrieval.engines.index_conformance import DIMENSIONS, IndexConformance, Row, Server, passage_of

if TYPE_CHECKING:
    from rag_core.schema.vectors import Vectors

IN_PROCESS = "it is in this process"


class EmbeddedIndex(Collection):
    """A collection, with what a connected index has besides."""

    def dimensions(self) -> int:
        return DIMENSIONS

    def vectors_by_id(self, ids: Sequence[str]) -> dict[str, Vectors]:
        rows = {one: self.texts.row(one) for one in ids}
        return {one: self.vectors[row] for one, row in rows.items() if row is not None}

    def close(self) -> None: ...


class InProcess:
    """Makes a collection of the rows."""

    cannot = dict.fromkeys(("stop", "credentials", "time-out", "missing index", "missing field"), IN_PROCESS) | {
        "delete": "it is read-only once made, and deletion makes another one"
    }

    def fill(self, rows: Sequence[Row]) -> EmbeddedIndex:
        vectors = np.array([row.vector for row in rows], np.float32).reshape(len(rows), DIMENSIONS)
        passages = [passage_of(row) for row in rows]
        manifest = Manifest.model_construct(
            name="Rows", fingerprint="f", embedding_model="m", documents=len(rows), passages=len(rows),
            chunking=Chunking(),
        )  # fmt: skip
        return EmbeddedIndex(
            manifest,
            Texts([Document(id=passage.document_id, text=passage.text) for passage in passages], passages),
            vectors,
            DenseIndex.build(vectors, 100_000),
            LexicalIndex.build([passage.model_text for passage in passages]),
        )


class TestEmbedded(IndexConformance):
    @pytest.fixture
    def server(self) -> Server:
        return InProcess()  # type: ignore[return-value] - it cannot be stopped or connected to wrongly
