"""Extra searches (named pools): their lists in fusion, their place in a trace, and what replay may change for free."""

from __future__ import annotations

import json
from datetime import date

import pytest
from pydantic import ValidationError

from rag_core.errors import BadInput, BadTrace, UnmeasuredSearch
from rag_core.pipeline.extra_searches import missing_searches
from rag_core.pipeline.pipeline import Pipeline
from rag_core.pipeline.replay import replay
from rag_core.schema.filters import intersect, make_filter
from rag_core.schema.measurement import SearchRun
from rag_core.schema.policy import ExtraSearch, Fusion, Policy
from rag_core.schema.steps import StepName, Timing
from rag_core.schema.trace import Trace
from tests.builders import measurement, passage
from tests.diagnosis.worlds import Passage, world

ACME = make_filter(["acme"])
RECENT = ExtraSearch(name="recent", where=ACME, depth=2, weight=0.5)
POLICY = Policy(reranker="none", extra_searches=(RECENT,))


def measured():
    """Main: dense a b, lexical b; the extra search under ACME: dense c b d, lexical c."""
    own = measurement("ab", "b")
    there = measurement("cbd", "c", passages=[passage(one, tenant="acme") for one in "bcd"])
    extra = SearchRun(query="question", where=ACME, embed=Timing(took_ms=4), dense=there.dense, lexical=there.lexical)
    return own.model_copy(update={"extra_searches": (extra,), "passages": {**own.passages, **there.passages}})


def ids(trace, step):
    return [hit.passage_id for hit in trace[step].hits]


def test_every_list_adds_its_weighted_part_to_the_fused_score():
    trace = replay(measured(), POLICY)
    fused = {hit.passage_id: hit for hit in trace[StepName.FUSED].hits}
    assert fused["b"].parts == pytest.approx(
        {"dense": 1 / (60 + 2), "lexical": 1 / (60 + 1), "recent dense": 0.5 / (60 + 2)}
    )
    assert fused["c"].score == pytest.approx(0.5 / (60 + 1) + 0.5 / (60 + 1))
    assert ids(trace, StepName.FUSED) == ["b", "a", "c"]
    assert trace[StepName.FUSED].hits_in == 2 + 1 + 2 + 1


def test_the_weight_is_times_the_weights_of_the_fusion():
    trace = replay(measured(), POLICY.with_(fusion=Fusion(lexical_weight=0)))
    fused = {hit.passage_id: hit.score for hit in trace[StepName.FUSED].hits}
    assert fused["c"] == pytest.approx(0.5 * 1 / (60 + 1))


def test_a_trace_says_which_search_brought_a_candidate():
    trace = replay(measured(), POLICY)
    assert [trace.found_by(c) for c in "abc"] == [("main",), ("main", "recent"), ("recent",)]
    frame = trace.frame().set_index("passage_id")
    assert list(frame.loc[["a", "b", "c"], "found_by"]) == ["main", "main, recent", "recent"]
    assert frame.loc["b", "recent dense_rank"] == 2
    assert frame["recent lexical_rank"].isna()["b"]
    assert "d" not in trace.passages


def test_the_extra_search_comes_after_the_main_one_on_the_time_line():
    trace = replay(measured(), POLICY, clock=lambda: 0.0)
    main_ends = 5 + 2
    assert trace.extra_searches[0].embed.started_ms == main_ends
    assert trace.extra_searches[0].dense.timing.ended_ms == main_ends + 5 + 2
    assert trace[StepName.FUSED].timing.started_ms == main_ends + 5 + 2


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"name": "new"}, ["b", "a", "c"]),
        ({"weight": 3.0}, ["c", "b", "a"]),
        ({"depth": 1}, ["b", "a", "c"]),
    ],
)
def test_renaming_weighing_and_cutting_are_replays(change, expected):
    policy = POLICY.with_(extra_searches=(RECENT.with_(**change),))
    assert ids(replay(measured(), policy), StepName.FUSED) == expected


def test_leaving_it_out_is_the_plain_run():
    plain = POLICY.with_(extra_searches=())
    clock = lambda: 0.0  # noqa: E731
    without = measured().model_copy(update={"extra_searches": ()})
    assert replay(measured(), plain, clock) == replay(without, plain, clock)


def test_a_search_that_nobody_ran_is_named():
    other = ExtraSearch(name="other", query="in other words")
    policy = Policy(extra_searches=(RECENT, other))
    assert missing_searches(measured(), policy) == [other]
    with pytest.raises(UnmeasuredSearch, match="other"):
        replay(measured(), policy)


def test_a_depth_beyond_the_measured_is_refused():
    shallow = measured().model_copy(update={"depth": 100})
    deep = POLICY.with_(extra_searches=(RECENT.with_(depth=150),))
    with pytest.raises(BadInput, match="depth 100"):
        replay(shallow, deep)


def test_a_search_that_found_nothing_says_why():
    nothing = measurement("", "")
    extra = SearchRun(query="question", where=ACME, embed=Timing(), dense=nothing.dense, lexical=nothing.lexical)
    trace = replay(measurement("ab", "b").model_copy(update={"extra_searches": (extra,)}), POLICY)
    assert [one.message for one in trace.warnings if one.code == "search-empty"] == [
        "It found nothing: no passage has tenant acme."
    ]


@pytest.mark.parametrize("names", [("main",), ("a", "a"), ("a", " a "), ("",), ("x" * 61,)])
def test_names_tell_the_searches_apart(names):
    with pytest.raises(ValidationError):
        Policy(extra_searches=[{"name": name} for name in names])


def test_json_round_trip():
    trace = replay(measured(), POLICY)
    assert Trace.read(trace.to_json()) == trace


def test_a_trace_from_before_there_were_extra_searches_opens():
    data = json.loads(replay(measurement("ab", "b"), Policy(reranker="none")).to_json())
    del data["extra_searches"], data["policy"]["extra_searches"]
    assert Trace.read(json.dumps(data)).extra_searches == ()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda d: d.update(extra_searches=[]), "extra_searches"),
        (lambda d: d["extra_searches"][0].update(name="other"), "extra_searches"),
        (lambda d: d["extra_searches"][0]["dense"].update(name="lexical"), "dense, lexical"),
        (lambda d: d["extra_searches"][0]["dense"]["hits"][0].update(rank=2), "recent, dense, has rank 2"),
        (lambda d: d["extra_searches"][0]["dense"]["hits"][0].update(passage_id="z"), "names .z., which is not among"),
        (lambda d: d["passages"]["c"].update(tenant="umbra"), "recent has a candidate that its filter excludes"),
        (
            lambda d: (
                d["extra_searches"][0]["dense"].update(hits=[]) or d["extra_searches"][0]["lexical"].update(hits=[])
            ),
            "no search",
        ),
    ],
)
def test_a_file_with_unsound_extra_searches_is_refused(change, says):
    data = json.loads(replay(measured(), POLICY).to_json())
    change(data)
    with pytest.raises(BadTrace, match=says):
        Trace.read(json.dumps(data))


PASSAGES = [
    Passage("a", 0.9, 1.0, tenant="umbra"),
    Passage("b", 0.8, 2.0, tenant="acme", updated_at=date(2026, 10, 1)),
    Passage("c", 0.7, 3.0, tenant="acme"),
]


def test_adding_one_costs_a_search_and_no_reranking_but_of_new_pairs():
    pipeline: Pipeline = world(*PASSAGES).pipeline
    narrow = Policy(reranker="fixed", depth=1, pool=5)
    first = pipeline.score(pipeline.measure("refund"), narrow)
    wider = narrow.with_(extra_searches=(ExtraSearch(name="acme", where=ACME),))
    second = pipeline.score(first, wider)
    assert (second.dense, second.lexical, second.measured_at) == (first.dense, first.lexical, first.measured_at)
    trace = replay(second, wider)
    assert [c.document_id for c in trace.passages.values()] == ["a", "b", "c"]
    assert trace.rerank.pairs_scored == 3
    assert pipeline.score(second, wider) is second
    assert pipeline.score(second, narrow) is second


def test_the_filter_of_the_run_holds_in_every_extra_search():
    own = make_filter(since=date(2026, 1, 1))
    trace = world(*PASSAGES).pipeline.run("refund", Policy(reranker="none", extra_searches=(RECENT,)), own)
    assert trace.extra_searches[0].where == intersect(own, ACME)
    assert {passage.document_id for passage in trace.passages.values()} == {"b"}
