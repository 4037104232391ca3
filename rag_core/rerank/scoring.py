"""Score a query against passages: look them up in the cache, run the model on the rest, and report what happened.

A failing model never raises here; `RerankerScores.failure` carries the message to the trace. What a model computes is
in the adapters, what is done with the scores in `rag_core.pipeline.replay`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from rag_core.errors import SecondPassError
from rag_core.rerank.base import Reranker, Scored
from rag_core.rerank.checks import check_scored
from rag_core.rerank.metering import Meter, metered
from rag_core.schema.documents import Passage
from rag_core.schema.measurement import RerankerScores
from rag_core.schema.paid_calls import PaidCalls
from rag_core.schema.progress import Progress
from rag_core.schema.steps import PairScore, StepWarning, Timing
from rag_core.wording import step_warnings as words

SLICE = 16
"""Pairs between two saves to the cache: how many a failure can lose."""


class PairCache(Protocol):
    """Pair scores by (model, query, content hash of the passage). Raises SecondPassError if it cannot be used."""

    def get_many(self, model: str, query: str, content_hashes: Sequence[str]) -> dict[str, PairScore]:
        """The known scores by content hash, each with `cached` set."""
        ...

    def put_many(self, model: str, query: str, pairs: Mapping[str, PairScore]) -> None:
        """Keep these scores, by content hash."""
        ...


@dataclass
class _Run:
    """One call of `score_pairs` so far.

    model  the identity that scores are kept under
    known  scores by content hash
    """

    reranker: Reranker
    query: str
    cache: PairCache | None
    model: str = ""
    known: dict[str, PairScore] = field(default_factory=dict)
    tokens: int = 0
    batches: int = 0
    units: float = 0.0
    requests: int = 0
    tokenise_ms: float = 0.0
    load_ms: float = 0.0
    failure: str | None = None
    notes: list[StepWarning] = field(default_factory=list)

    def look_up(self, hashes: Sequence[str]) -> None:
        """Read the cache under the model's identity of now; nothing else is known afterwards."""
        self.model = self.reranker.model
        self.known = {}
        if self.cache is None or not hashes or not self.reranker.identified:
            return
        try:
            self.known = self.cache.get_many(self.model, self.query, hashes)
        except SecondPassError as exc:
            self.note("cache-unreadable", words.cache_unreadable(exc))

    def load(self) -> None:
        """Load the model. `load_ms` stays 0 if it was loaded before."""
        before = self.reranker.load_ms
        try:
            self.reranker.load()
        except Exception as exc:  # noqa: BLE001 - whatever an adapter raises, retrieval's results stay and the trace says why
            self.failure = describe_failure(exc, "could not be loaded")
        else:
            self.load_ms = self.reranker.load_ms if before == 0 else 0.0

    def score(self, texts: Mapping[str, str]) -> None:
        """Score a slice, texts by content hash, and keep it in the cache."""
        passages, meter = list(texts.values()), Meter()
        try:
            with metered(meter):
                scored = self.reranker.score(self.query, passages)
            check_scored(scored, passages)
        except Exception as exc:  # noqa: BLE001 - as above
            self._count(meter.total)
            done = f" {len(self.known)} pairs were scored before that." if self.known else ""
            self.failure = describe_failure(exc, "failed") + done
            return
        self._count(meter.total.with_(tokens=scored.tokens, units=scored.units))
        fresh = self._add(list(texts), scored)
        if self.cache is None or not self.reranker.identified:
            return
        try:
            self.cache.put_many(self.model, self.query, fresh)
        except SecondPassError as exc:
            self.note("cache-unwritable", words.cache_unwritable(exc))

    def _add(self, hashes: Sequence[str], scored: Scored) -> dict[str, PairScore]:
        fresh = dict(zip(hashes, scored.pairs, strict=True))
        self.known |= fresh
        self.batches += scored.batches
        self.tokenise_ms += scored.tokenise_ms
        for note in scored.notes:
            self.note(note.code, note.message)
        return fresh

    def _count(self, spent: PaidCalls) -> None:
        """What a slice cost, also one that failed after some of its requests."""
        self.requests += spent.requests
        self.tokens += spent.tokens
        self.units += spent.units

    def note(self, code: str, message: str) -> None:
        """Report each kind of trouble once."""
        if all(note.code != code for note in self.notes):
            self.notes.append(StepWarning(code=code, message=message))


def score_pairs(
    reranker: Reranker,
    query: str,
    passages: Sequence[Passage],
    cache: PairCache | None = None,
    progress: Progress | None = None,
    slice_size: int | None = None,
) -> RerankerScores:
    """Score (query, passage) pairs; the scores are by passage id. The model reads `Passage.model_text`.

    Pairs in the cache are not scored again; if all are, the model is not even loaded. The rest is scored in slices of
    similar length, shortest first, and each slice is cached when it is done, so a failure keeps what was scored before
    it. Scores of a reranker that cannot be identified are never cached.

    slice_size  pairs per slice; None: the reranker's own, at least 16

    Never raises for a failing model or cache: `failure` and `notes` hold the messages.
    """
    texts = {passage.content_hash: passage.model_text for passage in passages}
    run = _Run(reranker, query, cache)
    begin = time.perf_counter()
    missing, loading = _prepare(run, texts)
    size = max(SLICE, reranker.slice_size) if slice_size is None else slice_size
    for start in range(0, len(missing), size):
        if progress:
            progress(len(run.known), len(texts))
        if run.failure:
            break
        run.score({one: texts[one] for one in missing[start : start + size]})
    if progress:
        progress(len(run.known), len(texts))
    took_ms = (time.perf_counter() - begin - loading) * 1000
    return RerankerScores(
        model=run.model,
        space=reranker.space,
        runs_on=reranker.runs_on,
        pairs={
            passage.id: run.known[passage.content_hash] for passage in passages if passage.content_hash in run.known
        },
        timing=Timing(took_ms=max(0.0, took_ms)),
        load_ms=run.load_ms,
        tokenise_ms=run.tokenise_ms,
        tokens=run.tokens,
        batches=run.batches,
        units=run.units,
        requests=run.requests,
        failure=run.failure,
        notes=tuple(run.notes),
    )


def _prepare(run: _Run, texts: Mapping[str, str]) -> tuple[list[str], float]:
    """Look up and load. Returns the hashes of what must be scored, shortest text first, and the seconds of loading.

    Loading may show another identity: weights that were downloaded, or a server that was restarted with another model.
    """
    run.look_up(list(texts))
    loading = 0.0
    if len(run.known) < len(texts):
        begin = time.perf_counter()
        run.load()
        loading = time.perf_counter() - begin
        if run.reranker.model != run.model:
            run.look_up(list(texts))
    return sorted((one for one in texts if one not in run.known), key=lambda one: (len(texts[one]), one)), loading


def describe_failure(exc: Exception, what: str) -> str:
    """The failure as a sentence for users: the library's own messages as they are, others introduced."""
    if isinstance(exc, SecondPassError):
        return str(exc)
    first = (str(exc).strip().splitlines() or [""])[0]
    return f"The reranker {what} ({type(exc).__name__}: {first[:300]}). Try again, or choose another reranker."
