"""A small HTTP server that a test fills, stops and starts again at the same address."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit

KEY = "key-9f31-never-shown"


@dataclass(frozen=True)
class Asked:
    """A request: method, the parts of its path, its parameters (and all values of each), headers in small letters, and
    its body."""

    method: str
    path: tuple[str, ...]
    params: dict[str, str]
    headers: dict[str, str]
    body: Any
    several: dict[str, list[str]]


Answers = Callable[[Asked], tuple[int, Any]]
"""A status, and JSON or a text."""


class HttpServer:
    """Answers with a function. Its connections stay open, as those of real servers, until it is stopped."""

    def __init__(self, answers: Answers, port: int = 0) -> None:
        self.answers = answers
        self.asked: list[Asked] = []
        self.slow_s = 0.0
        self._server: _Server | None = None
        self.port = port
        self.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._server = _Server(("127.0.0.1", self.port), _Handler)
        self._server.owner = self
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server.cut()
        self._server = None


class _Server(ThreadingHTTPServer):
    owner: HttpServer
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.open: set[Any] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self.open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.open.discard(request)
        super().shutdown_request(request)

    def cut(self) -> None:
        """Close what is still connected."""
        for one in [*self.open]:
            self.shutdown_request(one)

    def handle_error(self, *_: object) -> None:
        """A client that has gone away is no news."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        owner, parts = self.server.owner, urlsplit(self.path)
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        asked = Asked(
            self.command,
            tuple(unquote(one) for one in parts.path.strip("/").split("/")),
            dict(parse_qsl(parts.query)),
            {name.lower(): value for name, value in self.headers.items()},
            _parsed(raw),
            parse_qs(parts.query),
        )
        owner.asked.append(asked)
        time.sleep(owner.slow_s)
        try:
            status, answer = owner.answers(asked)
        except Exception as exc:  # noqa: BLE001 - a fault of the double, which its client should show
            status, answer = 500, {"error": f"{type(exc).__name__}: {exc}"}
        body = (answer if isinstance(answer, str) else json.dumps(answer)).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self.do_POST()

    def log_message(self, *_: object) -> None:
        pass


def _parsed(raw: str) -> Any:
    """JSON; text for what is none (lines of JSON)."""
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        return raw
