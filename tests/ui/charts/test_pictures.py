"""What the charts draw equals the trace's or the set's own figures. Data, never pixels."""

from __future__ import annotations

import math
import string

import pytest

from rag_core.analysis.cost import Load, Rates, monthly
from rag_core.analysis.latency import bars
from rag_core.analysis.latency_model import LatencyPoint, fit
from rag_core.analysis.query_scores import QueryScores
from rag_core.analysis.rank_agreement import compare_rankings
from rag_core.analysis.threshold_choice import choose
from rag_core.pipeline.replay import recut, replay
from rag_core.schema.policy import Policy, Signals
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import StepName
from rag_core.schema.threshold import Threshold
from rag_core.wording.latency_bars import bar_label
from tests.builders import measurement, passage
from ui.charts import (
    budget_bar,
    cost_curve,
    labelled_scores,
    risk_coverage,
    score_curve,
    score_histograms,
    score_scatter,
    threshold_tradeoff,
    time_by_pool,
    two_columns,
    waterfall,
)
from ui.charts.palette import DARK, LIGHT

SCORES = {"a": math.log(19), "b": 0.0, "c": -math.log(9), "d": -5.0}
MEASURED = measurement("abcd", "cd", SCORES)
ON = Policy(reranker="ce", top_k=1, threshold=Threshold(minimum=0.3))
TRACE = replay(MEASURED, ON)
OFF = replay(MEASURED, Policy(reranker="none", top_k=1))
EMPTY = replay(measurement("", "", {}), ON)
SET = [
    QueryScores(query="1", answerable=True, best=0.9, right=0.9, relevant=(0.9,), irrelevant=(0.2, 0.1)),
    QueryScores(query="2", answerable=True, best=0.8, right=None, relevant=(), irrelevant=(0.8,)),
    QueryScores(query="3", answerable=False, best=0.3, right=None, irrelevant=(0.3,)),
]


def test_histogram_bars_are_the_stage_counts():
    fig = score_histograms.figure(TRACE, LIGHT)
    drawn = [sum(bar.y) for bar in fig.data]
    assert drawn == [len(step.hits) for step in TRACE.steps if step.name != StepName.KEPT]
    table = score_histograms.bins(TRACE)
    assert set(table[table["when"] == "before"]["space"]) == {"cosine", "bm25", "rrf"}
    assert set(table[table["when"] == "after"]["space"]) == {"logit", "probability"}


def test_every_histogram_has_an_axis_of_its_own():
    fig = score_histograms.figure(TRACE, LIGHT)
    assert len({bar.xaxis for bar in fig.data}) == 5
    assert [fig.layout[f"xaxis{n}".replace("axis1", "axis")].title.text for n in range(1, 6)] == [
        "cosine",
        "bm25",
        "rrf",
        "logit",
        "probability",
    ]


def test_another_threshold_changes_the_last_part_of_the_histograms_alone():
    parts = score_histograms.parts(TRACE)
    assert [name for part in parts for name in part] == [step.name for step in score_histograms.panels(TRACE)]
    cut = recut(TRACE, TRACE.policy.threshold.with_(minimum=0.123, space=TRACE.relevance_space))
    before, after = ([score_histograms.figure(run, LIGHT, part).to_json() for part in parts] for run in (TRACE, cut))
    assert before[:-1] == after[:-1] and before[-1] != after[-1]
    assert [line.x0 for line in score_histograms.figure(cut, LIGHT, parts[-1]).layout.shapes] == [0.123]
    assert score_histograms.figure(cut, LIGHT, parts[0]).layout.yaxis.title.text == "candidates"
    assert not score_histograms.figure(cut, LIGHT, parts[-1]).layout.yaxis.title.text


def test_the_curve_is_the_relevance_with_every_fate():
    table = score_curve.places(TRACE)
    assert list(table["score"]) == pytest.approx(sorted(TRACE.relevance.values(), reverse=True))
    assert dict(zip(table["passage_id"], table["outcome"], strict=True)) == {
        "a": "kept",
        "b": "cut by top-k",
        "c": "under the threshold",
        "d": "under the threshold",
    }
    fig = score_curve.figure(TRACE, LIGHT)
    assert sorted(y for line in fig.data[1:] for y in line.y) == pytest.approx(sorted(TRACE.relevance.values()))
    assert fig.layout.shapes[-1].y0 == 0.3


def test_the_curve_is_read_in_one_sentence():
    assert score_curve.caption(TRACE) == (
        "2 of 4 candidates are at or over probability 0.30; the gap between the 1st and the 2nd is the widest "
        "(0.95 to 0.50)."
    )
    assert "No threshold cuts these 4 candidates (rrf scores)" in score_curve.caption(OFF)


def test_the_name_of_the_widest_gap_stands_where_there_is_room():
    late = replay(measurement("abcd", "", {"a": 5.0, "b": 4.9, "c": 4.8, "d": -5.0}), ON)
    names = [score_curve.figure(trace, LIGHT).layout.annotations[0] for trace in (TRACE, late)]
    assert [name.xanchor for name in names] == ["left", "right"]
    assert names[0].y == max(TRACE.relevance.values())
    assert names[1].y == min(late.relevance.values())


def test_low_probabilities_fill_the_axis_and_the_threshold_stays_on_it():
    facts = measurement("abcd", "", {"a": -2.0, "b": -2.5, "c": -3.0, "d": -5.0})
    policies = [ON.with_(threshold=Threshold(minimum=cut)) for cut in (0.05, 0.3, 0.9)]
    tops = [score_curve.figure(replay(facts, policy), LIGHT).layout.yaxis.range[1] for policy in policies]
    highest = max(replay(facts, ON).relevance.values())
    assert tops == pytest.approx([1.25 * highest, 1.25 * 0.3, 1.06])


@pytest.mark.parametrize(
    ("logits", "minimum", "at"),
    [
        ((3.0, 2.0, -3.0, -4.0), 0.5, (1, "bottom")),  # the last dots are far under the line
        ((3.0, 2.0, -0.1, -0.2), 0.41, (1, "top")),  # the last dot would stand in the name over the line
        ((3.0, 2.0, -2.4, -2.5), 0.08, (0, "bottom")),  # and here in one under it, too
    ],
)
def test_the_name_of_the_threshold_covers_no_dot(logits, minimum, at):
    policy = ON.with_(threshold=Threshold(minimum=minimum))
    fig = score_curve.figure(replay(measurement("abcd", "", dict(zip("abcd", logits, strict=True))), policy), LIGHT)
    name = fig.layout.annotations[-1]
    assert (name.x, name.yanchor) == at
    low, high = fig.layout.yaxis.range
    tall, dot = score_curve.NAME_HEIGHT * (high - low), score_curve.DOT * (high - low)
    bottom = name.y if name.yanchor == "bottom" else name.y - tall
    beside = [
        y for line in fig.data[1:] for x, y in zip(line.x, line.y, strict=True) if abs(x - (4 if name.x else 1)) < 0.5
    ]
    assert beside and not any(bottom - dot < y < bottom + tall + dot for y in beside)


def test_nothing_found_draws_and_reads():
    for module in (score_curve, score_histograms, waterfall):
        assert module.caption(EMPTY)
        module.figure(EMPTY, DARK)


def test_labelled_bars_hold_every_score_once():
    table = labelled_scores.bins(SET).groupby("kind")["count"].sum()
    assert dict(table) == {"answerable": 2, "unanswerable": 1, "relevant": 1, "irrelevant": 4}
    fig = labelled_scores.figure(SET, ScoreSpace.PROBABILITY, LIGHT)
    for drawn, axis in zip(
        fig.data, ("yaxis", "yaxis", "yaxis2", "yaxis2"), strict=True
    ):  # the names are clear of bars
        assert max(map(abs, drawn.y)) * 1.2 < fig.layout[axis].range[1]
    assert [round(sum(bar.y), 9) for bar in fig.data] == [1, -1, 1, -1]


def test_labelled_scores_may_be_negative():
    logits = [
        QueryScores(query="1", answerable=True, best=7.0, right=7.0, relevant=(7.0,)),
        QueryScores(query="2", answerable=False, best=-4.0, right=None, irrelevant=(-4.0,)),
    ]
    assert labelled_scores.bins(logits)["count"].sum() == 4


def test_rates_are_outcomes():
    table = threshold_tradeoff.rates(SET).set_index("threshold")
    assert table.loc[0.0, "answered_share"] == 1
    assert table.loc[0.5, "precision"] == pytest.approx(1 / 2)
    assert "At 0.50, 2 of 3 questions are answered, 1 of them correctly" in threshold_tradeoff.caption(
        SET, choose(SET).with_(minimum=0.5)
    )
    fig = threshold_tradeoff.figure(SET, choose(SET), ScoreSpace.PROBABILITY, LIGHT)
    assert [line.line.dash for line in fig.data] == ["solid", "dash", "dot"]
    assert list(fig.data[2].y) == list(table["answered_share"])


def test_the_mark_on_risk_and_coverage_is_the_threshold():
    fig = risk_coverage.figure(SET, 0.5, LIGHT)
    assert (fig.data[1].x[0], fig.data[1].y[0]) == (pytest.approx(2 / 3), pytest.approx(1 / 2))
    assert "Answering 100% of the questions is wrong in 67%" in risk_coverage.caption(SET)


def test_the_waterfall_is_the_bars():
    table = waterfall.lanes(TRACE)
    assert list(table["step"]) == [bar_label(bar) for bar in bars(TRACE)]
    fig = waterfall.figure(TRACE, LIGHT)
    assert list(fig.data[0].base) == [bar.started_ms for bar in bars(TRACE)]
    assert "Rerank took" in waterfall.caption(TRACE)


def test_model_loading_is_never_on_the_time_line():
    known = MEASURED.rerankings["ce"].model_copy(update={"load_ms": 9000.0})
    trace = replay(MEASURED.model_copy(update={"rerankings": {"ce": known}}), ON)
    assert "Load the reranker" in set(waterfall.lanes(trace)["step"])
    assert "Load the reranker" not in set(waterfall.figure(trace, LIGHT).data[0].y)
    assert "Loading models took 9.0 s on top" in waterfall.caption(trace)


def test_the_fitted_line_goes_through_its_points():
    points = [LatencyPoint(pairs=10, took_ms=70), LatencyPoint(pairs=20, took_ms=120)]
    fig = time_by_pool.figure(points, fit(points), 300, 30, LIGHT)
    assert list(fig.data[1].x) == [10, 20]
    slope = (fig.data[0].y[1] - fig.data[0].y[0]) / fig.data[0].x[1]
    assert slope == pytest.approx(5)
    assert "a pool of 50 fits 300 ms" in time_by_pool.caption(fit(points), 300, 30)


def test_the_budget_bar_draws_its_table():
    fig = budget_bar.figure(400, 700, LIGHT)
    assert (fig.data[0].x[0], fig.data[1].x[0]) == (400, 700)
    assert (fig.layout.shapes[0].x0, fig.layout.shapes[0].x1) == (230, 580)
    assert "within the assumed 230 to 580 ms (a rule of thumb" in budget_bar.caption(400, 7)


def test_the_cost_lines_are_monthly_costs():
    load, rates = Load(queries_a_day=1000, pool=50), Rates(pairs_a_second=100)
    table = cost_curve.table(load, rates)
    middle = table.iloc[len(table) // 2]
    assert middle["hosted"] == pytest.approx(monthly(load, rates).hosted)
    assert list(cost_curve.figure(load, rates, LIGHT).data[1].y) == list(table["own"])


def test_the_notes_of_the_cost_chart_stand_at_their_loads():
    load, rates = Load(queries_a_day=1000, pool=50), Rates(hosted_per_1000=2, machine_an_hour=0.5, pairs_a_second=100)
    notes = {note.text: note.x for note in cost_curve.figure(load, rates, LIGHT).layout.annotations}
    # a logarithmic axis: log10 of 1,000 and of 0.5 * 24 / 0.002 = 6,000
    assert notes == {"your load": pytest.approx(3), "break-even": pytest.approx(math.log10(6000))}


def test_both_columns_are_the_two_rankings():
    table = two_columns.joined(OFF, TRACE)
    assert list(table["left_rank"]) == [1, 2, 3, 4]
    right = dict(zip(table["passage_id"], table["right_rank"], strict=True))
    assert right == {hit.passage_id: hit.rank for hit in TRACE[StepName.ADJUSTED].hits}
    kept = dict(zip(table["passage_id"], table["kept"], strict=True))
    assert kept == {"a": "right", "c": "left", "b": "neither", "d": "neither"}
    fig = two_columns.figure(OFF, TRACE, ("off", "on"), LIGHT)
    told = table[table["kept"] != "neither"]
    rows = [1 if rank in {*told["left_rank"], *told["right_rank"]} else two_columns.CLOSE for rank in range(1, 5)]
    heights = {rank: sum(rows[:rank]) for rank in range(1, 5)}
    assert sorted(line.y for line in fig.data[:-2]) == sorted(
        (heights[row.left_rank], heights[row.right_rank]) for row in table.itertuples()
    )
    assert "Kept: 0 by both, 1 only by A, 1 only by B." in two_columns.caption(compare_rankings(OFF, TRACE))


def test_of_a_large_pool_the_first_of_either_side_are_drawn_and_the_caption_says_so():
    names = string.ascii_letters[: two_columns.SHOWN + 10]
    same = replay(measurement(names, "", {name: float(-place) for place, name in enumerate(names)}), ON.with_(top_k=2))
    fig = two_columns.figure(same, same, ("one", "other"), LIGHT)
    assert len(fig.data[:-2]) == two_columns.SHOWN
    assert "The first 20 of either side are drawn" in two_columns.caption(compare_rankings(same, same))
    assert "are drawn" not in two_columns.caption(compare_rankings(OFF, TRACE))


def test_the_scatter_has_a_dot_a_candidate_and_a_diagonal_only_in_one_space():
    fig = score_scatter.figure(OFF, TRACE, ("off", "on"), LIGHT)
    assert sum(len(group.x) for group in fig.data) == 4
    assert "two score spaces" in score_scatter.caption(OFF, TRACE)
    same = score_scatter.figure(TRACE, TRACE, ("on", "on"), LIGHT)
    assert same.data[0].mode == "lines"


def test_titles_from_documents_are_shown_literally():
    wicked = passage("a").model_copy(update={"title": "<b onmouseover=x>&"})
    trace = replay(measurement("ab", "", {"a": 1.0, "b": 0.0}, passages=[wicked]), ON)
    figures = [
        score_curve.figure(trace, LIGHT),
        two_columns.figure(trace, trace, ("<i>", "b"), LIGHT),
        score_scatter.figure(trace, trace, ("a", "b"), LIGHT),
    ]
    for fig in figures:
        assert "<b onmouseover" not in fig.to_json()
        assert "\\u003ci" not in fig.to_json()


def test_signals_give_the_final_panel_the_combined_space():
    trace = replay(MEASURED, ON.with_(signals=Signals(on=True)))
    assert list(score_histograms.bins(trace)["space"])[-1] == "combined"


def test_final_scores_are_not_drawn_twice():
    same = replay(measurement("ab", "", {"a": 0.9, "b": 0.1}, space=ScoreSpace.MAXSIM), Policy(reranker="ce"))
    assert list(score_histograms.bins(same)["step"].unique()) == ["dense", "fused", "reranked"]
