"""How chat servers wanted to be asked before, so that each is refused once and not with every request.

Kept in this process, by address, model and temperature, for an hour: a server may have changed since. What a server
refuses although it was asked so before is forgotten, and it is asked in the usual way again.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from rag_core.generation.chat.access import ChatConfig
from rag_core.generation.chat.dialect import Dialect, usual

Key = tuple[str, str, float | None]
_MOST = 256
_SECONDS = 3600.0


class Habits:
    """The dialects of servers, the one used last at the end. `clock` counts seconds. May be used by many threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._known: OrderedDict[Key, tuple[Dialect, float]] = OrderedDict()

    def of(self, config: ChatConfig) -> Dialect:
        """How to ask this server now."""
        with self._lock:
            dialect, until = self._known.get(_key(config), (None, 0.0))
            if dialect is None or until <= self._clock():
                self._known.pop(_key(config), None)
                return usual(config)
            self._known.move_to_end(_key(config))
            return dialect

    def learn(self, config: ChatConfig, dialect: Dialect) -> None:
        """Keep the dialect in which the server answered, if it is not the usual one."""
        with self._lock:
            if dialect.changed and _key(config) not in self._known:
                self._known[_key(config)] = (dialect, self._clock() + _SECONDS)
                if len(self._known) > _MOST:
                    self._known.popitem(last=False)

    def forget(self, config: ChatConfig) -> None:
        """Ask this server in the usual way again."""
        with self._lock:
            self._known.pop(_key(config), None)

    def clear(self) -> None:
        """Forget every server."""
        with self._lock:
            self._known.clear()


def _key(config: ChatConfig) -> Key:
    return config.base_url, config.model, config.temperature


HABITS = Habits()
"""Those of this process."""
