"""What the pipeline asks of an engine that holds a collection, and a collection of its vector index. No implementation.

An engine is embedded or distributed, and may be put together from parts: dense search, lexical search, the passages.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from rag_core.schema.documents import CollectionRef, Passage
from rag_core.schema.filters import Filter

if TYPE_CHECKING:
    from pathlib import Path

    from rag_core.retrieval.topk import Mask, Rows
    from rag_core.schema.vectors import Vectors


@dataclass(frozen=True)
class SearchResult:
    """A ranked list, best first: (passage id, score). `terms`: query terms that matched (lexical search only)."""

    hits: list[tuple[str, float]]
    terms: tuple[str, ...] = ()


class DenseSearch(Protocol):
    """Finds passages by meaning. Safe to call from several threads at once."""

    def dense(self, vector: Vectors, depth: int, where: Filter | None = None) -> SearchResult:
        """The `depth` passages with the highest cosine among those that match the filter."""
        ...


class LexicalSearch(Protocol):
    """Finds passages by words. Safe to call from several threads at once."""

    def lexical(self, query: str, depth: int, where: Filter | None = None) -> SearchResult:
        """The `depth` passages with the highest BM25 score over 0 among those that match the filter."""
        ...


class Passages(Protocol):
    """A named set of passages."""

    @property
    def ref(self) -> CollectionRef:
        """Which collection this is."""
        ...

    def passage(self, passage_id: str) -> Passage:
        """The passage of that id. KeyError if there is none."""
        ...


class Engine(DenseSearch, LexicalSearch, Passages, Protocol):
    """A searchable collection."""


class VectorIndex(Protocol):
    """The vectors of an embedded collection. Read-only once made, and safe to search from several threads."""

    @property
    def kind(self) -> str:
        """Which kind of index it is; the manifest of a collection names it, and the registry reads it again by it."""
        ...

    @property
    def rows(self) -> int:
        """How many vectors it holds."""
        ...

    def search(self, vector: Vectors, depth: int, allowed: Mask | None = None) -> tuple[Rows, Vectors]:
        """Rows (int64) and cosines (float32) of the `depth` nearest rows, best first, ties in row order.

        `vector`: unit, shape (dimensions,). `allowed`: bool, shape (rows,); only those rows can be found. Fewer than
        `depth` come back only where fewer are allowed. Raises BadInput for a vector or filter of another shape.
        """
        ...

    def save(self, folder: Path) -> None:
        """Write what `load` needs beside the vectors."""
        ...


class VectorEngine(Protocol):
    """What makes vector indexes: the class that a row of the registry names."""

    def build(self, vectors: Vectors, exact_limit: int) -> VectorIndex:
        """Index unit vectors, float32, shape (rows, dimensions). Up to `exact_limit` rows the search must be exact.

        Raises BadInput where the vectors are not finite unit vectors.
        """
        ...

    def load(self, folder: Path, vectors: Vectors) -> VectorIndex:
        """Read an index that `save` wrote, over the same vectors. Raises CollectionError where it does not fit."""
        ...
