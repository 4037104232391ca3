"""The one request of a question: sent once, timed, every status looked at.

Nothing is tried again, so that the measured time is that of one answer. No message holds the key; what the server sends
of it is struck out.
"""

from __future__ import annotations

import html
import json
import logging
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from pydantic import SecretStr

from rag_core.errors import MissingPackage, RetrieverError
from rag_core.generation.chat.errors import said_by
from rag_core.rerank.hosted.http import read_body
from rag_core.runs.live.endpoint import Endpoint
from rag_core.runs.live.template import KEY, filled, filled_url, parsed_body

if TYPE_CHECKING:
    import httpx

MAX_BYTES = 32 * 2**20
CONNECT_S = 5.0
STRUCK = "•••"
LONG_ENOUGH = 8
"""Characters from which a key is struck out of results too: a shorter one may be a word of them."""

BEGINNING = 120
"""Characters of an answer that are quoted where it is no JSON."""


def answer_of(endpoint: Endpoint, key: SecretStr | None, query: str, top_k: int) -> tuple[Any, float]:
    """The parsed answer, and the milliseconds from sending to its last byte.

    Raises RetrieverError with a message that says what to do, MissingPackage without httpx.
    """
    try:
        import httpx
    except ImportError as exc:
        raise MissingPackage("httpx", "A retriever behind HTTP") from exc
    secret = plain_key(key)
    if endpoint.key_in_request and not secret:
        raise RetrieverError(f"{endpoint.place} is sent a key ({KEY}), and there is none. Enter it.")
    carried = {endpoint.key_header: endpoint.key_prefix + secret} if secret and not endpoint.key_in_request else {}
    headers = {**{name: value.replace(KEY, secret) for name, value in endpoint.headers.items()}, **carried}
    body = filled(parsed_body(endpoint.body), query, top_k, secret) if endpoint.method == "POST" else None
    url = filled_url(endpoint.url, query, top_k, secret)
    timeout = httpx.Timeout(endpoint.timeout_s, connect=min(CONNECT_S, endpoint.timeout_s))
    with unlogged(endpoint.key_in_address), httpx.Client(timeout=timeout, verify=_authorities()) as client:
        begin = time.perf_counter()
        try:
            with client.stream(endpoint.method, url, json=body, headers=headers) as response:
                content = read_body(response, time.monotonic() + endpoint.timeout_s, MAX_BYTES)
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError, TimeoutError, OverflowError) as exc:
            raise RetrieverError(_not_answered(endpoint, exc)) from exc
        took_ms = (time.perf_counter() - begin) * 1000
    return _checked(endpoint, response, content, secret), took_ms


def plain_key(key: SecretStr | None) -> str:
    """The key as it is sent; empty without one. Raises RetrieverError for one that no header can carry."""
    secret = key.get_secret_value().strip() if key else ""
    if not all("!" <= letter <= "~" for letter in secret):
        raise RetrieverError("The key has characters that no key contains. Copy it again.")
    return secret


def _not_answered(endpoint: Endpoint, exc: Exception) -> str:
    """What went wrong before there was an answer, and what to do."""
    import httpx

    host = urlsplit(endpoint.url).netloc
    if isinstance(exc, httpx.ConnectTimeout):
        return f"{host} did not accept a connection within {CONNECT_S:g} s. Check the address, and that it is running."
    if isinstance(exc, (httpx.TimeoutException, TimeoutError)):
        return f"{host} did not answer in full within {endpoint.timeout_s:g} s. Try again, or allow it more time."
    if isinstance(exc, httpx.ConnectError):
        return f"Nothing can be reached at {host}. Check that it is running, and the address."
    if isinstance(exc, UnicodeError):
        return f"{host} is no address: a part of its host is empty or has over 63 characters. Correct it."
    if isinstance(exc, OverflowError):
        return f"{host} sent more than {MAX_BYTES // 2**20} MB. Ask it for fewer results."
    if isinstance(exc, httpx.TransportError):
        return f"The connection to {host} broke ({type(exc).__name__}). Try again."
    return f"{host} sent an answer that cannot be read ({type(exc).__name__})."


def _checked(endpoint: Endpoint, response: httpx.Response, content: bytes, secret: str) -> Any:
    """The answer's JSON. Raises RetrieverError for any status but 2xx, and for what is no JSON."""
    try:
        answer, is_json = json.loads(content), True
        if len(secret) >= LONG_ENOUGH:
            answer = _struck_in(answer, secret)
    except (ValueError, RecursionError):
        answer, is_json = content.decode("utf-8", "replace"), False
    if not response.is_success:
        raise RetrieverError(_refused(endpoint, response, answer, secret))
    if is_json:
        return answer
    shown = struck(" ".join(answer.split()), secret)[:BEGINNING]
    begins = f"It begins with “{shown}”." if shown else "It is empty."
    page = (
        " That is a web page: enter the address of the API." if shown.lower().startswith(("<!doctype", "<html")) else ""
    )
    raise RetrieverError(f"{endpoint.place} answered, but not with JSON. {begins}{page or ' Check the address.'}")


def _refused(endpoint: Endpoint, response: httpx.Response, answer: object, secret: str) -> str:
    """What the status means and what to do, then the server's own words."""
    status = response.status_code
    meaning = MEANINGS.get(status) or MEANINGS[min(status // 100, 5) * 100]
    place = f"where {KEY} is" if endpoint.key_in_request else f"that {endpoint.key_header} is the header for it"
    sent = f"Check the key, and {place}" if secret else "Enter one"
    text = meaning.format(
        place=endpoint.place, status=status, method=endpoint.method, sent=sent,
        to=struck(response.headers.get("location", "another address"), secret),
    )  # fmt: skip
    said = struck(words_of(answer), secret)[:300].rstrip(".")
    return f"{text} It says: “{said}”." if said else text


def struck(text: str, secret: str) -> str:
    """What a server says, without the key, whatever its length; also as an address or a page writes it."""
    for form in dict.fromkeys((secret, quote(secret, safe=""), quote(secret), html.escape(secret))) if secret else ():
        text = text.replace(form, STRUCK)
    return text


_unlogged: ContextVar[bool] = ContextVar("unlogged", default=False)


@contextmanager
def unlogged(wanted: bool) -> Iterator[None]:
    """Keep httpx from writing the address of a request into the log, where it holds a key."""
    _filter_log()
    token = _unlogged.set(wanted)
    try:
        yield
    finally:
        _unlogged.reset(token)


@cache
def _filter_log() -> None:
    for name in ("httpx", "httpcore.http11", "httpcore.http2", "httpcore.connection", "httpcore.proxy"):
        logging.getLogger(name).addFilter(lambda _: not _unlogged.get())


def _struck_in(value: Any, secret: str) -> Any:
    """The parsed answer without the key. Its texts are looked at once parsed: JSON may escape letters of it."""
    if isinstance(value, dict):
        return {struck(name, secret): _struck_in(one, secret) for name, one in value.items()}
    if isinstance(value, list):
        return [_struck_in(one, secret) for one in value]
    return struck(value, secret) if isinstance(value, str) else value


def words_of(answer: object) -> str:
    """What a server says in an error answer, on one line; empty where it says nothing.

    >>> words_of({"error_code": 2001, "error_msg": "No such knowledge."})
    '2001: No such knowledge.'
    """
    if isinstance(answer, dict) and "error_msg" in answer:
        return ": ".join(str(answer[one]) for one in ("error_code", "error_msg") if answer.get(one))
    return " ".join(said_by(answer).split())


MEANINGS = {
    100: "{place} gave an answer that is none (status {status}). Check the address.",
    300: "{place} sends requests on to {to} (status {status}). Enter that address.",
    400: "{place} rejected the request (status {status}). Compare the body with what it expects.",
    401: "{place} wants another key (status {status}). {sent}.",
    403: "{place} does not allow this (status {status}). {sent}.",
    404: "There is nothing at {place} (status {status}). Check the path of the address.",
    405: "{place} does not take {method} (status {status}). Choose the other method, or check the path.",
    408: "{place} waited too long for the request (status {status}). Try again.",
    429: "{place} takes no more requests for now (status {status}). Try again in a while.",
    500: "{place} failed (status {status}). Look into its log, or try again.",
}
"""What a status means, and what to do; one without a row has that of its hundred."""


@cache
def _authorities() -> ssl.SSLContext:
    """The trusted certificate authorities, read once per process: that takes longer than a request."""
    import httpx

    return httpx.create_ssl_context()
