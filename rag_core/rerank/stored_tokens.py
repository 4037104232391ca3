"""Where late interaction finds token vectors that were made before, and puts those that it made.

    with reading_from(collection.token_vectors):
        reranker.score(query, passages)          # reads no passage that is stored there

What is stored by another model than the reranker's is left alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from rag_core.errors import SecondPassError
from rag_core.inference.token_codes import TokenCodes


@dataclass(frozen=True)
class Stored:
    """Token vectors by content hash. problem: why some of those that were stored cannot be used, as a sentence."""

    codes: Mapping[str, TokenCodes]
    problem: str = ""


class TokenSource(Protocol):
    """Token vectors by model and content hash (hex)."""

    def find(self, model: str, content_hashes: Collection[str]) -> Stored:
        """Those of these texts by that model. Raises SecondPassError where it cannot be told."""
        ...


@runtime_checkable
class MadeByOne(Protocol):
    """A source that was made with its collection, by one model."""

    @property
    def model(self) -> str:
        """That model; empty where there are no token vectors."""
        ...


@runtime_checkable
class TakesTokens(Protocol):
    """A source that keeps what is made at query time. Others are complete, or stay as they are."""

    def keep(self, model: str, codes: Mapping[str, TokenCodes]) -> None:
        """Keep these by content hash. Raises SecondPassError."""
        ...


@runtime_checkable
class KeepsTokens(Protocol):
    """An engine that keeps the token vectors of its passages. Others have them made at query time."""

    def token_source(self) -> TokenSource | None:
        """Where they are; None where this one keeps none."""
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


def stored(model: str, content_hashes: Collection[str]) -> Stored:
    """The token vectors of these texts by that model, where the open source has them. Where it cannot be used, none and
    why: a run then goes on without it."""
    source = _open.get()
    try:
        return source.find(model, content_hashes) if source is not None else Stored({})
    except SecondPassError as exc:
        return Stored({}, str(exc))


def are_stored(model: str) -> bool:
    """Whether the open source was made by this model, with the collection."""
    source = _open.get()
    return isinstance(source, MadeByOne) and source.model == model


def takes_tokens() -> bool:
    """Whether the open source keeps what is made now."""
    return isinstance(_open.get(), TakesTokens)


def keep(model: str, codes: Mapping[str, TokenCodes]) -> str:
    """Have the open source keep these, where it does; why it could not, empty where nothing failed."""
    source = _open.get()
    try:
        if codes and isinstance(source, TakesTokens):
            source.keep(model, codes)
    except SecondPassError as exc:
        return str(exc)
    return ""
