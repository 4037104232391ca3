"""Token vectors of a text, MaxSim of two texts, and a bounded memory of them. Which model makes them is left open."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from rag_core.schema.vectors import Vectors

KEPT_BYTES = 96 * 2**20


@dataclass(frozen=True)
class TokenVectors:
    """Unit vectors of a text's tokens, special tokens left out: shape (tokens seen, 384).

    `words`: which tokens hold a letter or digit. `tokens`: how many the text has; `seen_chars`: None if all were seen.
    """

    vectors: Vectors
    words: np.ndarray[Any, np.dtype[np.bool_]]
    tokens: int
    seen_chars: int | None


def maxsim(query: TokenVectors, passage: TokenVectors) -> float:
    """Mean over the query's word tokens of the best cosine to a passage token; 0.0 where one of them has no token.

    A query without letters or digits ("???") is matched by all of its tokens.
    """
    if not len(query.vectors) or not len(passage.vectors):
        return 0.0
    asked = query.vectors[query.words] if query.words.any() else query.vectors
    return float((asked @ passage.vectors.T).max(axis=1).mean())


def token_vectors(text: str, offsets: Sequence[tuple[int, int]], states: Vectors) -> TokenVectors:
    """Unit vectors of the tokens that were seen; `offsets` has [CLS] first and [SEP] last."""
    spans = offsets[1:-1]
    norms = np.linalg.norm(states, axis=1, keepdims=True)
    seen = spans[: len(states)]
    return TokenVectors(
        vectors=(states / np.maximum(norms, 1e-12)).astype(np.float32),
        words=np.array([any(map(str.isalnum, text[start:end])) for start, end in seen], dtype=np.bool_),
        tokens=len(spans),
        seen_chars=seen[-1][1] if len(seen) < len(spans) else None,
    )


class TokenVectorCache:
    """The token vectors of the passages read last, so that the next question over them is fast. Safe for threads."""

    def __init__(self, most_bytes: int = KEPT_BYTES) -> None:
        self._most = most_bytes
        self._bytes = 0
        self._kept: OrderedDict[str, TokenVectors] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, text: str) -> TokenVectors | None:
        """The text's vectors where they are remembered."""
        with self._lock:
            if text in self._kept:
                self._kept.move_to_end(text)
            return self._kept.get(text)

    def put(self, read: Mapping[str, TokenVectors]) -> None:
        """Remember these; the ones used longest ago are forgotten where there are too many."""
        with self._lock:
            for text, one in read.items():
                if text not in self._kept:
                    self._kept[text] = one
                    self._bytes += one.vectors.nbytes
            while self._bytes > self._most:
                _, oldest = self._kept.popitem(last=False)
                self._bytes -= oldest.vectors.nbytes
