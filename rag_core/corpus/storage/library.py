"""Saved collections below one folder: build, open, add to, delete from, re-index, rename, remove, share.

Every change is a new version of the collection, made live in one step (`rag_core.corpus.storage.versions`): a process
killed half-way leaves the collection as it was, and vectors that it had made are used by the next attempt. A change is
worked out without a lock; only writing it waits for its turn, and where another change came first it is worked out
again on top of that. Readers are never kept waiting. Of a large collection only what is new is written (`extending`).
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rag_core.corpus.collection import Collection
from rag_core.corpus.extending import WHOLE_BELOW, with_added, with_deleted
from rag_core.corpus.indexing import (
    IndexingPlan,
    StepProgress,
    check_documents,
    ignore,
    index_documents,
)
from rag_core.corpus.source_files import replaced_documents
from rag_core.corpus.storage import joined_files
from rag_core.corpus.storage.collection_store import CollectionStore, checked_name, slug_of
from rag_core.corpus.storage.kept_vectors import KeptVectors
from rag_core.corpus.storage.manifest import Manifest
from rag_core.corpus.storage.versions import Versions
from rag_core.corpus.token_store import MOST_BYTES
from rag_core.errors import CollectionError
from rag_core.schema.chunking import Chunking
from rag_core.schema.documents import Document
from rag_core.schema.files import SourceFile

if TYPE_CHECKING:
    from rag_core.retrieval.embedders.protocol import Embedder

_KEPT = ".kept-vectors"
_TRIES = 5


class Library:
    """The collections below `root`.

    Library(Path("data/collections")).build("Handbook", documents, Chunking(), embedder)
    """

    def __init__(
        self,
        root: Path,
        exact_limit: int = 50_000,
        wait: float = 10.0,
        engine: str = "faiss",
        most_token_bytes: int = MOST_BYTES,
        whole_below: int = WHOLE_BELOW,
    ) -> None:
        self.root = root
        self._whole_below = whole_below
        self._plan = functools.partial(
            IndexingPlan, exact_limit=exact_limit, engine=engine, most_token_bytes=most_token_bytes
        )
        self._shelf = CollectionStore(root, wait)

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

    def damaged(self) -> int:
        """How many collections are damaged, which `remove_damaged` removes."""
        return len(self._shelf.damaged_folders())

    def manifest(self, name: str) -> Manifest:
        """What one collection says of itself. Raises CollectionError where there is none of that name."""
        return self._shelf.find(name)[1]

    def replaced_by(
        self, name: str, documents: Sequence[Document], files: Sequence[SourceFile] = ()
    ) -> tuple[str, ...]:
        """Ids of the documents that `add` would take out for these. Raises CollectionError for no such collection."""
        known, before = self._shelf.load_documents(name)
        return tuple(sorted(replaced_documents([one.id for one in known], before, documents, files)))

    def open(self, name: str, embedder: Embedder) -> Collection:
        """The collection in memory. Raises CollectionError: missing, damaged, or made with another embedding model."""
        collection = self.load(name)
        collection.check_model(embedder.model)
        return collection

    def load(self, name: str) -> Collection:
        """The collection in memory, whatever made its vectors. Raises CollectionError: missing or damaged."""
        return self._shelf.load(name)

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
        files: Sequence[SourceFile] = (),
    ) -> Collection:
        """Index the documents under a new name; with `replace` also under one that is there. `files` are those that
        the documents were read from.

        Raises BadInput for a name or documents that cannot be used, CollectionError where the name is taken.
        """
        name = checked_name(name)
        there = self._shelf.lookup(name)
        plan = self._plan(name, owner, chunking, files=tuple(files))
        if there:
            plan = dataclasses.replace(plan, id=there[1].id)
        kept = self._kept(name)

        def made() -> Collection:
            if not replace:
                self._shelf.refuse_taken(name)
            known = self._usable(name) if replace else None
            return index_documents(plan, documents, embedder, known, progress, kept)

        return self._write(there[0] if there else self._shelf.new_folder(name), made, progress, kept)

    def add(
        self,
        name: str,
        documents: Sequence[Document],
        embedder: Embedder,
        progress: StepProgress = ignore,
        *,
        files: Sequence[SourceFile] = (),
    ) -> Collection:
        """Add documents; one whose id is there already takes its place. Only text that is new is embedded.

        `files` are those that the documents were read from. All that came from a file of the same name goes: a row
        that the new version of a table no longer has is not left behind.
        """
        check_documents(documents)
        kept = self._kept(name)

        def made() -> Collection:
            known = self.open(name, embedder)
            plan = dataclasses.replace(self._plan_of(known), files=(*known.files, *files))
            return with_added(plan, known, documents, embedder, progress, kept, self._whole_below)

        return self._write(self._shelf.find(name)[0], made, progress, kept)

    def delete_documents(self, name: str, ids: Iterable[str], progress: StepProgress = ignore) -> Collection:
        """Delete documents by id; no model is needed. Raises BadInput for an unknown id or nothing left."""
        gone = set(ids)

        def made() -> Collection:
            known = self._shelf.load(name)
            return with_deleted(self._plan_of(known), known, gone, progress, self._whole_below)

        return self._write(self._shelf.find(name)[0], made, progress)

    def reindex(self, name: str, chunking: Chunking, embedder: Embedder, progress: StepProgress = ignore) -> Collection:
        """Cut the same documents anew, with this embedding model, whichever made the collection before.

        Also mends a collection whose vectors or indexes are damaged, as long as its documents are whole.
        """
        kept = self._kept(name)

        def made() -> Collection:
            manifest, (documents, files) = self._shelf.find(name)[1], self._shelf.load_documents(name)
            plan = self._plan(name, manifest.owner, chunking, files=tuple(files), id=manifest.id)
            return index_documents(plan, documents, embedder, self._usable(name), progress, kept)

        return self._write(self._shelf.find(name)[0], made, progress, kept)

    def rename(self, name: str, new_name: str) -> Manifest:
        """Give the collection another name; what it says of itself then. Raises CollectionError for a name taken."""
        with self._shelf.writing(self._shelf.find(name)[0]) as versions:
            return self._shelf.rename(versions, name, checked_name(new_name))

    def remove(self, name: str) -> None:
        """Remove the collection for good."""
        with self._shelf.writing(self._shelf.find(name)[0]) as versions:
            self._shelf.discard(versions)

    def remove_damaged(self) -> None:
        """Remove the collections in `problems`, but for those that a newer version wrote: they are whole."""
        for folder in self._shelf.damaged_folders():
            with self._shelf.writing(folder) as versions:
                self._shelf.discard(versions)

    def share_to(self, other: Library, name: str) -> None:
        """Move the collection into another library, where all have it. Raises CollectionError for a taken name."""
        theirs = other._shelf
        theirs.refuse_taken(name)
        with self._shelf.writing(self._shelf.find(name)[0]) as versions:
            self._shelf.copy_to(theirs, versions, name)
            self._shelf.discard(versions)

    def forget_kept(self, name: str) -> None:
        """Let go of vectors that were made for a collection which was then not saved."""
        self._kept(name).forget()

    def _usable(self, name: str) -> Collection | None:
        """The collection for what can be used again; None where it is damaged, and all must be made anew."""
        try:
            return self._shelf.load(name)
        except CollectionError:
            return None

    def _plan_of(self, known: Collection) -> IndexingPlan:
        made = known.manifest
        return self._plan(made.name, made.owner, made.chunking, files=known.files, id=made.id, embedder=made.embedder)

    def _kept(self, name: str) -> KeptVectors:
        """Where vectors for this collection are kept until it is saved."""
        return KeptVectors(self.root / _KEPT / slug_of(name))

    def _write(
        self, folder: Path, made: Callable[[], Collection], progress: StepProgress, kept: KeptVectors | None = None
    ) -> Collection:
        """Make what `made` gives the live version of the folder. It is asked again where another change came first."""
        for _ in range(_TRIES):
            before = self._shelf.state_of(folder)
            collection = made()
            with self._shelf.writing(folder) as versions:
                if self._shelf.state_of(folder) == before:
                    self._publish(versions, collection, progress)
                    if kept:
                        kept.forget()
                    return collection
        raise CollectionError("This collection is being changed by others all the time. Try again in a moment.")

    def _publish(self, versions: Versions, collection: Collection, progress: StepProgress) -> None:
        """Write the collection as a new version and make it live."""
        progress("writing", 0, 1)
        partial = versions.begin()
        joined_files.save(partial, collection)
        self._shelf.publish(versions, partial, collection.manifest.name)
        progress("writing", 1, 1)
