"""A recorded run under other settings: what follows, and what cannot be replayed."""

from __future__ import annotations

import pytest

from rag_core.analysis.run_comparison import row
from rag_core.diagnosis import Expected, Verdict, diagnose, locate_in_run
from rag_core.diagnosis.recorded_counterfactual import what_would_keep_in_run
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


def test_a_recorded_logit_stays_a_logit_until_a_reranker_here_scores_the_run():
    trace = of_steps(*WITHOUT_SCORES)
    recorded = trace.reranked_step
    assert recorded.space is ScoreSpace.LOGIT is trace.relevance_space
    assert trace.relevance == {hit.passage_id: hit.score for hit in recorded.hits}
    assert {one.space for one in trace.kept} == {ScoreSpace.LOGIT}
    cut = Threshold(minimum=0.5, space=ScoreSpace.PROBABILITY)
    with pytest.raises(BadInput, match="The threshold is for probability scores; these are logit"):
        replay_run(trace, RunChange(threshold=cut))
    assert reranked(trace).relevance_space is ScoreSpace.PROBABILITY


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
            {Control.POOL: Obstacle.SCORES, Control.FUSION: Obstacle.SCORES},
        ),
        (WITHOUT_SCORES, "fixed", {}),
        (({**FUSED, "inputs": []}, LARGE), "fixed", {Control.FUSION: Obstacle.LISTS}),
        (ODD["three searches, fusion, two rerankers"], "fixed", {Control.FUSION: Obstacle.BETWEEN}),
        (
            ODD["rules after reranking, one passage kept"],
            None,
            {Control.POOL: Obstacle.RULES, Control.FUSION: Obstacle.RULES},
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


SEARCHED = step("a", "search", hits("abc", (0.9, 0.8, 0.7)), space="cosine")
BRANCHES = (
    SEARCHED,
    step("first", "rerank", hits("cba", (0.9, 0.8, 0.7)), "a", space="probability"),
    step("b", "search", hits("def", (3, 2, 1))),
    step("second", "rerank", hits("fed", (0.9, 0.8, 0.7)), "b", space="probability"),
    step("both", "fusion", hits("cfbead", (6, 5, 4, 3, 2, 1)), "first", "second"),
)


def test_a_run_that_fuses_after_reranking_is_cut_from_the_fused_list():
    trace = of_steps(*BRANCHES, step("kept", "select", hits("cf"), "both"))
    assert (trace.final_step.name, trace.reranked_step.name, candidates_of(trace).name) == ("both", "both", "both")
    assert [(one.passage.id, one.outcome) for one in trace.candidates[:3]] == [
        ("c", "kept"), ("f", "kept"), ("b", "cut by top-k"),
    ]  # fmt: skip
    assert {one.passage.id for one in trace.candidates} == set("abcdef")
    assert headline(trace).startswith("This is the order of both; before it or beside it, first and second reranked.")
    assert diagnose(trace, locate_in_run(trace, Expected(document="d"))).verdict is Verdict.NOT_SELECTED
    assert order(replay_run(trace, RunChange(top_k=3)).kept_step) == "cfb"
    assert order(reranked(trace).reranked_step) == "fedcba"


def test_the_list_that_was_kept_from_counts_and_no_reranker_beside_it():
    trace = of_steps(SEARCHED, BRANCHES[1], step("kept", "select", hits("ab"), "a"))
    assert (trace.final_step.name, trace.reranked_step.name) == ("a", "a")
    assert order(replay_run(trace, RunChange(top_k=1)).kept_step) == "a"
    chained = (SEARCHED, BRANCHES[1], step("rules", "adjust", hits("cab"), "first"))
    selected = (*chained, step("cut", "select", hits("ca"), "rules"), step("kept", "select", hits("c"), "cut"))
    trace = of_steps(*selected)
    assert (trace.final_step.name, trace.reranked_step.name) == ("rules", "first")
    assert obstacles(trace)[Control.TOP_K] is Obstacle.ORDER  # another selection stands between
    trace = of_steps(*BRANCHES, step("kept", "select", hits("cf"), "first", "second"))
    assert obstacles(trace)[Control.TOP_K] is Obstacle.ORDER  # of two lists


def test_without_a_reranker_a_threshold_cuts_what_says_something_of_relevance():
    far = of_steps(step("a", "search", hits("abc", (0.1, 0.2, 0.3)), space="distance"))
    cut = Threshold(minimum=0.15, space=ScoreSpace.DISTANCE)
    with pytest.raises(BadInput, match="threshold cannot be replayed"):
        replay_run(far, RunChange(reranker="none", threshold=cut))  # a is the nearest, and would be left out
    near = of_steps(SEARCHED)
    cut = Threshold(minimum=0.75, space=ScoreSpace.COSINE)
    assert order(replay_run(near, RunChange(reranker="none", threshold=cut)).kept_step) == "ab"


UNBOUNDED = (ScoreSpace.LOGIT, ScoreSpace.DOT, ScoreSpace.BM25, ScoreSpace.TS_RANK_CD, ScoreSpace.COMBINED)


@pytest.mark.parametrize("space", UNBOUNDED)
@pytest.mark.parametrize("reranker", [None, "none"])
def test_a_threshold_cuts_recorded_scores_in_their_own_unit(space, reranker):
    trace = of_steps(step("a", "search", hits("abcd", (3.0, 0.5, -0.5, -2.0)), space=space))
    other = replay_run(trace, RunChange(reranker=reranker, threshold=Threshold(minimum=-0.5, space=space)))
    assert order(other.kept_step) == "abc" and other.lowest_kept == -0.5 and other.relevance_space is space
    assert {one: other.outcome(one) for one in "cd"} == {"c": "kept", "d": "under the threshold"}


@pytest.mark.parametrize("space", [ScoreSpace.RRF, ScoreSpace.DISTANCE, ScoreSpace.UNKNOWN])
def test_scores_that_do_not_rise_with_relevance_are_not_cut(space):
    trace = of_steps(step("a", "search", hits("abcd", (0.4, 0.3, 0.2, 0.1)), space=space))
    assert obstacles(trace)[Control.THRESHOLD] is Obstacle.SPACE
    with pytest.raises(BadInput, match=f"of the kind “{space}”"):
        replay_run(trace, RunChange(threshold=Threshold(minimum=0.2, space=space)))


@pytest.mark.parametrize("reranker", [None, "none", "fixed"])
def test_a_threshold_of_another_space_is_refused(reranker):
    trace = of_steps(SEARCHED)
    scores = score_run(trace, FixedReranker(SCORED)) if reranker == "fixed" else None
    cut = Threshold(minimum=0.5, space=ScoreSpace.GRADE)
    with pytest.raises(BadInput, match=r"The threshold is for grade scores; these are (cosine|probability)"):
        replay_run(trace, RunChange(reranker=reranker, threshold=cut), scores)


@pytest.mark.parametrize(
    "steps",
    [
        (step("only", "rerank", hits("cab", (0.9, 0.5, 0.1)), space="probability"),),
        (SEARCHED, BRANCHES[2], step("top", "rerank", hits("fcadeb", (0.9, 0.8, 0.7, 0.6, 0.5, 0.4)), "a", "b")),
    ],
)
def test_a_pool_of_an_order_that_nobody_recorded_is_not_replayed(steps):
    trace = of_steps(*steps)
    for reranker in (None, "fixed", "none"):
        assert obstacles(trace, reranker)[Control.POOL] is Obstacle.INCOMING
    with pytest.raises(BadInput, match="order in which the candidates came was not recorded"):
        replay_run(trace, RunChange(pool=2))


def test_as_many_are_kept_as_the_run_kept():
    many = [{"passage_id": f"p{number}", "score": 1 - number / 1000} for number in range(150)]
    trace = of_steps(step("a", "search", many, space="cosine"))
    assert len(replay_run(trace, RunChange(pool=150)).kept_step.hits) == 150
    cut = Threshold(minimum=0.9, space=ScoreSpace.COSINE)
    assert len(replay_run(trace, RunChange(threshold=cut)).kept_step.hits) == 101  # 1 - 100/1000 = 0.9
    assert replay_run(trace, RunChange(pool=1000)).policy.pool == 400  # the most that a policy has


def test_of_a_run_that_kept_nothing_only_another_order_is_replayed():
    trace = of_steps(SEARCHED, step("kept", "select", [], "a"))
    found = obstacles(trace)
    assert all(found[one] is Obstacle.ORDER for one in (Control.POOL, Control.THRESHOLD, Control.TOP_K))
    with pytest.raises(BadInput, match=r"kept nothing.*Choose a top-k"):
        replay_run(trace, RunChange(reranker="none"))
    assert order(replay_run(trace, RunChange(reranker="none", top_k=2)).kept_step) == "ab"


@pytest.mark.parametrize(
    ("steps", "document"),
    [
        ((SEARCHED, step("kept", "select", [], "a")), "a"),
        ((*BRANCHES, step("kept", "select", hits("cb"), "first", "second")), "f"),
    ],
)
def test_a_larger_top_k_is_told_only_of_the_list_that_was_cut(steps, document):
    trace = of_steps(*steps)
    told = what_would_keep_in_run(trace, diagnose(trace, locate_in_run(trace, Expected(document=document))))
    assert not told.found and told.obstacle.kind == "unordered"


def test_the_constant_alone_fuses_again_and_the_policy_tells_both():
    trace = of_steps(*WITH_SCORES)
    other = replay_run(trace, RunChange(k=1))
    assert other["fusion"].hits[0].score == 1 / (1 + 1) + 1 / (1 + 2)  # a: first of dense, second of words
    other = replay_run(trace, RunChange(weights={"dense": 0.5}, k=7))
    assert (other.policy.fusion.k, other.policy.fusion.dense_weight) == (7, 0.5)
    assert "(k 7; weights dense 0.5, words 1)" in other["fusion"].warnings[0].message


def test_scores_of_another_kind_of_reranker_are_refused():
    trace = of_steps(*WITHOUT_SCORES)
    with pytest.raises(BadInput, match="These scores are not of late-interaction"):
        replay_run(trace, RunChange(reranker="late-interaction"), score_run(trace, FixedReranker(SCORED)))
