"""Which model a server of your own runs: asked when first needed, after two minutes and after a lost connection; also
before texts are sent and before their vectors are kept, unless it was asked just then.

Vectors of two models must never be compared, so a server that was never reached is an error; one that was reached and
does not answer now keeps its last answer, for its vectors are still that model's.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from rag_core.errors import ModelError
from rag_core.rerank.hosted.identity import MAX_AGE_S, RETRY_S, ServedModel, ServerUnreachable
from rag_core.retrieval.embedders.hosted.apis import APIS
from rag_core.retrieval.embedders.naming import EmbedderKey


def identity_of(key: EmbedderKey, served: ServedModel) -> str:
    """Identity of the vectors of a service's model, or of what your own server says that it runs.

    A server that names no version only repeats a name that its operator chose (a deployment on Azure, an alias of
    LiteLLM), which may mean another model at another address: so the address goes with it.
    Raises ModelError where nothing tells which model it is.
    """
    api, named = APIS[key.api], served.model or key.model
    if served.revision:
        return f"{key.api}:{named}@{served.revision}{key.options}"
    if not named and api.probes:
        raise ModelError(
            f"{api.label} at {key.address} does not say which model it runs, so its vectors cannot be told from "
            f"another's. Name it: {key}#<model>."
        )
    return str(key.with_(model=named))


class Served:
    """What one server says of itself. Safe to share between threads.

    key    the model, for messages
    ask    asks the server; may raise ServerUnreachable
    clock  seconds, monotonic
    """

    def __init__(self, key: EmbedderKey, ask: Callable[[], ServedModel], clock: Callable[[], float]) -> None:
        self._key = key
        self._ask = ask
        self._clock = clock
        self._lock = threading.Lock()
        self._known: ServedModel | None = None
        self._asked_at = 0.0
        self._again_at = 0.0
        self._failed = ""

    def now(self, max_age_s: float = MAX_AGE_S) -> ServedModel:
        """The model that it runs, asked if the last answer is older than `max_age_s`; one that failed gets a pause.

        Raises ModelError where it was never reached, and cannot be.
        """
        with self._lock:
            now = self._clock()
            old = self._known is None or now - self._asked_at > max_age_s
            if now >= self._again_at or (old and not self._failed):
                self._refresh(now)
            if self._known is None:
                raise ModelError(
                    f"{APIS[self._key.api].label} {self._failed}, so the embedding model {self._key.label} cannot be "
                    "used. Check that it is running and the address."
                )
            return self._known

    def doubt(self) -> None:
        """Ask again before the next answer: the connection was lost, so it may run another model."""
        with self._lock:
            self._again_at = 0.0

    def _refresh(self, now: float) -> None:
        self._asked_at = now
        try:
            self._known, self._failed, self._again_at = self._ask(), "", now + MAX_AGE_S
        except ServerUnreachable as exc:
            self._failed, self._again_at = str(exc), now + RETRY_S
