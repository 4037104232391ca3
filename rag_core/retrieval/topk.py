"""The first k rows of a score vector in one defined order: score down, then row up. No search here."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Rows = npt.NDArray[np.int64]
    Mask = npt.NDArray[np.bool_]

Score = TypeVar("Score", np.float32, np.float64)

_BLOCK = 256


def best_rows(rows: Rows, scores: npt.NDArray[Score], k: int) -> tuple[Rows, npt.NDArray[Score]]:
    """The `k` best of (rows, scores), best first; equal scores in row order, at the cut too.

    `rows` and `scores` have shape (n,); `rows` may come in any order. Linear in n, plus sorting what is kept.
    """
    if 0 < k < rows.size:
        edge = np.partition(scores, rows.size - k)[rows.size - k]
        near = scores >= edge
        rows, scores = rows[near], scores[near]
    order = np.lexsort((rows, -scores))[:k]
    return rows[order], scores[order]


def best_positive(
    scores: npt.NDArray[np.float64], k: int, allowed: Mask | None = None
) -> tuple[Rows, npt.NDArray[np.float64]]:
    """The `k` best rows with a score over 0, shape (rows,), among those that are allowed; in the order of `best_rows`.

    The k-th highest of the blocks' maxima is a bound that k scores reach, so few rows are looked at again.
    """
    if allowed is not None:
        scores = np.where(allowed, scores, 0.0)
    blocks = len(scores) // _BLOCK
    bound = 0.0
    if 0 < k < blocks:
        heads = scores[: blocks * _BLOCK].reshape(blocks, _BLOCK).max(axis=1)
        bound = float(np.partition(heads, blocks - k)[blocks - k])
    rows = np.flatnonzero(scores >= bound if bound > 0 else scores > 0)
    return best_rows(rows, scores[rows], k)
