"""What the pipeline asks of an embedder and of an engine that holds a collection. No implementation here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from rag_core.schema.documents import CollectionRef, Passage
from rag_core.schema.filters import Filter

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Vectors = npt.NDArray[np.float32]

Progress = Callable[[int, int], None]
"""Called with (done, total) as work goes on."""


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

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """Character spans (start, end) of the text's tokens, special tokens left out, nothing truncated."""
        ...


@dataclass(frozen=True)
class SearchResult:
    """A ranked list, best first: (passage id, score). `terms`: query terms that matched (lexical search only)."""

    hits: list[tuple[str, float]]
    terms: tuple[str, ...] = ()


class Engine(Protocol):
    """A searchable collection, embedded or distributed. Safe to call from several threads at once."""

    @property
    def ref(self) -> CollectionRef:
        """Which collection this is."""
        ...

    def dense(self, vector: Vectors, depth: int, where: Filter | None = None) -> SearchResult:
        """The `depth` passages with the highest cosine among those that match the filter."""
        ...

    def lexical(self, query: str, depth: int, where: Filter | None = None) -> SearchResult:
        """The `depth` passages with the highest BM25 score over 0 among those that match the filter."""
        ...

    def passage(self, passage_id: str) -> Passage:
        """The passage of that id. KeyError if there is none."""
        ...
