"""What the pipeline asks of an engine that holds a collection. No implementation here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from rag_core.schema.documents import CollectionRef, Passage
from rag_core.schema.filters import Filter

if TYPE_CHECKING:
    from rag_core.schema.vectors import Vectors


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
