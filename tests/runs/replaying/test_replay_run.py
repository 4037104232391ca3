"""A recorded run under other settings: what follows, and what cannot be replayed."""

from __future__ import annotations

import pytest

from rag_core.analysis.run_comparison import row
from rag_core.diagnosis import Expected, Verdict, diagnose, locate_in_run
from rag_core.errors import BadInput
from rag_core.report.html import html_report
from rag_core.rerank.fixed import FixedReranker
from rag_core.runs.as_trace import trace_of
from rag_core.runs.replaying import (
    Control,
    Obstacle,
    RunChange,
    candidates_of,
    obstacles,
    readable,
    replay_run,
    score_run,
)
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.threshold import Threshold
from rag_core.schema.trace import Trace
from rag_core.wording.headline import headline
from rag_core.wording.run_replays import what_changed, why_not
from tests.diagnosis.test_recorded_runs import of_steps
from tests.runs.odd_runs import DENSE, FUSED, LARGE, ODD, WORDS, hits, odd_run, step

SCORED = {f"Passage {one} says so.": score for one, score in zip("abcdefgh", range(8), strict=True)}
KEPT_TWO = step("kept", "select", hits("bc", (3.0, 1.0)), "large model", space="logit")
ALL_SEVEN = step("all", "rerank", hits("gfedcba", (0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3)), "fusion", space="probability")
NO_TEXTS = step("search", "search", hits("abc", (3, 2, 1), texts=False))
WITHOUT_SCORES = (DENSE, WORDS, FUSED, LARGE, KEPT_TWO)
WITH_SCORES = (DENSE, WORDS, FUSED, ALL_SEVEN, step("kept", "select", hits("gf"), "all"))


def order(found) -> str:
    return "".join(hit.passage_id for hit in found.hits)


def reranked(trace, **change):
    """The replay with the table's reranker, in which h is best and a is worst."""
    scores = score_run(trace, FixedReranker(SCORED))
    return replay_run(trace, RunChange(reranker="fixed", **change), scores)


@pytest.mark.parametrize("name", ODD)
def test_every_run_is_replayed_as_far_as_it_goes_and_says_what_is_not(name):
    trace = trace_of(odd_run(name))
    assert replay_run(trace, RunChange()) is trace
    for reranker in (None, "fixed", "none"):
        found = obstacles(trace, reranker)
        assert all(why_not(reason, trace).endswith(".") for reason in found.values())
        scores = score_run(trace, FixedReranker()) if reranker == "fixed" and Control.RERANKER not in found else None
        if reranker and (reranker == "none" or scores) and Control.RERANKER not in found:
            other = replay_run(trace, RunChange(reranker=reranker), scores)
            assert other.reranked_step.name == reranker
            read = {one.id for one in readable(trace)} if scores else set(candidates_of(trace).by_passage)
            assert set(other.reranked_step.by_passage) == read
            whole_use(trace, other)
        if Control.TOP_K not in found and reranker is None:
            other = replay_run(trace, RunChange(top_k=1))
            assert order(other.kept_step) == order(trace.final_step)[:1]
            whole_use(trace, other)


def whole_use(trace, other):
    """It is a trace like any other."""
    assert Trace.read(other.to_json()) == other
    assert headline(other) and html_report(other) and what_changed(trace, other).endswith(".") and row(trace, other)
    for document in other.passages:
        assert diagnose(other, locate_in_run(other, Expected(document=document))).verdict


def test_another_reranker_orders_the_list_that_the_last_one_read():
    trace = of_steps(*WITHOUT_SCORES)
    other = reranked(trace)
    assert [one.name for one in other.steps] == ["dense", "words", "fusion", "fixed", "kept"]
    assert (order(other.reranked_step), order(other.kept_step)) == ("gfedcba", "gf")
    assert other.steps[:3] == trace.steps[:3] and other.rerank.pairs_scored == 7
    assert what_changed(trace, other) == (
        "0 of the 2 passages that the recorded run kept are kept; new: “g”, “f”; no longer kept: “b”, “c”."
    )
    lost = diagnose(other, locate_in_run(other, Expected(document="c")))
    assert (lost.verdict, lost.before.step, lost.after.step) == (Verdict.DEMOTED, "fusion", "fixed")


def test_pool_threshold_and_top_k_with_another_reranker():
    trace = of_steps(*WITHOUT_SCORES)
    assert order(reranked(trace, pool=3).reranked_step) == "cba"
    assert order(reranked(trace, top_k=4).kept_step) == "gfed"
    cut = Threshold(minimum=0.99, space=ScoreSpace.PROBABILITY)  # sigmoid(4) = 0.982, sigmoid(5) = 0.993
    assert order(reranked(trace, top_k=5, threshold=cut).kept_step) == "gf"


def test_no_reranker_leaves_the_order_in_which_they_came():
    other = replay_run(of_steps(*WITHOUT_SCORES), RunChange(reranker="none"))
    assert (order(other.reranked_step), order(other.kept_step), other.rerank.status) == ("cabdefg", "ca", "off")


def test_recorded_scores_are_cut_again():
    trace = of_steps(*WITH_SCORES)
    assert order(replay_run(trace, RunChange(top_k=3)).kept_step) == "gfe"
    cut = Threshold(minimum=0.85, space=ScoreSpace.PROBABILITY)
    assert order(replay_run(trace, RunChange(threshold=cut)).kept_step) == "g"
    smaller = replay_run(trace, RunChange(pool=4))  # c, a, b, d
    assert (order(smaller.reranked_step), order(smaller.kept_step)) == ("dcba", "dc")


def test_recorded_searches_are_fused_with_other_weights():
    trace = of_steps(*WITH_SCORES)
    other = replay_run(trace, RunChange(weights={"words": 0.0}, pool=2))
    assert (order(other.fused_step), order(other.reranked_step)) == ("abcde", "ba")
    assert other["fusion"].hits[0].score == 1 / (60 + 1) and other.fused_step.space is ScoreSpace.RRF
    assert [one.code for one in other["fusion"].warnings] == ["fused-here"]
    with pytest.raises(BadInput, match="It reads dense, words"):
        replay_run(trace, RunChange(weights={"nothing": 1.0}))


@pytest.mark.parametrize(
    ("steps", "reranker", "expected"),
    [
        (WITH_SCORES, None, {}),
        (
            WITHOUT_SCORES,
            None,
            {Control.POOL: Obstacle.SCORES, Control.FUSION: Obstacle.SCORES, Control.THRESHOLD: None},
        ),
        (WITHOUT_SCORES, "fixed", {}),
        (({**FUSED, "inputs": []}, LARGE), "fixed", {Control.FUSION: Obstacle.LISTS}),
        (ODD["three searches, fusion, two rerankers"], "fixed", {Control.FUSION: Obstacle.BETWEEN}),
        (
            ODD["rules after reranking, one passage kept"],
            None,
            {Control.POOL: Obstacle.RULES, Control.FUSION: Obstacle.RULES, Control.THRESHOLD: None},
        ),
        (
            (NO_TEXTS,),
            None,
            {Control.RERANKER: Obstacle.TEXTS, Control.FUSION: Obstacle.LISTS, Control.THRESHOLD: Obstacle.SPACE},
        ),
        (
            ODD["nothing found"],
            None,
            dict.fromkeys(
                (Control.RERANKER, Control.POOL, Control.THRESHOLD, Control.TOP_K, Control.FUSION),
                Obstacle.CANDIDATES,
            ),
        ),
        (
            (DENSE, step("kept", "select", hits("ca"), "dense")),
            None,
            dict.fromkeys((Control.POOL, Control.THRESHOLD, Control.TOP_K), Obstacle.ORDER)
            | {Control.FUSION: Obstacle.LISTS},
        ),
    ],
)
def test_what_cannot_be_replayed_has_its_reason(steps, reranker, expected):
    trace = of_steps(*steps)
    found = obstacles(trace, reranker)
    wanted = {control: reason for control, reason in expected.items() if reason}
    told = (Control.RERANKER, Control.POOL, Control.THRESHOLD, Control.TOP_K, Control.FUSION)
    assert {control: found[control] for control in told if control in found} == wanted
    assert found[Control.DEPTH] is Obstacle.ELSEWHERE and found[Control.SIGNALS] is Obstacle.RULES
    tries = {
        Control.POOL: RunChange(pool=1),
        Control.TOP_K: RunChange(top_k=1),
        Control.FUSION: RunChange(weights={}),
        Control.THRESHOLD: RunChange(threshold=Threshold(minimum=0.5)),
    }
    for control, change in tries.items():
        if control in wanted and reranker is None:
            with pytest.raises(BadInput, match="cannot be replayed"):
                replay_run(trace, change)


def test_a_candidate_without_a_text_is_left_out_and_said():
    trace = of_steps(step("dense", "search", [*hits("ab"), {"passage_id": "c"}]), step("kept", "select", hits("a")))
    other = reranked(trace, top_k=2)
    assert order(other.reranked_step) == "ba"
    assert any("1 of the candidates has no recorded text" in one.message for one in other.warnings)


def test_rules_after_the_reranker_are_left_out_and_said():
    other = reranked(trace_of(odd_run("rules after reranking, one passage kept")))
    assert [one.name for one in other.steps] == ["dense", "words", "fusion", "fixed", "answer from"]
    assert any("boost is left out" in one.message for one in other.warnings)


def test_scores_come_first_and_a_model_that_fails_leaves_the_order():
    trace = of_steps(*WITHOUT_SCORES)
    with pytest.raises(BadInput, match="Score it first"):
        replay_run(trace, RunChange(reranker="fixed"))
    with pytest.raises(BadInput, match="texts of the candidates were not recorded"):
        score_run(of_steps(NO_TEXTS), FixedReranker())
    failed = score_run(trace, FixedReranker(fail_after=0))
    other = replay_run(trace, RunChange(reranker="fixed"), failed)
    assert (other.rerank.status, order(other.reranked_step)) == ("failed", "cabdefg")


def test_a_run_of_our_own_is_replayed_from_its_measurement():
    own = trace_of(odd_run("one search")).model_copy(update={"origin": None})
    with pytest.raises(BadInput, match="Replay its measurement"):
        replay_run(own, RunChange(top_k=1))
