"""Bars and percentiles, and the line of time against pool, with hand-made times."""

from __future__ import annotations

import re

import pytest

from rag_core.analysis.latency import bars, loaded_ms, standing, waiting_ms, warmth
from rag_core.analysis.latency_model import LatencyPoint, fit, pool_for, rerank_points
from rag_core.analysis.latency_of_runs import measured_runs, percentiles, runs_table
from rag_core.errors import BadInput
from rag_core.pipeline.replay import replay
from rag_core.schema.answers import Answer
from rag_core.schema.measurement import SearchRun
from rag_core.schema.policy import ExtraSearch, Policy
from rag_core.schema.steps import StepName, Timing
from rag_core.wording.headline import headline
from rag_core.wording.latency_bars import bar_label, bar_note
from rag_core.wording.run_captions import latency_caption
from tests.builders import measurement

CE = Policy(reranker="ce")
SCORES = {"a": 0.0, "b": 1.0, "c": 2.0}


def timed(scores=SCORES, pool=50, cached=(), **cost):
    """A replay of a measurement whose one reranking cost this."""
    measured = measurement("abc", "ab", scores)
    known = measured.rerankings["ce"]
    pairs = {name: pair.model_copy(update={"cached": name in cached}) for name, pair in known.pairs.items()}
    fresh = known.model_copy(update={"pairs": pairs, **cost})
    measured = measured.model_copy(update={"rerankings": {"ce": fresh}})
    return replay(measured, CE.with_(pool=pool))


def test_the_two_searches_overlap_and_the_rest_follows():
    told = {bar_label(bar): bar for bar in bars(timed())}
    assert (told["Embed the query"].started_ms, told["Embed the query"].ended_ms) == (0, 5)
    assert (told["Dense search"].started_ms, told["Dense search"].ended_ms) == (5, 7)
    assert (told["Lexical search"].started_ms, told["Lexical search"].ended_ms) == (0, 3)
    assert told["Fuse"].started_ms == 7
    assert told["Rerank"].took_ms == 40
    assert told["Signals"].started_ms == pytest.approx(told["Rerank"].ended_ms)


def test_tokenising_is_told_apart_with_its_share():
    told = {bar_label(bar): bar for bar in bars(timed(tokenise_ms=10.0, tokens=120, batches=1))}
    assert bar_note(told["Rerank: tokenise"]) == "25% of reranking"
    assert (told["Rerank: tokenise"].took_ms, told["Rerank: score"].took_ms) == (10, 30)
    assert told["Rerank: score"].started_ms == pytest.approx(told["Rerank: tokenise"].ended_ms)
    assert bar_note(told["Rerank: score"]) == "3 pairs, 1 batch, 120 tokens"


def test_cache_hits_are_named():
    whole = {bar_label(bar): bar for bar in bars(timed(cached="abc"))}
    assert bar_note(whole["Rerank"]) == "3 of 3 pairs from the cache"
    part = {bar_label(bar): bar for bar in bars(timed(cached="a", batches=2, tokens=7))}
    assert bar_note(part["Rerank"]) == "2 pairs, 2 batches, 7 tokens; 1 of 3 pairs from the cache"


def test_loading_stands_apart():
    trace = timed(load_ms=900.0)
    loads = [bar for bar in bars(trace) if bar.kind == "load"]
    assert [(bar_label(bar), bar.took_ms) for bar in loads] == [("Load the reranker", 900)]
    assert trace.took_ms < 900
    assert waiting_ms(trace) == pytest.approx(trace.took_ms + 900)
    assert warmth(trace) == "cold"


def test_finding_a_model_loaded_already_is_no_load():
    trace = timed(load_ms=0.118)
    assert (warmth(trace), loaded_ms(trace)) == ("warm", 0)
    assert not [bar for bar in bars(trace) if bar.kind == "load"]
    assert loaded_ms(timed(load_ms=900.0)) == 900


def test_warm_and_cached():
    assert warmth(timed()) == "warm"
    assert warmth(timed(cached="abc")) == "cached"


def test_a_reranker_that_is_off_or_failed_is_named_as_such():
    off = replay(measurement("abc", ""), Policy(reranker="none"))
    failed = replay(measurement("abc", "", failure="no memory"), CE)
    assert {bar_label(bar): bar_note(bar) for bar in bars(off)}["Rerank"] == "off"
    assert {bar_label(bar): bar_note(bar) for bar in bars(failed)}["Rerank"] == "did not run"


def test_the_answer_is_the_last_step():
    answer = Answer(kind="extractive", text="x", timing=Timing(started_ms=60, took_ms=9))
    trace = timed().model_copy(update={"recorded_answer": answer})
    assert (bars(trace)[-1].lane, bars(trace)[-1].took_ms) == ("answer", 9)


def test_percentiles_per_step():
    traces = [timed(timing=Timing(took_ms=ms)) for ms in (10.0, 20.0, 30.0)]
    table = percentiles(traces).set_index("step")
    # linear between runs: the 95th of three lies 0.95 * 2 = 1.9 steps up, 20 + 0.9 * 10
    assert tuple(table.loc["Rerank", ["runs", "p50", "p95", "max"]]) == pytest.approx((3, 20, 29, 30))
    assert table.loc["Embed the query", "p50"] == 5
    assert "Answer" not in table.index


def test_cached_reranking_does_not_count_as_speed():
    traces = [timed(), timed(cached="abc"), timed(cached="a")]
    assert rerank_points(traces) == [LatencyPoint(pairs=3, took_ms=40)]
    assert percentiles(traces).set_index("step").loc["Rerank", "runs"] == 2


def test_a_pool_made_smaller_afterwards_shows_its_own_share_and_says_that_it_is_one():
    whole, smaller = timed(), timed(pool=2, tokenise_ms=12.0)
    told = {bar_label(bar): bar for bar in bars(smaller)}
    assert smaller.reranked_step.timing.took_ms == pytest.approx(40 * 2 / 3)
    assert (told["Rerank: tokenise"].took_ms, told["Rerank: score"].took_ms) == pytest.approx((8, 40 * 2 / 3 - 8))
    assert told["Signals"].started_ms == pytest.approx(7 + 40 * 2 / 3, abs=1)
    assert (smaller.rerank.pairs_scored, smaller.rerank.pairs_timed) == (2, 2)
    assert (whole.took.estimated, smaller.took.estimated, smaller.reranked_step.timing.estimated) == (False, True, True)
    assert "bout" not in latency_caption(whole) + headline(whole)
    for told_of in (latency_caption, headline):
        assert re.search(r"About 3\d ms", told_of(smaller))


def test_an_estimated_time_says_nothing_of_the_speed():
    whole, smaller = timed(), timed(pool=2)
    assert rerank_points([smaller]) == []
    assert measured_runs([whole, smaller]) == [whole]


def test_the_line_and_the_pool_for_a_budget():
    line = fit(
        [LatencyPoint(pairs=10, took_ms=70), LatencyPoint(pairs=20, took_ms=120), LatencyPoint(pairs=50, took_ms=270)]
    )
    assert (line.fixed_ms, line.per_pair_ms) == (pytest.approx(20), pytest.approx(5))
    assert line.pairs_per_second == pytest.approx(200)
    assert pool_for(line, budget_ms=300, other_ms=30) == (300 - 30 - 20) // 5
    assert pool_for(line, budget_ms=40, other_ms=30) == 0


def test_a_negative_fixed_part_is_not_believed():
    line = fit([LatencyPoint(pairs=10, took_ms=10), LatencyPoint(pairs=20, took_ms=40)])
    # through the origin: (10*10 + 20*40) / (10*10 + 20*20)
    assert (line.fixed_ms, line.per_pair_ms) == (0, pytest.approx(900 / 500))


def test_points_that_carry_no_line_are_refused():
    with pytest.raises(BadInput, match="different pools"):
        fit([LatencyPoint(pairs=10, took_ms=5), LatencyPoint(pairs=10, took_ms=6)])
    with pytest.raises(BadInput, match="do not take longer"):
        fit([LatencyPoint(pairs=10, took_ms=50), LatencyPoint(pairs=20, took_ms=20)])


def test_standing_against_the_usual_budget():
    assert [standing(ms) for ms in (229.9, 230, 580, 580.1)] == ["under", "within", "within", "over"]


def test_bars_tell_the_trace_and_nothing_else():
    trace = timed()
    told = {bar_label(bar): bar.took_ms for bar in bars(trace)}
    assert told["Fuse"] == trace[StepName.FUSED].timing.took_ms
    assert told["Threshold and top-k"] == trace[StepName.KEPT].timing.took_ms


def test_a_row_a_run():
    table = runs_table([timed(), timed(load_ms=900.0)])
    assert list(table["kind"]) == ["warm", "cold"]
    assert table["waited_ms"][1] - table["before_answer_ms"][1] == pytest.approx(900)
    assert list(table["pairs_scored"]) == [3, 3]


def test_an_extra_search_has_a_bar_of_its_own():
    """Its times count from its own start; the main searches end at 5 + 2."""
    there = measurement("abd", "d")
    extra = SearchRun(query="again", embed=there.embed, dense=there.dense, lexical=there.lexical)
    measured = measurement("abc", "ab", SCORES | {"d": 0.0}).model_copy(update={"extra_searches": (extra,)})
    measured = measured.model_copy(update={"passages": {**measured.passages, **there.passages}})
    trace = replay(measured, CE.with_(extra_searches=(ExtraSearch(name="again", query="again"),)))
    told = {bar_label(bar): bar for bar in bars(trace)}
    assert (told["Extra search: again"].started_ms, told["Extra search: again"].ended_ms) == (7, 7 + 5 + 2)
    assert bar_note(told["Extra search: again"]) == "3 found"
    assert told["Fuse"].started_ms == 7 + 5 + 2
    assert percentiles([trace]).set_index("step").loc["Extra searches", "p50"] == 5 + 2
