"""How chat servers wanted to be asked before, so that each is refused once and not with every request.

Kept in this process, by address, model, temperature, the access' scope and key, for an hour: a server may have changed
since, and what it refuses one user's key says nothing of another's. What a server refuses although it was asked so
before is forgotten, and it is asked in the usual way again.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from rag_core.generation.chat.access import ChatAccess
from rag_core.generation.chat.dialect import Dialect, usual

Key = tuple[str, str, float | None, str, str]
_MOST = 256
_SECONDS = 3600.0


class Habits:
    """The dialects of servers, the one used last at the end. `clock` counts seconds. May be used by many threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._known: OrderedDict[Key, tuple[Dialect, float]] = OrderedDict()

    def of(self, access: ChatAccess) -> Dialect:
        """How to ask this server now."""
        with self._lock:
            dialect, until = self._known.get(_key(access), (None, 0.0))
            if dialect is None or until <= self._clock():
                self._known.pop(_key(access), None)
                return usual(access.config)
            self._known.move_to_end(_key(access))
            return dialect

    def learn(self, access: ChatAccess, dialect: Dialect) -> None:
        """Keep the dialect in which the server answered, if it is not the usual one."""
        with self._lock:
            if dialect.changed and _key(access) not in self._known:
                self._known[_key(access)] = (dialect, self._clock() + _SECONDS)
                if len(self._known) > _MOST:
                    self._known.popitem(last=False)

    def forget(self, access: ChatAccess) -> None:
        """Ask this server in the usual way again."""
        with self._lock:
            self._known.pop(_key(access), None)

    def clear(self) -> None:
        """Forget every server."""
        with self._lock:
            self._known.clear()


def _key(access: ChatAccess) -> Key:
    config, key = access.config, access.key.get_secret_value() if access.key else ""
    hashed = hashlib.sha256(key.encode()).hexdigest()
    return config.base_url, config.model, config.temperature, access.scope, hashed


HABITS = Habits()
"""Those of this process."""
