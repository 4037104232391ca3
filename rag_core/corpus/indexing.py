"""Documents to a collection in memory: passage, embed what is not embedded yet, build both indexes.

What an earlier collection knows is used again: passages of unchanged documents (same chunking and model), and vectors
of any text that it holds (same model and content hash).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from rag_core.corpus.chunking import chunk_document
from rag_core.corpus.collection import Collection
from rag_core.corpus.columns import ColumnsBuilder, document_digest
from rag_core.corpus.embedding import passage_vectors
from rag_core.corpus.lines import LineWriter
from rag_core.corpus.source_files import with_documents
from rag_core.corpus.storage.manifest import Manifest, TokenVectorsRecord, fingerprint
from rag_core.corpus.texts import Texts
from rag_core.corpus.token_store import MOST_BYTES, TokenGathering, TokenStore, estimated_bytes
from rag_core.errors import BadInput
from rag_core.retrieval.bm25 import LexicalIndex
from rag_core.retrieval.embedders.protocol import key_of
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
    vectors would take more, none are kept. `embedder` is the key of the model; where documents are embedded, the key of
    the one that does.
    """

    name: str
    owner: str | None
    chunking: Chunking
    exact_limit: int
    files: tuple[SourceFile, ...] = ()
    engine: str = field(default=DEFAULT_ENGINE, kw_only=True)
    id: str = field(default_factory=lambda: uuid.uuid4().hex, kw_only=True)
    most_token_bytes: int = field(default=MOST_BYTES, kw_only=True)
    embedder: str = field(default="", kw_only=True)


def index_documents(
    plan: IndexingPlan,
    documents: Sequence[Document],
    embedder: Embedder,
    known: Collection | None = None,
    progress: StepProgress = ignore,
    kept: KeptVectors | None = None,
    whole: bool = True,
    textless: bool = False,
) -> Collection:
    """The collection of these documents. Raises BadInput for no documents, an id that stands twice, and, unless it may
    be `textless`, for no text.

    kept: where vectors are written as soon as they are made, so that another attempt embeds only the rest. whole: embed
    known texts again that have no token vectors, as those of a collection that was made before it kept them; without it
    the token vectors that are known stay, whatever this process's embedder gives.
    """
    check_documents(documents)
    plan = replace(plan, embedder=key_of(embedder))
    texts = _texts(documents, plan.chunking, embedder, known, of_step(progress, "chunking"))
    if not texts.passages and not textless:
        raise BadInput("There is no text in these documents, so there is nothing to index. Add documents with text.")
    gathering = TokenGathering(
        embedder,
        known.token_vectors if known else TokenStore(),
        kept,
        wanted=estimated_bytes(texts.passages, plan.most_token_bytes) <= plan.most_token_bytes,
        whole=whole,
    )
    usable = known.stored_vectors() if known and known.manifest.embedding_model == embedder.model else None
    vectors = passage_vectors(
        texts,
        embedder,
        usable,
        kept,
        of_step(progress, "embedding"),
        gathering,
        lambda one: gathering.has(one) or not whole,
    )
    return assemble(plan, texts, vectors, embedder.model, progress, gathering.store(texts.content_hashes()))


def without_documents(
    plan: IndexingPlan,
    known: Collection,
    ids: Iterable[str],
    progress: StepProgress = ignore,
    textless: bool = False,
) -> Collection:
    """The collection without these documents; no model is needed. Raises BadInput where no text is left, unless it may
    be `textless`."""
    gone = set(ids)
    gone_rows = {row for one in gone for row in known.texts.rows_of(one)}
    rows = [row for row in range(len(known.passages)) if row not in gone_rows]
    if not rows and not textless:
        raise BadInput("That would leave the collection without any text. Remove the whole collection instead.")
    made = TextsWriter()
    for document in known.documents():
        if document.id not in gone:
            made.add(document, known.passages_of(document.id))
    texts = made.done()
    tokens = known.token_vectors.of(texts.content_hashes())
    vectors = np.ascontiguousarray(np.asarray(known.vectors)[rows])
    return assemble(plan, texts, vectors, known.manifest.embedding_model, progress, tokens)


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


class TextsWriter:
    """Takes documents with their passages, and keeps none of them in memory."""

    def __init__(self) -> None:
        self._documents, self._passages = LineWriter(Document), LineWriter(Passage)
        self._columns = ColumnsBuilder()

    def add(self, document: Document, passages: Iterable[Passage], digest: bytes = b"") -> None:
        """One more document. `digest`: where it is known."""
        self._documents.add(document)
        self._columns.add_document(document, digest)
        for passage in passages:
            self._passages.add(passage)
            self._columns.add_passage(passage)

    def done(self) -> Texts:
        """All that was added."""
        return Texts(self._documents.done(), self._passages.done(), self._columns.done())


def _texts(
    documents: Sequence[Document],
    chunking: Chunking,
    embedder: Embedder,
    known: Collection | None,
    progress: Progress,
) -> Texts:
    """All documents in order with their passages, those of unchanged ones as they are known."""
    made = known.manifest if known else None
    same = made is not None and (made.chunking, made.embedding_model) == (chunking, embedder.model)
    written = TextsWriter()
    for done, document in enumerate(documents, start=1):
        digest = document_digest(document)
        if known and same and known.texts.has_unchanged(document.id, digest):
            passages: Sequence[Passage] = known.passages_of(document.id)
        else:
            passages = chunk_document(document, chunking, embedder)
        written.add(document, passages, digest)
        progress(done, len(documents))
    return written.done()


def assemble(
    plan: IndexingPlan,
    texts: Texts,
    vectors: Vectors,
    embedding_model: str,
    progress: StepProgress,
    tokens: TokenStore,
) -> Collection:
    """Both indexes over the vectors and texts, and the manifest."""
    tell = of_step(progress, "indexing")
    tell(0, 2)
    lexical = LexicalIndex.build(each.model_text for each in texts.passages)
    tell(1, 2)
    dense = engine_named(plan.engine).build(vectors, plan.exact_limit)
    tell(2, 2)
    manifest = Manifest(
        id=plan.id,
        name=plan.name,
        owner=plan.owner,
        created_at=datetime.now(UTC),
        embedding_model=embedding_model,
        embedder=plan.embedder,
        dimensions=vectors.shape[1],
        chunking=plan.chunking,
        documents=len(texts.documents),
        passages=len(texts.passages),
        fingerprint=fingerprint(texts.digests(), plan.chunking, embedding_model),
        index=dense.kind,
        token_vectors=recorded(tokens),
    )
    files = with_documents(plan.files, texts.document_ids())
    return Collection(manifest, texts, vectors, dense, lexical, files, tokens)


def recorded(tokens: TokenStore) -> TokenVectorsRecord | None:
    """What a manifest says of token vectors; None where there are none."""
    return TokenVectorsRecord(model=tokens.model, passages=len(tokens), size=tokens.nbytes) if len(tokens) else None
