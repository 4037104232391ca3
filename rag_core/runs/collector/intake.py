"""A request's body into the database. What is answered with success is on the disk by then."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import chain
from typing import Any

from rag_core.errors import BadInput, UnreadableRecord
from rag_core.runs.collector.arrivals import Listener
from rag_core.runs.collector.group_commit import GroupCommit
from rag_core.runs.collector.limits import Refused
from rag_core.runs.run import Run
from rag_core.runs.sent import run_from
from rag_core.runs.spans.otlp import response, spans_of_json, spans_of_protobuf
from rag_core.runs.store.run_book import RunBook
from rag_core.runs.store.span_book import SpanBook
from rag_core.storage.database import Store

JSON, LINES, PROTOBUF = "application/json", "application/x-ndjson", "application/x-protobuf"
MOST = 2000
"""Runs of one request."""

SHOWN = 20
"""Reasons that one answer gives."""

Answer = tuple[bytes, str]
"""A body and its content type."""


class Intake:
    """Takes bodies into a database that is durable. What comes at once is written at once."""

    def __init__(self, store: Store, listener: Listener) -> None:
        self._book, self._listener = RunBook(store), listener
        self._runs = GroupCommit(self._add_runs)
        self._spans = GroupCommit(SpanBook(store).add_all)

    def _add_runs(self, requests: Sequence[Sequence[Run]]) -> list[None]:
        self._book.add(chain.from_iterable(requests))
        return [None] * len(requests)

    def runs(self, body: bytes, kind: str) -> Answer:
        """Runs: one object, a list, or a line each. Raises Refused where none of it can be taken."""
        if kind not in (JSON, LINES):
            raise Refused(415, f"Send runs as {JSON} or, a line each, as {LINES}.")
        given = _lines(body) if kind == LINES else _list(body)
        taken: list[Run] = []
        rejected: list[dict[str, Any]] = []
        for index, raw in enumerate(given):
            try:
                taken.append(run_from(raw))
            except UnreadableRecord as exc:
                rejected.append({"index": index, "error": str(exc)})
        if rejected and not taken:
            raise Refused(400, f"No run was taken. The first: {rejected[0]['error']}")
        self._runs.put(taken)
        self._listener.runs(taken)
        ids = [run.id for run in taken]
        return json.dumps({"accepted": len(taken), "ids": ids, "rejected": rejected}).encode(), JSON

    def traces(self, body: bytes, kind: str) -> Answer:
        """An OTLP trace request, in JSON or protobuf. Raises Refused where none of it can be read."""
        if kind not in (JSON, PROTOBUF):
            raise Refused(415, f"Send traces as {PROTOBUF} or {JSON}.")
        try:
            received = spans_of_protobuf(body) if kind == PROTOBUF else spans_of_json(body)
        except BadInput as exc:
            raise Refused(400, str(exc)) from exc
        late = self._spans.put(received.spans)
        reasons = list(received.rejected[:SHOWN])
        if late:
            reasons.append(f"{late} spans came after their trace was closed.")
        count, message = len(received.rejected) + late, " ".join(reasons)
        if kind == PROTOBUF:
            return response(count, message), PROTOBUF
        partial = {"rejectedSpans": str(count), "errorMessage": message} if count else None
        return json.dumps({"partialSuccess": partial} if partial else {}).encode(), JSON


def _list(body: bytes) -> list[Any]:
    try:
        given = json.loads(body)
    except (ValueError, RecursionError) as exc:
        raise Refused(400, "The body is not JSON.") from exc
    return _few(given if isinstance(given, list) else [given])


def _lines(body: bytes) -> list[Any]:
    lines = [line for line in body.splitlines() if line.strip()]
    return [_parsed(line) for line in _few(lines)]


def _parsed(line: bytes) -> Any:
    """The JSON of a line; a line that is none stays as it is, and is rejected with its place."""
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return line


def _few(given: list[Any]) -> list[Any]:
    if len(given) > MOST:
        raise Refused(413, f"Send at most {MOST} runs in one request.")
    return given
