"""The collector's routes, and its work in the background.

    POST /v1/runs      the run record (docs/run-record.schema.json): one, a list, or a line each
    POST /v1/traces    OTLP/HTTP, protobuf or JSON
    GET  /health

Bodies may be gzip. 401 and 403: not allowed; 408: too slow; 413: too large; 415: another type; 429 and 503, with
Retry-After: come again.
"""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from rag_core.errors import BadInput, MissingPackage, SecondPassError
from rag_core.runs.collector.arrivals import Listener
from rag_core.runs.collector.intake import Answer, Intake
from rag_core.runs.collector.limits import Limits, Rate, Refused, Room, check_access, unpacked
from rag_core.runs.store import retention as rules
from rag_core.runs.store.retention import Retention
from rag_core.runs.store.span_book import SpanBook
from rag_core.storage.database import Store

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

SETTLED = timedelta(seconds=1)
"""How long a trace is left alone after its last span before a run is made of it."""

GRACE_S = 10
"""How long requests may go on once the server is told to stop (uvicorn's `timeout_graceful_shutdown`)."""

LOOK_EVERY_S, TRIM_EVERY_S = 0.5, 600.0
LOG = logging.getLogger("second_pass.runs")

Take = Callable[[bytes, str], Answer]
"""What takes a body, given its content type."""


def application(
    store: Store, limits: Limits, retention: Retention | None = None, listener: Listener | None = None
) -> Starlette:
    """The collector as an ASGI application. The store must be durable (`Store(url, durable=True)`). `listener` is
    told of what arrives."""
    try:
        from starlette.applications import Starlette
        from starlette.routing import Route
    except ImportError as exc:
        raise MissingPackage("starlette", "The collector") from exc

    listener = listener or Listener()
    intake, background = Intake(store, listener), Background(store, retention or Retention(), listener)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        background.start()
        yield
        background.stop()

    guard = Guard(limits)
    return Starlette(
        routes=[
            Route("/v1/runs", guard.route(intake.runs), methods=["POST"]),
            Route("/v1/traces", guard.route(intake.traces), methods=["POST"]),
            Route("/health", _health),
        ],
        lifespan=lifespan,
    )


class Guard:
    """Lets requests through within the limits."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._rate = Rate(limits.per_second, limits.burst)
        self._room = Room(limits)

    def route(self, take: Take) -> Callable[[Request], Awaitable[Response]]:
        """The endpoint of what takes a body and its content type."""

        async def endpoint(request: Request) -> Response:
            from starlette.concurrency import run_in_threadpool
            from starlette.responses import Response

            try:
                check_access(self._limits, request.headers.get("authorization", ""), request.headers.get("host", ""))
                self._rate.take()
                with self._room.place() as hold:
                    body = await self._in_time(request, hold)
                    answer, kind = await run_in_threadpool(self._taken, take, request.headers, body, hold)
                return Response(answer, media_type=kind)
            except Refused as exc:
                return _refusal(exc)
            except BadInput as exc:  # it would fail the same when it comes again
                return _refusal(Refused(400, str(exc)))
            except SecondPassError as exc:  # the database: what was sent is not lost, it comes again
                LOG.error("A request was not taken: %s", exc)
                return _refusal(Refused(503, str(exc), 5))

        return endpoint

    async def _in_time(self, request: Request, hold: Callable[[int], None]) -> bytes:
        """The body as it was sent; refused where it does not come."""
        try:
            async with asyncio.timeout(self._limits.body_s):
                return await self._body(request, hold)
        except TimeoutError as exc:
            raise Refused(408, f"The body has not come whole within {self._limits.body_s:g} seconds.") from exc

    async def _body(self, request: Request, hold: Callable[[int], None]) -> bytes:
        """The body as it was sent; refused as soon as it is too large."""
        most = self._limits.max_bytes
        parts = bytearray()
        async for part in request.stream():
            hold(len(part))
            parts += part
            if len(parts) > most:
                raise Refused(413, f"The body has more than {most // 2**20} MB. Send smaller batches.")
        return bytes(parts)

    def _taken(self, take: Take, headers: Mapping[str, str], body: bytes, hold: Callable[[int], None]) -> Answer:
        """The answer to a body, unpacked before."""
        encoding = headers.get("content-encoding", "").strip().lower()
        plain = unpacked(body, encoding, self._limits.max_bytes)
        if plain is not body:
            hold(len(plain))
        return take(plain, headers.get("content-type", "").partition(";")[0].strip().lower())


def _refusal(refused: Refused) -> Response:
    from starlette.responses import Response

    headers = {} if refused.retry_after is None else {"Retry-After": str(refused.retry_after)}
    body = json.dumps({"code": refused.status, "message": str(refused)})
    return Response(body, refused.status, headers, media_type="application/json")


async def _health(_request: Request) -> Response:
    from starlette.responses import Response

    return Response('{"status": "ok"}', media_type="application/json")


class Background:
    """Makes runs of the spans that have arrived, and trims what is too old, in a thread."""

    def __init__(self, store: Store, retention: Retention, listener: Listener | None = None) -> None:
        told = listener or Listener()
        self._store, self._retention = store, retention
        self._spans = SpanBook(store, told.runs, told.no_run)
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._work, name="second-pass-collector", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Make runs of all that has arrived, and end."""
        self._end.set()
        self._thread.join(30)

    def _work(self) -> None:
        waited = TRIM_EVERY_S
        while not self._end.wait(LOOK_EVERY_S):
            waited += LOOK_EVERY_S
            self._try(lambda: self._make(SETTLED))
            if waited >= TRIM_EVERY_S:
                waited = 0.0
                self._try(self._trim)
        self._try(lambda: self._make(timedelta(0)))

    def _make(self, settled: timedelta) -> None:
        while self._spans.make_runs(settled):
            pass

    def _trim(self) -> None:
        self._spans.forget()
        rules.apply(self._store, self._retention)

    def _try(self, work: Callable[[], None]) -> None:
        """Whatever goes wrong is said in the log and tried again with the next look."""
        try:
            work()
        except Exception:  # the thread must go on: requests are acknowledged meanwhile
            LOG.exception("Work in the background failed; it is tried again.")
