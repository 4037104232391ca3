"""A small HTTP server that answers as each reranking service documents, and goes wrong as it is told.

Written from the services' own pages, not from the project's table: a field that a service does not know is refused,
a passage that is too long is refused unless the service was asked to cut it, and results come best first.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from rag_core.rerank.fixed import overlap

KEY = "key-5f1c9a-never-shown"
LONGEST = 1000
"""Words of a passage that these models read."""
DATE = "Fri, 02 Jan 2026 10:00:00 GMT"
Body = dict[str, Any]
Results = list[dict[str, Any]]


@dataclass(frozen=True)
class Model:
    """What a server runs. Every score is multiplied by `factor`, so that models can be told apart."""

    name: str = "maker/reranker"
    revision: str = "0123456789abcdef0123456789abcdef01234567"
    factor: float = 1.0


def _listed(**fields: Callable[[Model], Any]) -> Callable[[Model], Any]:
    """A list of one model in OpenAI's shape, made anew for each request, as servers do."""
    return lambda model: {
        "object": "list",
        "data": [
            {"id": model.name, "object": "model", "created": time.time_ns(), "owned_by": "me"}
            | {name: value(model) for name, value in fields.items()}
        ],
    }


@dataclass(frozen=True)
class Wire:
    """One service.

    known  fields of a request
    cuts   whether this request asks for long passages to be cut
    says   what it answers to a GET, by path: what it runs
    """

    path: str
    known: frozenset[str]
    documents: str
    score: str
    answer: Callable[[Results], Any]
    error: Callable[[int, str], Any]
    limit: int
    logits: bool = False
    text: Callable[[Any], str] = str
    cuts: Callable[[Body], bool] = lambda _: True
    must: frozenset[str] = frozenset({"model"})
    says: Mapping[str, Callable[[Model], Any]] = field(default_factory=dict)
    key: Callable[[Mapping[str, str]], str | None] = lambda headers: (headers.get("Authorization") or "").removeprefix(
        "Bearer "
    )

    def relevance(self, query: str, document: str) -> float:
        """The share of the query's words in the passage, 0..1; as a logit, from -4 to 4."""
        share = overlap(query, " ".join(document.split()[:LONGEST]))
        return 8 * share - 4 if self.logits else share


def _wire(path: str, known: str, documents: str = "documents", score: str = "relevance_score", **rest: Any) -> Wire:
    return Wire(path, frozenset(known.split()) | {"query", documents}, documents, score, **rest)


USAGE = {"total_tokens": 7}
_JINA = _wire(
    "/v1/rerank",
    "model top_n return_documents",
    answer=lambda results: {"model": "m", "results": results, "usage": USAGE},
    error=lambda status, said: {"detail": said},
    limit=100,
    must=frozenset(),
    says={"/v1/models": _listed(root=lambda model: model.revision)},
)

WIRES = {
    "cohere": _wire(
        "/v2/rerank",
        "model top_n max_tokens_per_doc priority",
        answer=lambda results: {"id": "1", "results": results, "meta": {"billed_units": {"search_units": 1}}},
        error=lambda status, said: {"id": "1", "message": said},
        limit=1000,
    ),
    "voyage": _wire(
        "/v1/rerank",
        "model top_k return_documents truncation",
        answer=lambda results: {"object": "list", "data": results, "model": "m", "usage": USAGE},
        error=lambda status, said: {"detail": said},
        limit=1000,
        cuts=lambda body: body.get("truncation", True),
    ),
    "jina": _wire(
        "/v1/rerank",
        "model top_n return_documents",
        answer=lambda results: {"model": "m", "results": results, "usage": USAGE},
        error=lambda status, said: {"detail": [{"loc": ["body"], "msg": said}]},
        limit=500,
    ),
    "mixedbread": _wire(
        "/v1/reranking",
        "model top_k return_input rank_fields rewrite_query",
        documents="input",
        score="score",
        answer=lambda results: {"object": "list", "data": results, "usage": USAGE, "top_k": len(results)},
        error=lambda status, said: {"message": said},
        limit=1000,
    ),
    "pinecone": _wire(
        "/rerank",
        "model top_n return_documents rank_fields parameters",
        score="score",
        answer=lambda results: {"model": "m", "data": results, "usage": {"rerank_units": 1}},
        error=lambda status, said: {"error": {"code": "INVALID_ARGUMENT", "message": said}, "status": status},
        limit=100,
        text=lambda document: document["text"],
        cuts=lambda body: body.get("parameters", {}).get("truncate") == "END",
        key=lambda headers: headers.get("Api-Key") if headers.get("X-Pinecone-API-Version") else None,
    ),
    "zeroentropy": _wire(
        "/v1/models/rerank",
        "model top_n latency",
        answer=lambda results: {"results": results, "total_bytes": 9, "total_tokens": 7},
        error=lambda status, said: {"detail": said},
        limit=1000,
    ),
    "tei": _wire(
        "/rerank",
        "raw_scores truncate truncation_direction return_text",
        documents="texts",
        score="score",
        answer=lambda results: results,
        error=lambda status, said: {"error": said, "error_type": "Validation"},
        limit=32,
        logits=True,
        cuts=lambda body: body.get("truncate", False),
        must=frozenset({"raw_scores"}),
        says={
            "/info": lambda model: {
                "model_id": model.name,
                "model_sha": model.revision or None,
                "model_dtype": "float32",
                "model_type": {"reranker": {"id2label": {"0": "LABEL_0"}}},
                "max_client_batch_size": 32,
                "version": "1.8.0",
            }
        },
    ),
    "llamacpp": _wire(
        "/v1/rerank",
        "model top_n",
        answer=lambda results: {"model": "m", "object": "list", "usage": USAGE, "results": results},
        error=lambda status, said: {"error": {"code": status, "message": said, "type": "server_error"}},
        limit=100,
        logits=True,
        must=frozenset(),
        says={"/v1/models": _listed(meta=lambda model: {"n_params": 22_000_000, "size": len(model.revision)})},
    ),
    "vllm": _wire(
        "/v1/rerank",
        "model top_n truncate_prompt_tokens",
        answer=lambda results: {"id": "1", "model": "m", "usage": USAGE, "results": results},
        error=lambda status, said: {"error": {"message": said, "type": "BadRequestError", "code": status}},
        limit=256,
        cuts=lambda body: body.get("truncate_prompt_tokens") == -1,
        must=frozenset(),
        says={"/v1/models": _listed(root=lambda model: f"/models/{model.revision}")},
    ),
    "infinity": _wire(
        "/rerank",
        "model top_n return_documents raw_scores",
        answer=lambda results: {"object": "rerank", "results": results, "model": "m", "usage": USAGE},
        error=lambda status, said: {"error": {"message": said, "type": None, "code": status}},
        limit=2048,
        logits=True,
        must=frozenset({"raw_scores"}),
        says={"/models": _listed(backend=lambda model: "torch")},
    ),
    "cohere-shaped": _wire(
        "/v2/rerank",
        "model top_n",
        answer=lambda results: {"results": results},
        error=lambda status, said: {"message": said},
        limit=100,
        must=frozenset(),
        says={"/models": _listed()},
    ),
    "jina-shaped": _JINA,
}


@dataclass
class Fault:
    """What one request gets instead of its answer. `results` and `raw` change what a good answer would have been.

    hang_up  the connection is closed without an answer
    restart  afterwards the server runs this model
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    results: Callable[[Results], Results] | None = None
    raw: bytes | None = None
    said: str = "No such luck"
    hang: bool = False
    hang_up: bool = False
    restart: Model | None = None
    drip: bool = False


class Service:
    """The running server, its faults to come (one a request) and what it was asked.

    model  what it runs now; a test that changes it has restarted the server with another model
    mute   it does not say what it runs
    limit  passages per request, if other than usual
    most_chars  characters of all passages of a request; it does not say how many, as a limit on bytes does not
    """

    def __init__(self) -> None:
        self.address = ""
        self.reset()

    def reset(self) -> None:
        """Forget everything, and let go of requests that hang."""
        self.faults: list[Fault] = []
        self.model = Model()
        self.mute = False
        self.limit: int | None = None
        self.most_chars: int | None = None
        self.looked_up = 0
        self.asked: list[Body] = []
        self.requests = 0
        self.under_way = self.most_under_way = 0
        self.lock = threading.Lock()
        self.let_go = threading.Event()

    def answer(self, wire: Wire, headers: Mapping[str, str], body: Body) -> tuple[int, Any, Fault]:
        """Status, JSON and the fault that befell this request."""
        with self.lock:
            self.requests += 1
            self.asked.append(body)
            fault = self.faults.pop(0) if self.faults else Fault()
        refusal = refused(wire, headers, body, self.limit or wire.limit) or self._too_heavy(wire, body)
        if refusal:
            return refusal[0], wire.error(*refusal), fault
        if fault.status != 200:
            return fault.status, wire.error(fault.status, fault.said), fault
        texts = [wire.text(document) for document in body[wire.documents]]
        results = [
            {"index": i, wire.score: wire.relevance(body["query"], text) * self.model.factor}
            for i, text in enumerate(texts)
        ]
        results.sort(key=lambda result: -result[wire.score])
        return 200, wire.answer(fault.results(results) if fault.results else results), fault

    def _too_heavy(self, wire: Wire, body: Body) -> tuple[int, str] | None:
        chars = sum(len(wire.text(document)) for document in body[wire.documents])
        return (413, "length limit exceeded") if self.most_chars and chars > self.most_chars else None


def refused(wire: Wire, headers: Mapping[str, str], body: Body, limit: int) -> tuple[int, str] | None:
    """Status and message of a request that the service would not take."""
    key = wire.key(headers)
    if key != KEY:
        return 401, f"Incorrect API key provided: {key}"
    unknown, lacking = set(body) - wire.known, (wire.must | {"query", wire.documents}) - set(body)
    if unknown or lacking:
        return 422, f"unknown fields {sorted(unknown)}, missing fields {sorted(lacking)}"
    documents = body[wire.documents]
    if not 0 < len(documents) <= limit:
        return 413, f"batch size {len(documents)} > maximum allowed batch size {limit}"
    if not wire.cuts(body) and any(len(wire.text(document).split()) > LONGEST for document in documents):
        return 400, "input is too long"
    return None


class _Handler(BaseHTTPRequestHandler):
    service: Service

    def do_POST(self) -> None:
        service = self.service
        with service.lock:
            service.under_way += 1
            service.most_under_way = max(service.most_under_way, service.under_way)
        try:
            self._answer(service)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the client gave up, as it was to
        finally:
            with service.lock:
                service.under_way -= 1

    def do_GET(self) -> None:
        """What the server runs, for a caller with the key."""
        service, (name, _, path) = self.service, self.path[1:].partition("/")
        wire = WIRES[name]
        say = wire.says.get(f"/{path}")
        with service.lock:
            service.looked_up += 1
        if wire.key(self.headers) != KEY:
            self._send(401, {}, b"{}")
        elif say is None or service.mute:
            self._send(404, {}, b"{}")
        else:
            self._send(200, {}, json.dumps(say(service.model)).encode())

    def _answer(self, service: Service) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        name, _, path = self.path[1:].partition("/")
        wire = WIRES[name]
        if f"/{path}" != wire.path:
            self._send(404, {}, b"{}")
            return
        status, answer, fault = service.answer(wire, self.headers, body)
        content = json.dumps(answer).encode() if fault.raw is None else fault.raw
        if fault.restart:
            service.model = fault.restart
        if fault.hang_up:
            self.close_connection = True
            return
        if fault.hang:
            service.let_go.wait(30)
        self._send(status, fault.headers, b"" if fault.drip else content)
        while fault.drip and not service.let_go.wait(0.02):
            self.wfile.write(b" ")

    def _send(self, status: int, headers: Mapping[str, str], content: bytes) -> None:
        self.send_response_only(status)
        for header, value in {"Date": DATE, "Content-Type": "application/json", **headers}.items():
            self.send_header(header, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


@contextmanager
def running(port: int = 0) -> Iterator[Service]:
    """The server on a free port of this machine, or on that one; service `name` is at `<address>/<name>`."""
    service = Service()
    handler = type("Handler", (_Handler,), {"service": service})
    with ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        server.daemon_threads = True
        service.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield service
        service.let_go.set()
        server.shutdown()
        thread.join()
