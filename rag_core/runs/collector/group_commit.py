"""Many requests, one transaction: what arrives while something is being written is written together, next.

A transaction that is on the disk costs the same for one span as for hundreds, and only one can be written at a time. So
a request waits for the one that is being written, and then for its own, however many others wait beside it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from rag_core.errors import BadInput, SecondPassError

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass
class _Waiting(Generic[Item, Result]):
    """An item, and what became of it: a list of its one result, or an error."""

    item: Item
    result: list[Result] | Exception | None = None


class GroupCommit(Generic[Item, Result]):
    """Gives items of many threads to `write`, together. `write` takes them in the order in which they came, and returns
    a result for each, once all are on the disk."""

    def __init__(self, write: Callable[[Sequence[Item]], Sequence[Result]]) -> None:
        self._write = write
        self._waiting: list[_Waiting[Item, Result]] = []
        self._coming, self._writing = threading.Lock(), threading.Lock()

    def put(self, item: Item) -> Result:
        """Write the item; its result. Raises what `write` raises for this item."""
        mine: _Waiting[Item, Result] = _Waiting(item)
        with self._coming:
            self._waiting.append(mine)
        with self._writing:
            if mine.result is None:  # else another thread has written it meanwhile
                with self._coming:
                    together, self._waiting = self._waiting, []
                self._write_all(together)
        if isinstance(mine.result, Exception):
            raise mine.result
        assert mine.result is not None
        return mine.result[0]

    def _write_all(self, together: Sequence[_Waiting[Item, Result]]) -> None:
        """All at once; where that fails, one by one, so that an item that cannot be kept costs itself only. A failure
        of the disk is everybody's at once: nobody waits for others to fail in turn."""
        try:
            results = self._write([one.item for one in together])
        except Exception as exc:  # noqa: BLE001  (given to the thread that waits for it)
            if len(together) == 1 or _is_everybodys(exc):
                for one in together:
                    one.result = exc
                return
            for place, one in enumerate(together):
                self._write_all([one])
                if _is_everybodys(one.result):
                    for other in together[place:]:
                        other.result = one.result
                    return
            return
        for one, result in zip(together, results, strict=True):
            one.result = [result]


def _is_everybodys(result: object) -> bool:
    """Whether this failure is not one item's: the database is locked, or not there."""
    return isinstance(result, SecondPassError) and not isinstance(result, BadInput)
