"""Saved collections below one folder: build, open, add to, delete from, re-index, rename, remove, share.

Every change is a new version of the collection, made live in one step (`rag_core.corpus.storage.versions`): a process
killed half-way leaves the collection as it was. One writer at a time; readers are never kept waiting.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rag_core.corpus.collection import Collection
from rag_core.corpus.indexing import (
    IndexingPlan,
    StepProgress,
    check_documents,
    ignore,
    index_documents,
    without_documents,
)
from rag_core.corpus.storage import serialization
from rag_core.corpus.storage.collection_store import CollectionStore, checked_name
from rag_core.corpus.storage.manifest import MANIFEST, Manifest
from rag_core.corpus.storage.versions import Versions
from rag_core.errors import CollectionError
from rag_core.schema.chunking import Chunking
from rag_core.schema.documents import Document

if TYPE_CHECKING:
    from rag_core.retrieval.embedders.protocol import Embedder


class Library:
    """The collections below `root`.

    library = Library(Path("data/collections"))
    library.build("Handbook", documents, Chunking(), embedder)
    library.open("Handbook", embedder).lexical("refund", depth=10)
    """

    def __init__(self, root: Path, exact_limit: int = 100_000) -> None:
        self.root = root
        self.exact_limit = exact_limit
        self._shelf = CollectionStore(root)

    def names(self, owner: str | None = None) -> list[str]:
        """Names of the shared collections, and of those of this owner, in alphabetical order."""
        found = [each.name for each in self.manifests() if each.owner in (None, owner)]
        return sorted(found, key=str.casefold)

    def manifests(self) -> list[Manifest]:
        """What every collection that can be read says of itself. The others are in `problems`."""
        return self._shelf.manifests()

    def problems(self) -> list[CollectionError]:
        """An error for each collection whose manifest cannot be read."""
        return self._shelf.problems()

    def manifest(self, name: str) -> Manifest:
        """What one collection says of itself. Raises CollectionError where there is none of that name."""
        return self._shelf.find(name)[1]

    def open(self, name: str, embedder: Embedder) -> Collection:
        """The collection in memory. Raises CollectionError: missing, damaged, or made with another embedding model."""
        collection = self._shelf.load(name)
        collection.check_model(embedder.model)
        return collection

    def build(
        self,
        name: str,
        documents: Sequence[Document],
        chunking: Chunking,
        embedder: Embedder,
        progress: StepProgress = ignore,
        *,
        owner: str | None = None,
        replace: bool = False,
    ) -> Collection:
        """Index the documents under a new name; with `replace` also under one that is there.

        Raises BadInput for a name or documents that cannot be used, CollectionError where the name is taken.
        """
        name = checked_name(name)
        there = self._shelf.lookup(name)
        if there and not replace:
            raise CollectionError(f"There is a collection called {name!r} already. Choose another name.")
        own = {"id": there[1].id} if there else {}
        plan = IndexingPlan(name, owner, chunking, self.exact_limit, **own)
        with self._shelf.writing(there[0] if there else self._shelf.new_folder(name)) as versions:
            known = self._usable(name) if there else None
            collection = index_documents(plan, documents, embedder, known, progress)
            return self._publish(versions, collection, progress)

    def add(
        self, name: str, documents: Sequence[Document], embedder: Embedder, progress: StepProgress = ignore
    ) -> Collection:
        """Add documents; one whose id is there already takes its place. Only text that is new is embedded."""
        check_documents(documents)
        with self._shelf.writing(self._shelf.find(name)[0]) as versions:
            known = self._shelf.load(name)
            known.check_model(embedder.model)
            new = {document.id for document in documents}
            together = [*(document for document in known.documents() if document.id not in new), *documents]
            collection = index_documents(self._plan(known), together, embedder, known, progress)
            return self._publish(versions, collection, progress)

    def delete_documents(self, name: str, ids: Iterable[str], progress: StepProgress = ignore) -> Collection:
        """Delete documents by id; no model is needed. Raises BadInput for an unknown id or nothing left."""
        with self._shelf.writing(self._shelf.find(name)[0]) as versions:
            known = self._shelf.load(name)
            return self._publish(versions, without_documents(self._plan(known), known, ids, progress), progress)

    def reindex(self, name: str, chunking: Chunking, embedder: Embedder, progress: StepProgress = ignore) -> Collection:
        """Cut the same documents anew, with this embedding model, whichever made the collection before.

        Also mends a collection whose vectors or indexes are damaged, as long as its documents are whole.
        """
        with self._shelf.writing(self._shelf.find(name)[0]) as versions:
            manifest, documents = self._shelf.find(name)[1], self._shelf.load_documents(name)
            plan = IndexingPlan(name, manifest.owner, chunking, self.exact_limit, id=manifest.id)
            collection = index_documents(plan, documents, embedder, self._usable(name), progress)
            return self._publish(versions, collection, progress)

    def rename(self, name: str, new_name: str) -> Manifest:
        """Give the collection another name; what it says of itself then. Raises CollectionError for a taken name."""
        with self._shelf.writing(self._shelf.find(name)[0]) as versions:
            return self._shelf.rename(versions, name, checked_name(new_name))

    def remove(self, name: str) -> None:
        """Remove the collection for good."""
        with self._shelf.writing(self._shelf.find(name)[0]) as versions:
            self._shelf.discard(versions)

    def remove_damaged(self) -> None:
        """Remove the collections whose manifest cannot be read, those in `problems`."""
        for folder in self._shelf.damaged_folders():
            with self._shelf.writing(folder) as versions:
                self._shelf.discard(versions)

    def share_to(self, other: Library, name: str) -> None:
        """Move the collection into another library, where it belongs to all. Nothing is embedded again.

        Raises CollectionError where the name is taken there.
        """
        theirs = other._shelf
        theirs.refuse_taken(name)
        with self._shelf.writing(self._shelf.find(name)[0]) as versions:
            live, manifest = self._shelf.live(versions, name)
            with theirs.writing(theirs.new_folder(name)) as target:
                partial = target.begin()
                shutil.copytree(live, partial, dirs_exist_ok=True)
                shared = manifest.model_copy(update={"owner": None})
                (partial / MANIFEST).write_text(shared.model_dump_json(indent=1), encoding="utf-8")
                theirs.publish(target, partial, name)
            self._shelf.discard(versions)

    def _usable(self, name: str) -> Collection | None:
        """The collection for what can be used again; None where it is damaged, and all must be made anew."""
        try:
            return self._shelf.load(name)
        except CollectionError:
            return None

    def _plan(self, known: Collection) -> IndexingPlan:
        made = known.manifest
        return IndexingPlan(made.name, made.owner, made.chunking, self.exact_limit, id=made.id)

    def _publish(self, versions: Versions, collection: Collection, progress: StepProgress) -> Collection:
        """Write the collection as a new version and make it live."""
        progress("writing", 0, 1)
        partial = versions.begin()
        serialization.save(partial, collection)
        self._shelf.publish(versions, partial, collection.manifest.name)
        progress("writing", 1, 1)
        return collection
