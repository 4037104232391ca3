"""A real HTTP server on this machine that answers as a chat server does, or fails as one does."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

USAGE = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}


@dataclass
class Script:
    """What the next request gets: text pieces streamed as events (whole where it asks so), or a status with a body.

    `reply` makes the text from the request instead. `usage`: the token counts, None for a server that gives none.
    `refuse` gives the status and the body of a refusal for a path and a request, or None. `kind` is the content type of
    what is streamed. `deltas` are streamed instead of pieces, as they are.
    """

    pieces: tuple[str, ...] = ("Five days [1].",)
    finish: str | None = "stop"
    status: int = 200
    body: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    pause_s: float = 0.0
    hang_up: bool = False
    raw: bytes | None = None
    usage: dict[str, int] | None = field(default_factory=lambda: dict(USAGE))
    reply: Callable[[dict[str, Any]], str] | None = None
    requests: list[dict[str, Any]] = field(default_factory=list)
    authorizations: list[str] = field(default_factory=list)
    models: tuple[str, ...] = ("toy",)
    headers_seen: list[str] = field(default_factory=list)
    refuse: Callable[[str, dict[str, Any]], tuple[int, Any] | None] | None = None
    kind: str = "text/event-stream"
    deltas: tuple[dict[str, Any], ...] = ()
    done: bool = False


def event(payload: object) -> bytes:
    return f"data: {json.dumps(payload)}\n\n".encode()


def passage(content: str | None, finish: str | None = None, usage: object = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": {"content": content} if content else {}, "finish_reason": finish}
    base = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "toy"}
    return {**base, "choices": [] if usage else [choice], "usage": usage}


def delta_of(delta: dict[str, Any]) -> dict[str, Any]:
    """An event with this delta as it is."""
    return passage(None) | {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]}


def whole(text: str, script: Script) -> dict[str, Any]:
    """A reply that does not stream."""
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": script.finish}
    return {
        "id": "c1",
        "object": "chat.completion",
        "created": 1,
        "model": "toy-2026",
        "choices": [choice],
        "usage": script.usage,
    }


@contextmanager
def chat_server(script: Script) -> Iterator[str]:
    """Runs the script's server; gives its base URL."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Quiet."""

        def do_GET(self) -> None:
            """The models that it serves."""
            listed = [{"id": name, "object": "model", "created": time.time_ns()} for name in script.models]
            self._send(200 if script.models else 404, {"object": "list", "data": listed})

        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            script.requests.append(request)
            script.authorizations.append(self.headers["Authorization"])
            script.headers_seen += [f"{name}: {value}" for name, value in self.headers.items()]
            time.sleep(script.pause_s)
            if script.refuse and (refusal := script.refuse(self.path, request)):
                self._send(*refusal)
                return
            if script.status != 200:
                self._send(script.status, script.body)
                return
            pieces = (script.reply(request),) if script.reply else script.pieces
            if request.get("stream"):
                self._stream(pieces)
            else:
                self._send(200, whole("".join(pieces), script))

        def _send(self, status: int, content: Any) -> None:
            body = script.raw if script.raw is not None else json.dumps(content).encode()
            self.send_response(status)
            for name, value in script.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _stream(self, pieces: tuple[str, ...]) -> None:
            events = [event(delta_of(one)) for one in script.deltas] or [event(passage(piece)) for piece in pieces]
            if script.finish:
                events.append(event(passage(None, script.finish)))
                events += [event(passage(None, usage=script.usage))] if script.usage else []
            if script.finish or script.done:
                events.append(b"data: [DONE]\n\n")
            data = script.raw if script.raw is not None else b"".join(events)
            self.send_response(200)
            self.send_header("Content-Type", script.kind)
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
