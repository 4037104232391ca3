"""The connection to one service or server: its HTTP client, and the key that may be sent to it."""

from __future__ import annotations

import os
import ssl
import threading
import time
import weakref
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pydantic import SecretStr

from rag_core.errors import MissingPackage, ModelError
from rag_core.rerank.hosted.addresses import VERSIONS, endpoint, without_call
from rag_core.rerank.hosted.http import Call, RetryPolicy, refused_key
from rag_core.rerank.hosted.identity import KeyRefused, ServedModel, ask
from rag_core.rerank.hosted.provider import Api

if TYPE_CHECKING:
    import httpx

CONCURRENCY = 4
"""Requests under way at once, for all threads that share a reranker."""


class Connection:
    """Connects when first used; safe to share between threads.

    secret  the caller's key; None: the provider's environment variable, read with each request. The environment's key
            is sent to the provider's own address only, and for your own server to the address in the environment only.
    """

    def __init__(self, provider: Api, address: str, secret: SecretStr | None, policy: RetryPolicy) -> None:
        self.provider = provider
        self.address = address
        self.load_ms = 0.0
        self._secret = secret
        self._policy = policy
        self._lock = threading.Lock()
        self._client: httpx.Client | None = None

    def client(self) -> httpx.Client:
        """The HTTP client, made once. Raises MissingPackage."""
        with self._lock:
            if self._client is None:
                begin = time.perf_counter()
                self._client = open_client(self._policy, self.provider.noun)
                weakref.finalize(self, self._client.close)  # a session's key goes with its session
                self.load_ms = (time.perf_counter() - begin) * 1000
            return self._client

    def close(self) -> None:
        """Close the connections; the next call opens new ones."""
        with self._lock:
            if self._client is not None:
                self._client.close()
            self._client = None

    def call(self) -> Call:
        """Where passages are sent, and with what. Raises ModelError if a key is needed and missing, or malformed."""
        secret = self.key()
        return Call(self.provider, endpoint(self.provider, self.address), self._headers(secret), secret)

    def ask_model(self, named: str, strict: bool = False) -> ServedModel:
        """Which model the server runs; `named` is the one that is meant if it has several. `strict`: raises ModelError
        for a key that the server refuses.

        Raises ServerUnreachable, ModelError or MissingPackage.
        """
        if not self.provider.probes:
            return ServedModel()
        provider, address = self.provider, _base(self.address, self.provider.ends)
        try:
            return ask(self.client(), address, provider.probes, self._headers(self.key()), named, strict)
        except KeyRefused as exc:
            raise ModelError(refused_key(provider, exc.status)) from None

    def key(self) -> str:
        """The key; empty if none is needed. Raises ModelError if one is needed and missing, or malformed."""
        provider = self.provider
        key = self._secret.get_secret_value().strip() if self._secret else self._environment_key()
        if provider.hosted and not key:
            raise ModelError(f"{provider.label} needs a key. Set the environment variable {provider.env}, or give one.")
        if not all("!" <= letter <= "~" for letter in key):
            raise ModelError(f"The key for {provider.label} has characters that no key contains. Copy it again.")
        return key

    def _environment_key(self) -> str:
        provider = self.provider
        given = provider.address or os.environ.get(provider.address_env, "").partition("#")[0]
        return os.environ.get(provider.env, "").strip() if self.address == given.strip().rstrip("/") else ""

    def _headers(self, secret: str) -> dict[str, str]:
        provider = self.provider
        return {**provider.headers, **({provider.key_header: provider.key_prefix + secret} if secret else {})}


def _base(address: str, named: tuple[str, ...]) -> str:
    """The server's own address, of one that names a version or a call: `http://a:1/v1/rerank` -> `http://a:1`."""
    address = without_call(address)
    for ends in (named, VERSIONS):
        address = address.removesuffix(next((end for end in ends if urlsplit(address).path.endswith(end)), ""))
    return address


def open_client(policy: RetryPolicy, noun: str = "reranker") -> httpx.Client:
    """An HTTP client. Raises MissingPackage."""
    try:
        import httpx
    except ImportError as exc:
        article = "An" if noun[0] in "aeiou" else "A"
        raise MissingPackage("httpx", f"{article} {noun} behind HTTP") from exc
    timeout = httpx.Timeout(policy.answer_s, connect=policy.connect_s)
    return httpx.Client(timeout=timeout, limits=httpx.Limits(max_connections=CONCURRENCY), verify=_authorities())


@cache
def _authorities() -> ssl.SSLContext:
    """The trusted certificate authorities, read once per process: that takes longer than a request."""
    import httpx

    return httpx.create_ssl_context()
