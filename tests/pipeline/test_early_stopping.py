"""How far the reranker reads: slices, the two rules, and that a run read to its end is the full one."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_core.pipeline.cascade import pending_passes, read_so_far
from rag_core.pipeline.early_stopping import next_end, settled, slice_ends, unchanged_for
from rag_core.pipeline.replay import replay
from rag_core.schema.policy import EarlyStopping, Policy, Signals
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import StepName
from rag_core.schema.trace import Trace
from rag_core.wording.headline import headline, so_far
from tests.builders import measurement

TWENTY = "abcdefghijklmnopqrst"


def policy(k: int = 2, **stopping: object) -> Policy:
    return Policy(reranker="ce", top_k=k, stopping=EarlyStopping(**stopping))


def order(trace: Trace, step: StepName = StepName.RERANKED) -> list[str]:
    return [hit.passage_id for hit in trace[step].hits]


def test_slices_grow_to_a_limit():
    assert slice_ends(101) == [8, 8 + 8, 16 + 16, 32 + 32, 64 + 32, 101]
    assert slice_ends(100) == [8, 8 + 8, 16 + 16, 32 + 32, 100]  # a rest of four is read with the slice before
    assert slice_ends(13) == [8, 13] and slice_ends(12) == [12]
    assert slice_ends(5) == [5] and slice_ends(0) == []


@pytest.mark.parametrize(
    ("read", "size", "at_once", "end"),
    [(0, 50, 1, 8), (16, 50, 1, 32), (0, 50, 10, 10), (10, 50, 10, 20), (0, 50, 96, 50)],
)
def test_a_slice_fills_whole_requests(read, size, at_once, end):
    assert next_end(read, size, at_once) == end


def test_a_stopped_run_shows_what_was_read_and_no_score_for_the_rest():
    trace = replay(measurement("abcd", "", {"a": 0.0, "b": 1.0, "c": 9.0, "d": 2.0}), policy(limit=2))
    assert order(trace) == ["b", "a"]
    assert set(trace.pairs) == {"a", "b"}
    assert [trace.outcome(c) for c in "abcd"] == ["kept", "kept", "not read", "not read"]
    assert trace.ranks_by_step("c")[3].rank is None
    assert (trace.rerank.stopped, trace.rerank.pairs_scored, trace.rerank.pairs_unread) == ("asked", 2, 2)
    assert "Reranking was stopped after 2 of 4 candidates." in headline(trace)
    assert "stopped" in {warning.code for warning in trace[StepName.RERANKED].warnings}


def test_a_stopped_run_goes_to_json_and_back():
    trace = replay(measurement("abcd", "", dict(zip("abcd", range(4), strict=True))), policy(limit=3))
    assert Trace.read(trace.to_json()) == trace


def test_a_limit_at_the_end_of_the_pool_stops_nothing():
    scores = {"a": 0.0, "b": 1.0, "c": 2.0}
    full, limited = (replay(measurement("abc", "", scores), policy(limit=limit)) for limit in (None, 3))
    assert limited.rerank.stopped is None and order(limited) == order(full)


def test_only_the_pairs_up_to_the_limit_are_asked_for():
    measured = measurement("abcd", "", {"a": 0.0})
    assert [passage.id for passage in pending_passes(measured, policy(limit=3))[0].passages] == ["b", "c"]
    assert read_so_far(measured, policy()) == 1


def test_certain_stops_once_the_first_k_have_the_highest_score_there_is():
    scores = dict.fromkeys(TWENTY, 0.5) | {"c": 1.0, "e": 1.0}
    trace = replay(measurement(TWENTY, "", scores, space=ScoreSpace.PROBABILITY), policy(certain=True))
    assert (trace.rerank.stopped, trace.rerank.pairs_unread) == ("certain", 20 - 8)
    assert order(trace, StepName.KEPT) == ["c", "e"]


@pytest.mark.parametrize(
    ("space", "signals"), [(ScoreSpace.LOGIT, Signals()), (ScoreSpace.PROBABILITY, Signals(on=True))]
)
def test_certain_never_stops_where_nothing_is_certain(space, signals):
    scores = dict.fromkeys(TWENTY, 1.0)
    asked = policy(certain=True).with_(signals=signals)
    assert replay(measurement(TWENTY, "", scores, space=space), asked).rerank.stopped is None


def test_patience_stops_where_nothing_changed_for_so_many_and_says_that_it_guessed():
    scores = {one: -float(place) for place, one in enumerate(TWENTY)} | {"t": 9.0}
    trace = replay(measurement(TWENTY, "", scores), policy(patience=6))
    assert (trace.rerank.stopped, len(trace.pool_read)) == ("patience", 8)  # a, b, then 6 that changed nothing
    assert trace.outcome("t") == "not read"  # the best of all: patience is a guess
    assert any("a guess" in warning.message for warning in trace.warnings)


def test_with_a_rule_the_next_slice_is_asked_for_and_no_more():
    measured = measurement(TWENTY + "uvwxyz", "", dict.fromkeys("abcdefgh", 0.5))
    assert [passage.id for passage in pending_passes(measured, policy(certain=True))[0].passages] == list("ijklmnop")


def test_a_failed_reranker_is_not_a_stopped_one():
    trace = replay(measurement("abc", "", {}, failure="The file is damaged."), policy(limit=2))
    assert trace.rerank.status == "failed" and trace.rerank.stopped is None
    assert order(trace) == ["a", "b", "c"]


def test_what_can_still_change_is_said():
    scores = {"a": 1.0, "b": 0.2, "c": 0.3}
    told = so_far(replay(measurement("abc", "", scores, space=ScoreSpace.PROBABILITY), policy(limit=2)))
    assert told == (
        "2 of 3 candidates read; the other 1 can still take any of the first 2 places but the 1 with the highest "
        "score there is."
    )


@given(st.dictionaries(st.sampled_from(TWENTY), st.integers(0, 5).map(float), min_size=1), st.integers(1, 6))
def test_unchanged_for_is_what_counting_says(scores, k):
    read = list(scores)
    heads = [sorted(read[:end], key=lambda one: -scores[one])[:k] for end in range(k, len(read) + 1)]
    same = list(itertools.takewhile(lambda head: head == heads[-1], reversed(heads)))
    assert unchanged_for(read, scores, k) == max(0, len(same) - 1)


@given(st.lists(st.sampled_from([0.0, 0.4, 1.0]), min_size=20, max_size=20), st.integers(1, 5))
def test_a_certain_stop_keeps_what_the_full_run_keeps(values, k):
    measured = measurement(TWENTY, "", dict(zip(TWENTY, values, strict=True)), space=ScoreSpace.PROBABILITY)
    early, full = replay(measured, policy(k, certain=True)), replay(measured, policy(k))
    assert order(early, StepName.KEPT) == order(full, StepName.KEPT)


def test_settled_counts_places_that_nothing_can_take():
    assert settled("abc", {"a": 1.0, "b": 1.0, "c": 0.9}, 3, ScoreSpace.MAXSIM) == 2
    assert settled("abc", {"a": 1.0, "b": 7.0, "c": 0.9}, 3, ScoreSpace.LOGIT) == 0
