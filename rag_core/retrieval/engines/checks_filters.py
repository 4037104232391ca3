"""What an engine can say of a filter before it is asked for anything. No implementation."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from rag_core.schema.filters import Filter


@runtime_checkable
class ChecksFilters(Protocol):
    """Says before a search which filters it cannot translate."""

    def check_filter(self, where: Filter | None) -> None:
        """Raises BadInput, in words. Asks for no passage."""
        ...
