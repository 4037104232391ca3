"""What an embedding model must do: texts in, unit vectors out. No implementation here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from rag_core.schema.progress import Progress

if TYPE_CHECKING:
    from rag_core.inference.token_codes import TokenCodes
    from rag_core.schema.vectors import Vectors


class Embedder(Protocol):
    """A bi-encoder. Loads lazily, once; safe to call from several threads."""

    @property
    def model(self) -> str:
        """Identity in manifests and caches: name and content hash, so that two models never share one."""
        ...

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        ...

    @property
    def max_tokens(self) -> int:
        """How many tokens of a text the model reads, special tokens included."""
        ...

    @property
    def load_ms(self) -> float:
        """What loading the model took, in milliseconds; 0 before it is loaded."""
        ...

    def embed(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Unit vectors of passages, float32, shape (len(texts), dimensions)."""
        ...

    def embed_query(self, query: str) -> Vectors:
        """The unit vector of a query, float32, shape (dimensions,)."""
        ...


@runtime_checkable
class CountsTokens(Protocol):
    """An embedder that tells how it cuts a text into tokens. Others need not: see `counting`."""

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """Character spans (start, end) of the text's tokens, special tokens left out, nothing truncated."""
        ...


@runtime_checkable
class HasKey(Protocol):
    """An embedder that can be had again by a key (`naming`). A class of your own need not have one."""

    @property
    def name(self) -> str:
        """The key, in full; never a secret."""
        ...


def key_of(embedder: Embedder) -> str:
    """The key that gives this embedder again; empty where it has none."""
    return embedder.name if isinstance(embedder, HasKey) else ""


@runtime_checkable
class TakesMany(Protocol):
    """An embedder that is asked over a network: it is handed many texts together, and divides them into requests."""

    @property
    def at_once(self) -> int:
        """How many texts are worth being handed over together."""
        ...


@runtime_checkable
class MayBeConverted(Protocol):
    """An embedder that runs a model of somebody's, faster where it could be converted. Others need not have this."""

    def not_converted(self) -> str:
        """Why the loaded model runs slower than it might; empty where nothing failed."""
        ...


def why_not_converted(embedder: Embedder) -> str:
    """Why this embedder runs slower than it might; empty where nothing failed."""
    return embedder.not_converted() if isinstance(embedder, MayBeConverted) else ""


@runtime_checkable
class ReadsTokens(Protocol):
    """An embedder that gives a text's token vectors with its vector, from one pass. Others need not have these."""

    def token_model(self) -> str:
        """Identity of the token vectors; empty where it gives none on this machine."""
        ...

    def embed_with_tokens(self, texts: Sequence[str]) -> tuple[Vectors, list[TokenCodes]]:
        """What `embed` gives, and the token vectors of each text. Raises ModelError where it gives none."""
        ...
