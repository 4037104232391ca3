"""Latency and Compare of an opened recorded run, and what its steps are called on every page."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit import config
from streamlit.testing.v1 import AppTest

from rag_core.pipeline.replay import replay
from rag_core.runs.as_trace import trace_of
from rag_core.runs.sent import run_from
from rag_core.schema.policy import Policy
from rag_core.schema.trace import Trace
from tests.builders import measurement
from tests.runs.odd_runs import DENSE, ODD, odd_run, step
from ui import caches, links
from ui.panels import linked_run, saved_run
from ui.sidebar.recorded import key_of

PAGES = Path(__file__).parents[2] / "pages"
PROJECT, RUN = "support bot", "1"
WHOLE = "three searches, fusion, two rerankers"
pytestmark = pytest.mark.usefixtures("sample")


def stored(name: str = WHOLE, *others: str) -> Trace:
    others_ = [odd_run(one).model_copy(update={"id": f"other{place}"}) for place, one in enumerate(others)]
    caches.run_book().add([odd_run(name), *others_])
    return trace_of(odd_run(name))


def opened(file: str) -> AppTest:
    at = AppTest.from_file(str(PAGES / file), default_timeout=120)
    at.query_params["run"] = f"{PROJECT}/{RUN}"
    at.run()
    assert not at.exception
    return at


def said(at: AppTest) -> str:
    shown = (*at.get("html"), *at.markdown, *at.caption, *at.info, *at.warning, *at.error, *at.header)
    return " ".join(str(one.proto) for one in shown).replace("\\", "")


def table(at: AppTest, column: str):
    return next(one.value for one in (*at.dataframe, *at.table) if column in one.value.columns)


@pytest.mark.parametrize("name", ODD)
def test_latency_shows_the_own_times_of_any_run_and_says_which_are_missing(name):
    trace = stored(name)
    at = opened("3_latency.py")
    times = table(at, "took_ms")
    assert list(times["step"]) == [one.name for one in trace.steps]
    timed = [one.name for one in trace.steps if one.timed]
    assert list(times[times["took_ms"].notna()]["step"]) == timed
    assert all(note for note in times[times["took_ms"].isna()]["note"])
    assert ("This run records no times" in said(at)) == (not timed) and not at.error


def test_latency_names_the_steps_without_a_time_and_calls_the_whole_at_least_what_is_known():
    untimed = {key: value for key, value in step("words", "search", [{"text": "One."}]).items() if key != "timing"}
    raw = {"project": PROJECT, "id": RUN, "query": "How?", "steps": [DENSE, untimed]}
    caches.run_book().add([run_from(raw)])
    at = opened("3_latency.py")
    assert "No time was recorded for words." in said(at) and "At least 5.0 ms before the answer" in said(at)
    assert [one.value for one in at.metric] == ["at least 5.0 ms", "1 of 2"]


def test_latency_gives_percentiles_of_the_project_in_which_a_missing_time_does_not_count():
    stored(WHOLE, "missing times", "dense and a reranker")
    at = opened("3_latency.py")
    many = table(at, "p95").set_index("step")
    assert many.loc["dense", "runs"] == 2 and many.loc["dense", "p50"] == 5.0
    assert "1 of them records no times" in said(at)


def test_compare_sets_the_recording_against_its_replay():
    trace = stored()
    at = opened("4_compare.py")
    assert "Change a setting in the sidebar" in said(at)
    at.selectbox(key=key_of(trace, "r")).select("none").run()
    assert not at.exception and "A: as recorded" in said(at) and "Both keep" in said(at)
    assert "takes" not in said(at).split("Compare on several")[0].split("Both keep")[1].split(".")[0]


def test_compare_replays_several_runs_with_one_change_and_says_which_it_cannot():
    trace = stored(WHOLE, "dense and a reranker", "nothing found", "rules after reranking, one passage kept")
    at = opened("4_compare.py")
    at.selectbox(key=key_of(trace, "r")).select("late-interaction").run()
    at.button(key="score_run").click().run()
    at.button(key="compare_runs").click().run()
    assert not at.exception and "1 run cannot be replayed so" in said(at)
    rows = table(at, "rbo")
    assert len(rows) == 3 and "Without grades the better side is unknown" in said(at)
    at.multiselect(key="chosen_left_out").select((PROJECT, "other0")).run()
    assert not [one for one in at.dataframe if "rbo" in one.value.columns]


def test_a_run_without_steps_among_the_chosen_stops_no_other():
    trace = stored(WHOLE, "dense and a reranker")
    empty = {"project": PROJECT, "id": "empty", "query": "Is there a step?", "steps": [], "answer": "No."}
    caches.run_book().add([run_from(empty)])
    at = opened("4_compare.py")
    at.selectbox(key=key_of(trace, "r")).select("none").run()
    at.button(key="compare_runs").click().run()
    assert not at.exception and not at.error
    assert (
        "1 run cannot be replayed so: The run “Is there a step?” has no steps" in said(at)
        and len(table(at, "rbo")) == 2
    )


def test_a_step_of_a_recorded_run_has_one_name_on_its_card_in_the_table_and_in_the_details():
    found = [{"passage_id": one, "text": f"Passage {one}."} for one in "abc"]
    steps = [
        step("dense", "search", found),
        step("lexical", "search", found),
        step("fused", "fusion", found, "dense", "lexical"),
        step("reranked", "rerank", found, "fused"),
        step("kept", "select", found[:1], "reranked"),
    ]
    caches.run_book().add([run_from({"project": PROJECT, "id": RUN, "query": "How?", "steps": steps})])
    at = opened("1_inspect.py")
    names = [one["name"] for one in steps]
    shown = " ".join(str(one.proto) for one in at.get("html"))
    assert all(f"<b>{name}</b>" in shown for name in names)
    shown = [name.replace("\N{NO-BREAK SPACE}", " ").replace("\\", "") for name in table(at, "Step")["Step"]]
    assert shown == names
    heads = next(one.proto.columns for one in at.dataframe if "passage_id" in one.value.columns)
    assert all(f'"{name} #"' in heads for name in names[:-1]) and "Dense #" not in heads
    at = AppTest.from_file(str(PAGES / "6_triage.py"), default_timeout=120)
    at.query_params.update({"run": f"{PROJECT}/{RUN}", "expect": "b"})
    at.run()
    assert not at.exception and list(table(at, "Step")["Step"]) == names


@pytest.mark.parametrize("file", ["1_inspect.py", "3_latency.py", "4_compare.py", "6_triage.py"])
def test_strangers_with_a_run_of_their_own_read_no_other_ones(file: str):
    """A session may open a run from a file wherever it is; the stored runs of that project stay closed."""
    mine = stored(WHOLE, WHOLE, WHOLE)
    said_of_it = [{"name": "thumbs", "value": "down", "comment": "Not what I asked."}]
    book = caches.run_book()
    book.add([book.get(PROJECT, RUN).with_(feedback=said_of_it)])
    before = config.get_option("server.address")
    config.set_option("server.address", "0.0.0.0")
    try:
        at = AppTest.from_file(str(PAGES / file), default_timeout=120)
        at.session_state[linked_run.FROM_FILE] = {f"{PROJECT}/{RUN}": mine}
        at.query_params["run"] = f"{PROJECT}/{RUN}"
        at.run()
    finally:
        config.set_option("server.address", before)
    assert not at.exception and not at.error
    assert "Percentiles by step" not in said(at) and "Not what I asked" not in said(at)
    assert not [one for one in at.selectbox if one.key == "chosen_project"]


def test_a_run_that_second_pass_saved_opens_on_every_page_that_recorded_runs_have():
    own = replay(measurement("abcd", "dc", {"a": 2.0, "b": 0.0, "c": -3.0, "d": 1.0}), Policy(reranker="ce", pool=3))
    at = AppTest.from_file(str(PAGES / "1_inspect.py"), default_timeout=120).run()
    at.file_uploader(key="trace_file").set_value(("run.json", own.to_json().encode(), "application/json")).run()
    assert not at.exception and {"run_on_triage", "run_on_compare", "run_on_latency"} <= {one.key for one in at.button}
    assert "The settings do not change it" in said(at)
    for page in ("3_latency.py", "4_compare.py", "6_triage.py"):
        other = AppTest.from_file(str(PAGES / page), default_timeout=120)
        for key in (links.OPENED_FILE, saved_run.PLACE):
            other.session_state[key] = at.session_state[key]
        other.run()
        assert not other.exception and not other.error and f"a run of {own.collection.name} of" in said(other)
        if page == "3_latency.py":
            assert list(table(other, "took_ms")["step"]) == ["dense", "lexical", "fused", "reranked", "kept"]
