"""The embedding model of a collection that is searched without it: it says which it is, and embeds nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

from rag_core.errors import ModelError

if TYPE_CHECKING:
    from rag_core.schema.progress import Progress


class AbsentEmbedder:
    """An `Embedder` that raises ModelError with `why` wherever a vector is asked for. `model`: whose place it takes."""

    load_ms = 0.0
    max_tokens = 0

    def __init__(self, model: str, why: str) -> None:
        self.model = model
        self._why = why

    @property
    def dimensions(self) -> int:
        """Raises ModelError."""
        self._refuse()

    def embed(self, texts: Sequence[str], progress: Progress | None = None) -> NoReturn:  # noqa: ARG002 - a protocol
        """Raises ModelError."""
        self._refuse()

    def embed_query(self, query: str) -> NoReturn:  # noqa: ARG002 - a protocol
        """Raises ModelError."""
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise ModelError(self._why)
