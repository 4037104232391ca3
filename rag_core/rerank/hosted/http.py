"""One POST to a reranking service: time-outs, retries that do as the service asks, every status looked at.

What is sent and what an answer means is in `hosted_shapes`. No message, log line or cause of an error holds the key.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from rag_core.errors import ModelError
from rag_core.rerank.hosted.providers import Provider
from rag_core.rerank.hosted.shapes import error_of

if TYPE_CHECKING:
    import httpx

MAX_ANSWER_BYTES = 64 * 2**20
AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504, 529})
"""Statuses that may pass by themselves."""


@dataclass(frozen=True)
class RetryPolicy:
    """How long a service is waited for, in seconds.

    connect_s, answer_s  to a connection; to the end of one answer
    attempts             requests at most, the first one included; none is begun later than total_s after the first
    first_wait_s         back-off: first_wait_s, twice that, four times that, less up to half by chance
    longest_wait_s       a service that asks for a longer wait than this is not waited for
    """

    connect_s: float = 5.0
    answer_s: float = 30.0
    attempts: int = 4
    first_wait_s: float = 0.5
    longest_wait_s: float = 20.0
    total_s: float = 60.0


@dataclass(frozen=True)
class Response:
    """What came of one request: an answer, or a failure in words, whether it may pass, and the wait asked for."""

    answer: Any = None
    failure: str = ""
    again: bool = False
    wait_s: float | None = None


@dataclass(frozen=True)
class Call:
    """Where a request goes and with what. `headers` hold the key, so the value is never shown."""

    provider: Provider
    url: str
    headers: Mapping[str, str]
    secret: str

    def __repr__(self) -> str:
        return f"Call({self.url})"


def post(
    client: httpx.Client,
    call: Call,
    body: Mapping[str, Any],
    patience: RetryPolicy,
    sleep: Callable[[float], None] = time.sleep,
) -> Any:
    """The answer's JSON. Raises ModelError in words for a user once the service has failed for good."""
    begin = time.monotonic()
    for attempt in range(1, patience.attempts + 1):
        outcome = once(client, call, body, patience)
        if not outcome.failure:
            return outcome.answer
        wait = backoff(attempt, patience) if outcome.wait_s is None else outcome.wait_s
        late = time.monotonic() - begin + wait > patience.total_s
        if not outcome.again or wait > patience.longest_wait_s or late or attempt == patience.attempts:
            break
        sleep(wait)
    tries = "" if attempt == 1 else f" {attempt} attempts were made."
    asked = f" It asks to be left alone for {wait:.0f} seconds." if wait > patience.longest_wait_s else ""
    raise ModelError(f"{outcome.failure}{asked}{tries}")


def backoff(attempt: int, patience: RetryPolicy) -> float:
    """Seconds before the next attempt, spread by chance so that many clients do not return at once."""
    return float(patience.first_wait_s * 2 ** (attempt - 1) * random.uniform(0.5, 1.0))


def once(client: httpx.Client, call: Call, body: Mapping[str, Any], patience: RetryPolicy) -> Response:
    """One request. Never raises for what the network or the service does."""
    import httpx

    who, host = call.provider.label, urlsplit(call.url).netloc
    try:
        with client.stream("POST", call.url, json=body, headers=dict(call.headers)) as response:
            content = _read(response, time.monotonic() + patience.answer_s)
    except (httpx.TimeoutException, TimeoutError) as exc:
        what = "be reached" if isinstance(exc, httpx.ConnectTimeout) else "answer in full"
        limit = patience.connect_s if isinstance(exc, httpx.ConnectTimeout) else patience.answer_s
        return Response(failure=f"{who} ({host}) did not {what} within {limit:g} seconds. Try later.", again=True)
    except httpx.ConnectError:
        return Response(failure=f"{who} cannot be reached at {host}. {_reach(call.provider)}", again=True)
    except httpx.TransportError as exc:
        return Response(failure=f"The connection to {who} ({host}) broke off ({type(exc).__name__}).", again=True)
    except (httpx.HTTPError, httpx.InvalidURL, OverflowError) as exc:
        return Response(failure=f"{who} ({host}) gave no answer that can be read ({type(exc).__name__}).")
    return _judged(call, response, content)


def _read(response: httpx.Response, deadline: float) -> bytes:
    """The whole body. Raises TimeoutError for one that drips in past the deadline, OverflowError for a huge one."""
    content = bytearray()
    for piece in response.iter_bytes():
        content += piece
        if time.monotonic() > deadline:
            raise TimeoutError
        if len(content) > MAX_ANSWER_BYTES:
            raise OverflowError
    return bytes(content)


def _judged(call: Call, response: httpx.Response, content: bytes) -> Response:
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError):
        answer = None
    if response.status_code == 200:
        if answer is None:
            return Response(failure=f"{call.provider.label} answered with something that is not JSON. Try later.")
        return Response(answer=answer)
    return Response(
        failure=_in_words(call, response.status_code, answer),
        again=response.status_code in AGAIN,
        wait_s=retry_after(response.headers),
    )


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that a `Retry-After` header asks for (RFC 9110, 10.2.3: seconds or a date); None without a sound one.

    A date is compared with the answer's own `Date`, so that a wrong clock here does no harm.

    >>> retry_after({"retry-after": "2"})
    2.0
    >>> retry_after({"retry-after": "Fri, 02 Jan 2026 10:00:07 GMT", "date": "Fri, 02 Jan 2026 10:00:00 GMT"})
    7.0
    """
    asked = headers.get("retry-after", "").strip()
    if asked.isascii() and asked.isdigit():
        return float(asked[:9])
    until = _date(asked)
    if until is None:
        return None
    now = _date(headers.get("date", "")) or datetime.now(UTC)
    return max(0.0, (until - now).total_seconds())


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def _in_words(call: Call, status: int, answer: Any) -> str:
    """What the status means and what to do; the service's own words behind it, except where they may quote the key."""
    provider = call.provider
    meaning = MEANINGS.get(status) or MEANINGS[status // 100 * 100 if status < 600 else 500]
    said = "" if status in (401, 403) else error_of(provider, answer)
    line = " ".join(said.split())
    quoted = (line.replace(call.secret, "…") if call.secret else line)[:200]
    text = meaning.format(who=provider.label, env=provider.env, status=status)
    return f"{text} It says: “{quoted}”." if quoted else text


def _reach(provider: Provider) -> str:
    return "Check this machine's connection." if provider.hosted else "Is the server running, and the address right?"


MEANINGS = {
    100: "{who} answered with status {status}, which is no answer.",
    200: "{who} answered with status {status}, which is no answer.",
    300: "{who} sends requests elsewhere ({status}). Give the address that it moved to.",
    400: "{who} did not accept the request ({status}).",
    401: "{who} did not accept the key ({status}). Check {env}.",
    402: "{who} wants to be paid first ({status}): the account has no credit left.",
    403: "{who} does not allow this key to rerank with this model ({status}). Check {env} and what it may do.",
    404: "{who} has no such model or address ({status}). Check both.",
    413: "{who} finds the request too large ({status}). Use a smaller pool or shorter passages.",
    429: "{who} has had too many requests ({status}). Wait a little, or use a smaller pool.",
    500: "{who} has trouble of its own ({status}). Try later, or choose another reranker.",
}
