"""Rows of several parts that count as one: which part a row stands in, and where, with those left out that are gone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from rag_core.corpus.read_sequence import ReadSequence

if TYPE_CHECKING:
    import numpy.typing as npt

    from rag_core.retrieval.topk import Mask, Rows

Value = TypeVar("Value")


class Layout:
    """Which rows of each part there still are.

    sizes: rows of each part. gone: rows of the first part that are not there any more, sorted.
    """

    def __init__(self, sizes: Sequence[int], gone: Rows) -> None:
        self.kept: Mask = np.ones(sizes[0], np.bool_)
        self.kept[gone] = False
        self._rows = np.flatnonzero(self.kept)
        self._ranks = np.cumsum(self.kept) - 1
        self.lengths = (len(self._rows), *sizes[1:])
        self.starts = np.cumsum([0, *self.lengths])

    def __len__(self) -> int:
        return int(self.starts[-1])

    @property
    def first_is_whole(self) -> bool:
        """Whether nothing is gone."""
        return self.lengths[0] == len(self.kept)

    def place(self, row: int) -> tuple[int, int]:
        """The part of a row, and which row of it that is."""
        part = int(np.searchsorted(self.starts, row, "right")) - 1
        inside = row - int(self.starts[part])
        return part, int(self._rows[inside]) if part == 0 else inside

    def row(self, part: int, inside: int) -> int | None:
        """The row of a row of a part; None where that is gone."""
        if part == 0 and not self.kept[inside]:
            return None
        return int(self._ranks[inside]) if part == 0 else int(self.starts[part]) + inside

    def rows(self, part: int, inside: Rows) -> Rows:
        """The same of rows that are all there."""
        found: Rows = self._ranks[inside] if part == 0 else inside + self.starts[part]
        return found.astype(np.int64)

    def of_part(self, part: int, mask: Mask | None) -> Mask | None:
        """A mask of all rows as the part needs it; None where that leaves nothing out."""
        if part:
            return None if mask is None else mask[self.starts[part] : self.starts[part + 1]]
        if mask is None:
            return None if self.first_is_whole else self.kept
        if self.first_is_whole:
            return mask[: self.lengths[0]]
        spread: Mask = np.zeros(len(self.kept), np.bool_)
        spread[self._rows] = mask[: self.lengths[0]]
        return spread

    def joined(self, parts: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
        """One array of the parts' arrays, row by row."""
        first = parts[0] if self.first_is_whole else parts[0][self.kept]
        return np.concatenate([first, *parts[1:]])


class JoinedSequence(ReadSequence[Value]):
    """The values of several sequences as one."""

    def __init__(self, layout: Layout, parts: Sequence[Sequence[Value]]) -> None:
        self._layout = layout
        self._parts = parts

    def __len__(self) -> int:
        return len(self._layout)

    def at(self, place: int) -> Value:
        """The value of one row."""
        part, inside = self._layout.place(place)
        return self._parts[part][inside]

    def __iter__(self) -> Iterator[Value]:
        yield from (value for value, there in zip(self._parts[0], self._layout.kept, strict=True) if there)
        for part in self._parts[1:]:
            yield from part


class JoinedVectors:
    """The vectors of several parts, shape (rows, dimensions); none is copied before it is asked for."""

    def __init__(self, layout: Layout, parts: Sequence[npt.NDArray[np.float32]]) -> None:
        self._layout = layout
        self._parts = parts
        self.shape = (len(layout), int(parts[0].shape[1]))

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, row: int) -> npt.NDArray[np.float32]:
        part, inside = self._layout.place(row)
        found: npt.NDArray[np.float32] = self._parts[part][inside]
        return found

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[np.float32]:
        """All of them, copied."""
        return self._layout.joined(self._parts)
