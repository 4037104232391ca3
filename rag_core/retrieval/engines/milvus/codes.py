"""What the codes of Milvus's answers mean."""

from __future__ import annotations

from rag_core.errors import EngineError, EngineRefused, MissingIndex
from rag_core.retrieval.engines.index_config import IndexConfig

MISSING, NOT_LOADED = (4, 100), (101,)
REFUSED = (1800, 1801, 1807, 1806)


class NotLoaded(EngineError):
    """A collection has to be loaded before it is searched."""


def error_of(code: int, said: str, server: str, config: IndexConfig) -> EngineError:
    """The error of an answer with that code. server: where it is; said: its words, without the secret."""
    if code in MISSING:
        return MissingIndex(server, "collection", config.index)
    if code in REFUSED:
        return EngineRefused(server, said)
    if code in NOT_LOADED:
        return NotLoaded(f"{config.place} is not loaded. Load the collection, then ask again.")
    return EngineError(f"{config.place} refused the request (code {code}). It says: “{said[:300]}”.")
