"""An order of every query's candidates as two arrays. What the columns mean is `rag_core.evaluation.pools`'s."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from rag_core.evaluation.pools import Flags, Ints

Number = TypeVar("Number", np.int64, np.float64)


@dataclass(frozen=True, eq=False)
class Rankings:
    """Columns of each query's candidates, best first, shape (Q, L); of row q the first `lengths[q]` count.

    `unscored` (Q,): how many candidates of the pool have no score; where it is not 0 the row's order means nothing.
    """

    columns: Ints
    lengths: Ints
    unscored: Ints

    @property
    def valid(self) -> Flags:
        """Shape (Q, L): which places hold a candidate."""
        inside: Flags = np.arange(self.columns.shape[1]) < self.lengths[:, None]
        return inside

    def first(self, k: int) -> Rankings:
        """The first k places."""
        return replace(self, columns=self.columns[:, :k], lengths=np.minimum(self.lengths, k))

    def take(self, values: npt.NDArray[Number]) -> npt.NDArray[Number]:
        """Values by candidate (Q, C), put into this order (Q, L)."""
        return taken(values, self.columns)


def taken(values: npt.NDArray[Number], columns: Ints) -> npt.NDArray[Number]:
    """`np.take_along_axis(values, columns, axis=1)`, in half the time on arrays of this size."""
    rows = np.arange(len(values))[:, None] * values.shape[1]
    found: npt.NDArray[Number] = values.ravel().take(columns + rows)
    return found
