"""A small HTTP server that answers as each embedding service documents, and goes wrong as it is told.

Written from the services' own pages, not from the project's table: a field that a service does not know is refused, so
are too many texts and a text that is too long. A vector counts a text's words, so that like texts have like vectors.
"""

from __future__ import annotations

import json
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "key-77aa-never-shown"
LONGEST = 400
"""Words of a text that these models read."""
WHOLE = 64
"""Numbers of a vector, where no fewer are asked for."""

Body = dict[str, Any]
Vectors = list[list[float]]


def vector(text: str, role: str, whole: int = WHOLE) -> list[float]:
    """How often each word stands in the text, times three: not of length 1. The role counts a little."""
    counts = [0.5] + [0.0] * (whole - 1)
    for word in text.lower().replace(".", " ").replace("?", " ").split():
        counts[zlib.crc32(word.encode()) % whole] += 3.0
    counts[zlib.crc32(role.encode()) % whole] += 0.3
    return counts


@dataclass(frozen=True)
class Wire:
    """One service.

    known   fields of a request; `must`: those that it cannot do without
    texts   the texts of a request; `role`: what it says that they are; `asked`: how many numbers it asks for
    answer  the answer for these vectors; `error`: for a status and a message
    limit   texts a request; `too_many`: status and message for more
    says    what it answers to a GET, by path
    """

    path: str
    known: frozenset[str]
    must: frozenset[str]
    texts: Callable[[Body], list[str]]
    answer: Callable[[Vectors], Any]
    error: Callable[[int, str], Any]
    role: Callable[[Body], str] = lambda body: ""
    asked: Callable[[Body], int | None] = lambda body: body.get("dimensions")
    limit: int = 1000
    too_many: Callable[[int, int], tuple[int, str]] = lambda count, most: (400, f"'$.input' is invalid: over {most}")
    key: Callable[[Mapping[str, str]], str | None] = lambda headers: (headers.get("Authorization") or "").removeprefix(
        "Bearer "
    )
    refused: tuple[int, str] = (401, "Incorrect API key provided: {key}")
    says: Mapping[str, Any] = field(default_factory=dict)


def _data(vectors: Vectors) -> list[Body]:
    """OpenAI's list, out of order: `index` says which is which."""
    return [{"object": "embedding", "index": at, "embedding": one} for at, one in enumerate(vectors)][::-1]


def _openai(path: str = "/v1/embeddings", **rest: Any) -> Wire:
    fields: dict[str, Any] = {
        "known": frozenset({"model", "input", "dimensions", "encoding_format", "user"}),
        "must": frozenset({"model", "input"}),
        "texts": lambda body: body["input"],
        "answer": lambda vectors: {
            "object": "list",
            "data": _data(vectors),
            "model": "m",
            "usage": {"prompt_tokens": 7 * len(vectors), "total_tokens": 7 * len(vectors)},
        },
        "error": lambda status, said: {"error": {"message": said, "type": "invalid_request_error", "code": None}},
    }
    return Wire(path, **(fields | rest))


def _gemini(body: Body, field: str) -> Any:
    return body["requests"][0].get(field)


def _listed(*models: str) -> Body:
    return {"object": "list", "data": [{"id": name, "object": "model", "owned_by": "me"} for name in models]}


WIRES = {
    "openai": _openai(limit=2048),
    "azure": _openai(
        "/openai/v1/embeddings",
        key=lambda headers: headers.get("api-key"),
        refused=(401, "Access denied due to invalid subscription key"),
        error=lambda status, said: {"error": {"code": str(status), "message": said}},
        limit=2048,
    ),
    "vllm": _openai(
        known=frozenset({"model", "input", "dimensions", "encoding_format", "truncate_prompt_tokens"}),
        says={"/v1/models": {"data": [{"id": "maker/embedder", "root": "/models/maker-embedder"}]}},
    ),
    "ollama": _openai(
        error=lambda status, said: {"error": {"message": said, "type": "api_error", "param": None, "code": None}},
        says={"/api/tags": {"models": [{"name": "maker/embedder:latest", "digest": "0a109f422b47" + "0" * 52}]}},
    ),
    "litellm": _openai(says={"/v1/models": _listed("maker/embedder", "another")}),
    "tei": _openai(
        must=frozenset({"input"}),
        limit=32,
        too_many=lambda count, most: (413, f"batch size {count} > maximum allowed batch size {most}"),
        error=lambda status, said: {"message": said, "type": "Validation"},
        says={"/info": {"model_id": "maker/embedder", "model_sha": "ab" * 20, "max_client_batch_size": 32}},
    ),
    "openai-shaped": _openai(),
    "cohere": Wire(
        "/v2/embed",
        frozenset({"model", "texts", "input_type", "embedding_types", "output_dimension", "truncate", "max_tokens"}),
        frozenset({"model", "texts", "input_type", "embedding_types"}),
        texts=lambda body: body["texts"],
        answer=lambda vectors: {
            "id": "1",
            "embeddings": {"float": vectors},
            "texts": [],
            "meta": {"api_version": {"version": "2"}, "billed_units": {"input_tokens": 7 * len(vectors)}},
        },
        error=lambda status, said: {"id": "1", "message": said},
        role=lambda body: {"search_query": "query", "search_document": "passage"}[body["input_type"]],
        asked=lambda body: body.get("output_dimension"),
        limit=96,
        too_many=lambda count, most: (
            400, f"invalid request: total number of texts must be at most {most} - received {count}"
        ),
        refused=(401, "invalid api token"),
    ),
    "voyage": Wire(
        "/v1/embeddings",
        frozenset({"model", "input", "input_type", "truncation", "output_dimension", "output_dtype"}),
        frozenset({"model", "input"}),
        texts=lambda body: body["input"],
        answer=lambda vectors: {
            "object": "list", "data": _data(vectors), "model": "m", "usage": {"total_tokens": 7 * len(vectors)}
        },
        error=lambda status, said: {"detail": said},
        role=lambda body: {"query": "query", "document": "passage"}[body["input_type"]],
        asked=lambda body: body.get("output_dimension"),
        refused=(401, "Provided API key is invalid."),
    ),
    "jina": Wire(
        "/v1/embeddings",
        frozenset(
            {"model", "input", "task", "dimensions", "normalized", "embedding_type", "late_chunking", "truncate"}
        ),
        frozenset({"model", "input"}),
        texts=lambda body: body["input"],
        answer=lambda vectors: {"model": "m", "data": _data(vectors), "usage": {"total_tokens": 7 * len(vectors)}},
        error=lambda status, said: {"detail": said},
        role=lambda body: {"retrieval.query": "query", "retrieval.passage": "passage"}[body["task"]],
        limit=512,
        refused=(401, "Invalid API key"),
    ),
    "gemini": Wire(
        "/v1beta/models/maker%2Fembedder:batchEmbedContents",
        frozenset({"requests"}),
        frozenset({"requests"}),
        texts=lambda body: [one["content"]["parts"][0]["text"] for one in body["requests"]],
        answer=lambda vectors: {"embeddings": [{"values": one} for one in vectors]},
        error=lambda status, said: {"error": {"code": status, "message": said, "status": "INVALID_ARGUMENT"}},
        role=lambda body: {"RETRIEVAL_QUERY": "query", "RETRIEVAL_DOCUMENT": "passage"}[_gemini(body, "taskType")],
        asked=lambda body: _gemini(body, "outputDimensionality"),
        key=lambda headers: headers.get("x-goog-api-key"),
        limit=100,
        too_many=lambda count, most: (
            400, f"* BatchEmbedContentsRequest.requests: at most {most} requests can be in one batch"
        ),
        refused=(400, "API key not valid. Please pass a valid API key."),
    ),
}  # fmt: skip


@dataclass
class Fault:
    """What one request gets instead of its answer. `vectors` and `raw` change what a good answer would have been."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    said: str = "No such luck"
    body: Any = None
    vectors: Callable[[Vectors], Vectors] | None = None
    answer: Callable[[Any], Any] | None = None
    raw: bytes | None = None
    hang_up: bool = False


class Service:
    """The running server, its faults to come (one a request) and what it was asked.

    shortens  whether its model can give shorter vectors; one that cannot refuses, unless it is `careless`
    limit     texts a request, if other than usual
    key       the key that it wants; empty: none
    says      what it says that it runs, instead of the wire's
    ails      status that it answers that question with; `slow_s`: seconds until it answers it
    looked_up how often it was asked that question
    """

    def __init__(self) -> None:
        self.address = ""
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self.faults: list[Fault] = []
        self.shortens, self.careless = True, False
        self.limit: int | None = None
        self.key = KEY
        self.says: Mapping[str, Any] | None = None
        self.ails, self.slow_s, self.looked_up = 200, 0.0, 0
        self.asked: list[Body] = []
        self.lock = threading.Lock()

    @property
    def texts(self) -> list[str]:
        """Every text that it was sent, in the order of the requests."""
        return [text for body in self.asked for text in body["__texts"]]

    def answer(self, wire: Wire, headers: Mapping[str, str], body: Body) -> tuple[int, Any, Fault]:
        """Status, JSON and the fault that befell this request."""
        refusal = refused(wire, headers, body, self)
        with self.lock:
            fault = self.faults.pop(0) if self.faults else Fault()
            self.asked.append({**body, "__texts": wire.texts(body) if not refusal else []})
        if refusal:
            return refusal[0], wire.error(*refusal), fault
        if fault.status != 200:
            return fault.status, fault.body or wire.error(fault.status, fault.said), fault
        asked = wire.asked(body)
        if asked and not self.shortens and not self.careless:
            return 400, wire.error(400, "This model does not support specifying dimensions."), fault
        most = asked if asked and self.shortens else WHOLE
        vectors = [vector(text, wire.role(body))[:most] for text in wire.texts(body)]
        good = wire.answer(fault.vectors(vectors) if fault.vectors else vectors)
        return 200, fault.answer(good) if fault.answer else good, fault


def refused(wire: Wire, headers: Mapping[str, str], body: Body, service: Service) -> tuple[int, str] | None:
    """Status and message of a request that the service would not take."""
    if service.key and (given := wire.key(headers)) != service.key:
        return wire.refused[0], wire.refused[1].format(key=given)
    unknown, lacking = set(body) - wire.known, wire.must - set(body)
    if unknown or lacking:
        return 422, f"unknown fields {sorted(unknown)}, missing fields {sorted(lacking)}"
    texts, most = wire.texts(body), service.limit or wire.limit
    if len(texts) > most:
        return wire.too_many(len(texts), most)
    if any(not text for text in texts) or any(len(text.split()) > LONGEST for text in texts):
        return 400, "input is empty or too long"
    return None


class _Handler(BaseHTTPRequestHandler):
    service: Service

    def do_GET(self) -> None:
        """What the server runs, for a caller with the key."""
        service, (name, _, path) = self.service, self.path[1:].partition("/")
        wire = WIRES[name]
        says = wire.says if service.says is None else service.says
        service.looked_up += 1
        time.sleep(service.slow_s)
        if service.key and wire.key(self.headers) != service.key:
            self._send(401, {}, b"{}")
        elif service.ails != 200:
            self._send(service.ails, {}, b"{}")
        elif f"/{path}" not in says:
            self._send(404, {}, b"{}")
        else:
            self._send(200, {}, json.dumps(says[f"/{path}"]).encode())

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        name, _, path = self.path[1:].partition("/")
        wire = WIRES[name]
        if f"/{path}" != wire.path:
            self._send(404, {}, json.dumps(wire.error(404, f"no such path /{path}")).encode())
            return
        status, answer, fault = self.service.answer(wire, self.headers, body)
        if fault.hang_up:
            self.close_connection = True
            self.connection.close()
            return
        self._send(status, fault.headers, fault.raw if fault.raw is not None else json.dumps(answer).encode())

    def _send(self, status: int, headers: Mapping[str, str], content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            self.send_header(name, value)
        with suppress(BrokenPipeError):  # a caller that waited no longer
            self.end_headers()
            self.wfile.write(content)

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@contextmanager
def running() -> Iterator[Service]:
    """The server on a free port of this machine; `service.address` is without the name of a wire."""
    service = Service()
    handler = type("Handler", (_Handler,), {"service": service})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    service.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
