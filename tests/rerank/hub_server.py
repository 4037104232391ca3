"""A model hub of one model on this machine, so that downloads are tested through the hub's own client."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub:
    """The files of one model, which of them were asked for, and how many requests came."""

    def __init__(self, files: Mapping[str, bytes], name: str = "maker/tiny") -> None:
        self.files = files
        self.name = name
        self.requests = 0
        self.sent: list[str] = []
        self.address = ""

    def info(self) -> dict[str, Any]:
        siblings = [{"rfilename": name, "size": len(content)} for name, content in self.files.items()]
        return {"id": self.name, "sha": COMMIT, "siblings": siblings, "tags": [], "downloads": 0}

    def tree(self) -> list[dict[str, Any]]:
        return [
            {"type": "file", "path": name, "size": len(content), "oid": hashlib.sha1(content).hexdigest()}
            for name, content in self.files.items()
        ]


class _Handler(BaseHTTPRequestHandler):
    hub: Hub

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, body: bool) -> None:
        path, name = self.path.partition("?")[0], self.hub.name
        self.hub.requests += 1
        if path.startswith(f"/api/models/{name}/tree/"):
            self._send(200, json.dumps(self.hub.tree()).encode(), {}, body)
        elif path.startswith(f"/api/models/{name}"):
            self._send(200, json.dumps(self.hub.info()).encode(), {}, body)
        elif path.startswith(f"/{name}/resolve/{COMMIT}/"):
            file = path.removeprefix(f"/{name}/resolve/{COMMIT}/")
            content = self.hub.files[file]
            if body:
                self.hub.sent.append(file)
            self._send(200, content, {"ETag": f'"{hashlib.sha1(content).hexdigest()}"', "X-Repo-Commit": COMMIT}, body)
        else:
            self._send(404, b'{"error": "Repository not found"}', {"X-Error-Code": "RepoNotFound"}, body)

    def _send(self, status: int, content: bytes, headers: Mapping[str, str], body: bool) -> None:
        self.send_response_only(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if body:
            self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


@contextmanager
def running(files: Mapping[str, bytes], name: str = "maker/tiny") -> Iterator[Hub]:
    """The hub on a free port."""
    hub = Hub(files, name)
    with ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub})) as server:
        server.daemon_threads = True
        hub.address = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield hub
        server.shutdown()
