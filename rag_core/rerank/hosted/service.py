"""Any reranker behind HTTP, hosted or on a server of one's own, as one adapter over the table of `providers`.

    HostedReranker.named("cohere:rerank-v4.0-fast")
    HostedReranker.named("tei:http://localhost:8080")
    HostedReranker.named("voyage:rerank-2.5", secret=SecretStr("..."))     a key of this session only

Bodies and answers are in `hosted_shapes`, the network in `hosted_http`.
"""

from __future__ import annotations

import os
import ssl
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import cache
from typing import TYPE_CHECKING

from pydantic import SecretStr

from rag_core.errors import BadInput, MissingPackage, ModelError
from rag_core.inference.tokenizer import encodable
from rag_core.rerank.base import Scored
from rag_core.rerank.hosted.addresses import check_address, endpoint, parse_key
from rag_core.rerank.hosted.entries import OLLAMA, OLLAMA_INSTEAD
from rag_core.rerank.hosted.http import Call, RetryPolicy, post
from rag_core.rerank.hosted.providers import Provider
from rag_core.rerank.hosted.shapes import batches_of, body_of, scores_of, usage_of
from rag_core.rerank.kinds import RerankerSpec
from rag_core.schema.base import Frozen
from rag_core.schema.progress import Progress
from rag_core.schema.steps import PairScore

if TYPE_CHECKING:
    import httpx

CONCURRENCY = 4
"""Requests under way at once, for all threads that share a reranker."""


class Usage(Frozen):
    """What was asked of a provider and what it says it billed: `units` are its own (search units, rerank units)."""

    requests: int = 0
    documents: int = 0
    tokens: int = 0
    units: float = 0.0

    def __add__(self, other: Usage) -> Usage:
        return Usage(**{name: getattr(self, name) + getattr(other, name) for name in Usage.model_fields})


class HostedReranker:
    """A reranker behind HTTP (the `Reranker` protocol). Safe to share between threads.

    secret    the key; None: the provider's environment variable, read with each request. The environment's key goes
              to the provider's own address only, and for a server of one's own to the address in the environment only.
    sleep     called with the seconds to wait before another attempt
    `usage` counts all that was asked since this reranker was made; `slice_size` is how many passages one request takes.
    """

    def __init__(
        self,
        provider: Provider,
        model: str = "",
        address: str = "",
        secret: SecretStr | None = None,
        patience: RetryPolicy | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if provider.hosted and not model:
            raise BadInput(f"Say which model of {provider.label}: {provider.name}:<model>.")
        self.space = provider.space
        self.runs_on = ""
        self.slice_size = provider.batch
        self._provider = provider
        self._model = model
        self._address = check_address(provider, address or provider.address)
        self._secret = secret
        self._patience = patience or RetryPolicy()
        self._sleep = sleep
        self._lock = threading.Lock()
        self._gate = threading.BoundedSemaphore(CONCURRENCY)
        self._client: httpx.Client | None = None
        self._load_ms = 0.0
        self._usage = Usage()

    @classmethod
    def from_spec(cls, spec: RerankerSpec) -> HostedReranker:
        """The reranker of a key, with the caller's own API key if there is one. Raises BadInput."""
        if spec.key == OLLAMA.key:
            raise BadInput(OLLAMA_INSTEAD)
        return cls.named(spec.key, spec.secret)

    @classmethod
    def named(cls, key: str, secret: SecretStr | None = None) -> HostedReranker:
        """The reranker of a key such as `cohere:rerank-v3.5` or `tei:http://localhost:8080`. Raises BadInput."""
        provider, rest = parse_key(key, os.environ)
        if provider.hosted:
            return cls(provider, model=rest, secret=secret)
        address, _, model = rest.partition("#")
        return cls(provider, model=model, address=address, secret=secret)

    @property
    def model(self) -> str:
        """Provider and model, and the address where it is not the provider's own; never the key."""
        if self._address == self._provider.address:
            return f"{self._provider.name}:{self._model}"
        return f"{self._provider.name}:{self._address}" + (f"#{self._model}" if self._model else "")

    @property
    def load_ms(self) -> float:
        """What making the client took, in milliseconds; 0 before."""
        return self._load_ms

    @property
    def usage(self) -> Usage:
        """What was asked so far, failed attempts not counted."""
        return self._usage

    def __repr__(self) -> str:
        return f"HostedReranker({self.model!r})"

    def load(self) -> None:
        """Make the client and see that there is a key. Sends nothing. Raises ModelError or MissingPackage."""
        self._key()
        self._connected()

    def close(self) -> None:
        """Close the connections; the next call opens new ones."""
        with self._lock:
            if self._client is not None:
                self._client.close()
            self._client = None

    def score(self, query: str, passages: Sequence[str], progress: Progress | None = None) -> Scored:
        """Scores in the provider's space, in the passages' order. Raises ModelError in words for a user.

        Passages go out in as few requests as the provider takes. Its own cut of long passages is not reported, so no
        `unseen_tokens` are counted; `tokens` is what it billed, where it says so.
        """
        asked, texts = encodable(query), [encodable(passage) for passage in passages]
        parts = batches_of(self._provider, asked, texts)
        if not parts:
            return Scored(pairs=())
        client, secret = self._connected(), self._key()
        scores, spent = [0.0] * len(texts), Usage()
        with ThreadPoolExecutor(max_workers=min(CONCURRENCY, len(parts))) as pool:
            running = {pool.submit(self._ask, client, secret, asked, [texts[i] for i in part]): part for part in parts}
            try:
                for future in as_completed(running):
                    found, used = future.result()
                    for place, score in zip(running[future], found, strict=True):
                        scores[place] = score
                    spent += used
                    if progress:
                        progress(spent.documents, len(texts))
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)  # what has not been sent is not sent any more
                raise
        pairs = tuple(PairScore(score=score) for score in scores)
        return Scored(pairs=pairs, tokens=spent.tokens, batches=spent.requests, units=spent.units)

    def _ask(self, client: httpx.Client, secret: str, query: str, documents: list[str]) -> tuple[list[float], Usage]:
        """The scores of one request's documents, and what it cost."""
        provider = self._provider
        key = {provider.key_header: provider.key_prefix + secret} if secret else {}
        call = Call(provider, endpoint(provider, self._address), {**provider.headers, **key}, secret)
        with self._gate:
            body = body_of(provider, self._model, query, documents)
            answer = post(client, call, body, self._patience, self._sleep)
        tokens, units = usage_of(provider, answer)
        used = Usage(requests=1, documents=len(documents), tokens=tokens, units=units)
        with self._lock:
            self._usage += used
        return scores_of(provider, answer, documents), used

    def _key(self) -> str:
        """The key, or empty where none is needed. Raises ModelError without one that is, or for an unsound one."""
        provider = self._provider
        key = self._secret.get_secret_value().strip() if self._secret else self._environment_key()
        if provider.hosted and not key:
            raise ModelError(f"{provider.label} needs a key. Set the environment variable {provider.env}, or give one.")
        if not all("!" <= letter <= "~" for letter in key):
            raise ModelError(f"The key for {provider.label} holds characters that no key has. Copy it again, whole.")
        return key

    def _environment_key(self) -> str:
        provider = self._provider
        given = provider.address or os.environ.get(provider.address_env, "").partition("#")[0]
        return os.environ.get(provider.env, "").strip() if self._address == given.strip().rstrip("/") else ""

    def _connected(self) -> httpx.Client:
        with self._lock:
            if self._client is None:
                begin = time.perf_counter()
                self._client = _client(self._patience)
                weakref.finalize(self, self._client.close)  # one that holds a session's key goes with the session
                self._load_ms = (time.perf_counter() - begin) * 1000
            return self._client


def _client(patience: RetryPolicy) -> httpx.Client:
    try:
        import httpx
    except ImportError as exc:
        raise MissingPackage("httpx", "A reranker behind HTTP") from exc
    timeout = httpx.Timeout(patience.answer_s, connect=patience.connect_s)
    return httpx.Client(timeout=timeout, limits=httpx.Limits(max_connections=CONCURRENCY), verify=_authorities())


@cache
def _authorities() -> ssl.SSLContext:
    """The certificate authorities that are trusted, read once a process: that takes longer than a request."""
    import httpx

    return httpx.create_ssl_context()
