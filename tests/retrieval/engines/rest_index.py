"""What the tests of every engine over HTTP bring to the suite: connections to a server of ours, right and wrong."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from pydantic import SecretStr

from rag_core.retrieval.engines.index_config import IndexConfig, IndexFields
from rag_core.retrieval.engines.index_kinds import connect
from rag_core.retrieval.engines.protocol import IndexEngine
from tests.retrieval.engines.http_server import KEY, HttpServer
from tests.retrieval.engines.index_conformance import Row

SECRET = SecretStr(KEY)


class RestIndex(ABC):
    """Fills an index of a server and connects to it (the suite's `Server`).

    nothing  a name that no index of the server has
    """

    cannot: dict[str, str] = {}
    nothing = "nothing"
    fields: IndexFields

    def __init__(self, http: HttpServer) -> None:
        self.http = http
        self.engines: list[IndexEngine] = []

    @abstractmethod
    def fill(self, rows: Sequence[Row]) -> IndexEngine:
        """See `Server`."""

    @abstractmethod
    def delete(self, ids: Sequence[str]) -> None:
        """See `Server`."""

    @abstractmethod
    def described(self) -> IndexConfig:
        """How the index that `fill` makes is described."""

    def config(self, **changes: Any) -> IndexConfig:
        return self.described().with_(**changes)

    def connected(self, secret: SecretStr | None = SECRET, **changes: Any) -> IndexEngine:
        self.engines.append(connect(self.config(**changes), secret))
        return self.engines[-1]

    def broken(self, what: str) -> IndexEngine:
        if what == "credentials":
            return self.connected(SecretStr("wrong-9f31"))
        if what == "missing index":
            return self.connected(index=self.nothing)
        if what == "missing field":
            return self.connected(fields=self.fields.with_(text="nothing"))
        self.http.slow_s = 0.6
        return self.connected(timeout_s=0.3)

    def port(self) -> int:
        return self.http.port

    def through(self, port: int) -> IndexEngine:
        return self.connected(address=f"http://127.0.0.1:{port}")

    def stop(self) -> None:
        self.http.stop()

    def start(self) -> None:
        self.http.start()

    def close(self) -> None:
        self.stop()
        self.leave()

    def leave(self) -> None:
        """Close the connections, and answer at once again: the server is used for the next test."""
        for engine in self.engines:
            engine.close()
        self.engines.clear()
        self.http.slow_s = 0.0
