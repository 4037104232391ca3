"""A document that the reranker was stopped before is diagnosed as such, and told what reading on would do."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from rag_core.diagnosis import Expected, Location, Verdict, diagnose, pairs_needed, what_would_keep
from rag_core.diagnosis.counterfactuals import NotRead
from rag_core.diagnosis.facts import NotReached
from rag_core.pipeline.replay import replay
from rag_core.schema.policy import EarlyStopping, FirstPass, Fusion, Policy, Signals
from rag_core.schema.spaces import ScoreSpace
from tests.builders import MEASURED_AT, measurement, scored_too
from tests.diagnosis.promise import check


def test_an_unread_document_was_never_read() -> None:
    measured = measurement("abcd", "", {"a": 0.0, "b": 1.0})
    trace = replay(measured, Policy(reranker="ce", stopping=EarlyStopping(limit=2)))
    found = diagnose(
        trace,
        Location(
            expected=Expected(document="doc-d"), document_id="doc-d", passages=(measured.passages["d"],), spans=(None,)
        ),
    )
    assert found.verdict is Verdict.FUSED_OUT
    assert isinstance(found.facts, NotReached) and (found.facts.read, found.facts.pool) == (2, 4)


def where(measured, passage_id):
    """The location of one passage."""
    passages = (measured.passages[passage_id],)
    return Location(expected=Expected(document="d"), document_id="d", title="D", passages=passages, spans=(None,))


def asked(limit=None, **more):
    return Policy(reranker="ce", stopping=EarlyStopping(limit=limit), **more)


def changes(what_if):
    return {tuple((c.setting, c.after) for c in one.changes): one for one in what_if.found}


SIX = dict(zip("abcdef", (0.0, 1.0, -1.0, 4.0, 5.0, 6.0), strict=True))


def test_reading_on_to_it_and_no_further():
    measured, policy = measurement("abcdef", "", SIX), asked(2, top_k=2)
    what_if = what_would_keep(measured, policy, where(measured, "d"))
    found = changes(what_if)
    assert found[(("stopping.limit", 4),)].rank == 1
    assert (("stopping", "off"),) not in found  # e and f, further down, would push it out again
    check(measured, policy, what_if, "d")


def test_stopping_off_where_all_of_the_pool_keeps_it():
    measured, policy = measurement("abcdef", "", SIX), asked(2, top_k=2)
    what_if = what_would_keep(measured, policy, where(measured, "f"))
    found = changes(what_if)
    assert found[(("stopping", "off"),)].policy == asked(top_k=2)
    assert found[(("stopping", "off"),)].rank == 1
    assert (("stopping.limit", 6),) in found
    check(measured, policy, what_if, "f")


def test_reading_on_alone_does_not_help_what_scores_too_low():
    measured = measurement("abcd", "", {"a": 3.0, "b": 2.0, "c": 1.0, "d": 0.0})
    what_if = what_would_keep(measured, asked(2, top_k=1), where(measured, "d"))
    assert [{c.setting: c.after for c in one.changes} for one in what_if.found] == [{"stopping.limit": 4, "top_k": 4}]
    assert what_if.unscored == 0


def test_what_was_never_scored_is_said_to_be_unknown_with_what_it_takes():
    measured, policy = measurement("abcdef", "", {"a": 0.0, "b": 1.0}), asked(2, top_k=2, pool=6)
    what_if = what_would_keep(measured, policy, where(measured, "d"))
    assert what_if.found == ()
    assert (what_if.not_read, what_if.unscored) == (NotRead(place=4, read=2, missing=2), 4)
    needed = pairs_needed(measured, policy, where(measured, "d"))
    assert [passage.id for passage in needed["ce"]] == ["c", "d", "e", "f"]
    full = measurement("abcdef", "", SIX)
    assert (("stopping.limit", 4),) in changes(what_would_keep(full, policy, where(full, "d")))


def test_a_score_on_the_way_counts_once():
    measured = measurement("abcdef", "", {"a": 0.0, "b": 1.0, "c": 0.5})
    what_if = what_would_keep(measured, asked(2, top_k=2), where(measured, "d"))
    assert what_if.not_read == NotRead(place=4, read=2, missing=1)


def test_a_weight_that_brings_it_among_the_read_needs_no_other_pair():
    """d is first in the lexical list: with its weight it is among the first two, and d is scored."""
    measured = measurement("abc", "d", {"a": 0.0, "b": 1.0, "d": 5.0})
    policy = asked(2, top_k=1, fusion=Fusion(lexical_weight=0.5))
    what_if = what_would_keep(measured, policy, where(measured, "d"))
    assert 1 / (60 + 1) > 1 / (60 + 2) > 0.9 / (60 + 1)
    assert (("fusion.lexical_weight", 1.0),) in changes(what_if)
    assert what_if.not_read is None


IDS = [f"c{place:02}" for place in range(20)]


def test_more_patience_or_none():
    """The first 8 put c00 first; c10, in the next slice, is better. Patience 7 stops after 8, where c00 stood for 7."""
    measured = measurement(IDS, "", {one: -float(place) for place, one in enumerate(IDS)} | {"c10": 5.0})
    policy = Policy(reranker="ce", top_k=1, pool=20, stopping=EarlyStopping(patience=7))
    assert replay(measured, policy).rerank.pairs_unread == 20 - 8
    what_if = what_would_keep(measured, policy, where(measured, "c10"))
    found = changes(what_if)
    assert (("stopping.patience", 8),) in found and (("stopping", "off"),) in found
    check(measured, policy, what_if, "c10")


def test_a_stop_that_was_certain_lost_nothing():
    scores = dict.fromkeys(IDS, 0.5) | {"c00": 1.0}
    measured = measurement(IDS, "", scores, space=ScoreSpace.PROBABILITY)
    policy = Policy(reranker="ce", top_k=1, pool=20, stopping=EarlyStopping(certain=True))
    assert replay(measured, policy).rerank.stopped == "certain"
    settings_ = {
        c.setting for one in what_would_keep(measured, policy, where(measured, "c10")).found for c in one.changes
    }
    assert "stopping" not in settings_


def test_after_a_first_pass_its_order_is_what_is_read():
    """The first pass turns a..f round; the reranker reads f and e of it. Reading 4 comes to c."""
    measured = scored_too(
        measurement("abcdef", "", SIX | {"c": 9.0}), "cheap", dict(zip("abcdef", range(6), strict=True))
    )
    policy = asked(2, top_k=1, pool=5, first_pass=FirstPass(reranker="cheap", pool=6))
    what_if = what_would_keep(measured, policy, where(measured, "c"))
    assert changes(what_if)[(("stopping.limit", 4),)].rank == 1
    check(measured, policy, what_if, "c")


def test_reading_on_together_with_other_settings():
    ids = [f"c{place:03}" for place in range(60)]
    measured = measurement(ids, "", {one: -float(place) for place, one in enumerate(ids)} | {"c055": -2.5})
    policy = asked(10, top_k=1, pool=50)
    what_if = what_would_keep(measured, policy, where(measured, "c055"))
    (only,) = what_if.found
    assert {c.setting: c.after for c in only.changes} == {"pool": 56, "stopping.limit": 56, "top_k": 4}
    check(measured, policy, what_if, "c055")


@settings(max_examples=60)
@given(
    dense=st.permutations(IDS),
    scores=st.lists(st.sampled_from([-4.0, -0.5, 0.0, 0.5, 4.0]), min_size=20, max_size=20),
    stopping=st.builds(
        EarlyStopping,
        limit=st.none() | st.integers(1, 20),
        patience=st.none() | st.integers(1, 12),
        certain=st.booleans(),
    ),
    pool=st.integers(1, 20),
    top_k=st.integers(1, 4),
    signals=st.builds(Signals, on=st.booleans(), as_of=st.just(MEASURED_AT.date())),
    target=st.sampled_from(IDS),
)
def test_every_suggestion_about_a_stopped_run_holds(dense, scores, stopping, pool, top_k, signals, target):
    measured = measurement(dense, "", dict(zip(IDS, scores, strict=True)), space=ScoreSpace.MAXSIM)
    policy = Policy(reranker="ce", pool=pool, top_k=top_k, stopping=stopping, signals=signals)
    what_if = what_would_keep(measured, policy, where(measured, target))
    assert what_if.unscored == 0
    check(measured, policy, what_if, target)
