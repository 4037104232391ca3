"""Every suggestion keeps the document, and one step less of it does not: on hand-made and on arbitrary measurements."""

from __future__ import annotations

import math
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag_core.diagnosis import Change, Expected, Location, WhatIf, pairs_needed, what_would_keep
from rag_core.schema.measurement import SearchRun
from rag_core.schema.policy import ExtraSearch, Fusion, Policy, Signals
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import Timing
from rag_core.schema.threshold import Threshold
from rag_core.wording.fixes import fix_sentence, what_if_sentence
from tests.builders import measurement, passage
from tests.diagnosis.promise import check

CE = Policy(reranker="ce")


def expecting(measured, *passage_ids):
    """The location of passages that stand in the measurement."""
    passages = tuple(measured.passages.get(c) or passage(c) for c in passage_ids)
    spans = (None,) * len(passages)
    return Location(expected=Expected(document="d"), document_id="d", title="D", passages=passages, spans=spans)


def by_setting(what_if):
    return {tuple(change.setting for change in one.changes): one for one in what_if.found}


def test_the_least_top_k():
    measured = measurement("abcdef", "", dict(zip("abcdef", (6, 5, 4, 3, 2, 1), strict=True)))
    policy = CE.with_(top_k=2)
    found = by_setting(what_would_keep(measured, policy, expecting(measured, "e")))
    assert found[("top_k",)].changes[0].after == 5 and found[("top_k",)].rank == 5
    assert [place.passage_id for place in found[("top_k",)].entered] == ["c", "d"]
    assert found[("top_k",)].left == ()
    assert found[("top_k",)].size == pytest.approx((5 - 2) / 19)


def test_the_threshold_is_lowered_to_the_score_and_no_further():
    measured = measurement("ab", "", {"a": 3.0, "b": math.log(0.47 / 0.53)})
    policy = CE.with_(threshold=Threshold(minimum=0.6))
    found = by_setting(what_would_keep(measured, policy, expecting(measured, "b")))
    assert found[("threshold.minimum",)].policy.threshold.minimum == 0.47
    kept = found[("threshold.minimum",)]
    assert kept.changes == (Change(setting="threshold.minimum", before=0.6, after=0.47),)
    assert (kept.rank, kept.score.space, round(kept.score.score, 6)) == (2, "probability", 0.47)


def test_a_low_threshold_is_lowered_by_half_a_hundredth():
    measured = measurement("ab", "", {"a": 3.0, "b": math.log(0.008 / 0.992)})
    policy = CE.with_(threshold=Threshold(minimum=0.01))
    found = by_setting(what_would_keep(measured, policy, expecting(measured, "b")))[("threshold.minimum",)]
    assert found.changes == (Change(setting="threshold.minimum", before=0.01, after=0.005),)


def test_the_least_pool():
    scores = dict.fromkeys("abcdefgh", 0.0) | {"f": 5.0}
    measured = measurement("abcdefgh", "", scores)
    policy = CE.with_(pool=3, top_k=1)
    what_if = what_would_keep(measured, policy, expecting(measured, "f"))
    assert by_setting(what_if)[("pool",)].policy.pool == 6
    assert [place.title for place in by_setting(what_if)[("pool",)].left] == ["Title a"]


def test_a_smaller_pool_keeps_what_candidates_further_down_pushed_out():
    measured = measurement("abcdef", "", {"a": 1.0, "b": 0.0, "c": -1, "d": 3, "e": 4, "f": 5})
    policy = CE.with_(pool=6, top_k=2)
    assert by_setting(what_would_keep(measured, policy, expecting(measured, "a")))[("pool",)].policy.pool == 4


def test_the_least_depth():
    ids = [f"c{i:03}" for i in range(150)]
    measured = measurement(ids, "", dict.fromkeys(ids, 0.0) | {"c120": 9.0})
    policy = CE.with_(pool=200, top_k=1)
    found = by_setting(what_would_keep(measured, policy, expecting(measured, "c120")))
    assert found[("depth",)].policy.depth == 121


def test_the_fusion_weight():
    # x is first in lexical, others fill dense: 1/61 * w must beat dense rank 2, 1/62.
    measured = measurement("abcd", "x", dict.fromkeys("abcd", 0.0) | {"x": 1.0})
    policy = CE.with_(pool=2, top_k=1, fusion=Fusion(lexical_weight=0.5))
    found = by_setting(what_would_keep(measured, policy, expecting(measured, "x")))
    assert 1 / (60 + 1) * 1.0 > 1 / (60 + 2) > 1 / (60 + 1) * 0.9
    assert found[("fusion.lexical_weight",)].policy.fusion.lexical_weight == 1.0


def test_the_signal_weight_and_the_switch():
    new = date(2026, 10, 1)
    passages = [passage("a", updated_at=date(2000, 1, 1)), passage("b", updated_at=new)]
    measured = measurement("ab", "", {"a": 2.0, "b": 0.0}, passages=passages)
    signals = Signals(on=True, relevance=0.3, freshness=0.5, authority=0, diversity=0, as_of=new)
    policy = CE.with_(top_k=1, signals=signals)
    found = by_setting(what_would_keep(measured, policy, expecting(measured, "a")))
    assert ("signals.freshness",) in found and ("signals.on",) in found
    assert found[("signals.on",)].changes[0].after == "off"
    assert not found[("signals.on",)].policy.signals.on


def test_without_the_reranker():
    measured = measurement("abc", "", {"a": -1.0, "b": 1.0, "c": 2.0})
    policy = CE.with_(top_k=1)
    found = by_setting(what_would_keep(measured, policy, expecting(measured, "a")))
    assert found[("reranker",)].policy.reranker == "none"


def test_smallest_change_first():
    measured = measurement("abcdef", "", dict(zip("abcdef", (6, 5, 4, 3, 2, 1), strict=True)))
    what_if = what_would_keep(measured, CE.with_(top_k=2), expecting(measured, "c"))
    sizes = [one.size for one in what_if.found]
    assert sizes == sorted(sizes) and what_if_sentence(what_if) == fix_sentence(what_if.found[0])


def test_several_settings_where_no_single_one_is_enough():
    ids = [f"c{i:03}" for i in range(150)]
    scores = {c: -float(i) for i, c in enumerate(ids)}
    measured = measurement(ids, "", scores | {"c120": -2.5})
    policy = CE.with_(pool=50, top_k=1)
    what_if = what_would_keep(measured, policy, expecting(measured, "c120"))
    (only,) = what_if.found
    assert {c.setting: c.after for c in only.changes} == {"depth": 121, "pool": 121, "top_k": 4}
    check(measured, policy, what_if, "c120")


def test_where_nothing_helps_it_says_so():
    measured = measurement("abc", "", dict.fromkeys("abc", 0.0))
    what_if = what_would_keep(measured, CE, expecting(measured, "never-found"))
    assert what_if == WhatIf()
    assert pairs_needed(measured, CE, expecting(measured, "never-found")) == {}


def test_what_is_kept_needs_nothing():
    measured = measurement("abc", "", dict.fromkeys("abc", 0.0))
    assert what_would_keep(measured, CE, expecting(measured, "a")) == WhatIf(kept=True)


def test_pairs_without_a_score_leave_settings_open_until_they_are_scored():
    scores = {"a": 0.0, "b": 0.0, "c": 0.0}
    measured = measurement("abcdef", "", scores)
    policy = CE.with_(pool=3, top_k=1)
    open_ = what_would_keep(measured, policy, expecting(measured, "f"))
    needed = pairs_needed(measured, policy, expecting(measured, "f"))
    assert {reranker: [c.id for c in passages] for reranker, passages in needed.items()} == {"ce": ["d", "e", "f"]}
    assert ("pool",) not in by_setting(open_) and open_.unscored == 3
    full = measurement("abcdef", "", scores | {"d": 0.0, "e": 0.0, "f": 1.0})
    told = what_would_keep(full, policy, expecting(full, "f"))
    assert by_setting(told)[("pool",)].policy.pool == 6 and told.unscored == 0


IDS = [f"c{i:02}" for i in range(25)]
SCORE = st.sampled_from([-4.0, -1.0, -0.5, 0.0, 0.5, 1.0, 4.0])
POLICIES = st.builds(
    Policy,
    reranker=st.sampled_from(["ce", "none"]),
    depth=st.integers(1, 25),
    pool=st.integers(1, 25),
    top_k=st.integers(1, 6),
    fusion=st.builds(Fusion, dense_weight=st.sampled_from([0.0, 0.5, 1.0]), lexical_weight=st.sampled_from([0.0, 1.0])),
    threshold=st.builds(Threshold, minimum=st.sampled_from([None, 0.3, 0.55, 0.9])),
    signals=st.builds(Signals, on=st.booleans(), as_of=st.just(date(2026, 10, 1))),
)


@settings(max_examples=60)
@given(
    dense=st.permutations(IDS),
    lexical=st.permutations(IDS),
    cut=st.tuples(st.integers(1, 25), st.integers(0, 25)),
    scores=st.lists(SCORE, min_size=25, max_size=25),
    space=st.sampled_from([ScoreSpace.LOGIT, ScoreSpace.MAXSIM]),
    policy=POLICIES,
    target=st.sampled_from(IDS),
)
def test_every_suggestion_holds_and_one_step_less_does_not(dense, lexical, cut, scores, space, policy, target):
    measured = measurement(dense[: cut[0]], lexical[: cut[1]], dict(zip(IDS, scores, strict=True)), space=space)
    what_if = what_would_keep(measured, policy, expecting(measured, target))
    assert what_if.unscored == 0
    check(measured, policy, what_if, target)


def test_leaving_out_the_extra_searches_is_tried():
    """c and d, which only the extra search found, stand before a and b after reranking."""
    there = measurement("cd", "cd")
    own = measurement("ab", "", {"a": 1.0, "b": 0.0, "c": 9.0, "d": 8.0})
    extra = SearchRun(query="again", embed=Timing(), dense=there.dense, lexical=there.lexical)
    measured = own.model_copy(update={"extra_searches": (extra,), "passages": {**own.passages, **there.passages}})
    policy = Policy(reranker="ce", top_k=1, pool=4, extra_searches=(ExtraSearch(name="again", query="again"),))
    found = what_would_keep(measured, policy, expecting(measured, "a"))
    assert "extra_searches" in {change.setting for one in found.found for change in one.changes}
