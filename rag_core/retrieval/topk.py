"""The first k rows of a score vector in one defined order: score down, then row up. No search here."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Rows = npt.NDArray[np.int64]
    Mask = npt.NDArray[np.bool_]

Score = TypeVar("Score", np.float32, np.float64)


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
