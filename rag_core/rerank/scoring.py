"""Score a query against passages: look into the cache, run the model on the rest, and say what happened.

A model's failure never raises here; `RerankerScores.failure` carries it to the trace in words. What a model computes
is in the adapters; what is done with the scores is in `rag_core.pipeline.replay`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from rag_core.errors import SecondPassError
from rag_core.rerank.base import Reranker, Scored
from rag_core.rerank.checks import check_scored
from rag_core.schema.documents import Passage
from rag_core.schema.measurement import RerankerScores
from rag_core.schema.progress import Progress
from rag_core.schema.steps import PairScore, StepWarning, Timing

SLICE = 16
"""Pairs between two saves to the cache: what a failure half-way can lose."""


class PairCache(Protocol):
    """Pair scores kept by (model, query, content hash of the passage). Raises SecondPassError where it cannot be
    used.
    """

    def get_many(self, model: str, query: str, content_hashes: Sequence[str]) -> dict[str, PairScore]:
        """The scores that are known, by content hash, each with `cached` set."""
        ...

    def put_many(self, model: str, query: str, pairs: Mapping[str, PairScore]) -> None:
        """Keep these scores, by content hash."""
        ...


@dataclass
class _Run:
    """What one call of `score_pairs` has come to so far. `known` is keyed by content hash."""

    known: dict[str, PairScore] = field(default_factory=dict)
    tokens: int = 0
    batches: int = 0
    units: float = 0.0
    tokenise_ms: float = 0.0
    load_ms: float = 0.0
    failure: str | None = None
    notes: list[StepWarning] = field(default_factory=list)

    def add(self, hashes: Sequence[str], scored: Scored) -> dict[str, PairScore]:
        """Take a slice's scores in; gives them by content hash."""
        fresh = dict(zip(hashes, scored.pairs, strict=True))
        self.known |= fresh
        self.tokens += scored.tokens
        self.batches += scored.batches
        self.units += scored.units
        self.tokenise_ms += scored.tokenise_ms
        return fresh


def score_pairs(
    reranker: Reranker,
    query: str,
    passages: Sequence[Passage],
    cache: PairCache | None = None,
    progress: Progress | None = None,
    slice_size: int | None = None,
) -> RerankerScores:
    """Scores of (query, passage) pairs by passage id; what the model reads of a passage is `Passage.reading`.

    Pairs that the cache knows are not scored again, and if it knows all the model is not even loaded. The rest is
    scored in slices of like length, shortest first, each cached as it is done, so that a failure half-way keeps what
    was scored. `slice_size` None: the reranker's own, where it has one (a service is asked once a request's worth).
    Never raises for a model's failure or a cache's: `failure` and `notes` say why, in words.
    """
    readings = {passage.content_hash: passage.model_text for passage in passages}
    run = _Run()
    begin = time.perf_counter()
    _look_up(run, cache, reranker, query, list(readings))
    missing = sorted((one for one in readings if one not in run.known), key=lambda one: (len(readings[one]), one))
    waited = time.perf_counter()
    if missing:
        _load(run, reranker)
    loading = time.perf_counter() - waited
    size = max(SLICE, reranker.slice_size) if slice_size is None else slice_size
    for start in range(0, len(missing), size):
        if progress:
            progress(len(run.known), len(readings))
        if run.failure:
            break
        hashes = missing[start : start + size]
        _score_slice(run, cache, reranker, query, {one: readings[one] for one in hashes})
    if progress:
        progress(len(run.known), len(readings))
    took_ms = (time.perf_counter() - begin - loading) * 1000
    return RerankerScores(
        model=reranker.model,
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
        failure=run.failure,
        notes=tuple(run.notes),
    )


def _look_up(run: _Run, cache: PairCache | None, reranker: Reranker, query: str, hashes: list[str]) -> None:
    if cache is None or not hashes:
        return
    try:
        run.known |= cache.get_many(reranker.model, query, hashes)
    except SecondPassError as exc:
        _note(run, "cache-unreadable", f"Scores that may be known were computed again: {exc}")


def _load(run: _Run, reranker: Reranker) -> None:
    """Load the model; `run.load_ms` stays 0 where it was loaded before."""
    before = reranker.load_ms
    try:
        reranker.load()
    except Exception as exc:  # noqa: BLE001 - whatever an adapter raises, retrieval's results stay and the trace says why
        run.failure = describe_failure(exc, "could not be loaded")
    else:
        run.load_ms = reranker.load_ms if before == 0 else 0.0


def _score_slice(
    run: _Run, cache: PairCache | None, reranker: Reranker, query: str, readings: Mapping[str, str]
) -> None:
    texts = list(readings.values())
    try:
        scored = reranker.score(query, texts)
        check_scored(scored, texts)
    except Exception as exc:  # noqa: BLE001 - as above
        done = f" {len(run.known)} pairs were scored before that." if run.known else ""
        run.failure = describe_failure(exc, "failed while it ran") + done
        return
    fresh = run.add(list(readings), scored)
    if cache is None:
        return
    try:
        cache.put_many(reranker.model, query, fresh)
    except SecondPassError as exc:
        _note(run, "cache-unwritable", f"These scores were not kept for the next run: {exc}")


def _note(run: _Run, code: str, message: str) -> None:
    """Say each trouble once."""
    if all(note.code != code for note in run.notes):
        run.notes.append(StepWarning(code=code, message=message))


def describe_failure(exc: Exception, what: str) -> str:
    """The failure as a sentence for a user: our own messages as they are, foreign ones introduced."""
    if isinstance(exc, SecondPassError):
        return str(exc)
    first = (str(exc).strip().splitlines() or [""])[0]
    return f"The reranker {what} ({type(exc).__name__}: {first[:300]}). Choose another reranker, or try again."
