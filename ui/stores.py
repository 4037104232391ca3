"""The databases that take collections here, beside files on this machine."""

from __future__ import annotations

from rag_core.corpus.stored_indexing import IntoStore
from rag_core.errors import BadInput
from rag_core.retrieval.engines.every_index import StoredCollections
from rag_core.retrieval.engines.stores import read_stores, store_named
from ui import caches, visitors


def offered() -> tuple[list[str], list[str]]:
    """Their names, and what is wrong with their file or with each that cannot be used; none where visitors may write
    into none."""
    if visitors.why_nothing_of_ones_own():
        return [], []
    try:
        found, problems = read_stores(caches.settings().stores)
    except BadInput as exc:
        return [], [str(exc)]
    return list(found), list(problems.values())


def into(name: str) -> IntoStore:
    """The store of that name, to write into. Raises BadInput where there is none."""
    settings = caches.settings()
    return IntoStore(store_named(name, settings.stores), settings.data_dir, settings.token_vectors_bytes)


def kept() -> StoredCollections:
    """Which collections are in which of them."""
    return StoredCollections(caches.settings().data_dir)
