"""What an engine can say of a passage that its dense search did not return. No implementation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from rag_core.schema.filters import Filter

if TYPE_CHECKING:
    from rag_core.schema.vectors import Vectors


@runtime_checkable
class SaysHowItSearches(Protocol):
    """Says whether its dense search may miss some of the nearest passages."""

    def approximate(self, depth: int, where: Filter | None = None) -> str:
        """How it searches for so many, where that may miss some, in a few words; empty where the search is exact."""
        ...


@runtime_checkable
class ChecksNearness(SaysHowItSearches, Protocol):
    """Gives the vectors of its passages, so that one that was not returned can be compared with the question."""

    def vectors_by_id(self, ids: Sequence[str]) -> dict[str, Vectors]:
        """The stored vectors of these passages; those without one are left out."""
        ...
