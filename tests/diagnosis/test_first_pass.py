"""A document that the first pass did not hand on: the verdict, its evidence, and what would have kept it."""

from __future__ import annotations

from rag_core.diagnosis import Fix, Verdict, diagnose, pairs_needed, remedies, symptoms, what_would_keep
from rag_core.diagnosis.facts import Reads, Score
from rag_core.diagnosis.reasons import ByScore, DidNotRun
from rag_core.diagnosis.settings import SWITCHES
from rag_core.pipeline.replay import replay
from rag_core.schema.policy import FirstPass, Policy
from rag_core.schema.steps import StepName
from rag_core.schema.threshold import Threshold
from tests.builders import measurement, scored_too
from tests.diagnosis.promise import check
from tests.diagnosis.test_counterfactuals import by_setting, expecting
from ui.panels.loss_strip import steps

CHEAP = dict(zip("abcdef", (0.9, 0.8, 0.7, 0.3, 0.2, 0.1), strict=True))
STRONG = dict(zip("abcdef", (1.0, 2.0, 3.0, 0.0, 9.0, 8.0), strict=True))
CASCADE = Policy(reranker="ce", pool=2, top_k=1, first_pass=FirstPass(reranker="cheap", pool=5))


def measured(strong=STRONG, failure=None):
    return scored_too(measurement("abcdef", "", strong), "cheap", CHEAP, failure=failure)


def diagnosed(passage_id, found=None, policy=CASCADE):
    found = found or measured()
    return diagnose(replay(found, policy), expecting(found, passage_id))


def test_it_was_read_and_not_handed_on():
    found = diagnosed("e")
    assert found.verdict is Verdict.CUT_BY_FIRST_PASS and found.lost
    facts = found.facts
    assert (facts.fused.rank, facts.fused.score) == (5, 1 / (60 + 5))
    assert (facts.first_pass, facts.placed.rank, facts.placed.of, facts.placed.score) == ("cheap", 5, 5, 0.2)
    assert (facts.handed_on, facts.reranker, facts.last) == (2, "ce", Score(score=0.8, space="maxsim"))
    assert (found.before.step, found.after.step) == (StepName.FUSED, StepName.FIRST_PASS)
    assert [(one.passage_id, one.step.rank) for one in found.rivals] == [("a", 1), ("b", 2)]
    assert found.rivals[1].why == ByScore(theirs=Score(score=0.8, space="maxsim"), ours=0.2, came_from=2)
    assert [step.label for step in steps(found) if step.state == "lost"] == ["First pass"]


def test_outside_what_the_first_pass_reads_it_was_fused_out():
    found = diagnosed("f", scored_too(measurement("abcdef", "abcdef", STRONG), "cheap", CHEAP))
    assert found.verdict is Verdict.FUSED_OUT
    assert found.facts.reads == Reads(by="first pass", count=5) and found.facts.last.score == 2 / (60 + 5)
    assert [one.passage_id for one in found.rivals] == list("abcde")
    alone = diagnosed("f")
    assert alone.verdict is Verdict.MISSED_BY_LEXICAL
    assert alone.facts.reads == Reads(by="first pass", count=5)


def test_the_reranker_answers_for_what_it_did_after_the_first_pass():
    found = diagnosed("a")
    assert found.verdict is Verdict.DEMOTED and found.before.step == StepName.FIRST_PASS
    assert (found.facts.before.rank, found.facts.after.rank, found.facts.by) == (1, 2, "reranker")


def test_a_first_pass_that_did_not_run_is_named():
    found = diagnosed("e", scored_too(measurement("abcdef", "", STRONG), "cheap", {}, failure="No memory."))
    assert found.verdict is Verdict.CUT_BY_FIRST_PASS
    assert (found.facts.first_pass, found.facts.placed, found.facts.handed_on) == ("cheap", None, 2)
    assert found.notes == (DidNotRun(role="first pass", name="cheap", reason="No memory."),)


def test_the_least_pool_or_no_first_pass_keeps_it():
    what_if = what_would_keep(measured(), CASCADE, expecting(measured(), "e"))
    found = by_setting(what_if)
    assert found[("pool",)].policy.pool == 5
    off = found[("pool", "first_pass")]
    assert off.policy.first_pass is None and off.policy.pool == 5
    assert [(one.before, one.after) for one in off.changes] == [(2, 5), ("on", "none")]
    check(measured(), CASCADE, what_if, "e")


def test_without_a_reranker_nothing_is_said_of_the_pool():
    found = scored_too(measurement("abcdef", "", STRONG), "cheap", CHEAP | {"a": 0.0})
    off = by_setting(what_would_keep(found, CASCADE, expecting(found, "a")))[("reranker",)]
    assert (off.policy.reranker, off.policy.first_pass, off.policy.pool) == ("none", None, 5)
    assert [(one.before, one.after) for one in off.changes] == [("on", "none")]


def test_a_first_pass_that_reads_more_keeps_what_it_never_read():
    cheap = CHEAP | {"f": 1.0}
    found = scored_too(measurement("abcdef", "", STRONG), "cheap", cheap)
    what_if = what_would_keep(found, CASCADE, expecting(found, "f"))
    assert by_setting(what_if)[("first_pass.pool",)].policy.first_pass.pool == 6
    check(found, CASCADE, what_if, "f")


def test_what_must_be_scored_is_told_for_the_pass_that_comes_next():
    strong = {one: STRONG[one] for one in "ab"}
    known = scored_too(measurement("abcdefg", "", strong), "cheap", {one: CHEAP[one] for one in "abcde"})
    needed = pairs_needed(known, CASCADE, expecting(known, "e"))
    assert {name: [passage.id for passage in passages] for name, passages in needed.items()} == {
        "ce": ["c", "d", "e"],  # a pool of 3, 4, 5, or no first pass at all
        "cheap": ["f", "g"],  # a first pass that reads more
    }
    assert what_would_keep(known, CASCADE, expecting(known, "e")).unscored == 5


def test_the_kind_of_fix():
    found = measured()
    trace = replay(found, CASCADE)
    place = expecting(found, "e")
    rules = remedies(symptoms(trace, place, diagnose(trace, place)))
    assert Fix.FIRST_PASS in [rule.fix for rule in rules]


def test_a_pool_that_nobody_can_set_is_not_offered() -> None:
    wide = Policy(first_pass=FirstPass(reranker="cheap", pool=300), pool=20, reranker="ce")
    off = next(switch for switch in SWITCHES if switch.setting == "first_pass")
    assert off.change(wide) == wide
    assert off.change(wide.with_(first_pass=FirstPass(reranker="cheap", pool=200))).pool == 200


def test_two_settings_are_found_among_the_scores_that_there_are() -> None:
    """A wider pool would need scores that nobody has made; threshold and top-k together need none."""
    strong = {"a": 3.0, "b": 2.0, "c": -1.0}
    found = measured(strong)
    policy = CASCADE.with_(pool=3, top_k=1, threshold=Threshold(minimum=0.6))
    what_if = what_would_keep(found, policy, expecting(found, "c"))
    (only,) = what_if.found
    assert {one.setting: one.after for one in only.changes} == {"top_k": 3, "threshold.minimum": 0.265}
    assert what_if.unscored > 0
    check(found, policy, what_if, "c")
