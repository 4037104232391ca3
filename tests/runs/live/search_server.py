"""Small HTTP servers that are searched: one that answers what it is told, one that keeps Dify's contract.

Written from docs.dify.ai (External Knowledge API), not from the project's presets.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "key-5f1c9a-never-shown"
PASSAGES = {
    "refunds.md": "A refund takes five working days to arrive.",
    "returns.md": "Goods can be returned within thirty days.",
    "errors.md": "KB-17 means that the disk is full.",
}
"""The texts that both servers find, in this order."""


@dataclass(frozen=True)
class Request:
    """What arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass(frozen=True)
class Answer:
    """What is answered. `body`: JSON, or text as it is."""

    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    after_s: float = 0.0


Answers = Callable[[Request], Answer]


class SearchServer(ThreadingHTTPServer):
    """A running server: its address, how it answers, and what it was asked."""

    def __init__(self, answers: Answers) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers = answers
        self.requests: list[Request] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, *_: object) -> None:
        """A client that has gone away is no news."""


class _Handler(BaseHTTPRequestHandler):
    server: SearchServer

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        request = Request(self.command, self.path, dict(self.headers), json.loads(raw) if raw else None)
        self.server.requests.append(request)
        answer = self.server.answers(request)
        time.sleep(answer.after_s)
        body = (answer.body if isinstance(answer.body, str) else json.dumps(answer.body)).encode()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self.do_POST()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(answers: Answers | Answer) -> Iterator[SearchServer]:
    """A server that answers so until the block ends."""
    server = SearchServer((lambda _: answers) if isinstance(answers, Answer) else answers)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def plain(request: Request) -> Answer:
    """POST /search {"query", "top_k"} -> {"results": [...]}, best first."""
    if request.path != "/search":
        return Answer({"detail": "Not Found"}, 404)
    results = [
        {"id": name, "text": text, "title": name.partition(".")[0].title(), "score": 0.9 - place / 10,
         "metadata": {"source": f"/kb/{name}", "pages": 3}}
        for place, (name, text) in enumerate(PASSAGES.items())
    ]  # fmt: skip
    return Answer({"results": results[: request.body["top_k"]], "took": 3})


def dify(request: Request) -> Answer:
    """Dify's contract: the header's form, the key, the knowledge id, records; errors as error_code and error_msg."""
    header = request.headers.get("Authorization", "")
    if not header.startswith("Bearer "):
        return Answer({"error_code": 1001, "error_msg": "Invalid Authorization header format."}, 403)
    if header != f"Bearer {KEY}":
        return Answer({"error_code": 1002, "error_msg": "Authorization failed."}, 403)
    if request.path != "/retrieval" or set(request.body) - {"knowledge_id", "query", "retrieval_setting"}:
        return Answer({"error_code": 4000, "error_msg": "Unknown request."}, 400)
    if request.body["knowledge_id"] != 'the "hr" base':
        return Answer({"error_code": 2001, "error_msg": "The knowledge does not exist."}, 404)
    top_k = request.body["retrieval_setting"]["top_k"]
    assert isinstance(top_k, int) and isinstance(request.body["retrieval_setting"]["score_threshold"], float)
    records = [
        {"content": text, "score": 0.98 - place / 100, "title": name, "metadata": {"path": f"s3://kb/{name}"}}
        for place, (name, text) in enumerate(PASSAGES.items())
    ]
    return Answer({"records": records[:top_k]})
