"""The Runs page: what is listed and found there, and the recorded run that a link opens on Inspect."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from streamlit import config
from streamlit.testing.v1 import AppTest

from rag_core.runs.store.retention import Retention, keep, retention
from rag_core.wording.run_list import run_table
from tests.runs.samples import a_run
from tests.serving import free_port
from ui import caches, visitors

PAGES = Path(__file__).parents[2] / "pages"
IDLE = [{"passage_id": one, "score": score} for one, score in zip("abc", (0.9, 0.8, 0.7), strict=True)]
pytestmark = pytest.mark.usefixtures("sample")


@pytest.fixture
def everyone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The app listens for every machine and has no login."""
    before = config.get_option("server.address")
    config.set_option("server.address", "0.0.0.0")
    yield
    config.set_option("server.address", before)


def idle_run(run_id: str, **fields: object):
    """A run whose reranker left the order as it was."""
    search, rerank, kept = a_run().model_dump()["steps"]
    kept["hits"] = IDLE[:1]
    return a_run(run_id, steps=[search, rerank | {"hits": IDLE}, kept], **fields)


def record() -> None:
    """Three runs of two projects, one of them suspicious, one of today."""
    today = (datetime.now(UTC) - timedelta(minutes=5)).isoformat()
    caches.run_book().add(
        [
            a_run("good", "How long do refunds take?", feedback=[{"name": "thumbs", "value": "up"}]),
            idle_run("idle", query="Who pays *the* postage?", hours=1),
            a_run("new", "Is there a discount?", project="shop", started_at=today),
        ]
    )


def opened(page: str = "9_runs.py", **params: str) -> AppTest:
    at = AppTest.from_file(str(PAGES / page), default_timeout=300)
    for name, value in params.items():
        at.query_params[name] = value
    at.run()
    assert not at.exception
    return at


def queries(at: AppTest) -> list[str]:
    return list(at.dataframe[0].value["Query"]) if at.dataframe else []


def said(at: AppTest) -> str:
    return " ".join(
        str(one.proto) for one in (*at.get("html"), *at.markdown, *at.caption, *at.info, *at.error)
    ).replace("\\", "")


def test_an_empty_store_says_how_runs_get_in():
    told = said(opened())
    assert all(one in told for one in ("second-pass collect", "rag_core.record", "connect.md"))


def test_every_run_is_listed_newest_first_with_what_matters_of_it():
    record()
    at = opened()
    assert queries(at) == ["Is there a discount?", "Who pays *the* postage?", "How long do refunds take?"]
    row = at.dataframe[0].value.iloc[2]
    assert (row["Project"], row["Steps"], row["Best relevance"], row["Took (ms)"]) == ("bot", 3, "probability 0.90", 25)
    assert row["Feedback"] == "thumbs: up" and row["Checks"] == ""
    assert at.dataframe[0].value["Checks"][1] == "Reranker changed nothing"
    assert "3 runs of 2 projects." in said(at) and "Reranker changed nothing: 1" in said(at)


def test_the_filters_narrow_the_list_and_say_so():
    record()
    at = opened()
    at.selectbox(key="run_project").select("bot").run()
    assert len(queries(at)) == 2 and "2 of 3 runs of 2 projects match." in said(at)
    at.selectbox(key="run_check").select("reranker-idle").run()
    assert queries(at) == ["Who pays *the* postage?"]
    at.selectbox(key="run_check").set_value(None)
    at.text_input(key="run_text").set_value("REFUNDS").run()
    assert queries(at) == ["How long do refunds take?"]
    at.text_input(key="run_text").set_value("nothing like it").run()
    assert queries(at) == [] and "No run matches" in said(at) and not at.exception


def test_a_period_leaves_out_what_is_older():
    record()
    at = opened()
    at.selectbox(key="run_period").select("Last hour").run()
    assert queries(at) == ["Is there a discount?"] and not at.exception


def test_many_runs_come_page_by_page():
    caches.run_book().add(a_run(f"r{number}", f"query {number}", hours=-number) for number in range(150))
    at = opened()
    assert len(queries(at)) == 100 and queries(at)[0] == "query 0"
    at.number_input(key="run_page").set_value(2).run()
    assert queries(at) == [f"query {number}" for number in range(100, 150)] and not at.exception


def test_runs_that_ask_the_same_can_be_told_apart_where_one_is_chosen():
    caches.run_book().add([a_run("one"), a_run("two"), a_run("two", project="shop"), a_run("three", hours=1)])
    options = opened().selectbox(key="run_picked").options
    assert len(set(options)) == len(options) == 4


def test_a_link_opens_the_run_on_inspect_until_it_is_closed():
    caches.run_book().add([a_run("r1", "Where is *my* order?", project="support/eu")])
    for page in ("1_inspect.py", "2_scores.py"):
        at = opened(page, run="support/eu/r1")
        assert "“Where is *my* order?”, a run of support/eu" in said(at)
        assert at.text_input(key="q").disabled
        at.button(key="close_run").click().run()
        assert not at.exception and "run" not in at.query_params
        assert not at.text_input(key="q").disabled


def test_a_run_of_another_pipeline_is_offered_no_threshold_of_our_labelled_questions():
    caches.run_book().add([a_run("r1", project="bot")])
    labelled = "Choose a threshold from labelled questions"
    assert labelled in [one.value for one in opened("2_scores.py").header]
    at = opened("2_scores.py", run="bot/r1")
    assert labelled not in [one.value for one in at.header] and "score_set" not in [one.key for one in at.button]


def test_the_run_that_a_link_opens_says_what_people_said_of_its_answer():
    feedback = [{"name": "thumbs", "value": "down", "comment": "It names *no* number."}]
    caches.run_book().add([a_run("r1", project="bot", feedback=feedback), a_run("r2", project="bot")])
    for page in ("1_inspect.py", "6_triage.py"):
        assert "Feedback on the answer: thumbs: down (It names *no* number.)" in said(opened(page, run="bot/r1"))
        assert "Feedback on the answer" not in said(opened(page, run="bot/r2"))
    assert opened().dataframe[0].value["Feedback"][0] == "thumbs: down (It names *no* number.)"


@pytest.mark.parametrize("named", ["bot/gone", "nothing", "/", "bot/"])
def test_a_link_to_a_run_that_is_not_there_says_so_and_leaves_the_page_usable(named: str):
    at = opened("1_inspect.py", run=named)
    assert "cannot be opened" in said(at) and not at.text_input(key="q").disabled


def test_a_run_without_steps_says_why_it_cannot_be_opened():
    caches.run_book().add([a_run("r1", steps=[])])
    assert "has no steps" in said(opened("1_inspect.py", run="bot/r1"))
    assert queries(opened()) == ["How long do refunds take?"]


def test_a_rule_that_deletes_nothing_now_is_saved_at_once():
    record()
    at = opened()
    at.number_input(key="run_number").set_value(50)
    at.button(key="run_rule_save").click().run()
    assert not at.exception and retention(caches.store()) == Retention(number=50)
    assert len(queries(at)) == 3 and "The newest 50 runs of each project are kept." in said(at)


def test_a_rule_that_deletes_runs_asks_first():
    record()
    at = opened()
    at.number_input(key="run_number").set_value(1)
    at.button(key="run_rule_save").click().run()
    assert "1 run will be deleted now" in said(at) and len(queries(at)) == 3
    assert retention(caches.store()) == Retention()


def test_a_page_that_opens_deletes_what_the_rule_keeps_no_longer():
    record()
    keep(caches.store(), Retention(number=1))
    assert len(queries(opened())) == 2


def test_deleting_a_project_asks_first():
    record()
    at = opened()
    assert at.button(key="run_delete").disabled
    at.selectbox(key="run_project").select("bot").run()
    at.button(key="run_delete").click().run()
    assert "bot with its 2 runs" in said(at) and len(queries(at)) == 2


def test_a_filter_by_a_project_that_is_gone_is_dropped():
    record()
    at = opened()
    at.selectbox(key="run_project").select("bot").run()
    caches.run_book().delete_project("bot")
    at.run()
    assert not at.exception and queries(at) == ["Is there a discount?"]


@pytest.mark.usefixtures("everyone")
def test_strangers_who_may_read_runs_delete_none(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SECOND_PASS_STRANGERS_MAY_READ_RUNS", "true")
    record()
    keys = [one.key for one in opened().button]
    assert "run_delete" not in keys and "run_rule_save" not in keys


@pytest.mark.usefixtures("everyone")
def test_strangers_read_no_run_unless_the_operator_says_so(monkeypatch: pytest.MonkeyPatch):
    record()
    for page, params in (
        ("9_runs.py", {}),
        ("1_inspect.py", {"run": "bot/good"}),
        ("2_scores.py", {"run": "bot/good"}),
    ):
        at = opened(page, **params)
        assert visitors.RUNS_CLOSED in said(at) and "refunds" not in said(at) and not queries(at)
    monkeypatch.setenv("SECOND_PASS_STRANGERS_MAY_READ_RUNS", "true")
    assert len(queries(opened())) == 3 and "a run of bot" in said(opened("1_inspect.py", run="bot/good"))


def test_the_table_of_no_runs_has_its_columns():
    assert list(run_table([]).columns)[:3] == ["Time (UTC)", "Query", "Checks"]


def test_recorded_queries_can_be_compared_on():
    at = opened("4_compare.py")
    assert "Recorded runs" not in at.segmented_control(key="which_set").options
    record()
    at.run()
    at.segmented_control(key="which_set").set_value("Recorded runs").run()
    assert at.button(key="compare_set").label == "Compare on 3 questions"
    at.selectbox(key="recorded_project").select("bot").run()
    assert at.button(key="compare_set").label == "Compare on 2 questions"
    at.selectbox(key="recorded_check").select("reranker-idle").run()
    at.button(key="compare_set").click().run()
    assert not at.exception and "Who pays *the* postage?" in list(at.dataframe[-1].value["query"])


def test_the_app_collects_where_the_operator_says_so(monkeypatch: pytest.MonkeyPatch):
    port = free_port()
    monkeypatch.setenv("SECOND_PASS_COLLECT", str(port))
    opened("7_rerankers.py")  # any page starts it
    try:
        body = a_run("sent").model_dump_json()
        headers = {"content-type": "application/json"}
        assert httpx.post(f"http://127.0.0.1:{port}/v1/runs", content=body, headers=headers).status_code == 200
        caches.run_book().delete("bot", ["sent"])
        told = said(opened())
        assert f"OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:{port}" in told and "Collecting on" in told
        assert "second-pass collect" not in told
    finally:
        running = caches.collector()
        assert running
        running.end()


@pytest.mark.parametrize("value", ["nonsense", "0.0.0.0:4318"])
def test_a_collector_that_cannot_start_is_said_on_the_page_and_costs_nothing_else(
    value: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SECOND_PASS_COLLECT", value)
    monkeypatch.delenv("SECOND_PASS_TOKEN", raising=False)
    record()
    at = opened()
    assert len(at.error) == 1 and "SECOND_PASS_" in str(at.error[0].value).replace("\\", "") and len(queries(at)) == 3
    assert not opened("7_rerankers.py").error


def test_a_filter_that_leaves_fewer_pages_shows_one_that_is_there():
    book = caches.run_book()
    book.add(a_run(f"r{number}", f"query {number % 5 > 1}", hours=-number) for number in range(250))
    at = opened()
    at.number_input(key="run_page").set_value(3).run()
    at.text_input(key="run_text").set_value("True").run()
    assert not at.exception and len(queries(at)) == 100
    assert at.number_input(key="run_page").value == 1
