"""MaxSim worked out by hand, and the memory of token vectors."""

from __future__ import annotations

import numpy as np
import pytest

from rag_core.rerank.token_vectors import TokenVectorCache, TokenVectors, maxsim


def test_maxsim_by_hand() -> None:
    def vectors(*rows: tuple[float, float], words: tuple[bool, ...]) -> TokenVectors:
        return TokenVectors(np.array(rows, np.float32).reshape(-1, 2), np.array(words, np.bool_), len(rows), None)

    passage = vectors((1, 0), (0.6, 0.8), words=(True, True))
    # best cosines: 1 for (1, 0), .8 for (0, 1); the mark is left out unless there is nothing else.
    assert maxsim(vectors((1, 0), (0, 1), (-1, 0), words=(True, True, False)), passage) == pytest.approx((1 + 0.8) / 2)
    assert maxsim(vectors((0, 1), words=(False,)), passage) == pytest.approx(0.8)
    assert maxsim(vectors((1, 0), words=(True,)), vectors(words=())) == 0.0


def test_memory_forgets_what_was_used_longest_ago() -> None:
    one = TokenVectors(np.zeros((2, 2), np.float32), np.ones(2, np.bool_), 2, None)
    memory: TokenVectorCache[TokenVectors] = TokenVectorCache(most_bytes=2 * one.vectors.nbytes)
    memory.put({"a": one, "b": one})
    assert memory.get("a") is one
    memory.put({"c": one})
    assert [text for text in "abc" if memory.get(text)] == ["a", "c"]
