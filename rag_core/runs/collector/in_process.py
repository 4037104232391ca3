"""A collector beside another server, in a thread of the same process, on a port of its own.

    running = collecting(CollectorAddress.of("127.0.0.1:4318"), token="", store=store)
    running.url          # http://127.0.0.1:4318

There is one for each address, however often it is asked for. What had arrived when the process ends is made into runs
at the next start.
"""

from __future__ import annotations

import os
import socket
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag_core.errors import BadInput, MissingPackage, SecondPassError
from rag_core.runs.collector.limits import Limits, checked_address
from rag_core.runs.collector.server import GRACE_S, application
from rag_core.settings import Settings
from rag_core.storage.database import Store

if TYPE_CHECKING:
    import uvicorn

VARIABLE = "SECOND_PASS_COLLECT"
EVERY = ("0.0.0.0", "::")
"""Hosts that mean all interfaces."""

_LOCK = threading.Lock()


@dataclass(frozen=True)
class CollectorAddress:
    """Where a collector listens."""

    host: str
    port: int

    @classmethod
    def of(cls, text: str) -> CollectorAddress:
        """Raises BadInput for what is neither a port nor `host:port`.

        >>> CollectorAddress.of("4318"), CollectorAddress.of("[::1]:80").host
        (CollectorAddress(host='127.0.0.1', port=4318), '::1')
        """
        host, _, port = text.strip().rpartition(":")
        if not port.isdecimal() or not 0 < int(port) < 65_536:
            raise BadInput(f"{VARIABLE} must be a port, or host:port such as 127.0.0.1:4318, not {text!r}.")
        return cls(host.strip("[]") or "127.0.0.1", int(port))


@dataclass(frozen=True)
class RunningCollector:
    """A collector that listens. `end` stops it, for tests."""

    address: CollectorAddress
    needs_token: bool
    _server: uvicorn.Server
    _thread: threading.Thread

    @property
    def url(self) -> str:
        """The address to send to; another machine's view of it where the collector listens for every machine."""
        host = "THIS-MACHINE" if self.address.host in EVERY else self.address.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.address.port}"

    @property
    def alive(self) -> bool:
        """False once it has ended."""
        return self._thread.is_alive()

    def end(self) -> None:
        """Stop it, and wait until it has."""
        self._server.should_exit = True
        self._thread.join(30)


_RUNNING: dict[CollectorAddress, RunningCollector] = {}


def collecting(address: CollectorAddress, token: str, store: Store) -> RunningCollector:
    """The collector at this address, started where it is not there yet. The store must be durable.

    Raises BadInput where others could post without a token, SecondPassError where the port or the database cannot be
    used, MissingPackage without the extra.
    """
    checked_address(address.host, token)
    with _LOCK:
        known = _RUNNING.get(address)
        if known is None or not known.alive:
            known = _RUNNING[address] = _started(address, token, store)
        return known


def _started(address: CollectorAddress, token: str, store: Store) -> RunningCollector:
    try:
        import uvicorn
    except ImportError as exc:
        raise MissingPackage("uvicorn", "The collector") from exc
    app = application(store, Limits(token=token))
    with store.begin():
        pass  # a database that cannot be used is said now, not at the first request
    try:
        family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        listening = socket.create_server((address.host, address.port), family=family)
    except OSError as exc:
        raise SecondPassError(
            f"The collector cannot listen on {address.host}:{address.port} ({exc.strerror or exc}). Is another one "
            f"running? Choose another port with {VARIABLE}."
        ) from exc
    config = uvicorn.Config(app, log_config=None, access_log=False, ws="none", timeout_graceful_shutdown=GRACE_S)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listening],), name="second-pass-collect", daemon=True)
    thread.start()
    return RunningCollector(address, bool(token), server, thread)


def of_settings(settings: Settings) -> RunningCollector | None:
    """The collector that the environment asks for (`SECOND_PASS_COLLECT`, `SECOND_PASS_TOKEN`), running; None where it
    asks for none. Raises as `collecting`."""
    if not settings.collect.strip():
        return None
    token = os.environ.get("SECOND_PASS_TOKEN", "").strip()
    return collecting(CollectorAddress.of(settings.collect), token, Store.from_settings(settings, durable=True))
