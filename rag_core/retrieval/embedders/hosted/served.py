"""Which model a server of your own runs: asked when first needed, after two minutes, and after a lost connection.

Vectors of two models must never be compared, so a server that was never reached is an error; one that was reached and
does not answer now keeps its last answer, for its vectors are still that model's.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from rag_core.errors import ModelError
from rag_core.rerank.hosted.identity import MAX_AGE_S, RETRY_S, ServedModel, ServerUnreachable


class Served:
    """What one server says of itself. Safe to share between threads.

    ask    asks the server; may raise ServerUnreachable
    gone   what to say where it cannot be reached
    clock  seconds, monotonic
    """

    def __init__(self, ask: Callable[[], ServedModel], gone: str, clock: Callable[[], float]) -> None:
        self._ask = ask
        self._gone = gone
        self._clock = clock
        self._lock = threading.Lock()
        self._known: ServedModel | None = None
        self._again_at = 0.0
        self._failed = False

    def now(self) -> ServedModel:
        """The model that it runs. Raises ModelError where it was never reached, and cannot be."""
        with self._lock:
            if self._clock() >= self._again_at or (self._known is None and not self._failed):
                self._refresh()
            if self._known is None:
                raise ModelError(self._gone)
            return self._known

    def doubt(self) -> None:
        """Ask again before the next answer: the connection was lost, so it may run another model."""
        with self._lock:
            self._again_at = 0.0

    def _refresh(self) -> None:
        try:
            self._known, self._failed = self._ask(), False
            self._again_at = self._clock() + MAX_AGE_S
        except ServerUnreachable:
            self._failed = True
            self._again_at = self._clock() + RETRY_S
