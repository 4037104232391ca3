"""A real HTTP server on this machine that answers as a chat server does, or fails as one does."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Script:
    """What the next request gets: text pieces streamed as events, or a status with a JSON body."""

    pieces: tuple[str, ...] = ("Five days [1].",)
    finish: str | None = "stop"
    status: int = 200
    body: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    pause_s: float = 0.0
    hang_up: bool = False
    raw: bytes | None = None
    requests: list[dict[str, Any]] = field(default_factory=list)
    authorizations: list[str] = field(default_factory=list)


def event(payload: object) -> bytes:
    return f"data: {json.dumps(payload)}\n\n".encode()


def chunk(content: str | None, finish: str | None = None, usage: object = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": {"content": content} if content else {}, "finish_reason": finish}
    base = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "toy"}
    return {**base, "choices": [] if usage else [choice], "usage": usage}


@contextmanager
def chat_server(script: Script) -> Iterator[str]:
    """Runs the script's server; gives its base URL."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Quiet."""

        def do_POST(self) -> None:
            script.requests.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            script.authorizations.append(self.headers["Authorization"])
            time.sleep(script.pause_s)
            (self._stream if script.status == 200 else self._fail)()

        def _fail(self) -> None:
            body = json.dumps(script.body).encode()
            self.send_response(script.status)
            for name, value in script.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _stream(self) -> None:
            events = [event(chunk(piece)) for piece in script.pieces]
            if script.finish:
                events.append(event(chunk(None, script.finish)))
                events.append(
                    event(chunk(None, usage={"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}))
                )
                events.append(b"data: [DONE]\n\n")
            data = script.raw if script.raw is not None else b"".join(events)
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Content-Length", str(len(data) + (1000 if script.hang_up else 0)))
            self.end_headers()
            self.wfile.write(data)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
