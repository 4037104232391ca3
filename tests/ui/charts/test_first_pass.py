"""Charts, table and report of a run with a first pass: e and b and c go on from abcde."""

from __future__ import annotations

from rag_core.analysis.run_tables import candidates
from rag_core.pipeline.replay import replay
from rag_core.report import svg
from rag_core.report.html import html_report
from tests.pipeline.test_first_pass import CASCADE, measured
from ui.charts import rank_movement, score_histograms, score_scatter, two_columns, waterfall
from ui.charts.palette import LIGHT
from ui.panels.candidates import way_table

TRACE = replay(measured(), CASCADE)
SINGLE = replay(measured(dict.fromkeys("abcde", 1.0)), CASCADE.with_(first_pass=None, pool=5))


def lines(**asked: bool) -> dict[str, list[float]]:
    """Where each candidate's line has its points."""
    data = rank_movement.figure(TRACE, LIGHT, **asked).data
    return {line.customdata[0]: list(line.x) for line in data if line.customdata}


def test_what_the_first_pass_cut_is_drawn_only_where_it_has_a_title_or_is_asked_for() -> None:
    pool = {hit.passage_id for hit in TRACE.pool}
    assert pool <= lines().keys() < set(TRACE.places)
    assert lines(whole=True).keys() == set(TRACE.places)
    assert "d" in {line.customdata[0] for line in rank_movement.figure(TRACE, LIGHT, "d").data if line.customdata}


def test_rank_movement_has_a_column_for_it_and_ends_there_what_it_cut() -> None:
    table = rank_movement.movement(TRACE).set_index("passage_id")
    assert list(table.loc[list("abcde"), "first_pass"]) == [5, 2, 3, 4, 1]
    assert list(table.loc[list("abcde"), "after"]) == [5, 1, 2, 4, 3]
    assert (table.loc["d", "outcome"], table.loc["d", "score"]) == ("cut by the first pass", "maxsim 0.30")
    drawn = lines(whole=True)
    assert drawn["b"] == [0, 0.5, 1] and drawn["d"] == [0, 0.5]
    assert "2 ended at the first pass" in rank_movement.caption(TRACE)


def test_without_one_a_line_goes_from_side_to_side() -> None:
    drawn = [list(line.x) for line in rank_movement.figure(SINGLE, LIGHT).data if line.customdata]
    assert drawn == [[0, 1]] * 5


def test_the_candidates_are_ordered_by_how_far_they_came() -> None:
    assert list(candidates(TRACE)["passage_id"]) == ["b", "c", "e", "d", "a", "f"]
    assert list(way_table(TRACE, "d")["Rank"])[3:5] == ["4 of 5", "not ranked"]


def test_histograms_and_waterfall_show_both_passes() -> None:
    assert [step.name for step in score_histograms.panels(TRACE)][3:] == ["first_pass", "reranked", "adjusted"]
    assert "<b>First pass</b>" in [note.text for note in score_histograms.figure(TRACE, LIGHT).layout.annotations]
    assert [one for one in waterfall.lanes(TRACE)["step"] if one in ("First pass", "Rerank")] == [
        "First pass",
        "Rerank",
    ]


def test_against_the_single_reranker_nothing_is_drawn_that_has_no_score() -> None:
    table = two_columns.joined(SINGLE, TRACE).set_index("passage_id")
    assert table.loc["a", "right_rank"] == 5 and table["right_score"].isna().sum() == 2
    assert "2 that the first pass dropped" in score_scatter.caption(SINGLE, TRACE)
    dots = [dot for line in score_scatter.figure(SINGLE, TRACE, ("A", "B"), LIGHT).data[1:] for dot in line.x]
    assert len(dots) == 3
    assert two_columns.figure(SINGLE, TRACE, ("A", "B"), LIGHT).data


def test_the_report_says_it() -> None:
    told = html_report(TRACE)
    assert "First pass: cheap read 5, the best 3 went on to ce." in told and "cut by the first pass" in told


def test_the_still_drawing_has_its_column_too() -> None:
    drawn = svg.rank_lines(rank_movement.movement(TRACE))
    middle, right = f'x2="{svg.WIDTH / 2:g}"', f'x2="{svg.WIDTH - svg.LABEL}"'
    assert ">First pass<" in drawn
    assert (drawn.count(middle), drawn.count(right), drawn.count("◇")) == (5, 3, 2)
    plain = svg.rank_lines(rank_movement.movement(SINGLE))
    assert (plain.count(middle), plain.count(right), plain.count("First pass")) == (0, 5, 0)


def test_a_comparison_says_whose_places_are_its_first_passes():
    assert two_columns.first_pass_places(SINGLE, TRACE) == " B's places past 3 are its first pass's."
    assert two_columns.first_pass_places(SINGLE, SINGLE) == ""


def test_the_histograms_say_how_few_the_reranker_read():
    assert "The reranker read 3 of the 5 that the first pass scored." in score_histograms.caption(TRACE)
    assert "first pass" not in score_histograms.caption(SINGLE)
