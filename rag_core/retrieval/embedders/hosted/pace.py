"""A rate limit holds for all requests of a model: where one is told to wait, none is sent before."""

from __future__ import annotations

import threading
from collections.abc import Callable

from rag_core.errors import ModelError
from rag_core.rerank.hosted.provider import Api


class Pace:
    """When the next request may go out. Safe to share between threads."""

    def __init__(self, api: Api, sleep: Callable[[float], None], clock: Callable[[], float]) -> None:
        self._api = api
        self._sleep = sleep
        self._clock = clock
        self._lock = threading.Lock()
        self._until = 0.0

    def hold(self, seconds: float) -> None:
        """Wait so long, and let the others wait too."""
        with self._lock:
            self._until = max(self._until, self._clock() + seconds)
        self._sleep(seconds)

    def wait(self, longest_s: float) -> None:
        """Wait until requests may go out again. Raises ModelError where that takes longer than `longest_s`."""
        with self._lock:
            left = self._until - self._clock()
        if left > longest_s:
            raise ModelError(f"{self._api.label}: Rate limited. {self._api.limited} Retry after {left:.0f} s.")
        if left > 0:
            self._sleep(left)
