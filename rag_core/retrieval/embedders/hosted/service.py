"""Any embedding model behind HTTP, hosted or on your own server: one adapter over the table of `apis`.

    HostedEmbedder(parse_key("openai:text-embedding-3-small"))
    HostedEmbedder(parse_key("ollama:http://localhost:11434#nomic-embed-text"))
    HostedEmbedder(parse_key("voyage:voyage-3.5"), secret=SecretStr("..."))       # a key of this session only

Bodies and answers are in `shapes`; the network, keys and retries are those of the hosted rerankers.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import quote

import numpy as np
from pydantic import SecretStr

from rag_core.errors import ModelError
from rag_core.inference.tokenizer import encodable
from rag_core.rerank.hosted.addresses import check_address
from rag_core.rerank.hosted.connection import CONCURRENCY, Connection
from rag_core.rerank.hosted.http import RequestTooLarge, RetryPolicy, post
from rag_core.rerank.hosted.identity import BEFORE_SCORING_S, MAX_AGE_S, ServedModel
from rag_core.rerank.hosted.shapes import batches_of, usage_of
from rag_core.rerank.metering import carried, sent, spend
from rag_core.retrieval.embedders.hosted.api import Role
from rag_core.retrieval.embedders.hosted.apis import APIS
from rag_core.retrieval.embedders.hosted.known import known_model
from rag_core.retrieval.embedders.hosted.pace import Pace
from rag_core.retrieval.embedders.hosted.served import Served, identity_of
from rag_core.retrieval.embedders.hosted.shapes import body_of, vectors_of
from rag_core.retrieval.embedders.naming import EmbedderKey
from rag_core.schema.paid_calls import PaidCalls

if TYPE_CHECKING:
    from rag_core.retrieval.embedders.vector_book import KeepsVectors
    from rag_core.schema.progress import Progress
    from rag_core.schema.vectors import Vectors

PATIENCE = RetryPolicy(answer_s=60.0, attempts=8, longest_wait_s=90.0, total_s=300.0)
"""For passages: a corpus is worth waiting for a rate limit. A question waits as long as a reranker's does."""

SAMPLE_TEXT = "How long is a vector of this model?"


class HostedEmbedder:
    """An embedding model behind HTTP (the `Embedder` protocol). Safe to share between threads.

    key      which model, of which service or server, with which options
    secret   its key; None: the environment's (see `Connection`)
    kept     where vectors are kept, so that no text is sent twice; None: nowhere
    address  instead of the service's own, such as a proxy's
    sleep    called with the seconds to wait before another attempt
    clock    seconds, monotonic
    """

    def __init__(
        self,
        key: EmbedderKey,
        secret: SecretStr | None = None,
        kept: KeepsVectors | None = None,
        *,
        address: str = "",
        retry: RetryPolicy | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        api = APIS[key.api]
        self._api = api.with_(path=api.path.replace("{model}", quote(key.model, safe="")))
        self.key = key
        self._kept = kept
        self._retry = retry
        self._pace = Pace(api, sleep, clock)
        place = check_address(api, address or key.address or api.address)
        self._connection = Connection(self._api, place, secret, retry or RetryPolicy())
        self._served = Served(key, lambda: self._connection.ask_model(key.model, strict=True), clock)
        self._lock = threading.Lock()
        self._most = api.batch
        self._usage = PaidCalls()
        self._length = key.dimensions or 0
        self._length_of = ""

    @property
    def name(self) -> str:
        """The key in full; never the secret."""
        return str(self.key)

    @property
    def model(self) -> str:
        """Identity in manifests and caches. Of a service, its name and options; of your own server, what it says that
        it runs, wherever it stands: `tei:BAAI/bge-small-en-v1.5@5c38ec7c405e`; without a version, with its address.

        Asks your own server, unless it was asked lately. Raises ModelError where it cannot be reached, or neither it
        nor the key says which model it is.
        """
        return self._identity(MAX_AGE_S)

    def _identity(self, max_age_s: float) -> str:
        """`model`, no older than so many seconds. Another model has vectors of a length of its own."""
        model = identity_of(self.key, self._served.now(max_age_s) if self._api.probes else ServedModel())
        if model != self._length_of:
            self._length, self._length_of = self.key.dimensions or 0, model
        return model

    @property
    def dimensions(self) -> int:
        """Length of a vector. One text is embedded to find out, where nothing says it."""
        if not self._length:
            known = known_model(self.name)
            self._length = known.dimensions if known else len(self.embed([SAMPLE_TEXT])[0])
        return self._length

    @property
    def max_tokens(self) -> int:
        """Tokens of a text that the model reads, as its vendor says, else what such models read at least."""
        known = known_model(self.name)
        return known.longest if known else self._api.longest

    @property
    def at_once(self) -> int:
        """How many texts are worth being handed over together."""
        return CONCURRENCY * self._most

    @property
    def load_ms(self) -> float:
        """How long making the client took, in milliseconds; 0 before."""
        return self._connection.load_ms

    @property
    def usage(self) -> PaidCalls:
        """What was asked so far, not counting failed attempts."""
        return self._usage

    def __repr__(self) -> str:
        return f"HostedEmbedder({self.name!r})"

    def close(self) -> None:
        """Close the connections; the next call opens new ones."""
        self._connection.close()

    def embed(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Unit vectors of passages, float32, shape (len(texts), dimensions). Raises ModelError with a message for
        users; what was answered until then is kept."""
        return self._vectors(texts, "passage", self._retry or PATIENCE, progress)

    def embed_query(self, query: str) -> Vectors:
        """The unit vector of a query, float32, shape (dimensions,). Raises as `embed`."""
        vector: Vectors = self._vectors([query], "query", self._retry or RetryPolicy(), None)[0]
        return vector

    def _vectors(self, texts: Sequence[str], role: Role, retry: RetryPolicy, progress: Progress | None) -> Vectors:
        """Known vectors from where they are kept, the others from the service, each distinct text once."""
        if not texts:
            return np.zeros((0, self._length), np.float32)
        model = self._identity(BEFORE_SCORING_S)
        read = [self._prompt(role) + encodable(text) for text in texts]
        hashes = [self._hash(role, text) for text in read]
        found = self._kept.read(model, list(dict.fromkeys(hashes))) if self._kept else {}
        missing = {one: text for one, text in zip(hashes, read, strict=True) if one not in found}
        done = len(texts) - len(missing)
        for some, vectors in self._asked(list(missing.values()), role, retry):
            if self._identity(BEFORE_SCORING_S) != model:
                raise ModelError(
                    f"{self._api.label} runs another model than before. Index the documents again with it."
                )
            fresh = dict(zip([self._hash(role, text) for text in some], vectors, strict=True))
            if self._kept:
                self._kept.add(model, fresh)
            found |= fresh
            done += len(some)
            if progress:
                progress(done, len(texts))
        stacked: Vectors = np.stack([found[one] for one in hashes])
        self._length = self._length or stacked.shape[1]
        return stacked

    def _asked(self, texts: list[str], role: Role, retry: RetryPolicy) -> Iterator[tuple[list[str], Vectors]]:
        """The vectors of each request as they come. After a failure, those that are under way are waited for."""
        if not texts:
            return
        self._connection.key()
        parts = [[texts[at] for at in part] for part in batches_of(self._api, "", texts, self._most)]
        if len(parts) > 1 and not self._length:
            first = parts.pop(0)  # a wrong key or model costs one request, and its vectors say how long all must be
            yield first, self._ask(first, role, retry)
        failure: BaseException | None = None
        with ThreadPoolExecutor(max_workers=min(CONCURRENCY, len(parts))) as pool:
            running: dict[Future[Vectors], list[str]] = {}
            while (parts and failure is None) or running:
                while parts and failure is None and len(running) < CONCURRENCY:
                    part = parts.pop(0)
                    running[pool.submit(carried(self._ask), part, role, retry)] = part
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    part = running.pop(future)
                    if exc := future.exception():
                        failure = failure or exc
                    else:
                        yield part, future.result()
        if failure is not None:
            raise failure

    def _ask(self, texts: list[str], role: Role, retry: RetryPolicy) -> Vectors:
        """The vectors of one request; of smaller ones where the server finds it too large, down to a text each."""
        try:
            return self._request(texts, role, retry)
        except RequestTooLarge as exc:
            if len(texts) == 1:
                raise ModelError(
                    f"{exc} It held one text of {len(texts[0]):,} characters. "
                    "Index the documents in shorter passages, or raise the server's limit."
                ) from None
            size = exc.limit if exc.limit and exc.limit < len(texts) else -(-len(texts) // 2)
        parts = [self._ask(texts[start : start + size], role, retry) for start in range(0, len(texts), size)]
        with self._lock:
            self._most = min(self._most, size)
        return np.concatenate(parts)

    def _request(self, texts: list[str], role: Role, retry: RetryPolicy) -> Vectors:
        """One request's vectors, and what it cost."""
        api, key = self._api, self.key
        body = body_of(api, key.model, texts, role, key.dimensions)
        call = self._connection.call()
        client, on_send = self._connection.client(), partial(self._on_send, retry.longest_wait_s)
        answer = post(client, call, body, retry, self._pace.hold, self._served.doubt, on_send)
        tokens, units = usage_of(api, answer)
        spend(self.name, PaidCalls(tokens=tokens, units=units))
        with self._lock:
            self._usage += PaidCalls(requests=1, tokens=tokens, units=units)
        vectors = vectors_of(api, answer, len(texts), self._length or None, key.dimensions is not None, call.secret)
        self._length = self._length or vectors.shape[1]
        return vectors

    def _on_send(self, longest_s: float) -> None:
        self._pace.wait(longest_s)
        sent(self.name)

    def _prompt(self, role: Role) -> str:
        return (self.key.query if role == "query" else self.key.passage) or ""

    def _hash(self, role: Role, text: str) -> bytes:
        """Of what is sent, and as what, where the API tells questions from passages."""
        return hashlib.sha256(f"{role if self._api.role else ''}\n{text}".encode("utf-8", "surrogatepass")).digest()
