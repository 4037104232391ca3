"""The collection that a labelled set is asked of: a saved one, or the set's own documents, indexed once and kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rag_core.corpus.collection import Collection
from rag_core.corpus.columns import document_digest
from rag_core.corpus.indexing import StepProgress, ignore
from rag_core.corpus.loading.load import load_folder
from rag_core.corpus.storage.library import Library
from rag_core.corpus.storage.manifest import fingerprint
from rag_core.diagnosis.expected import nearest_documents
from rag_core.diagnosis.similar_names import ALIKE, SHOWN
from rag_core.errors import BadInput
from rag_core.evaluation.beir import read_corpus
from rag_core.evaluation.files import File
from rag_core.evaluation.sets import LabelledSet
from rag_core.retrieval.embedders.protocol import Embedder
from rag_core.retrieval.engines.connected_collection import ConnectedCollection
from rag_core.schema.chunking import Chunking
from rag_core.schema.documents import Document
from rag_core.wording.evaluations import never_found


def collection_for(
    folder: Path, library: Library, embedder: Embedder, name: str | None = None, progress: StepProgress = ignore
) -> Collection:
    """The collection called `name`, or that of the folder's own documents, built where it is new or has changed.

    Raises CollectionError where there is no collection of that name, BadInput where the folder has no documents.
    """
    if name is not None:
        return library.open(name, embedder)
    documents = documents_of(folder)
    own = f"{folder.resolve().name} (labelled set)"
    wanted = fingerprint(map(document_digest, documents), Chunking(), embedder.model)
    if own in library.names() and library.manifest(own).fingerprint == wanted:
        return library.open(own, embedder)
    return library.build(own, documents, Chunking(), embedder, progress, replace=True)


def documents_of(folder: Path) -> Sequence[Document]:
    """The documents that come with a set: `corpus.jsonl` (BEIR), or files below `documents/`."""
    if corpus := File.in_folder(folder, "corpus.jsonl"):
        return list(read_corpus(corpus))
    if (folder / "documents").is_dir():
        loaded = load_folder(folder / "documents")
        if loaded.problems:
            raise BadInput("\n".join(str(problem) for problem in loaded.problems))
        return loaded.documents
    raise BadInput(f"{folder} has neither corpus.jsonl nor documents/. Name the collection to ask (--collection).")


def unknown_documents(labelled: LabelledSet, collection: Collection | ConnectedCollection) -> tuple[str, ...]:
    """A notice where qrels name documents (or passages) that the collection does not have: no search can find them.
    Raises EngineError of an index that is asked for them."""
    named = [item for query in labelled.judged for item in labelled.qrels[query.id]]
    try:
        known = _known(labelled.level, list(dict.fromkeys(named)), collection)
    except BadInput:  # an index that cannot filter by its documents
        told = f"Whether every graded document is in {collection.ref.name} was not checked: "
        return (told + "it cannot filter by them.",)
    lacking = [item for item in named if item not in known]
    near = _near(lacking[0], labelled.level, collection) if lacking else []
    return never_found(lacking, labelled.level, collection.ref.name, near)


def _near(name: str, level: str, collection: Collection | ConnectedCollection) -> list[str]:
    """The documents whose ids or titles nearly are this name; none where they cannot be listed."""
    if isinstance(collection, ConnectedCollection) or level != "document":
        return []
    near = nearest_documents(collection.documents(), name, SHOWN)
    return [one.document_id for one in near if one.similarity >= ALIKE]


def _known(level: str, named: list[str], collection: Collection | ConnectedCollection) -> set[str]:
    """Which of these there are."""
    if isinstance(collection, ConnectedCollection):
        return collection.known_documents(named) if level == "document" else collection.known_passages(named)
    there = collection.has_document if level == "document" else collection.has_passage
    return set(filter(there, named))
