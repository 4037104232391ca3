"""One HTTP client for every server with a REST interface: kept connections, a time-out, each status looked at.

    server = RestServer(config, secret, Access(header="api-key"), means)
    server.ask("POST", "/collections/shop/points/count", {"exact": True})

What is sent may be sent twice (it reads, or writes what is the same then), so a connection that the server closed
meanwhile is replaced once. No message holds the secret.
"""

from __future__ import annotations

import base64
import json
import ssl
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import quote, unquote, urlsplit

from pydantic import SecretStr

from rag_core.errors import BadInput, EngineError, EngineGone, EngineRefused, EngineTimeout, MissingPackage
from rag_core.generation.chat.errors import said_by
from rag_core.rerank.hosted.http import read_body
from rag_core.retrieval.engines.index_config import IndexConfig

if TYPE_CHECKING:
    import httpx

MAX_BYTES = 256 * 2**20
CONNECT_S = 5.0
STRUCK = "•••"
GONE = (502, 503, 504)
"""Statuses by which a server, or what is before it, says that nobody is there."""

Means = Callable[[int, str], EngineError | None]
"""What a status and the server's words mean for this kind of index; None: nothing of its own."""


@dataclass(frozen=True)
class Access:
    """How a secret is sent: `header`, behind `prefix`; with a user in the address as its password instead.

    headers  what every request carries besides
    """

    header: str = "Authorization"
    prefix: str = ""
    headers: tuple[tuple[str, str], ...] = ()


class RestServer:
    """One server. Safe to share between threads; connects when first asked."""

    def __init__(self, config: IndexConfig, secret: SecretStr | None, access: Access, means: Means) -> None:
        """Raises BadInput for an address that is not one of HTTP, or a secret that no header can carry."""
        parts = urlsplit(config.address)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise BadInput("The address must look like http://localhost:6333 or https://search.example.org.")
        if parts.query or parts.fragment:
            raise BadInput("The address may hold no ? and no #.")
        self.config = config
        self.place = config.with_(index="").place
        self._root = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        self._secret = _plain(secret)
        self._headers = _headers(access, unquote(parts.username or ""), self._secret)
        self._means = means
        self._lock = threading.Lock()
        self._client: httpx.Client | None = None

    def ask(
        self, method: str, path: str, body: object = None, params: Mapping[str, str] | None = None, shape: type = dict
    ) -> Any:
        """The answer's JSON, which must be of that shape. `body`: JSON. Raises EngineError, MissingPackage.

        A part of an object that is asked for by its name and is not there raises EngineError too.
        """
        client = self._opened()  # says what to install
        import httpx

        sent = None if body is None else json.dumps(body).encode()
        try:
            response, content = self._once(client, method, path, sent, params)
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
            response, content = self._again(client, method, path, sent, params)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OverflowError, UnicodeError) as exc:
            raise self._not_answered(exc) from exc
        answer = self._checked(response, content)
        if not isinstance(answer, shape):
            raise unlike(self.place, f"no {shape.__name__}")
        return answer

    def close(self) -> None:
        """Close the connections; a later request opens new ones."""
        with self._lock:
            if self._client is not None:
                self._client.close()
            self._client = None

    def _opened(self) -> httpx.Client:
        try:
            import httpx
        except ImportError as exc:
            raise MissingPackage("httpx", "An index behind HTTP") from exc
        with self._lock:
            if self._client is None:
                seconds = self.config.timeout_s
                timeout = httpx.Timeout(seconds, connect=min(CONNECT_S, seconds))
                self._client = httpx.Client(timeout=timeout, verify=_authorities(), headers=self._headers)
                weakref.finalize(self, self._client.close)
            return self._client

    def _again(self, *asked: Any) -> tuple[httpx.Response, bytes]:
        import httpx

        try:
            return self._once(*asked)
        except (httpx.HTTPError, TimeoutError, OverflowError) as exc:
            raise self._not_answered(exc) from exc

    def _once(
        self, client: httpx.Client, method: str, path: str, sent: bytes | None, params: Mapping[str, str] | None
    ) -> tuple[httpx.Response, bytes]:
        headers = {"Content-Type": "application/json"} if sent is not None else {}
        with client.stream(method, self._root + path, content=sent, params=params, headers=headers) as response:
            return response, read_body(response, time.monotonic() + self.config.timeout_s, MAX_BYTES)

    def _not_answered(self, exc: Exception) -> EngineError:
        import httpx

        if isinstance(exc, httpx.ConnectTimeout):
            return EngineGone(self.place, "no connection within the time-out")
        if isinstance(exc, httpx.TimeoutException | TimeoutError):
            return EngineTimeout(self.config.place, self.config.timeout_s)
        if isinstance(exc, OverflowError):
            return EngineError(
                f"{self.config.place} sent more than {MAX_BYTES // 2**20} MB. Ask it for fewer passages."
            )
        if isinstance(exc, httpx.ConnectError):
            return EngineGone(self.place)
        if isinstance(exc, httpx.TransportError):
            return EngineGone(self.place, f"the connection broke: {type(exc).__name__}")
        return EngineError(
            f"{self.place} sent an answer that cannot be read ({type(exc).__name__}). Check the address."
        )

    def _checked(self, response: httpx.Response, content: bytes) -> Any:
        try:
            answer, is_json = json.loads(content, object_pairs_hook=lambda pairs: _Object(pairs, self.place)), True
        except (ValueError, RecursionError):
            answer, is_json = content.decode("utf-8", "replace"), False
        status = response.status_code
        if response.is_success and is_json:
            return answer
        said = self.struck(" ".join(_said(answer).split()))[:300].rstrip(".")
        raise (self._means(status, said) if not response.is_success else None) or self._failed(status, said)

    def _failed(self, status: int, said: str) -> EngineError:
        told = f" It says: “{said}”." if said else ""
        if status in (401, 403):
            return EngineRefused(self.place, said)
        if status in GONE:
            return EngineGone(self.place, f"status {status}")
        if 200 <= status < 300 and said.startswith(("{", "[")):
            return EngineGone(self.place, "the connection broke: its answer ends half-way")
        if 200 <= status < 300:
            return EngineError(f"{self.place} answered, but not with JSON. Check the address.")
        if status == 429:
            return EngineError(f"{self.place} takes no more requests for now (status 429). Ask again in a while.{told}")
        if 300 <= status < 400:
            return EngineError(f"{self.place} sends requests on elsewhere (status {status}). Enter that address.")
        what = "Look into the server's log" if status >= 500 else "Check the connection's index and fields"
        return EngineError(f"{self.config.place} refused the request (status {status}). {what}.{told}")

    def struck(self, said: str) -> str:
        """What a server says, without the secret."""
        return said.replace(self._secret, STRUCK) if self._secret else said


class _Object(dict[str, Any]):
    """An object of an answer. A part that servers of its kind always send, and this one does not, is said in words."""

    def __init__(self, pairs: list[tuple[str, Any]], place: str) -> None:
        super().__init__(pairs)
        self._place = place

    def __missing__(self, name: str) -> NoReturn:
        raise unlike(self._place, f"no {name}")


def unlike(place: str, what: str) -> EngineError:
    """The error for an answer of a server that is hardly one of that type. `what`: what the answer has."""
    return EngineError(
        f"{place} answers unlike a server of this type: its answer has {what}. "
        "Check the address, and the type of the index."
    )


def in_path(name: str) -> str:
    """A name as one part of a path.

    >>> in_path("a/b ü")
    'a%2Fb%20%C3%BC'
    """
    return quote(name, safe="")


def _plain(secret: SecretStr | None) -> str:
    given = secret.get_secret_value().strip() if secret else ""
    if not given.isprintable():
        raise BadInput("The password or key has characters that none contains. Copy it again.")
    return given


def _headers(access: Access, user: str, secret: str) -> dict[str, str]:
    headers = dict(access.headers)
    if user:
        headers["Authorization"] = "Basic " + base64.b64encode(f"{user}:{secret}".encode()).decode()
    elif secret:
        if not secret.isascii():
            raise BadInput("The key has characters that no key contains. Copy it again.")
        headers[access.header] = access.prefix + secret
    return headers


def _said(answer: object) -> str:
    """A server's words, in whichever of the usual places they are."""
    if isinstance(answer, dict) and isinstance(answer.get("status"), dict):
        return said_by(answer["status"])
    if isinstance(answer, dict) and isinstance(answer.get("message"), str):
        return str(answer["message"])
    if isinstance(answer, dict) and isinstance(answer.get("error"), dict) and "reason" in answer["error"]:
        return str(answer["error"]["reason"])
    return said_by(answer)


@cache
def _authorities() -> ssl.SSLContext:
    """The trusted certificate authorities, read once per process: that takes longer than a request."""
    import httpx

    return httpx.create_ssl_context()
