"""Scoring through the cache: what runs, what is kept, and what a failure leaves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from rag_core.errors import SecondPassError
from rag_core.rerank.base import Scored
from rag_core.rerank.fixed import FixedReranker
from rag_core.rerank.scoring import score_pairs
from rag_core.schema.documents import Passage
from rag_core.schema.progress import Progress
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import PairScore
from tests.builders import passage


class Kept:
    """A cache in a dict."""

    def __init__(self) -> None:
        self.pairs: dict[tuple[str, str, str], PairScore] = {}

    def get_many(self, model: str, query: str, content_hashes: Sequence[str]) -> dict[str, PairScore]:
        known = {one: self.pairs.get((model, query, one)) for one in content_hashes}
        return {one: pair.model_copy(update={"cached": True}) for one, pair in known.items() if pair}

    def put_many(self, model: str, query: str, pairs: Mapping[str, PairScore]) -> None:
        self.pairs |= {(model, query, one): pair for one, pair in pairs.items()}


class Broken:
    """A cache that neither reads nor writes."""

    def get_many(self, model: str, query: str, content_hashes: Sequence[str]) -> dict[str, PairScore]:
        raise SecondPassError("The disk is gone.")

    def put_many(self, model: str, query: str, pairs: Mapping[str, PairScore]) -> None:
        raise SecondPassError("The disk is gone.")


class Odd(FixedReranker):
    """Fails in ways that adapters of others may."""

    def __init__(self, way: str) -> None:
        super().__init__()
        self.way = way

    def load(self) -> None:
        if self.way == "load":
            raise OSError("weights.bin: no such file\nlong trace")
        super().load()

    def score(self, query: str, passages: Sequence[str], progress: Progress | None = None) -> Scored:
        if self.way == "vendor":
            raise RuntimeError("CUDA error")
        scored = super().score(query, passages)
        if self.way == "short":
            return Scored(pairs=scored.pairs[:-1])
        nan = PairScore.model_construct(score=float("nan"))
        return Scored(pairs=(*scored.pairs[:-1], nan))


CHUNKS = [passage("a", "red cats"), passage("b", "red dogs sleep"), passage("c", "blue")]


def scores(passages: list[Passage], reranker: FixedReranker, cache: Kept | None = None) -> dict[str, float]:
    return {name: pair.score for name, pair in score_pairs(reranker, "red cats", passages, cache).pairs.items()}


def test_scores_by_chunk_id() -> None:
    # What is read is "Title a\\nred cats": 2/2 words of the query; b has 1/2, c none.
    reranking = score_pairs(FixedReranker(), "red cats", CHUNKS)
    assert {name: pair.score for name, pair in reranking.pairs.items()} == {"a": 2 / 2, "b": 1 / 2, "c": 0.0}
    assert (reranking.space, reranking.failure, reranking.notes, reranking.load_ms) == (ScoreSpace.LOGIT, None, (), 1.0)
    assert not any(pair.cached for pair in reranking.pairs.values())


def test_what_a_service_billed_is_added_up() -> None:
    class Billing(FixedReranker):
        def score(self, query: str, passages: Sequence[str], progress: Progress | None = None) -> Scored:
            return replace(super().score(query, passages), units=1.0)

    assert score_pairs(Billing(), "red cats", CHUNKS, slice_size=2).units == 1.0 + 1.0  # two requests for three


def test_a_second_run_scores_nothing_and_loads_nothing() -> None:
    cache = Kept()
    first = scores(CHUNKS, FixedReranker(), cache)
    idle = FixedReranker()
    again = score_pairs(idle, "red cats", CHUNKS, cache)
    assert {name: pair.score for name, pair in again.pairs.items()} == first
    assert all(pair.cached for pair in again.pairs.values())
    assert (idle.calls, idle.load_ms, again.load_ms, again.batches) == (0, 0.0, 0.0, 0)


def test_only_what_is_missing_is_scored() -> None:
    cache = Kept()
    scores(CHUNKS[:2], FixedReranker(), cache)
    rest = FixedReranker()
    reranking = score_pairs(rest, "red cats", CHUNKS, cache)
    assert rest.scored == 1
    assert {name: pair.cached for name, pair in reranking.pairs.items()} == {"a": True, "b": True, "c": False}


@pytest.mark.parametrize("other", [FixedReranker({"x": 1.0}), FixedReranker(max_tokens=2)])
def test_another_model_or_query_knows_nothing_of_it(other: FixedReranker) -> None:
    cache = Kept()
    scores(CHUNKS, FixedReranker(), cache)
    scores(CHUNKS, other, cache)
    assert other.scored == 3
    same = FixedReranker()
    score_pairs(same, "another question", CHUNKS, cache)
    assert same.scored == 3


def test_chunks_with_the_same_reading_are_scored_once() -> None:
    twin = CHUNKS[0].model_copy(update={"id": "twin"})
    reranker = FixedReranker()
    assert scores([CHUNKS[0], twin], reranker) == {"a": 1.0, "twin": 1.0}
    assert reranker.scored == 1


def test_a_failure_half_way_keeps_what_was_scored() -> None:
    cache = Kept()
    reranking = score_pairs(FixedReranker(fail_after=2), "red cats", CHUNKS, cache, slice_size=1)
    # Shortest first: "blue", then "red cats"; the third is refused.
    assert set(reranking.pairs) == {"c", "a"}
    assert reranking.failure == "The fixed reranker was told to fail after 2 pairs. 2 pairs were scored before that."
    rest = FixedReranker()
    assert score_pairs(rest, "red cats", CHUNKS, cache).failure is None
    assert rest.scored == 1


@pytest.mark.parametrize(
    ("way", "said"),
    [
        ("load", "could not be loaded (OSError: weights.bin: no such file)"),
        ("vendor", "failed (RuntimeError: CUDA error)"),
        ("short", "gave 2 scores for 3 passages"),
        ("nan", "nan instead of a number for the passage that begins “Title b red dogs sleep”"),
    ],
)
def test_every_failure_is_a_sentence(way: str, said: str) -> None:
    reranking = score_pairs(Odd(way), "red cats", CHUNKS, Kept())
    assert reranking.pairs == {}
    assert said in (reranking.failure or "")


def test_a_broken_cache_does_not_stop_the_run_and_says_so() -> None:
    reranking = score_pairs(FixedReranker(), "red cats", CHUNKS, Broken(), slice_size=1)
    assert len(reranking.pairs) == 3
    assert reranking.failure is None
    assert [note.code for note in reranking.notes] == ["cache-unreadable", "cache-unwritable"]
    assert all("The disk is gone." in note.message for note in reranking.notes)


def test_progress_counts_pairs_and_may_cancel() -> None:
    seen: list[tuple[int, int]] = []
    score_pairs(FixedReranker(), "q", CHUNKS, None, lambda done, total: seen.append((done, total)), slice_size=2)
    assert seen == [(0, 3), (2, 3), (3, 3)]

    def cancel(done: int, _: int) -> None:
        if done:
            raise InterruptedError

    cache = Kept()
    with pytest.raises(InterruptedError):
        score_pairs(FixedReranker(), "q", CHUNKS, cache, cancel, slice_size=1)
    assert len(cache.pairs) == 1


def test_nothing_to_score() -> None:
    reranker = FixedReranker()
    assert score_pairs(reranker, "q", []).pairs == {}
    assert reranker.load_ms == 0


def test_a_service_is_asked_once_for_what_fits_into_one_request():
    calls: list[int] = []

    class Service(FixedReranker):
        slice_size = 100

        def score(self, query: str, passages: Sequence[str], progress: Progress | None = None) -> Scored:
            calls.append(len(passages))
            return super().score(query, passages, progress)

    score_pairs(Service(), "question", [passage(f"c{n}") for n in range(40)])
    assert calls == [40]
