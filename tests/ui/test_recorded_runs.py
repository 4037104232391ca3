"""A run of another pipeline is opened on the Inspect page, whatever its shape."""

from __future__ import annotations

import html
import json
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from rag_core.analysis.latency import bars
from rag_core.pipeline.replay import recut
from rag_core.report import svg
from rag_core.report.html import html_report
from rag_core.runs.as_trace import trace_of
from rag_core.runs.replaying import obstacles
from rag_core.runs.sent import run_from
from rag_core.schema.threshold import Threshold
from rag_core.wording.headline import headline
from rag_core.wording.run_replays import why_not
from tests.runs.importers.test_registry import LANGFUSE, PHOENIX, TABLE
from tests.runs.odd_runs import ODD, odd_run, step
from ui.charts import rank_movement, score_curve, score_histograms, waterfall
from ui.charts.palette import DARK
from ui.panels import saved_run
from ui.sidebar.recorded import key_of

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


def test_its_answer_is_called_recorded_since_nobody_said_what_wrote_it(sample):
    found = [{"passage_id": "p1", "text": "Refunds take ten days."}]
    steps = [step("dense", "search", found)]
    run = run_from({"project": "bot", "query": "refunds", "steps": steps, "answer": "Ten days."})
    at = AppTest.from_file(PAGE, default_timeout=60).run()
    at.file_uploader(key="trace_file").set_value(("run.json", run.to_json().encode(), "application/json")).run()
    strip = next(str(one.proto.body) for one in at.get("html") if "step-strip" in str(one.proto.body))
    assert '<b>Answer</b><span class="sp-n">recorded</span>' in strip and "chat" not in strip


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


def opened(name):
    """Inspect with this run, and its trace."""
    at = AppTest.from_file(PAGE, default_timeout=60).run()
    run = odd_run(name)
    at.file_uploader(key="trace_file").set_value(("run.json", run.to_json().encode(), "application/json")).run()
    return at, trace_of(run)


def kept(at):
    """The ids that are marked as kept in the table of candidates, by rank."""
    table = next(one.value for one in at.dataframe if "passage_id" in one.value.columns)
    return list(table[table["outcome"].isin(["kept", "kept (worked out)", "would be kept"])]["passage_id"])


WHOLE = "dense and a reranker"


def test_the_sidebar_cuts_a_recorded_run_again_and_goes_back(sample):
    at, trace = opened(WHOLE)
    assert kept(at) == list("cab") and not any("replay." in str(one.value) for one in at.info)
    at.slider(key=key_of(trace, "k")).set_value(1).run()
    assert kept(at) == ["c"] and any("1 of the 3 passages" in str(one.value) for one in at.info)
    table = next(one.value for one in at.dataframe if "Recorded" in one.value.columns)
    assert [list(row)[1:] for row in table.fillna(0).to_numpy()] == [[1, 1], [2, 0], [3, 0]]
    at.slider(key=key_of(trace, "k")).set_value(3).run()
    at.slider(key=key_of(trace, "t_probability")).set_value(0.3).run()
    assert kept(at) == ["c", "a"]
    at.button(key="as_recorded").click().run()
    assert kept(at) == list("cab") and not at.exception


def test_a_reranker_scores_the_recorded_candidates_on_a_click_alone(sample):
    at, trace = opened(WHOLE)
    at.selectbox(key=key_of(trace, "r")).select("late-interaction").run()
    assert kept(at) == list("cab") and any("as it was recorded" in str(one.value) for one in at.caption)
    at.button(key="score_run").click().run()
    assert not at.exception and any("This is a replay" in str(one.value) for one in at.info)
    shown = " ".join(str(one.proto) for one in at.get("html"))
    assert "<b>late-interaction</b>" in shown and "<b>rerank</b>" not in shown and "5 → 5" in shown
    assert len(kept(at)) == 3
    at.slider(key=key_of(trace, "pool")).set_value(2).run()
    assert set(kept(at)) == {"a", "b"}
    assert not [one for one in at.button if one.key == "score_run"]


def test_what_cannot_be_replayed_is_disabled_and_says_why(sample):
    at, trace = opened("no texts")
    for control, reason in obstacles(trace).items():
        box = at.selectbox(key=key_of(trace, f"off_{control}"))
        assert box.disabled and box.help.replace("\\", "") == why_not(reason, trace)


def test_recorded_searches_are_fused_with_other_weights(sample):
    at, trace = opened("two searches that nothing fused")
    at.toggle(key=key_of(trace, "fuse")).set_value(True).run()
    at.slider(key=key_of(trace, "w_words")).set_value(0.0).run()
    assert kept(at) == list("abcde") and not at.exception


def test_a_run_that_kept_more_than_a_hundred_opens_as_it_was_recorded(sample):
    found = [{"passage_id": f"p{number}", "text": f"Text {number}."} for number in range(120)]
    run = run_from({"project": "bot", "query": "q", "steps": [step("a", "search", found)]})
    at = AppTest.from_file(PAGE, default_timeout=60).run()
    at.file_uploader(key="trace_file").set_value(("run.json", run.to_json().encode(), "application/json")).run()
    assert not at.exception and len(kept(at)) == 120
    assert not any("This is a replay" in str(one.value) for one in at.info)


def test_a_threshold_is_offered_for_scores_that_say_something_of_relevance(sample):
    at, trace = opened("two searches that nothing fused")
    at.selectbox(key=key_of(trace, "r")).select("none").run()
    assert at.selectbox(key=key_of(trace, "off_threshold")).disabled
    at, trace = opened("one search")
    at.selectbox(key=key_of(trace, "r")).select("none").run()
    at.slider(key=key_of(trace, "t_cosine")).set_value(0.65).run()
    assert kept(at) == list("abc") and not at.exception


LOGITS = "missing times"
"""Its last reranker gave b, c and a the logits 3, 1 and -2."""


def test_recorded_logits_are_cut_in_logits(sample):
    at, trace = opened(LOGITS)
    slider = at.slider(key=key_of(trace, "t_logit"))
    assert (slider.min, slider.max, slider.value) == (-2.0, 3.0, -2.0) and "(logit), here from -2.00" in slider.help
    slider.set_value(1.0).run()
    assert kept(at) == ["b", "c"] and not at.exception
    shown = next(one.value for one in at.dataframe if "outcome" in one.value.columns)
    assert "would be under the threshold" in set(shown["outcome"])


def test_scores_offers_a_threshold_in_the_unit_of_the_scores_and_draws_it_in_both_pictures(sample):
    at = AppTest.from_file(str(PAGES / "2_scores.py"), default_timeout=60).run()
    for name, low, high in ((LOGITS, -2.0, 3.0), ("dense and a reranker", 0.0, 1.0), ("one search", 0.0, 1.0)):
        run = odd_run(name)
        at.file_uploader(key="trace_file").set_value(("run.json", run.to_json().encode(), "application/json")).run()
        space = trace_of(run).relevance_space
        slider = at.slider(key=f"cut_{space}")
        assert (slider.min, slider.max, slider.value) == (low, high, low) and not at.exception
        assert ("It is no probability" in " ".join(one.value for one in at.caption)) == (space == "logit")
    at.slider(key="cut_cosine").set_value(0.75).run()
    assert any(one.value == "Keeps 2, drops 3" for one in at.header) and not at.exception
    assert "The dashed line is the threshold, cosine 0.75" in " ".join(one.value for one in at.caption).replace(
        "\\", ""
    )


def test_the_threshold_stands_in_the_panel_of_the_scores_that_it_cuts():
    trace = trace_of(odd_run(LOGITS))
    assert not score_histograms.figure(trace, DARK).layout.shapes
    cut = recut(trace, Threshold(minimum=0.5, space=trace.relevance_space))
    (line,) = score_histograms.figure(cut, DARK).layout.shapes
    last = len(score_histograms.panels(cut))
    assert (line.x0, line.x1, line.xref) == (0.5, 0.5, f"x{last}")
    assert [one.name for one in score_curve.figure(cut, DARK).data[1:]] == [
        "kept (2)", "under the threshold (1)",
    ]  # fmt: skip
    assert score_curve.figure(cut, DARK).layout.legend.title.text == "would be "
    assert [one.name for one in score_curve.figure(trace, DARK).data[1:]] == ["kept (worked out) (3)"]
    assert "would be under the threshold" in rank_movement.key(cut)


def test_the_settings_for_new_questions_come_back(sample):
    at = AppTest.from_file(PAGE, default_timeout=60).run()
    at.slider(key="k").set_value(3).run()
    file = ("run.json", odd_run(WHOLE).to_json().encode(), "application/json")
    at.file_uploader(key="trace_file").set_value(file).run()
    assert not [one for one in at.slider if one.key == "k"]
    at.slider(key=key_of(trace_of(odd_run(WHOLE)), "k")).set_value(1).run()
    at.file_uploader(key="trace_file").set_value(None).run()
    assert at.slider(key="k").value == 3 and not at.exception


def test_closing_a_run_empties_the_control_and_another_file_opens(sample):
    at, _ = opened(WHOLE)
    at.button(key="close_run").click().run()
    assert saved_run.OPENED not in at.session_state and not any("support bot" in str(one.value) for one in at.info)
    assert not any(one.disabled for one in at.text_input if one.key == "q")
    file = ("other.json", odd_run("one search").to_json().encode(), "application/json")
    at.file_uploader(key="trace_file_1").set_value(file).run()
    assert not at.exception and any("support bot" in str(one.value) for one in at.info)


@pytest.mark.parametrize("page", ["2_scores.py", "3_latency.py", "4_compare.py", "6_triage.py", "1_inspect.py"])
def test_every_page_shows_the_run_of_a_file_that_another_page_opened(sample, page):
    first, _ = opened(WHOLE)
    at = AppTest.from_file(str(PAGES / page), default_timeout=60)
    for key in (saved_run.OPENED, saved_run.PLACE):
        at.session_state[key] = first.session_state[key]
    at.run()
    assert not at.exception and any("a run of support bot" in str(one.value) for one in at.info)
    at.button(key="close_run").click().run()
    assert not at.exception and not any("a run of support bot" in str(one.value) for one in at.info)


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


def test_the_rank_movement_names_the_steps_of_the_run_and_marks_what_the_reranker_left_out():
    trace = trace_of(odd_run("dense and a reranker"))
    fig = rank_movement.figure(trace, DARK)
    ends = {line.customdata[0]: line.marker.symbol[-1] for line in fig.data if line.customdata is not None}
    assert trace.outcome("d") == "not returned by the reranker" and ends["d"] == ends["e"] == "square-open"
    assert "square-open" not in (ends["a"], ends["b"], ends["c"])
    assert "□ not returned by the reranker" in rank_movement.key(trace)
    places = {line.customdata[0]: list(line.x) for line in fig.data if line.customdata is not None}
    assert places["d"] == places["e"] == [0.0] and places["a"] == [0.0, 1.0]  # nobody recorded a final rank
    gone = rank_movement.movement(trace).set_index("passage_id").loc[["d", "e"]]
    assert set(gone["moved"]) == {0} and set(gone["direction"]) == {"same"}
    assert "2 were not returned by the reranker." in rank_movement.caption(trace)
    drawn = svg.rank_lines(rank_movement.movement(trace))
    assert drawn.count("□") == 2 and drawn.count("<line") == 3
    heads = [one.text for one in fig.layout.annotations]
    assert heads[0] == "<b>Rank in dense (pool of 5)</b>"


MARKED = "*0 remaining* {{name}} **bold** `code` [link](http://e.com) $x^2$ <b>tag</b>"


def test_what_another_pipeline_recorded_is_shown_as_it_is_written(sample):
    found = [{"passage_id": "a", "text": MARKED, "title": MARKED, "source": MARKED, "score": 0.5}]
    steps = [step(f"search {MARKED}", "search", found, space="cosine", warnings=[{"code": "odd", "message": MARKED}])]
    run = run_from({"project": MARKED, "query": MARKED, "steps": steps, "answer": MARKED})
    at = AppTest.from_file(PAGE, default_timeout=60).run()
    at.file_uploader(key="trace_file").set_value(("run.json", run.to_json().encode(), "application/json")).run()
    assert not at.exception
    literal = html.escape(MARKED)
    shown = [str(one.proto.body) for one in at.get("html")]
    for place in ('data-testid="preview"', 'data-testid="passage"', 'data-testid="headline"'):
        assert literal in next(one for one in shown if place in one)
    assert literal in html_report(trace_of(run))
    written = [one.value for kind in (at.markdown, at.caption, at.info, at.warning) for one in kind]
    assert not [one for one in written if "*0 remaining*" in one]
    head = score_histograms.figure(trace_of(run), DARK).layout.annotations[0].text
    assert "<b>tag" not in head
