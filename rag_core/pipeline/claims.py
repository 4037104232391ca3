"""Who is paying for what, so that no two threads pay for the same: a model is asked about a pair once.

with claims.taken(unscored) as mine:      # `unscored` says what is missing now
    scores = ask_the_model(mine)          # no lock is held here
    with claims.lock: keep(scores)
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Claims:
    """`lock` guards what is paid for; hold it to read or to keep a result, never while a model or a network works."""

    def __init__(self) -> None:
        self.lock = threading.Condition(threading.RLock())
        self._taken: set[Hashable] = set()

    def is_taken(self, key: Hashable) -> bool:
        """Whether somebody pays for it now."""
        with self.lock:
            return key in self._taken

    @contextmanager
    def taken(self, missing: Callable[[], Mapping[K, V]]) -> Iterator[dict[K, V]]:
        """The part of what is missing that nobody else pays for, now this thread's until it leaves.

        Where others pay for all of it, this waits until one of them is done and looks again: at nothing, where they
        have left nothing. `missing` is called under the lock.
        """
        with self.lock:
            while True:
                wanted = missing()
                mine = {key: value for key, value in wanted.items() if key not in self._taken}
                if mine or not wanted:
                    break
                self.lock.wait()
            self._taken.update(mine)
        try:
            yield mine
        finally:
            with self.lock:
                self._taken.difference_update(mine)
                self.lock.notify_all()
