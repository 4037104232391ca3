"""Documents to a collection in memory: chunk, embed what is not embedded yet, build both indexes.

What an earlier collection knows is used again: chunks of unchanged documents (same chunking and model), and vectors
of any text that it holds (same model and content hash).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from rag_core.config import Chunking
from rag_core.corpus.chunking import chunk
from rag_core.corpus.collection import Collection
from rag_core.corpus.manifest import Manifest, fingerprint
from rag_core.errors import BadInput
from rag_core.retrieval.dense import DenseIndex
from rag_core.retrieval.lexical import LexicalIndex
from rag_core.types import Chunk, Document

if TYPE_CHECKING:
    from rag_core.retrieval.base import Embedder, Progress, Vectors

StageProgress = Callable[[str, int, int], None]
"""Called with (stage, done, total) as work goes on; stages: chunking, embedding, indexing, writing."""


def ignore(_stage: str, _done: int, _total: int) -> None:
    """The progress callback of those who do not ask."""


@dataclass(frozen=True)
class Plan:
    """What is to be made: a name, its owner (None: all), the chunking, and up to which size search is exact."""

    name: str
    owner: str | None
    chunking: Chunking
    exact_limit: int


def index_documents(
    plan: Plan,
    documents: Sequence[Document],
    embedder: Embedder,
    known: Collection | None = None,
    progress: StageProgress = ignore,
) -> Collection:
    """The collection of these documents. Raises BadInput for no documents, no text, or an id that stands twice."""
    check_documents(documents)
    chunks = _chunks(documents, plan.chunking, embedder, known, of_stage(progress, "chunking"))
    if not chunks:
        raise BadInput("There is no text in these documents, so there is nothing to index. Add documents with text.")
    vectors = _vectors(chunks, embedder, known, of_stage(progress, "embedding"))
    return _assemble(plan, documents, chunks, vectors, embedder.model, progress)


def without_documents(
    plan: Plan, known: Collection, ids: Iterable[str], progress: StageProgress = ignore
) -> Collection:
    """The collection without these documents; no model is needed. Raises BadInput for unknown ids or none left."""
    gone = set(ids)
    unknown = sorted(gone - {document.id for document in known.documents()})
    if unknown:
        raise BadInput(f"There is no document {unknown[0]!r} in the collection {plan.name!r}.")
    kept = [document for document in known.documents() if document.id not in gone]
    rows = [row for row, each in enumerate(known.chunks) if each.document_id not in gone]
    if not rows:
        raise BadInput("That would leave the collection without any text. Remove the whole collection instead.")
    chunks = [known.chunks[row] for row in rows]
    return _assemble(plan, kept, chunks, known.vectors[rows], known.manifest.embedding_model, progress)


def check_documents(documents: Sequence[Document]) -> None:
    """Raises BadInput for no documents, an id that stands twice, or text that cannot be saved as UTF-8."""
    if not documents:
        raise BadInput("There are no documents to index. Add at least one that could be read.")
    seen: set[str] = set()
    for document in documents:
        if document.id in seen:
            raise BadInput(f"Two documents have the id {document.id!r}. Rename one of them.")
        seen.add(document.id)
        try:
            document.model_dump_json()
        except ValueError as exc:
            raise BadInput(f"The text of {document.id!r} holds broken characters. Save it again as UTF-8.") from exc


def of_stage(progress: StageProgress, stage: str) -> Progress:
    """The callback of one stage."""
    return lambda done, total: progress(stage, done, total)


def _chunks(
    documents: Sequence[Document],
    chunking: Chunking,
    embedder: Embedder,
    known: Collection | None,
    progress: Progress,
) -> list[Chunk]:
    """The chunks of all documents in order, those of unchanged ones as they are known."""
    made = known.manifest if known else None
    same = made is not None and (made.chunking, made.embedding_model) == (chunking, embedder.model)
    before = {document.id: document for document in known.documents()} if known and same else {}
    chunks: list[Chunk] = []
    for done, document in enumerate(documents, start=1):
        if known and before.get(document.id) == document:
            chunks += known.chunks_of(document.id)
        else:
            chunks += chunk(document, chunking, embedder)
        progress(done, len(documents))
    return chunks


def _vectors(chunks: Sequence[Chunk], embedder: Embedder, known: Collection | None, progress: Progress) -> Vectors:
    """The chunks' vectors, float32, shape (chunks, dimensions); the same text is embedded once."""
    reusable = known is not None and known.manifest.embedding_model == embedder.model
    stored = known.stored_vectors() if known is not None and reusable else {}
    missing = {each.content_hash: each.reading for each in chunks if each.content_hash not in stored}
    if missing:
        fresh = embedder.embed(list(missing.values()), progress)
        stored |= dict(zip(missing, fresh, strict=True))
    return np.stack([stored[each.content_hash] for each in chunks]).astype(np.float32, copy=False)


def _assemble(
    plan: Plan,
    documents: Sequence[Document],
    chunks: Sequence[Chunk],
    vectors: Vectors,
    embedding_model: str,
    progress: StageProgress,
) -> Collection:
    """Both indexes over the vectors and texts, and the manifest."""
    tell = of_stage(progress, "indexing")
    tell(0, 2)
    lexical = LexicalIndex.build([each.reading for each in chunks])
    tell(1, 2)
    dense = DenseIndex.build(vectors, plan.exact_limit)
    tell(2, 2)
    manifest = Manifest(
        name=plan.name,
        owner=plan.owner,
        created_at=datetime.now(UTC),
        embedding_model=embedding_model,
        dimensions=vectors.shape[1],
        chunking=plan.chunking,
        documents=len(documents),
        chunks=len(chunks),
        fingerprint=fingerprint(documents, plan.chunking, embedding_model),
        index=dense.kind,
    )
    return Collection(manifest, documents, chunks, vectors, dense, lexical)
