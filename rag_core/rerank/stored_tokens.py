"""Where late interaction finds token vectors that were made when passages were indexed.

    with reading_from(collection.token_vectors):
        reranker.score(query, passages)          # reads no passage that is stored there

What is stored by another model than the reranker's is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol, runtime_checkable

from rag_core.inference.token_codes import TokenCodes


class TokenSource(Protocol):
    """Token vectors by content hash."""

    @property
    def model(self) -> str:
        """What made them; empty where there are none."""
        ...

    def get(self, content_hash: str) -> TokenCodes | None:
        """Those of one text, or None."""
        ...


@runtime_checkable
class KeepsTokens(Protocol):
    """An engine that keeps the token vectors of its passages. Others have them made at query time."""

    def token_source(self) -> TokenSource:
        """Where they are."""
        ...


_open: ContextVar[TokenSource | None] = ContextVar("token_source", default=None)


@contextmanager
def reading_from(source: TokenSource | None) -> Iterator[None]:
    """Let rerankers of this thread use these token vectors inside."""
    before = _open.set(source)
    try:
        yield
    finally:
        _open.reset(before)


def stored(model: str, content_hash: str) -> TokenCodes | None:
    """The token vectors of that text by that model, where the open source has them."""
    source = _open.get()
    return source.get(content_hash) if source is not None and source.model == model else None
