"""Any reranker behind HTTP, hosted or on your own server: one adapter over the table of `providers`.

    HostedReranker.named("cohere:rerank-v4.0-fast")
    HostedReranker.named("tei:http://localhost:8080")
    HostedReranker.named("voyage:rerank-2.5", secret=SecretStr("..."))     # a key of this session only

Bodies and answers are in `shapes`, the network in `http` and `connection`, which model a server runs in `identity`.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import date
from functools import partial

from pydantic import SecretStr

from rag_core.errors import BadInput, ModelError
from rag_core.inference.tokenizer import encodable
from rag_core.rerank.base import Scored
from rag_core.rerank.hosted.addresses import check_address, parse_key
from rag_core.rerank.hosted.connection import CONCURRENCY, Connection
from rag_core.rerank.hosted.entries import OLLAMA, OLLAMA_INSTEAD
from rag_core.rerank.hosted.http import RequestTooLarge, RetryPolicy, post
from rag_core.rerank.hosted.identity import BEFORE_SCORING_S, ModelWatch, of_month, today
from rag_core.rerank.hosted.provider import Provider
from rag_core.rerank.hosted.shapes import batches_of, body_of, scores_of, usage_of
from rag_core.rerank.kinds import RerankerSpec
from rag_core.rerank.metering import carried, sent, spend
from rag_core.schema.base import Frozen
from rag_core.schema.paid_calls import PaidCalls
from rag_core.schema.progress import Progress
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import PairScore


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

    secret  the key; None: the provider's environment variable (see `Connection`)
    retry   time-outs and retries
    sleep   called with the seconds to wait before another attempt
    clock   seconds, monotonic; the age of what a server said about itself
    day     returns the date that hosted aliases are dated by

    `usage` counts what was asked since this reranker was made; `slice_size` is how many passages a request takes.
    """

    space: ScoreSpace
    runs_on = ""
    slice_size: int

    def __init__(
        self,
        provider: Provider,
        model: str = "",
        address: str = "",
        secret: SecretStr | None = None,
        retry: RetryPolicy | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        day: Callable[[], date] = today,
    ) -> None:
        if provider.hosted and not model:
            raise BadInput(f"Say which model of {provider.label}: {provider.name}:<model>.")
        self.space = provider.space
        self.slice_size = provider.batch
        self._provider = provider
        self._model = model
        self._retry = retry or RetryPolicy()
        self._sleep = sleep
        self._day = day
        self._lock = threading.Lock()
        self._gate = threading.BoundedSemaphore(CONCURRENCY)
        self._connection = Connection(
            provider, check_address(provider, address or provider.address), secret, self._retry
        )
        self._watch = ModelWatch(lambda: self._connection.ask_model(model), clock)
        self._most = provider.batch
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
    def name(self) -> str:
        """Provider and model, and the address unless it is the provider's own; never the key."""
        address = self._connection.address
        if address == self._provider.address:
            return f"{self._provider.name}:{self._model}"
        return f"{self._provider.name}:{address}" + (f"#{self._model}" if self._model else "")

    @property
    def model(self) -> str:
        """The name, and for your own server what it says it runs: `tei:http://a:8080 (BAAI/bge-reranker-base, 953dc6)`.

        Asks the server if the last answer may be old (see `identity`). Never raises.
        """
        if not self._provider.probes:
            return of_month(self.name, self._day())
        return f"{self.name} ({self._watch.identity()})"

    @property
    def identified(self) -> bool:
        """Whether `model` tells this model from another: False for a server that cannot say what it runs."""
        return not self._provider.probes or bool(self._watch.served().model)

    @property
    def load_ms(self) -> float:
        """How long making the client took, in milliseconds; 0 before."""
        return self._connection.load_ms

    @property
    def usage(self) -> Usage:
        """What was asked so far, not counting failed attempts."""
        return self._usage

    def __repr__(self) -> str:
        return f"HostedReranker({self.name!r})"

    def load(self) -> None:
        """Make the client, check the key, and ask your own server what it runs now. Sends no text.

        Raises ModelError or MissingPackage.
        """
        self._connection.key()
        self._connection.client()
        if self._provider.probes:
            self._watch.served(BEFORE_SCORING_S)

    def close(self) -> None:
        """Close the connections; the next call opens new ones."""
        self._connection.close()

    def score(self, query: str, passages: Sequence[str], progress: Progress | None = None) -> Scored:
        """Scores in the provider's space, in the passages' order. Raises ModelError with a message for users.

        Sends as few requests as the provider's limits allow. What it cuts of long passages is not reported, so
        `unseen_tokens` are not counted; `tokens` is what it billed, if it says so.
        """
        asked, texts = encodable(query), [encodable(passage) for passage in passages]
        parts = batches_of(self._provider, asked, texts, self._most)
        if not parts:
            return Scored(pairs=())
        self._connection.key()
        model = self.model
        scores, spent = [0.0] * len(texts), Usage()
        with ThreadPoolExecutor(max_workers=min(CONCURRENCY, len(parts))) as pool:
            running = {pool.submit(carried(self._ask), asked, [texts[i] for i in part]): part for part in parts}
            try:
                for future in as_completed(running):
                    found, used = future.result()
                    for place, score in zip(running[future], found, strict=True):
                        scores[place] = score
                    spent += used
                    if progress:
                        progress(spent.documents, len(texts))
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)  # cancel the requests that were not sent yet
                raise
        if self.model != model:
            raise ModelError(
                f"{self._provider.label} was restarted while it scored. Score again with the model it runs now."
            )
        pairs = tuple(PairScore(score=score) for score in scores)
        return Scored(pairs=pairs, tokens=spent.tokens, batches=spent.requests, units=spent.units)

    def _ask(self, query: str, documents: list[str]) -> tuple[list[float], Usage]:
        """Score the documents of one request; in smaller ones where the server finds it too large, down to one each.

        Raises ModelError for a document that is too large by itself.
        """
        try:
            return self._request(query, documents)
        except RequestTooLarge as exc:
            if len(documents) == 1:
                raise ModelError(
                    f"{exc} It held one passage of {len(documents[0]):,} characters. "
                    "Index the documents in shorter passages, or raise the server's limit."
                ) from None
            size = exc.limit if exc.limit and exc.limit < len(documents) else -(-len(documents) // 2)
        parts = [self._ask(query, documents[start : start + size]) for start in range(0, len(documents), size)]
        with self._lock:
            self._most = min(self._most, size)
        return [score for found, _ in parts for score in found], sum((used for _, used in parts), Usage())

    def _request(self, query: str, documents: list[str]) -> tuple[list[float], Usage]:
        """The scores of one request's documents, and what it cost."""
        provider = self._provider
        with self._gate:
            body = body_of(provider, self._model, query, documents)
            call = self._connection.call()
            client, on_send = self._connection.client(), partial(sent, self.name)
            answer = post(client, call, body, self._retry, self._sleep, self._watch.doubt, on_send)
        tokens, units = usage_of(provider, answer)
        spend(self.name, PaidCalls(tokens=tokens, units=units))
        used = Usage(requests=1, documents=len(documents), tokens=tokens, units=units)
        with self._lock:
            self._usage += used
        return scores_of(provider, answer, documents, call.secret), used
