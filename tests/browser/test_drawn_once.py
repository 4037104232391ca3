"""A change of page draws what is new, once: the settings stay in place, and a chart is not drawn again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import plotly
import pytest
from playwright.sync_api import Browser, Page, expect

from rag_core.analysis.cost import Load, Rates
from rag_core.analysis.query_scores import QueryScores
from rag_core.analysis.times_of_runs import times_of_runs
from rag_core.pipeline.replay import replay
from rag_core.schema.policy import Policy
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.threshold import Threshold
from tests.browser.conftest import App, ask, go, profile, settled
from tests.builders import measurement
from ui.charts import (
    chunk_lengths,
    cost_curve,
    labelled_scores,
    rank_movement,
    risk_coverage,
    score_curve,
    score_histograms,
    score_scatter,
    times_strip,
    two_columns,
    waterfall,
)
from ui.charts.palette import LIGHT
from ui.panels.chart_panel import prepared

PLOTLY = Path(plotly.__path__[0]) / "package_data" / "plotly.min.js"
TRACE = replay(
    measurement("abcd", "cd", {"a": 3.0, "b": 0.0, "c": -2.0, "d": -5.0}),
    Policy(reranker="ce", top_k=1, threshold=Threshold(minimum=0.3)),
)
OTHER = replay(measurement("abcd", "cd", {}), Policy(reranker="none", top_k=1))
TWICE = """
async ([chart, selects]) => {
    const { data, layout } = JSON.parse(chart);
    const place = document.createElement('div');
    document.body.append(place);
    if (selects) Object.assign(layout, { clickmode: 'event+select', dragmode: 'pan', hovermode: 'closest' });
    await Plotly.react(place, data, layout, { displayModeBar: false });
    let changes = 0;
    const watch = new MutationObserver((found) => (changes += found.length));
    watch.observe(place, { subtree: true, childList: true, attributes: true, characterData: true });
    const copy = JSON.parse(JSON.stringify({ data: place.data, layout: place.layout }));
    await Plotly.react(place, copy.data, copy.layout, { displayModeBar: false });
    await new Promise((resolve) => setTimeout(resolve));
    return [place.querySelectorAll('.trace, .bars, .shapelayer path, text').length, changes];
}
"""


QUERIES = [
    QueryScores(query="1", answerable=True, best=0.9, right=0.9, relevant=(0.9,), irrelevant=(0.2, 0.1)),
    QueryScores(query="2", answerable=False, best=0.3, right=None, irrelevant=(0.3,)),
]
CHARTS = {
    "rank movement": rank_movement.figure(TRACE, LIGHT, "b"),
    "score curve": score_curve.figure(TRACE, LIGHT),
    "score histograms": score_histograms.figure(TRACE, LIGHT),
    "score scatter": score_scatter.figure(TRACE, OTHER, ("A", "B"), LIGHT),
    "two columns": two_columns.figure(TRACE, OTHER, ("A", "B"), LIGHT),
    "waterfall": waterfall.figure(TRACE, LIGHT),
    "cost curve": cost_curve.figure(Load(queries_a_day=1000, pool=50), Rates(pairs_a_second=100), LIGHT),
    "labelled scores": labelled_scores.figure(QUERIES, ScoreSpace.PROBABILITY, LIGHT),
    "risk and coverage": risk_coverage.figure(QUERIES, 0.2, LIGHT),
    "times of runs": times_strip.figure(times_of_runs(np.arange(3, dtype=np.int64) * 86_400, np.arange(3.0)), LIGHT),
    "passage lengths": chunk_lengths.figure([10, 20, 30], 40, LIGHT),
}


@pytest.fixture(scope="module")
def plotting(browser: Browser) -> Iterator[Page]:
    """A tab with Plotly and nothing else."""
    context = profile(browser)
    tab = context.new_page()
    tab.set_content("<body></body>")
    tab.add_script_tag(path=PLOTLY)
    yield tab
    context.close()


@pytest.mark.parametrize("selects", [False, True])
@pytest.mark.parametrize("name", CHARTS)
def test_a_copy_of_a_chart_is_not_drawn_again(plotting: Page, name: str, selects: bool) -> None:
    drawn, changes = plotting.evaluate(TWICE, [prepared(CHARTS[name], selects=selects).to_json(), selects])
    assert drawn
    assert not changes
    assert plotting.evaluate(TWICE, [CHARTS[name].to_json(), selects])[1]  # as it is, it would be


def test_times_stay_dates() -> None:
    x = prepared(CHARTS["times of runs"]).data[0].x
    assert [str(one)[:10] for one in x] == ["1970-01-01", "1970-01-02", "1970-01-03"]


def test_other_data_are_drawn() -> None:
    charts = [prepared(score_curve.figure(trace, LIGHT)) for trace in (TRACE, OTHER)]
    assert charts[0].layout.datarevision != charts[1].layout.datarevision
    assert prepared(score_curve.figure(TRACE, LIGHT)) is charts[0]


def test_another_threshold_leaves_the_scores_before_it_standing(page: Page, app: App) -> None:
    page.goto(f"{app.url}/scores?q=refund+period")
    charts = page.locator(".js-plotly-plot")
    expect(charts).to_have_count(3)  # the sorted scores, those before the threshold, those that it cuts
    settled(page)
    for chart in charts.all():
        chart.evaluate("chart => chart.dataset.drawn = 'at first'")
    page.get_by_role("slider", name="Try a threshold").press("ArrowRight")
    expect(page.locator(".js-plotly-plot[data-drawn]")).to_have_count(1)
    settled(page)
    expect(charts).to_have_count(3)
    expect(charts.nth(1)).to_have_attribute("data-drawn", "at first")


def test_a_change_of_page_leaves_the_settings_standing(page: Page, app: App) -> None:
    page.goto(app.url)
    ask(page, "refund period")
    settled(page)
    collection = page.get_by_test_id("stSidebarUserContent").get_by_test_id("stSelectbox").first
    collection.evaluate("box => box.dataset.drawn = 'on the first page'")
    for title in ("Compare", "Evaluate", "Rerankers", "Inspect"):
        go(page, title)
        expect(collection).to_have_attribute("data-drawn", "on the first page")
