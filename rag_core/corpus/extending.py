"""Changes of a large collection that leave its base as it is: documents added to the small part, others taken out.

What a change costs is what the small part costs, whatever the size of the base. Once the small part has grown, or much
of the base is gone, the collection is indexed as a whole again (`rag_core.corpus.indexing`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection as Ids
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from rag_core.corpus.collection import Collection
from rag_core.corpus.indexing import IndexingPlan, StepProgress, ignore, index_documents, without_documents
from rag_core.corpus.joined import Gone, JoinedCollection
from rag_core.corpus.source_files import replaced_documents, with_documents
from rag_core.corpus.storage.manifest import Manifest, TokenVectorsRecord, fingerprint
from rag_core.errors import BadInput
from rag_core.schema.documents import Document

if TYPE_CHECKING:
    from rag_core.corpus.storage.kept_vectors import KeptVectors
    from rag_core.corpus.texts import Texts
    from rag_core.retrieval.embedders.protocol import Embedder

WHOLE_BELOW = 20_000
"""Collections of fewer passages are written as a whole: that takes seconds, and they stay in one part."""

MOST_RECENT = 10_000
"""Passages of the small part, past which the next change indexes the collection as a whole."""

MOST_GONE = 0.1
"""Share of the base's rows that may be gone."""

UNLIMITED = 2**62


def with_added(
    plan: IndexingPlan,
    known: Collection,
    documents: Sequence[Document],
    embedder: Embedder,
    progress: StepProgress = ignore,
    kept: KeptVectors | None = None,
    whole_below: int = WHOLE_BELOW,
) -> Collection:
    """The collection with these documents, without those that they replace. `plan.files`: the new ones come last."""
    files = plan.files[len(known.files) :]
    gone = replaced_documents(known.texts.document_ids(), known.files, documents, files)
    if may_extend(known, gone, whole_below):
        return extended(plan, known, gone, documents, embedder, progress, kept)
    together = [*(document for document in known.documents() if document.id not in gone), *documents]
    return index_documents(plan, together, embedder, known, progress, kept, whole=False)


def with_deleted(
    plan: IndexingPlan,
    known: Collection,
    gone: Ids[str],
    progress: StepProgress = ignore,
    whole_below: int = WHOLE_BELOW,
) -> Collection:
    """The collection without these documents; no model is needed. Raises BadInput for unknown ids or none left."""
    unknown = sorted(one for one in gone if not known.has_document(one))
    if unknown:
        raise BadInput(f"There is no document {unknown[0]!r} in the collection {plan.name!r}.")
    if may_extend(known, gone, whole_below):
        return extended_without(plan, known, gone)
    return without_documents(plan, known, gone, progress)


def may_extend(known: Collection, gone: Ids[str], whole_below: int = WHOLE_BELOW) -> bool:
    """Whether a change that takes these documents out, and may add others, can leave the base as it is."""
    base, recent, taken = _parts(known)
    if len(base.passages) < whole_below or base.folder is None:
        return False
    rows = sum(len(base.texts.rows_of(one)) for one in gone) + len(taken.rows)
    return rows <= MOST_GONE * len(base.passages) and (recent is None or len(recent.passages) <= MOST_RECENT)


def extended(
    plan: IndexingPlan,
    known: Collection,
    gone: Ids[str],
    documents: Sequence[Document],
    embedder: Embedder,
    progress: StepProgress = ignore,
    kept: KeptVectors | None = None,
) -> JoinedCollection:
    """The collection with these documents, and without those that are `gone`. Raises BadInput for an id that stands
    twice among them."""
    base, recent, taken = _parts(known)
    before = [one for one in recent.documents() if one.id not in gone] if recent else []
    most = UNLIMITED if len(base.token_vectors) else 0
    small = index_documents(
        dataclasses.replace(plan, most_token_bytes=most),
        [*before, *documents],
        embedder,
        known,
        progress,
        kept,
        whole=False,
        textless=True,
    )
    return _joined(plan, base, small, _without(base.texts, taken, gone))


def extended_without(plan: IndexingPlan, known: Collection, gone: Ids[str]) -> JoinedCollection:
    """The collection without these documents, which it has."""
    base, recent, taken = _parts(known)
    if recent:
        there = [one for one in gone if recent.has_document(one)]
        left = len(recent.documents()) - len(there)
        recent = without_documents(plan, recent, there, textless=True) if left else None
    return _joined(plan, base, recent, _without(base.texts, taken, gone))


def _parts(known: Collection) -> tuple[Collection, Collection | None, Gone]:
    if isinstance(known, JoinedCollection):
        return known.base, known.recent, known.gone
    return known, None, Gone.nothing()


def _without(texts: Texts, taken: Gone, gone: Ids[str]) -> Gone:
    """What of the base is gone when these documents go too."""
    places = [place for one in gone if (place := texts.document_place(one)) is not None]
    rows = [row for one in gone for row in texts.rows_of(one)]
    return Gone(
        rows=np.union1d(taken.rows, np.array(rows, np.int64)),
        documents=np.union1d(taken.documents, np.array(places, np.int64)),
    )


def _joined(plan: IndexingPlan, base: Collection, recent: Collection | None, gone: Gone) -> JoinedCollection:
    """Both parts, and what the manifest says of them together."""
    made = JoinedCollection(base.manifest, base, recent, gone, ())
    manifest = Manifest(
        id=plan.id,
        name=plan.name,
        owner=plan.owner,
        created_at=datetime.now(UTC),
        embedding_model=base.manifest.embedding_model,
        embedder=base.manifest.embedder,
        dimensions=base.manifest.dimensions,
        chunking=plan.chunking,
        documents=len(made.documents()),
        passages=len(made.passages),
        fingerprint=fingerprint(made.texts.digests(), plan.chunking, base.manifest.embedding_model),
        index=base.manifest.index,
        token_vectors=_records(base, recent),
        parts=2 if recent else 1,
    )
    made.manifest = manifest
    made.files = with_documents(plan.files, made.texts.document_ids())
    return made


def _records(base: Collection, recent: Collection | None) -> TokenVectorsRecord | None:
    """What lies in both parts together; a text that is in both counts twice."""
    found = [one.manifest.token_vectors for one in (base, recent) if one and one.manifest.token_vectors]
    if not found:
        return None
    return found[0].model_copy(
        update={"passages": sum(one.passages for one in found), "size": sum(one.size for one in found)}
    )
