"""What the environment and a session offer beside the collections, by name: live retrievers, connected indexes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from rag_core.errors import BadInput
from ui import caches
from ui.sidebar.owner import owner

Shared = Callable[[], tuple[Mapping[str, object], Mapping[str, str]]]
"""Those of the environment, and what is wrong with each other entry of its file. Raises BadInput."""


def problem(shared: Shared, own: Iterable[str], noun: str, then: str) -> str:
    """What is wrong with the environment's file, or which names a collection has taken; empty where nothing is.

    own: the names that this session connected. noun, then: `live retriever`, `Rename the retriever to ask it.`
    """
    try:
        known, problems = shared()
    except BadInput as exc:
        return str(exc)
    taken = sorted({*own, *known} & set(caches.visible(owner()).names()))
    said = [*problems.values()]
    if taken:
        said.append(f"A collection has the name of the {noun} {' and '.join(taken)}, and is searched. {then}")
    return " ".join(said)
