"""Documents to a collection in memory: passage, embed what is not embedded yet, build both indexes.

What an earlier collection knows is used again: passages of unchanged documents (same chunking and model), and vectors
of any text that it holds (same model and content hash).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rag_core.corpus.chunking import chunk_document
from rag_core.corpus.collection import Collection
from rag_core.corpus.embedding import passage_vectors
from rag_core.corpus.source_files import with_documents
from rag_core.corpus.storage.manifest import Manifest, TokenVectorsRecord, fingerprint
from rag_core.corpus.token_store import MOST_BYTES, TokenGathering, TokenStore, estimated_bytes
from rag_core.errors import BadInput
from rag_core.retrieval.bm25 import LexicalIndex
from rag_core.retrieval.engines.registry import DEFAULT_ENGINE, engine_named
from rag_core.schema.chunking import Chunking
from rag_core.schema.documents import Document, Passage
from rag_core.schema.files import SourceFile

if TYPE_CHECKING:
    from rag_core.corpus.storage.kept_vectors import KeptVectors
    from rag_core.retrieval.embedders.protocol import Embedder
    from rag_core.schema.progress import Progress
    from rag_core.schema.vectors import Vectors

StepProgress = Callable[[str, int, int], None]
"""Called with (step, done, total) as work goes on; steps: chunking, embedding, indexing, writing."""


def ignore(_step: str, _done: int, _total: int) -> None:
    """The progress callback of those who do not ask."""


@dataclass(frozen=True)
class IndexingPlan:
    """What is to be made: a name, its owner (None: all), the chunking, and up to which size search is exact.

    `files` are those that the documents came from. `engine` is what holds the vectors (`retrieval.engines.registry`).
    `id` says of which collection this is a version; a new one where it is left out. `most_token_bytes`: where token
    vectors would take more, none are kept.
    """

    name: str
    owner: str | None
    chunking: Chunking
    exact_limit: int
    files: tuple[SourceFile, ...] = ()
    engine: str = field(default=DEFAULT_ENGINE, kw_only=True)
    id: str = field(default_factory=lambda: uuid.uuid4().hex, kw_only=True)
    most_token_bytes: int = field(default=MOST_BYTES, kw_only=True)


def index_documents(
    plan: IndexingPlan,
    documents: Sequence[Document],
    embedder: Embedder,
    known: Collection | None = None,
    progress: StepProgress = ignore,
    kept: KeptVectors | None = None,
    whole: bool = True,
) -> Collection:
    """The collection of these documents. Raises BadInput for no documents, no text, or an id that stands twice.

    kept: where vectors are written as soon as they are made, so that another attempt embeds only the rest. whole: embed
    known texts again that have no token vectors, as those of a collection that was made before it kept them; without it
    the token vectors that are known stay, whatever this process's embedder gives.
    """
    check_documents(documents)
    passages = _passages(documents, plan.chunking, embedder, known, of_step(progress, "chunking"))
    if not passages:
        raise BadInput("There is no text in these documents, so there is nothing to index. Add documents with text.")
    gathering = TokenGathering(
        embedder,
        known.token_vectors if known else TokenStore(),
        kept,
        wanted=estimated_bytes(passages) <= plan.most_token_bytes,
        whole=whole,
    )
    again = {one: each for one, each in _reusable(known, embedder).items() if gathering.has(one) or not whole}
    vectors = passage_vectors(passages, embedder, again, kept, of_step(progress, "embedding"), gathering)
    return _assemble(plan, documents, passages, vectors, embedder.model, progress, gathering.store(passages))


def without_documents(
    plan: IndexingPlan, known: Collection, ids: Iterable[str], progress: StepProgress = ignore
) -> Collection:
    """The collection without these documents; no model is needed. Raises BadInput for unknown ids or none left."""
    gone = set(ids)
    unknown = sorted(gone - {document.id for document in known.documents()})
    if unknown:
        raise BadInput(f"There is no document {unknown[0]!r} in the collection {plan.name!r}.")
    kept = [document for document in known.documents() if document.id not in gone]
    rows = [row for row, each in enumerate(known.passages) if each.document_id not in gone]
    if not rows:
        raise BadInput("That would leave the collection without any text. Remove the whole collection instead.")
    passages = [known.passages[row] for row in rows]
    tokens = known.token_vectors.of(passages)
    return _assemble(plan, kept, passages, known.vectors[rows], known.manifest.embedding_model, progress, tokens)


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


def of_step(progress: StepProgress, step: str) -> Progress:
    """The callback of one step."""
    return lambda done, total: progress(step, done, total)


def _passages(
    documents: Sequence[Document],
    chunking: Chunking,
    embedder: Embedder,
    known: Collection | None,
    progress: Progress,
) -> list[Passage]:
    """The passages of all documents in order, those of unchanged ones as they are known."""
    made = known.manifest if known else None
    same = made is not None and (made.chunking, made.embedding_model) == (chunking, embedder.model)
    before = {document.id: document for document in known.documents()} if known and same else {}
    passages: list[Passage] = []
    for done, document in enumerate(documents, start=1):
        if known and before.get(document.id) == document:
            passages += known.passages_of(document.id)
        else:
            passages += chunk_document(document, chunking, embedder)
        progress(done, len(documents))
    return passages


def _reusable(known: Collection | None, embedder: Embedder) -> dict[str, Vectors]:
    """The vectors of an earlier collection by content hash, where the same model made them."""
    if known is None or known.manifest.embedding_model != embedder.model:
        return {}
    return known.stored_vectors()


def _assemble(
    plan: IndexingPlan,
    documents: Sequence[Document],
    passages: Sequence[Passage],
    vectors: Vectors,
    embedding_model: str,
    progress: StepProgress,
    tokens: TokenStore,
) -> Collection:
    """Both indexes over the vectors and texts, and the manifest."""
    tell = of_step(progress, "indexing")
    tell(0, 2)
    lexical = LexicalIndex.build([each.model_text for each in passages])
    tell(1, 2)
    dense = engine_named(plan.engine).build(vectors, plan.exact_limit)
    tell(2, 2)
    manifest = Manifest(
        id=plan.id,
        name=plan.name,
        owner=plan.owner,
        created_at=datetime.now(UTC),
        embedding_model=embedding_model,
        dimensions=vectors.shape[1],
        chunking=plan.chunking,
        documents=len(documents),
        passages=len(passages),
        fingerprint=fingerprint(documents, plan.chunking, embedding_model),
        index=dense.kind,
        token_vectors=_recorded(tokens),
    )
    files = with_documents(plan.files, documents)
    return Collection(manifest, documents, passages, vectors, dense, lexical, files, tokens)


def _recorded(tokens: TokenStore) -> TokenVectorsRecord | None:
    return TokenVectorsRecord(model=tokens.model, passages=len(tokens), size=tokens.nbytes) if len(tokens) else None
