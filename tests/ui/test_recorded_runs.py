"""A run of another pipeline is opened on the Inspect page, whatever its shape."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from rag_core.analysis.latency import bars
from rag_core.runs.as_trace import trace_of
from rag_core.wording.headline import headline
from tests.runs.importers.test_registry import LANGFUSE, PHOENIX, TABLE
from tests.runs.odd_runs import ODD, odd_run
from ui.charts import rank_movement, score_histograms, waterfall
from ui.charts.palette import DARK
from ui.panels import saved_run

PAGES = Path(__file__).parents[2] / "pages"
PAGE = str(PAGES / "1_inspect.py")


@pytest.mark.parametrize("name", ODD)
def test_its_headline_steps_and_candidates_are_shown(sample, name):
    run = odd_run(name)
    trace = trace_of(run)
    at = AppTest.from_file(PAGE, default_timeout=60).run()
    at.file_uploader(key="trace_file").set_value(("run.json", run.to_json().encode(), "application/json")).run()
    assert not at.exception
    shown = " ".join(str(one.proto) for one in at.get("html"))
    assert all(f"<b>{step.name}</b>" in shown for step in trace.steps)
    assert headline(trace) in " ".join([shown, *(str(one.value) for one in at.markdown)]).replace("\\", "")
    tables = [one.value for one in at.dataframe if "passage_id" in one.value.columns]
    order = [list(one["passage_id"]) for one in tables]
    assert [one[: len(trace.places)] for one in order] == ([list(trace.places)] if trace.places else [])
    assert all(set(one) == set(trace.passages) for one in order)


@pytest.mark.parametrize("name", ODD)
def test_its_charts_can_be_drawn(name):
    trace = trace_of(odd_run(name))
    assert rank_movement.figure(trace, DARK).data
    assert len(score_histograms.figure(trace, DARK).data) == len(score_histograms.panels(trace))
    assert waterfall.caption(trace)
    assert len(bars(trace)) == sum(step.timed for step in trace.steps)


@pytest.mark.parametrize("name", ODD)
def test_its_scores_are_shown(sample, name):
    at = AppTest.from_file(str(PAGES / "2_scores.py"), default_timeout=60).run()
    run = odd_run(name)
    at.file_uploader(key="trace_file").set_value(("run.json", run.to_json().encode(), "application/json")).run()
    assert not at.exception
    assert any("support bot" in str(one.value) for one in at.info)


def test_one_of_many_runs_is_chosen_and_lines_that_are_none_are_named(sample):
    at = AppTest.from_file(PAGE, default_timeout=60).run()
    lines = "\n".join([odd_run("one search").to_json(), "nonsense", odd_run("ranks only").to_json()])
    at.file_uploader(key="trace_file").set_value(("runs.jsonl", lines.encode(), "application/json")).run()
    assert [one.value for one in at.warning if "Line 2" in str(one.value)]
    at.selectbox(key="trace_of_file").select(1).run()
    assert not at.exception
    assert any("<b>rerank</b>" in str(one.proto) for one in at.get("html"))


EXPORTS = {
    "phoenix.json": json.dumps(PHOENIX),
    "langfuse.jsonl": "\n".join(map(json.dumps, LANGFUSE)),
    "otlp.jsonl": (PAGES.parent / "tests/golden/traces/langchain.jsonl").read_text(),
    "table.csv": pd.DataFrame(TABLE).to_csv(index=False),
    "table.json": json.dumps(TABLE),
}


@pytest.mark.parametrize("name", EXPORTS)
def test_every_export_format_opens(sample, name):
    at = AppTest.from_file(PAGE, default_timeout=60).run()
    at.file_uploader(key="trace_file").set_value((name, EXPORTS[name].encode(), "text/plain")).run()
    assert not at.exception and not at.error
    assert any("Candidates" in str(one.value) for one in at.subheader)


def test_a_file_is_read_once_until_another_is_opened(sample):
    at = AppTest.from_file(PAGE, default_timeout=60).run()
    opened = []
    for name in ("one search", "ranks only"):
        file = (f"{name}.json", odd_run(name).to_json().encode(), "application/json")
        at.file_uploader(key="trace_file").set_value(file).run()
        opened.append(at.session_state[saved_run.OPENED])
        at.selectbox(key="cand").select_index(1).run()
        assert not at.exception
        assert at.session_state[saved_run.OPENED] is opened[-1]
    assert opened[0] != opened[1]
