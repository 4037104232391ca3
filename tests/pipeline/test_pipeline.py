"""The pipeline pays for facts once; replay and cached scores call no model."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from rag_core.errors import BadInput, ModelError
from rag_core.pipeline.pipeline import MAX_QUERY_CHARS, Pipeline
from rag_core.pipeline.replay import replay
from rag_core.pipeline.session import QuerySession
from rag_core.rerank.base import Scored
from rag_core.retrieval.engines.protocol import SearchResult
from rag_core.schema.answers import Answer
from rag_core.schema.documents import CollectionRef
from rag_core.schema.policy import EarlyStopping, Fusion, Policy, Signals
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import PairScore, StepName
from rag_core.schema.threshold import Threshold
from tests.builders import passage

TEXTS = {c: f"passage {c} " + c * n for n, c in enumerate("abcdefgh", start=1)}


class ToyEmbedder:
    """Counts its calls."""

    model, dimensions, max_tokens, load_ms = "toy@1", 2, 64, 1.0

    def __init__(self) -> None:
        self.calls = 0

    def embed(self, texts, progress=None):
        self.calls += 1
        return np.ones((len(texts), 2), dtype=np.float32)

    def embed_query(self, query):
        self.calls += 1
        return np.ones(2, dtype=np.float32)

    def token_spans(self, text):
        return []


class ToyEngine:
    """Dense finds a..h in order, lexical h..e."""

    ref = CollectionRef(name="toy", fingerprint="f", embedding_model="toy@1", documents=8, passages=8)

    def __init__(self) -> None:
        self.calls = 0

    def dense(self, vector, depth, where=None):
        self.calls += 1
        return SearchResult([(c, 1 - i / 10) for i, c in enumerate("abcdefgh")][:depth])

    def lexical(self, query, depth, where=None):
        self.calls += 1
        return SearchResult([(c, 9.0 - i) for i, c in enumerate("hgfe")][:depth], terms=("passage",))

    def passage(self, passage_id):
        return passage(passage_id, TEXTS[passage_id])


class LengthReranker:
    """Longer passages score higher; counts pairs; fails if told to."""

    model, space, load_ms = "length@1", ScoreSpace.LOGIT, 1.0
    runs_on, slice_size, identified = "", 1, True

    def __init__(self, fails: bool = False) -> None:
        self.pairs, self._fails = 0, fails

    def load(self):
        pass

    def score(self, query, passages, progress=None):
        if self._fails:
            raise ModelError("The weights are damaged. Download them again.")
        self.pairs += len(passages)
        return Scored(
            tuple(PairScore(score=float(len(p)), tokens=len(p)) for p in passages), tokens=len(passages), units=1.0
        )


class MemoryCache:
    """A pair cache in a dict."""

    def __init__(self) -> None:
        self.kept = {}

    def get_many(self, model, query, hashes):
        found = {h: self.kept[model, query, h] for h in hashes if (model, query, h) in self.kept}
        return {h: pair.model_copy(update={"cached": True}) for h, pair in found.items()}

    def put_many(self, model, query, pairs):
        self.kept.update({(model, query, h): pair for h, pair in pairs.items()})


@pytest.fixture
def parts():
    return ToyEngine(), ToyEmbedder(), LengthReranker()


def build(parts, cache=None):
    engine, embedder, reranker = parts
    return Pipeline(engine, embedder, cache, rerankers=lambda key: reranker)


def test_the_whole_way(parts):
    trace = build(parts).run("which passage", Policy(reranker="length", pool=4, top_k=2))
    assert [hit.passage_id for hit in trace[StepName.KEPT].hits] == ["h", "g"]
    assert trace.rerank.status == "ran" and trace.rerank.pairs_scored == 4
    assert trace.terms == ("passage",)


def test_it_can_be_awaited(parts):
    def awaited():  # in a thread of its own, for a browser test may have left a loop running in this one
        return asyncio.run(build(parts).arun("which passage", Policy(reranker="length")))

    with ThreadPoolExecutor(1) as pool:
        assert not pool.submit(awaited).result().unknown


def test_no_policy_change_runs_a_model_once_the_pairs_are_scored(parts):
    engine, embedder, reranker = parts
    pipeline = build(parts)
    wide = Policy(reranker="length", pool=8)
    measured = pipeline.score(pipeline.measure("which passage"), wide)
    before = (engine.calls, embedder.calls, reranker.pairs)
    for change in (
        {"pool": 2},
        {"depth": 3},
        {"top_k": 1},
        {"fusion": Fusion(dense_weight=0)},
        {"threshold": Threshold(minimum=0.9)},
        {"signals": Signals(on=True)},
    ):
        policy = wide.with_(**change)
        assert pipeline.score(measured, policy) is measured
        replay(measured, policy)
    assert (engine.calls, embedder.calls, reranker.pairs) == before


def test_a_wider_pool_scores_only_the_new_pairs(parts):
    pipeline = build(parts)
    narrow = Policy(reranker="length", pool=3)
    measured = pipeline.score(pipeline.measure("which passage"), narrow)
    assert parts[2].pairs == 3
    wide = narrow.with_(pool=5)
    report = replay(pipeline.score(measured, wide), wide).rerank
    assert parts[2].pairs == 5
    assert report.units == 1 + 1  # one a call


def test_a_second_identical_query_runs_no_reranker(parts):
    pipeline = build(parts, MemoryCache())
    policy = Policy(reranker="length")
    first, second = pipeline.run("which passage", policy), pipeline.run("which passage", policy)
    assert parts[2].pairs == 8
    assert (first.rerank.status, second.rerank.status) == ("ran", "cached")
    assert [h.passage_id for h in first[StepName.KEPT].hits] == [h.passage_id for h in second[StepName.KEPT].hits]


def test_a_reranker_that_fails_is_said_in_words(parts):
    pipeline = build((*parts[:2], LengthReranker(fails=True)))
    trace = pipeline.run("which passage", Policy(reranker="length"))
    assert trace.rerank.status == "failed" and "weights are damaged" in trace.rerank.reason
    fused = [hit.passage_id for hit in trace[StepName.FUSED].hits]
    assert [hit.passage_id for hit in trace[StepName.RERANKED].hits] == fused


def test_an_unknown_reranker_is_said_in_words(parts):
    trace = Pipeline(*parts[:2]).run("which passage", Policy(reranker="no-such-model"))
    assert trace.rerank.status == "failed" and "no-such-model" in trace.rerank.reason


def test_two_rerankers_live_in_one_measurement(parts):
    pipeline = build(parts)
    measured = pipeline.measure("which passage")
    for key in ("length", "other"):
        measured = pipeline.score(measured, Policy(reranker=key))
    assert replay(measured, Policy(reranker="length")).pool == replay(measured, Policy(reranker="none")).pool
    assert set(measured.rerankings) == {"length", "other"}


@pytest.mark.parametrize("query", ["", "   ", "\x00", "x" * (MAX_QUERY_CHARS + 1)])
def test_a_question_that_is_none_is_refused(parts, query):
    with pytest.raises(BadInput):
        build(parts).measure(query)


def test_a_failure_in_a_wider_pool_leaves_the_narrower_one_as_it_was(parts):
    pipeline = build(parts)
    narrow = Policy(reranker="length", pool=3)
    measured = pipeline.score(pipeline.measure("which passage"), narrow)
    broken = build((*parts[:2], LengthReranker(fails=True))).score(measured, narrow.with_(pool=8))
    assert replay(broken, narrow.with_(pool=8)).rerank.status == "failed"
    assert replay(broken, narrow).rerank.status == "ran"


class BrokenEmbedder(ToyEmbedder):
    """Embeds questions, but no passages."""

    def embed(self, texts, progress=None):
        raise ModelError("out of memory")


def test_a_chat_answer_is_checked_in_one_call() -> None:
    embedder = ToyEmbedder()
    pipeline = Pipeline(ToyEngine(), embedder)
    trace = pipeline.run("q", Policy(reranker="none", top_k=2))
    before = embedder.calls
    answer = pipeline.check(trace, Answer(kind="chat", text="Passage a [1]. Passage h [2]."))
    assert (embedder.calls - before, [one.cited for one in answer.checks]) == (1, [(1,), (2,)])


def test_an_answer_that_could_not_be_checked_stays_and_says_so() -> None:
    pipeline = Pipeline(ToyEngine(), BrokenEmbedder())
    trace = pipeline.run("q", Policy(reranker="none", top_k=2))
    answer = pipeline.check(trace, Answer(kind="chat", text="Passage a [1]."))
    assert (answer.text, answer.checks) == ("Passage a [1].", ())
    assert [one.code for one in answer.warnings] == ["not-checked"]
    assert "out of memory" in answer.warnings[0].message


class ManyEngine(ToyEngine):
    """Dense finds forty passages, p0 to p39."""

    ids = [f"p{number}" for number in range(40)]

    def dense(self, vector, depth, where=None):
        return SearchResult([(c, 1 - i / 100) for i, c in enumerate(self.ids)][:depth])

    def lexical(self, query, depth, where=None):
        return SearchResult([], terms=())

    def passage(self, passage_id):
        return passage(passage_id, f"passage {passage_id} " + "x" * (int(passage_id[1:]) * 7 % 40))


def many():
    reranker = LengthReranker()
    return build((ManyEngine(), ToyEmbedder(), reranker)), reranker


def test_slices_end_in_the_order_of_the_full_run_and_cost_the_same():
    policy = Policy(reranker="length", pool=40)
    (sliced, counted), (whole, _) = many(), many()
    session, read = QuerySession(sliced, "which passage"), []
    while session.next_slice(policy):
        read.append(session.reading(policy).read)
    assert read == [0, 8, 8 + 8, 16 + 16, 40]  # the search comes first
    assert counted.pairs == 40
    ours, theirs = session.replayed(policy), whole.run("which passage", policy)
    assert ours[StepName.RERANKED].hits == theirs[StepName.RERANKED].hits
    assert ours.rerank.stopped is None


def test_reading_the_rest_pays_only_for_the_unread():
    pipeline, reranker = many()
    stopped = Policy(reranker="length", pool=40, stopping=EarlyStopping(limit=16))
    measured = pipeline.score(pipeline.measure("which passage"), stopped)
    assert reranker.pairs == 16 and replay(measured, stopped).rerank.pairs_unread == 40 - 16
    full = stopped.with_(stopping=EarlyStopping())
    assert replay(pipeline.score(measured, full), full).rerank.stopped is None
    assert reranker.pairs == 40


def test_a_rule_that_stops_saves_the_pairs_after_it():
    pipeline, reranker = many()
    policy = Policy(reranker="length", pool=40, top_k=1, stopping=EarlyStopping(patience=4))
    trace = pipeline.run("which passage", policy)
    assert trace.rerank.stopped == "patience" and reranker.pairs == len(trace.pool_read) < 40


def test_a_slice_that_fails_says_so_and_ends():
    session = QuerySession(build((ManyEngine(), ToyEmbedder(), LengthReranker(fails=True))), "which passage")
    policy = Policy(reranker="length", pool=40)
    assert [session.next_slice(policy) for _ in range(3)] == [True, True, False]
    assert "weights are damaged" in session.replayed(policy).rerank.reason
