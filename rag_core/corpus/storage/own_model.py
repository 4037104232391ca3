"""A saved collection with the embedding model that made it, which its manifest names.

collection, embedder = opened(library, "Handbook", settings)
Pipeline(collection, embedder).run("How long do refunds take?")
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rag_core.errors import SecondPassError
from rag_core.retrieval.embedders.absent import AbsentEmbedder
from rag_core.retrieval.embedders.choosing import embedder_for

if TYPE_CHECKING:
    from rag_core.corpus.collection import Collection
    from rag_core.corpus.storage.library import Library
    from rag_core.corpus.storage.manifest import Manifest
    from rag_core.rerank.access import Credentials
    from rag_core.retrieval.embedders.protocol import Embedder
    from rag_core.settings import Settings

BY_WORDS = "It is searched by words alone, as you chose: its embedding model is not asked."


def key_for(manifest: Manifest, settings: Settings) -> str:
    """The key of the model of a collection; one that names none was made with the model of the settings.

    So was one whose model's folder is no longer there, where the settings name the same model at another place.
    """
    if not manifest.embedder or (_gone(manifest.embedder) and _made_by(settings, manifest.embedding_model)):
        return settings.embedding_model
    return manifest.embedder


def _gone(key: str) -> bool:
    """Whether it names a folder that is not there."""
    place = _place(key)
    return place.is_absolute() and not place.is_dir()


def _made_by(settings: Settings, identity: str) -> bool:
    """Whether the model of the settings, where it is a folder, has that identity."""
    key = settings.embedding_model
    try:
        return _place(key).is_dir() and embedder_for(key, settings).model == identity
    except SecondPassError:
        return False  # the collection's own key says what is wrong


def _place(key: str) -> Path:
    return Path(key.partition("?")[0])


def embedder_over(collection: Collection, settings: Settings, access: Credentials | None = None) -> Embedder:
    """The model of an opened collection; one that embeds nothing where it is searched by words alone."""
    if not collection.capabilities.dense:
        return AbsentEmbedder(collection.manifest.embedding_model, BY_WORDS)
    return embedder_for(key_for(collection.manifest, settings), settings, access)


def opened(
    library: Library, name: str, settings: Settings, access: Credentials | None = None, *, by_words: bool = False
) -> tuple[Collection, Embedder]:
    """The collection and its model. by_words: without dense search, whether or not the model can be had.

    Raises CollectionError for no such collection, or where the model is another by now; ModelError where it cannot be
    reached.
    """
    if by_words:
        found = library.load(name).by_words(BY_WORDS)
        return found, embedder_over(found, settings, access)
    embedder = embedder_for(key_for(library.manifest(name), settings), settings, access)
    return library.open(name, embedder), embedder
