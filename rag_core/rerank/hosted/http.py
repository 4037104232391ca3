"""One POST to a service that reads texts: time-outs, retries as the service asks for them, and every status looked at.

What is sent and what an answer means is in `shapes`. No message, log line or cause of an error holds the key.
"""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from rag_core.errors import ModelError
from rag_core.rerank.hosted.provider import Api
from rag_core.rerank.hosted.shapes import error_of
from rag_core.rerank.hosted.waits import asked_wait

if TYPE_CHECKING:
    import httpx

MAX_ANSWER_BYTES = 64 * 2**20
RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504, 529})
"""Statuses of trouble that may pass."""

BATCH_LIMITS = (
    re.compile(r"batch size\D+(?:\d+\D+)?(?P<limit>\d+)\s*$"),
    re.compile(r"at most (?P<limit>\d+) (?:requests|texts|inputs|items)"),
    re.compile(r"total number of texts must be at most (?P<limit>\d+)"),
)
"""`batch size 64 > maximum allowed batch size 32`, as Text Embeddings Inference says it, and what others say."""


class RequestTooLarge(ModelError):
    """The service takes fewer texts per request. `limit`: how many, if it says so."""

    def __init__(self, message: str, limit: int | None) -> None:
        super().__init__(message)
        self.limit = limit


class ServiceUnavailable(ModelError):
    """The service could not be reached, or the connection broke."""


@dataclass(frozen=True)
class RetryPolicy:
    """How long to wait for a service, in seconds.

    connect_s, answer_s  for a connection; for the end of one answer
    attempts             requests at most, the first one included; none starts later than total_s after the first
    first_wait_s         back-off: first_wait_s, then twice that, four times that, each less up to half at random
    longest_wait_s       a service that asks for a longer wait is not waited for
    """

    connect_s: float = 5.0
    answer_s: float = 30.0
    attempts: int = 4
    first_wait_s: float = 0.5
    longest_wait_s: float = 20.0
    total_s: float = 60.0


@dataclass(frozen=True)
class Response:
    """The outcome of one request.

    answer   its JSON
    failure  what went wrong, as a sentence; empty if nothing did
    error    the exception to raise for the failure
    retry    whether another attempt may succeed
    wait_s   the wait that the service asked for
    """

    answer: Any = None
    failure: str = ""
    error: Callable[[str], ModelError] = ModelError
    retry: bool = False
    wait_s: float | None = None


@dataclass(frozen=True)
class Call:
    """Where a request goes and with what. `headers` hold the key, so the value is never shown."""

    provider: Api
    url: str
    headers: Mapping[str, str]
    secret: str

    def __repr__(self) -> str:
        return f"Call({self.url})"


def post(
    client: httpx.Client,
    call: Call,
    body: Mapping[str, Any],
    policy: RetryPolicy,
    sleep: Callable[[float], None] = time.sleep,
    on_disconnect: Callable[[], None] = lambda: None,
    on_send: Callable[[], None] = lambda: None,
) -> Any:
    """Send a request and return the answer's JSON. Calls `on_send` before each attempt, `on_disconnect` whenever one
    finds no connection.

    Raises ModelError with a message for users once the service has failed for good: RequestTooLarge if it takes fewer
    texts, ServiceUnavailable if there is no connection.
    """
    begin = time.monotonic()
    for attempt in range(1, policy.attempts + 1):
        on_send()
        outcome = once(client, call, body, policy)
        if not outcome.failure:
            return outcome.answer
        if outcome.error is ServiceUnavailable:
            on_disconnect()
        wait = backoff(attempt, policy) if outcome.wait_s is None else outcome.wait_s
        late = time.monotonic() - begin + wait > policy.total_s
        if not outcome.retry or wait > policy.longest_wait_s or late or attempt == policy.attempts:
            break
        sleep(wait)
    tries = "" if attempt == 1 else f" Gave up after {attempt} attempts."
    asked = f" Retry after {wait:.0f} s." if wait > policy.longest_wait_s else ""
    raise outcome.error(f"{outcome.failure}{asked}{tries}")


def backoff(attempt: int, policy: RetryPolicy) -> float:
    """Seconds before the next attempt, with jitter so that many clients do not return at once."""
    return float(policy.first_wait_s * 2 ** (attempt - 1) * random.uniform(0.5, 1.0))


def once(client: httpx.Client, call: Call, body: Mapping[str, Any], policy: RetryPolicy) -> Response:
    """Send one request. Never raises for what the network or the service does."""
    import httpx

    who, host = call.provider.label, urlsplit(call.url).netloc
    try:
        with client.stream("POST", call.url, json=body, headers=dict(call.headers)) as response:
            content = read_body(response, time.monotonic() + policy.answer_s)
    except (httpx.TimeoutException, TimeoutError) as exc:
        connecting = isinstance(exc, httpx.ConnectTimeout)
        what, limit = ("connect", policy.connect_s) if connecting else ("answer in full", policy.answer_s)
        return _unavailable(f"{who} ({host}) did not {what} within {limit:g} s. Try again later.")
    except httpx.ConnectError:
        return _unavailable(f"{who} cannot be reached at {host}. {_reach(call.provider)}")
    except httpx.TransportError as exc:
        return _unavailable(f"The connection to {who} ({host}) broke ({type(exc).__name__}).")
    except (httpx.HTTPError, httpx.InvalidURL, OverflowError) as exc:
        return Response(failure=f"{who} ({host}) sent an answer that cannot be read ({type(exc).__name__}).")
    return _checked(call, response, content)


def _unavailable(failure: str) -> Response:
    return Response(failure=failure, error=ServiceUnavailable, retry=True)


def read_body(response: httpx.Response, deadline: float, most: int = MAX_ANSWER_BYTES) -> bytes:
    """The whole body. Raises TimeoutError for one that drips in past the deadline, OverflowError for a huge one."""
    content = bytearray()
    for piece in response.iter_bytes():
        content += piece
        if time.monotonic() > deadline:
            raise TimeoutError
        if len(content) > most:
            raise OverflowError
    return bytes(content)


def _checked(call: Call, response: httpx.Response, content: bytes) -> Response:
    """The outcome of a request that was answered, by its status."""
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError):
        answer = None
    status = response.status_code
    if status == 200:
        if answer is None:
            return Response(failure=f"{call.provider.label} sent an answer that is not JSON. Try again later.")
        return Response(answer=answer)
    most = _most(call.provider, status, answer)
    return Response(
        failure=_explain(call, status, answer),
        error=(lambda message: RequestTooLarge(message, most)) if most or status == 413 else ModelError,
        retry=status in RETRIED,
        wait_s=asked_wait(response.headers, answer),
    )


def _most(provider: Api, status: int, answer: Any) -> int | None:
    """How many texts a request may hold, where the refusal says that it held too many."""
    said = error_of(provider, answer) if status in provider.too_large else ""
    found = next((limit for limit in (one.search(said) for one in BATCH_LIMITS) if limit), None)
    return int(found["limit"]) if found else None


def _explain(call: Call, status: int, answer: Any) -> str:
    """What the status means and what to do, then the service's own words, unless they may quote the key."""
    provider = call.provider
    meaning = MEANINGS.get(status) or MEANINGS[status // 100 * 100 if status < 600 else 500]
    said = "" if status in (401, 403) else error_of(provider, answer)
    line = " ".join(said.split())
    quoted = (line.replace(call.secret, "…") if call.secret else line)[:200]
    text = meaning.format(
        who=provider.label, env=provider.env, status=status, url=call.url, limited=provider.limited, noun=provider.noun
    )
    return f"{text} It says: “{quoted}”." if quoted else text


def refused_key(provider: Api, status: int) -> str:
    """What to do about a key that is refused with this status."""
    return MEANINGS[status].format(who=provider.label, env=provider.env, status=status)


def _reach(provider: Api) -> str:
    return "Check this machine's connection." if provider.hosted else "Check that it is running and the address."


MEANINGS = {
    100: "Unexpected answer from {who} (status {status}).",
    200: "Unexpected answer from {who} (status {status}).",
    300: "{who} redirects requests ({status}). Enter the address it redirects to.",
    400: "{who} rejected the request ({status}).",
    401: "{who} rejected the key ({status}). Check {env}.",
    402: "{who}: Payment required ({status}): the account is out of credit.",
    403: "{who} does not allow this key to use this model ({status}). Check {env} and its permissions.",
    404: "{who} has no such model, or nothing at {url} ({status}). Check both.",
    413: "Request too large for {who} ({status}).",
    429: "{who}: Rate limited ({status}). {limited}",
    500: "{who} failed ({status}). Try again later, or choose another {noun}.",
}
