"""Token vectors of a text, MaxSim of two texts, and a bounded memory by text. Which model makes them is left open."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import numpy as np

if TYPE_CHECKING:
    from rag_core.schema.vectors import Vectors

KEPT_BYTES = 96 * 2**20


class Sized(Protocol):
    """What a memory can hold: it says how large it is."""

    @property
    def nbytes(self) -> int:
        """Bytes of its arrays."""
        ...


Held = TypeVar("Held", bound=Sized)


@dataclass(frozen=True)
class TokenVectors:
    """Unit vectors of a text's tokens, special tokens left out: shape (tokens seen, dimensions).

    `words`: which tokens hold a letter or digit. `tokens`: how many the text has; `seen_chars`: None if all were seen.
    """

    vectors: Vectors
    words: np.ndarray[Any, np.dtype[np.bool_]]
    tokens: int
    seen_chars: int | None

    @property
    def nbytes(self) -> int:
        """Bytes of the vectors."""
        return self.vectors.nbytes


def maxsim(query: TokenVectors, passage: TokenVectors) -> float:
    """Mean over the query's word tokens of the best cosine to a passage token; 0.0 where one of them has no token.

    A query without letters or digits ("???") is matched by all of its tokens.
    """
    if not len(query.vectors) or not len(passage.vectors):
        return 0.0
    asked = query.vectors[query.words] if query.words.any() else query.vectors
    return float((asked @ passage.vectors.T).max(axis=1).mean())


class TokenVectorCache(Generic[Held]):
    """What was read last, by text or by its hash, so that the next question over it is fast. Safe for threads."""

    def __init__(self, most_bytes: int = KEPT_BYTES) -> None:
        self._most = most_bytes
        self._bytes = 0
        self._kept: OrderedDict[str, Held] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, text: str) -> Held | None:
        """The text's vectors where they are remembered."""
        with self._lock:
            if text in self._kept:
                self._kept.move_to_end(text)
            return self._kept.get(text)

    def put(self, read: Mapping[str, Held]) -> None:
        """Remember these; the ones used longest ago are forgotten where there are too many."""
        with self._lock:
            for text, one in read.items():
                if text not in self._kept:
                    self._kept[text] = one
                    self._bytes += one.nbytes
            while self._bytes > self._most:
                _, oldest = self._kept.popitem(last=False)
                self._bytes -= oldest.nbytes
