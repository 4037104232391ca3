"""The collections that one person sees: their own and everybody's, the sample first."""

from __future__ import annotations

from pathlib import Path

from rag_core.corpus.sample import SAMPLE
from rag_core.corpus.storage.library import Library
from rag_core.corpus.storage.private_collections import session_folder
from rag_core.errors import CollectionError
from rag_core.schema.documents import CollectionRef
from rag_core.settings import Settings


def shared_library(settings: Settings) -> Library:
    """The collections that everybody sees."""
    return _library(settings.data_dir / "collections", settings)


def private_library(settings: Settings, owner: str) -> Library:
    """The collections of one owner. Raises BadInput for a token that is no plain word."""
    return _library(session_folder(settings.data_dir, owner), settings)


def _library(root: Path, settings: Settings) -> Library:
    most = settings.token_vectors_bytes
    return Library(root, settings.exact_limit, engine=settings.engine, most_token_bytes=most)


class VisibleCollections:
    """What `owner` sees. Where a private and a shared collection have one name, it means the private one."""

    def __init__(self, settings: Settings, owner: str) -> None:
        self.owner = owner
        self.own = private_library(settings, owner)
        self.shared = shared_library(settings)

    def names(self) -> list[str]:
        """The sample first, then the owner's, then the shared ones."""
        others = [name for name in [*self.own.names(self.owner), *self.shared.names()] if name != SAMPLE]
        return [SAMPLE, *dict.fromkeys(others)]

    def problems(self) -> list[CollectionError]:
        """What is wrong with each collection that no list names, since what it says of itself cannot be read."""
        return [*self.own.problems(), *self.shared.problems()]

    def library_of(self, name: str) -> Library:
        """The library that holds the collection."""
        return self.own if name != SAMPLE and name in self.own.names(self.owner) else self.shared

    def seen_by(self, name: str) -> str:
        """Who alone sees the collection: its owner; empty where everybody does."""
        return "" if name == SAMPLE else self.library_of(name).manifest(name).owner or ""

    def refs(self) -> dict[str, CollectionRef]:
        """Which collection each of `names` is, in their order; each manifest is read once. A sample that is not made
        yet is left out."""
        mine = [one for one in self.own.manifests() if one.owner in (None, self.owner) and one.name != SAMPLE]
        found = {one.name: one.ref for one in mine}
        for one in self.shared.manifests():
            if one.owner in (None, self.owner):
                found.setdefault(one.name, one.ref)
        return dict(sorted(found.items(), key=lambda one: one[0] != SAMPLE))

    def name_of(self, ref: CollectionRef) -> str:
        """What a case's collection is called now. Raises CollectionError where this person does not see it.

        It is told by its id or content: another person's collection may have the same name.
        """
        for name, known in self.refs().items():
            if ref.same_as(known):
                return name
        raise CollectionError(
            f"The collection {ref.name!r} that this case was saved on is not here, or has other content now. "
            f"You see: {', '.join(self.names())}. Open one of these in Triage to ask the question there."
        )

    def may_be_private(self, name: str, fingerprint: str) -> bool:
        """True where a case may be about a collection that this person alone sees: its name or its content says so."""
        names = self.own.names(self.owner)
        return any(fingerprint == self.own.manifest(one).fingerprint or one == name for one in names)
