"""The vectors of an indexed collection by content hash, so that a text that it holds is not embedded again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rag_core.corpus.columns import Keys

if TYPE_CHECKING:
    from rag_core.corpus.joined_rows import JoinedVectors
    from rag_core.corpus.texts import Texts
    from rag_core.schema.vectors import Vectors


class StoredVectors:
    """Looks a vector up where it lies; none is copied before it is asked for."""

    def __init__(self, texts: Texts, vectors: Vectors | JoinedVectors) -> None:
        self._texts = texts
        self._vectors = vectors
        self._keys = Keys.of(np.ascontiguousarray(texts.hashes()[:, :8]).tobytes())

    @property
    def dimensions(self) -> int:
        """The length of each."""
        return int(self._vectors.shape[1])

    def get(self, content_hash: str) -> Vectors | None:
        """The vector, shape (dimensions,), of the text with this content hash (hex); None where there is none."""
        for row in self._keys.of_hash(bytes.fromhex(content_hash)[:8]):
            if self._texts.content_hash(row) == content_hash:
                found: Vectors = self._vectors[row]
                return found
        return None
