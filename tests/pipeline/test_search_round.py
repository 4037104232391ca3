"""Searches that begin together: one embedding a text, all in parallel, the same results as one after another."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag_core.analysis.latency import bars, extras_ms
from rag_core.evaluation.clock import retrieval_ms
from rag_core.pipeline.pipeline import Pipeline
from rag_core.pipeline.replay import replay
from rag_core.pipeline.search_round import search_round
from rag_core.retrieval.engines.protocol import SearchResult
from rag_core.schema.documents import CollectionRef
from rag_core.schema.filters import make_filter
from rag_core.schema.measurement import Measurement, SearchRun
from rag_core.schema.policy import ExtraSearch, Policy
from rag_core.schema.steps import StepName, Timing
from rag_core.wording.latency_bars import bar_label, bar_note
from tests.builders import measurement, passage
from tests.diagnosis.worlds import Passage, world

ACME = ExtraSearch(name="acme", where=make_filter(["acme"]))
UMBRA = ExtraSearch(name="umbra", where=make_filter(["umbra"]), weight=2.0)
OTHER = ExtraSearch(name="other words", query="cancel a plan")
AGAIN = ExtraSearch(name="again", query="cancel a plan", where=make_filter(["acme"]))
ALL = Policy(reranker="none", extra_searches=(ACME, UMBRA, OTHER, AGAIN))


class Counting:
    """An embedder that notes what it embeds. Loading takes it 20 ms, once."""

    model, dimensions, max_tokens = "counting@1", 2, 64

    def __init__(self, loaded: bool = True) -> None:
        self.asked: list[str] = []
        self.load_ms = 1.0 if loaded else 0.0

    def embed(self, texts, progress=None):
        return np.ones((len(texts), 2), dtype=np.float32)

    def embed_query(self, query):
        if not self.load_ms:
            time.sleep(0.02)
            self.load_ms = 20.0
        self.asked.append(query)
        return np.array([len(query) / 3, 0.1], dtype=np.float32)

    def token_spans(self, text):
        return []


class Meeting:
    """An engine whose lexical searches end only when two of them are under way, and its dense searches likewise."""

    ref = CollectionRef(name="toy", fingerprint="f", embedding_model="toy@1", documents=2, passages=2)

    def __init__(self) -> None:
        self._lexical, self._dense = threading.Barrier(2), threading.Barrier(2)

    def dense(self, vector, depth, where=None):
        self._dense.wait(timeout=20)
        return SearchResult([("a", 0.5)])

    def lexical(self, query, depth, where=None):
        self._lexical.wait(timeout=20)
        return SearchResult([("b", 2.0)], terms=(query,))

    def passage(self, passage_id):
        return passage(passage_id, tenant="acme")


def counted() -> tuple[Pipeline, Counting]:
    embedder = Counting()
    there = world(Passage("a", 0.9, tenant="acme", words="refund"), Passage("b", 0.8, tenant="umbra"))
    return Pipeline(there.collection, embedder), embedder


def test_one_embedding_of_a_text_serves_all_searches_that_ask_it():
    pipeline, embedder = counted()
    pipeline.run("refund", ALL)
    assert embedder.asked == ["refund", "cancel a plan"]


def test_a_search_that_is_added_later_does_not_embed_again():
    pipeline, embedder = counted()
    measured = pipeline.measure("refund")
    for policy in (
        Policy(extra_searches=(ACME,)),
        Policy(extra_searches=(ACME, UMBRA)),
        Policy(extra_searches=(OTHER,)),
        ALL,
    ):
        measured = pipeline.search(measured, policy)
    assert embedder.asked == ["refund", "cancel a plan"]
    assert [one.round for one in measured.extra_searches] == [1, 2, 3, 4]


def test_the_vector_that_is_used_again_is_the_same_bit_by_bit():
    pipeline, embedder = counted()
    kept = pipeline.measure("refund").vectors["refund"]
    assert np.array_equal(np.array(kept, dtype=np.float32), embedder.embed_query("refund"))
    measured = pipeline.measure("refund")
    assert Measurement.model_validate_json(measured.model_dump_json()) == measured


def test_two_searches_run_at_the_same_time():
    trace = Pipeline(Meeting(), Counting()).run("refund", Policy(reranker="none", extra_searches=(ACME,)))
    assert [one.name for one in trace.extra_searches] == ["acme"]


def test_what_two_extra_searches_both_ask_is_searched_once():
    pipeline, _ = counted()
    twin = ACME.model_copy(update={"name": "acme again"})
    measured = pipeline.measure("refund", extra_searches=(ACME, twin))
    assert len(measured.extra_searches) == 1
    assert len(replay(measured, Policy(reranker="none", extra_searches=(ACME, twin))).extra_searches) == 2


def test_an_error_of_one_search_is_everyones():
    class Broken(Meeting):
        def lexical(self, query, depth, where=None):
            raise RuntimeError("the index is gone")

        def dense(self, vector, depth, where=None):
            return SearchResult([])

    with pytest.raises(RuntimeError, match="the index is gone"):
        Pipeline(Broken(), Counting()).measure("refund", extra_searches=(ACME,))


def test_a_dense_search_starts_when_its_vector_is_there():
    asked = [("refund", None), ("refund", ACME.where), ("cancel a plan", None)]
    there = world(Passage("a", 0.9), Passage("b", 0.8)).collection
    first, shared, other = search_round(there, Counting(), asked, known={}).found.values()
    assert all(one.dense.timing.started_ms >= one.embed.ended_ms for one in (first, shared, other))
    assert (shared.embed.started_ms, shared.embed.took_ms) == (first.embed.ended_ms, 0)
    assert other.embed.started_ms >= first.embed.ended_ms


def test_loading_the_model_is_in_no_time():
    there = world(Passage("a", 0.9), Passage("b", 0.8)).collection
    asked = [("refund", None), ("cancel a plan", None)]
    cold = search_round(there, Counting(loaded=False), asked, known={})
    first, second = cold.found.values()
    assert cold.load_ms == 20
    assert first.embed.ended_ms <= first.dense.timing.started_ms
    assert first.embed.ended_ms <= second.embed.started_ms <= second.embed.ended_ms <= second.dense.timing.started_ms
    assert search_round(there, Counting(), asked, known={}).load_ms == 0


@st.composite
def collections(draw):
    """Up to eight passages of two tenants, and up to three extra searches over them."""
    tenants = st.sampled_from(["acme", "umbra"])
    words = st.sampled_from(["refund", "cancel a plan", "refund plan", "nothing"])
    cosines = draw(st.lists(st.integers(1, 999), min_size=1, max_size=8, unique=True))
    passages = [
        Passage(f"p{at}", cosine / 1000, words=draw(words), tenant=draw(tenants)) for at, cosine in enumerate(cosines)
    ]
    extra_searches = draw(st.lists(st.sampled_from(ALL.extra_searches), min_size=1, max_size=3, unique=True))
    return passages, tuple(extra_searches)


@settings(max_examples=25)
@given(collections())
def test_together_they_find_what_each_finds_alone(drawn):
    passages, extra_searches = drawn
    pipeline = world(*passages).pipeline
    policy = Policy(reranker="none", extra_searches=extra_searches)
    alone = pipeline.measure("refund")
    for one in extra_searches:
        alone = pipeline.search(alone, Policy(extra_searches=(one,)))
    ours, theirs = pipeline.run("refund", policy), replay(alone, policy)
    assert ours.passages == theirs.passages
    assert [step.hits for step in ours.steps] == [step.hits for step in theirs.steps]
    assert [[s.hits for s in run.steps] for run in ours.extra_searches] == [
        [s.hits for s in run.steps] for run in theirs.extra_searches
    ]


def laid(*rounds: int):
    """Main: embedding 0 to 5, dense to 7, lexical 0 to 3. Each extra search: lexical 0 to 3, dense 5 to 5 + 4."""
    own = measurement("ab", "b")
    dense = own.dense.model_copy(update={"timing": Timing(started_ms=5, took_ms=4)})
    names = [f"extra {at}" for at in range(len(rounds))]
    measured = tuple(
        SearchRun(query=name, round=number, embed=Timing(started_ms=5), dense=dense, lexical=own.lexical)
        for name, number in zip(names, rounds, strict=True)
    )
    policy = Policy(reranker="none", extra_searches=tuple(ExtraSearch(name=name, query=name) for name in names))
    return replay(own.model_copy(update={"extra_searches": measured}), policy, clock=lambda: 0.0)


def lanes(trace):
    """When each step was at work, by its name."""
    told: dict[str, list[tuple[float, float]]] = {}
    for bar in bars(trace):
        told.setdefault(bar_label(bar), []).append((bar.started_ms, bar.ended_ms))
    return told


def test_searches_that_began_with_the_main_one_lie_beside_it_and_waiting_is_no_work():
    trace = laid(0, 0)
    assert lanes(trace)["Dense search"] == [(5, 7)]
    assert lanes(trace)["Extra search: extra 0"] == lanes(trace)["Extra search: extra 1"] == [(0, 3), (5, 5 + 4)]
    assert trace[StepName.FUSED].timing.started_ms == 9
    assert extras_ms(trace) == 3 + 4


def test_later_rounds_follow_one_another():
    trace = laid(2, 0, 1, 1)
    assert lanes(trace)["Extra search: extra 1"] == [(0, 3), (5, 9)]
    assert lanes(trace)["Extra search: extra 2"] == lanes(trace)["Extra search: extra 3"] == [(9, 12), (14, 18)]
    assert lanes(trace)["Extra search: extra 0"] == [(18, 21), (23, 27)]
    assert extras_ms(trace) == 3 * (3 + 4)


def test_retrieval_of_a_set_takes_as_long_as_its_extra_searches_too():
    own = measurement("ab", "b")
    slow = own.dense.model_copy(update={"timing": Timing(started_ms=5, took_ms=4)})
    asked = SearchRun(query="question", where=ACME.where, embed=Timing(), dense=slow, lexical=own.lexical)
    row = own.model_copy(update={"extra_searches": (asked,)})
    assert retrieval_ms({"q": row}, Policy()) == 5 + 2
    assert retrieval_ms({"q": row}, Policy(extra_searches=(ACME,))) == 5 + 2 + 5 + 4


def test_a_search_that_embeds_its_own_words_is_one_bar():
    trace = laid(0)
    own = trace.extra_searches[0].model_copy(update={"embed": Timing(started_ms=1, took_ms=4)})
    alone = trace.model_copy(update={"extra_searches": (own,)})
    assert lanes(alone)["Extra search: extra 0"] == [(0, 9)]
    assert {bar_label(bar): bar_note(bar) for bar in bars(alone)}["Extra search: extra 0"] == "2 found"


def test_the_notes_say_what_was_not_embedded_again():
    notes = [bar_note(bar) for bar in bars(laid(0)) if bar_label(bar) == "Extra search: extra 0"]
    assert notes == ["lexical list", "dense list; 2 found; shares an embedding"]


def test_a_round_that_a_policy_leaves_out_leaves_no_gap():
    pipeline, _ = counted()
    measured = pipeline.measure("refund")
    for one in (ACME, UMBRA):
        measured = pipeline.search(measured, Policy(extra_searches=(one,)))
    only = Policy(reranker="none", extra_searches=(UMBRA,))
    shown = replay(measured, only, clock=lambda: 0.0)
    never = replay(measured.model_copy(update={"extra_searches": measured.extra_searches[1:]}), only, clock=lambda: 0.0)
    assert shown.extra_searches == never.extra_searches
