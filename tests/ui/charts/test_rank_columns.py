"""Rank movement of recorded runs: a column for each of their lists."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rag_core.runs.as_trace import trace_of
from rag_core.runs.sent import run_from
from tests.runs.odd_runs import ODD, hits, odd_run, step
from ui import caches
from ui.charts import rank_columns
from ui.charts.palette import LIGHT

PAGE = str(Path(__file__).parents[3] / "pages" / "1_inspect.py")
WHOLE = "three searches, fusion, two rerankers"


def heads(figure) -> list[str]:
    return [one.text for one in figure.layout.annotations]


def test_three_searches_a_fusion_and_two_rerankers_are_six_columns_in_the_order_of_the_steps():
    trace = trace_of(odd_run(WHOLE))
    names = rank_columns.at_first(trace)
    assert names == ("dense", "words", "titles", "fusion", "small model", "large model")
    fig = rank_columns.figure(trace, LIGHT, names, "a")
    assert heads(fig) == [f"<b>{name}</b>" for name in names]
    lines = {one.customdata[0]: one for one in fig.data if one.customdata is not None}
    assert set(lines) == set(trace.passages)
    a = lines["a"]  # 1st in dense, 2nd in words and the fusion, 1st in the small model, 3rd in the large one
    assert list(a.x) == [0.0, 0.2, 0.6, 0.8, 1.0] and a.marker.symbol[-1] == "circle-open"
    assert a.y[0] == a.y[3] < a.y[1] == a.y[2] < a.y[4]
    assert len(lines["d"].x) == 4 and lines["d"].marker.symbol[-1] == "triangle-up"
    assert "8 passages in 6 lists; 0 in all of them, 2 kept." in rank_columns.caption(trace, names)


@pytest.mark.parametrize("name", [one for one in ODD if rank_columns.many(trace_of(odd_run(one)))])
def test_any_run_with_more_than_two_lists_can_be_drawn(name):
    trace = trace_of(odd_run(name))
    names = rank_columns.at_first(trace)
    fig = rank_columns.figure(trace, LIGHT, names)
    assert len(heads(fig)) == len(names) == len(rank_columns.lists(trace))
    assert {one.customdata[0] for one in fig.data if one.customdata is not None} <= set(trace.passages)


def crowded():
    """Seven searches, a fusion, a reranker: nine lists."""
    searches = [step(f"search {number}", "search", hits("abc")) for number in range(7)]
    names = [one["name"] for one in searches]
    steps = [*searches, step("fusion", "fusion", hits("cab"), *names), step("rerank", "rerank", hits("bca"), "fusion")]
    return run_from({"project": "bot", "id": "1", "query": "Which?", "steps": steps})


def test_of_more_lists_than_can_be_read_the_last_come_first():
    trace = trace_of(crowded())
    assert rank_columns.at_first(trace) == ("search 3", "search 4", "search 5", "search 6", "fusion", "rerank")


def test_the_other_lists_can_be_chosen(sample):
    caches.run_book().add([crowded()])
    at = AppTest.from_file(PAGE, default_timeout=60)
    at.query_params["run"] = "bot/1"
    at.run()
    (box,) = [one for one in at.multiselect if one.label == "Lists"]
    assert len(box.options) == 9 and len(box.value) == 6
    box.unselect("search 4").unselect("search 3").select("search 0").run()
    assert not at.exception
    (caption,) = [one.value for one in at.caption if "passages in" in one.value]
    assert caption.startswith("3 passages in 5 lists; 3 in all of them")
