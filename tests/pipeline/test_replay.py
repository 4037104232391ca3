"""Replay against arithmetic that stands here."""

from __future__ import annotations

import math

import pytest

from rag_core.errors import BadInput, UnscoredPairs
from rag_core.pipeline.cascade import pending_passes
from rag_core.pipeline.replay import replay
from rag_core.schema.policy import Fusion, Policy, Signals
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import StepName
from rag_core.schema.threshold import Threshold
from tests.builders import measurement, passage

CE = Policy(reranker="ce")


def ids(trace, step):
    return [hit.passage_id for hit in trace[step].hits]


def test_fused_scores_are_visible_arithmetic():
    trace = replay(measurement("abc", "cad", dict.fromkeys("abcd", 0.0)), CE)
    scores = {hit.passage_id: hit.score for hit in trace[StepName.FUSED].hits}
    assert scores == pytest.approx(
        {
            "a": 1 / (60 + 1) + 1 / (60 + 2),
            "c": 1 / (60 + 3) + 1 / (60 + 1),
            "b": 1 / (60 + 2),
            "d": 1 / (60 + 3),
        }
    )
    assert ids(trace, StepName.FUSED) == ["a", "c", "b", "d"]


def test_reranker_orders_the_pool_and_nothing_beyond_it():
    policy = CE.with_(pool=3)
    trace = replay(measurement("abcd", "", {"a": -1.0, "b": 2.0, "c": 0.5}), policy)
    assert ids(trace, StepName.RERANKED) == ["b", "c", "a"]
    assert trace.outcome("d") == "outside the pool"
    assert trace.rerank.status == "ran" and trace.rerank.order_changed


def test_ties_keep_the_fused_order():
    trace = replay(measurement("abcd", "", dict.fromkeys("abcd", 0.7)), CE)
    assert ids(trace, StepName.RERANKED) == list("abcd")
    assert "flat" in {w.code for w in trace.warnings}
    assert "order-unchanged" in {w.code for w in trace.warnings}


def test_adjusted_reads_logits_as_probabilities():
    trace = replay(measurement("ab", "", {"a": 0.0, "b": math.log(9)}), CE)
    assert trace[StepName.ADJUSTED].space is ScoreSpace.PROBABILITY
    assert [hit.score for hit in trace[StepName.ADJUSTED].hits] == pytest.approx([0.9, 0.5])


def test_threshold_keeps_what_is_at_it_and_top_k_cuts_the_rest():
    policy = CE.with_(threshold=Threshold(minimum=0.5), top_k=1)
    trace = replay(measurement("abc", "", {"a": 0.0, "b": 1.0, "c": -1.0}), policy)
    assert ids(trace, StepName.KEPT) == ["b"]
    assert [trace.outcome(c) for c in "abc"] == ["cut by top-k", "kept", "under the threshold"]


def test_nothing_over_the_threshold_means_unknown():
    policy = CE.with_(threshold=Threshold(minimum=0.9))
    trace = replay(measurement("ab", "", {"a": 0.0, "b": 1.0}), policy)
    assert trace.unknown and trace.best is not None and trace.best.passage_id == "b"


def test_threshold_for_another_space_cuts_nothing_and_says_so():
    policy = CE.with_(threshold=Threshold(minimum=0.9))
    trace = replay(measurement("ab", "", {"a": 0.2, "b": 0.1}, space=ScoreSpace.MAXSIM), policy)
    assert ids(trace, StepName.KEPT) == ["a", "b"]
    assert "threshold-idle" in {w.code for w in trace.warnings}


def test_a_failed_reranker_shows_the_fused_order_and_says_so():
    trace = replay(measurement("abc", "", {"c": 5.0}, failure="The file is damaged."), CE)
    assert ids(trace, StepName.RERANKED) == list("abc")
    assert trace[StepName.RERANKED].space is ScoreSpace.RRF
    assert trace.rerank.status == "failed" and "The file is damaged." in trace.rerank.reason
    assert trace[StepName.RERANKED].warnings[0].code == "rerank-failed"


def test_no_reranker_is_off_not_failed():
    trace = replay(measurement("ab", "b"), Policy(reranker="none"))
    assert trace.rerank.status == "off"
    assert ids(trace, StepName.KEPT) == ["b", "a"]


def test_unscored_pairs_are_an_error_that_names_them():
    policy = CE.with_(pool=3)
    measured = measurement("abcd", "", {"a": 1.0})
    assert [c.id for c in pending_passes(measured, policy)[0].passages] == ["b", "c"]
    with pytest.raises(UnscoredPairs) as error:
        replay(measured, policy)
    assert error.value.passage_ids == ("b", "c")


def test_a_depth_beyond_the_measured_is_refused():
    shallow = measurement("ab", "", {"a": 0.0, "b": 0.0}).model_copy(update={"depth": 50})
    with pytest.raises(BadInput, match="depth 50"):
        replay(shallow, CE)


def test_depth_cuts_both_lists_before_fusion():
    policy = CE.with_(depth=1)
    trace = replay(measurement("abc", "bcd", dict.fromkeys("abcd", 0.0)), policy)
    assert ids(trace, StepName.FUSED) == ["a", "b"]


def test_a_list_of_weight_zero_brings_no_candidate():
    policy = CE.with_(fusion=Fusion(lexical_weight=0))
    trace = replay(measurement("ab", "cd", dict.fromkeys("ab", 0.0)), policy)
    assert ids(trace, StepName.FUSED) == ["a", "b"]


def test_signals_add_up_and_every_part_is_in_the_trace():
    passages = [passage("a", document_id="x", source="chat"), passage("b", document_id="x", source="policy")]
    signals = Signals(on=True, sources=(("policy", 1.0), ("chat", 0.2)))
    policy = CE.with_(signals=signals)
    trace = replay(measurement("ab", "", {"a": 0.0, "b": 0.0}, passages=passages), policy)
    first, second = trace[StepName.ADJUSTED].hits
    assert (first.passage_id, second.passage_id) == ("b", "a")
    assert first.score == pytest.approx(0.6 * 0.5 + 0.15 * 0 + 0.15 * 1.0 + 0.1 * 1)
    assert second.score == pytest.approx(0.6 * 0.5 + 0.15 * 0 + 0.15 * 0.2 + 0.1 / 2)
    assert second.parts == {
        "relevance": 0.5,
        "freshness": 0.0,
        "authority": 0.2,
        "search": 0.5,
        "diversity": 0.5,
    }
    assert "undated" in {w.code for w in trace.warnings}


def test_the_search_may_keep_a_say_in_the_order():
    """Fused: a 1/61, b 1/62, of at most 2/61 with both lists. Relevance says b, by .10; the search says a, by .008."""
    measured = measurement("ab", "", {"a": -0.4, "b": 0.0})
    heavy, light = (Signals(on=True, relevance=w, freshness=0, authority=0, diversity=0, search=1) for w in (0.05, 0.5))
    orders = [ids(replay(measured, CE.with_(signals=s)), StepName.ADJUSTED) for s in (heavy, light)]
    assert orders == [["a", "b"], ["b", "a"]]


def test_the_same_input_gives_the_same_trace():
    measured = measurement("abcd", "dcba", {c: float(i) for i, c in enumerate("abcd")})
    frozen = lambda: 0.0  # noqa: E731
    assert replay(measured, CE, clock=frozen) == replay(measured, CE, clock=frozen)


def test_stages_follow_one_another_on_the_time_line():
    trace = replay(measurement("ab", "b", {"a": 0.0, "b": 1.0}), CE, clock=lambda: 0.0)
    assert trace[StepName.FUSED].timing.started_ms == max(5 + 2, 0 + 3)
    assert trace[StepName.RERANKED].timing.took_ms == 40
    assert trace.took_ms == 7 + 40


def test_an_empty_collection_gives_an_empty_trace():
    trace = replay(measurement("", ""), CE)
    assert trace.unknown and trace.best is None and trace.rerank.status == "idle"
    assert "lexical-empty" in {w.code for w in trace.warnings}
    assert trace.frame().empty
