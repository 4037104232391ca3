"""A live retriever answers the question of every page: Latency, Compare, Triage, Evaluate."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit import config
from streamlit.testing.v1 import AppTest

from rag_core.diagnosis import Verdict
from rag_core.runs.live import LiveRetriever, config_of
from rag_core.runs.live.many import IN_A_ROW
from rag_core.triage import RerunOutcome
from rag_core.wording.verdicts import VERDICT_LABELS
from tests.runs.live.search_server import Answer, Request, SearchServer, plain, serving
from ui import caches, visitors
from ui.panels import linked_run, live_times, run_evaluation, run_selection, triage
from ui.sidebar import retrievers
from ui.sidebar.recorded import key_of

PAGES = Path(__file__).parents[2] / "pages"
NAME = "Support search"
QUERY = "How many days does a refund take?"
LATENCY, COMPARE, EVALUATE, TRIAGE = "3_latency.py", "4_compare.py", "5_evaluate.py", "6_triage.py"
pytestmark = pytest.mark.usefixtures("sample")


@pytest.fixture
def server() -> Iterator[SearchServer]:
    with serving(plain) as running:
        yield running


def page(name: str, url: str, query: str = QUERY, fields: dict[str, object] | None = None, **link: str) -> AppTest:
    at = AppTest.from_file(str(PAGES / name), default_timeout=120)
    retriever = LiveRetriever(NAME, config_of(fields or {"url": url}))
    at.session_state[retrievers.KEY] = {NAME: retriever}
    at.query_params.update({"c": NAME, **({"q": query} if query else {}), **link})
    at.run()
    assert not at.exception
    return at


def said(at: AppTest) -> str:
    shown = (*at.get("html"), *at.markdown, *at.caption, *at.info, *at.warning, *at.error, *at.success, *at.header)
    return " ".join(str(one.proto) for one in shown).replace("\\", "").replace("\u2060", "")


def table(at: AppTest, column: str):
    return next(one.value for one in (*at.dataframe, *at.table) if column in one.value.columns)


def tables(at: AppTest, column: str) -> list:
    return [one.value for one in at.dataframe if column in one.value.columns]


def there(at: AppTest, key: str) -> bool:
    return any(one.key == key for one in at.button)


def failing_at(*numbers: int, every: bool = False):
    """A server that fails at these requests, counted from 1."""
    seen = 0

    def answers(request: Request) -> Answer:
        nonlocal seen
        seen += 1
        return Answer({"detail": "index missing"}, 500) if every or seen in numbers else plain(request)

    return answers


@pytest.mark.parametrize("name", [LATENCY, COMPARE, TRIAGE])
def test_before_a_question_the_page_says_what_it_will_show_and_asks_nothing(name: str, server: SearchServer):
    at = page(name, server.url, query="")
    assert "your retriever" in said(at) and not at.error and server.requests == []
    at.text_input(key="q").set_value(QUERY)
    at.button(key="run").click().run()
    assert not at.exception and [one.body["query"] for one in server.requests] == [QUERY]


@pytest.mark.parametrize("name", [LATENCY, COMPARE, TRIAGE])
def test_what_goes_wrong_is_told_and_the_page_stays(name: str):
    with serving(failing_at(1)) as server:
        at = page(name, server.url)
        assert "It says: “index missing”" in said(at) and len(server.requests) == 1
        at.button(key="ask_again").click().run()
        assert not at.exception and not at.error and "returned 3 results" in said(at)


@pytest.mark.parametrize("name", [LATENCY, COMPARE, TRIAGE, EVALUATE])
def test_the_sidebar_has_no_settings_of_a_search(name: str, server: SearchServer):
    at = page(name, server.url)
    assert at.selectbox(key="c").value == NAME and not [one for one in at.slider if one.key == "depth"]


def test_a_link_to_a_run_that_is_not_there_says_so_and_the_retriever_is_asked(server: SearchServer):
    at = page(COMPARE, server.url, run=f"{NAME}/gone")
    assert "The run of this link cannot be opened" in said(at) and "returned 3 results" in said(at)


def test_a_recorded_run_that_is_open_comes_first(server: SearchServer):
    at = page(LATENCY, server.url)
    at.button(key="keep_live").click().run()
    (row,) = caches.run_book().find().found
    for name in ("2_scores.py", LATENCY, COMPARE, TRIAGE):
        opened = page(name, server.url, run=f"{row.project}/{row.id}")
        assert not opened.error and there(opened, "close_run"), name
    assert len(server.requests) == 1


# Latency


def test_latency_shows_the_steps_times_of_the_answer(server: SearchServer):
    at = page(LATENCY, server.url)
    times = table(at, "took_ms")
    assert list(times["step"]) == ["search", "kept"] and times["took_ms"][0] > 0 == times["took_ms"][1]
    assert "No time was recorded" not in said(at)
    assert len(server.requests) == 1 and at.get("plotly_chart")


def test_latency_asks_the_same_question_as_often_as_is_said(server: SearchServer):
    at = page(LATENCY, server.url)
    assert f"{live_times.AT_FIRST} calls to 127.0.0.1" in said(at) and not tables(at, "p95")
    at.number_input(key="live_times").set_value(4).run()
    at.button(key="ask_times").click().run()
    assert not at.exception and [one.body["query"] for one in server.requests] == [QUERY] * 5
    assert table(at, "p95").set_index("step").loc["search", "runs"] == 4
    assert "4 answers. The first took" in said(at)
    at.text_input(key="q").set_value("Another question?")
    at.button(key="run").click().run()
    assert not tables(at, "p95") and len(server.requests) == 6


def test_latency_lists_the_repeats_that_failed():
    with serving(failing_at(3)) as server:
        at = page(LATENCY, server.url)
        at.number_input(key="live_times").set_value(3).run()
        at.button(key="ask_times").click().run()
        assert table(at, "p95").set_index("step").loc["search", "runs"] == 2
        (why,) = table(at, "What went wrong")["What went wrong"]
        assert "index missing" in why and not at.exception


def test_latency_of_a_function_with_steps_of_its_own_has_each_of_them():
    at = page(LATENCY, "", fields={"kind": "function", "function": "tests.runs.live.test_functions:record"})
    assert list(table(at, "took_ms")["step"])[:2] == ["dense", "reranked"]


# Compare


def test_compare_sets_the_answer_against_another_reranker_over_its_results(server: SearchServer):
    at = page(COMPARE, server.url, "the disk is full")
    assert "Change a setting in the sidebar" in said(at)
    (trace,) = at.session_state[linked_run.FROM_FILE].values()
    at.selectbox(key=key_of(trace, "r")).select("late-interaction").run()
    at.button(key="score_run").click().run()
    assert not at.exception and "A: as recorded" in said(at) and len(at.get("plotly_chart")) == 2
    assert len(server.requests) == 1


QUESTIONS = ("The disk is full", "How long do refunds take?", "Who pays the postage?")


def asked_several(at: AppTest) -> AppTest:
    """The page once the questions are typed and asked."""
    at.text_area(key="live_questions").set_value("\n".join((*QUESTIONS, QUESTIONS[0], " "))).run()
    assert "3 calls to 127.0.0.1" in said(at)
    at.button(key="ask_several").click().run()
    assert not at.exception
    return at


@pytest.mark.parametrize("query", ["", "Disk?"])
def test_compare_asks_several_questions_and_replays_each(server: SearchServer, query: str):
    at = asked_several(page(COMPARE, server.url, query=query))
    assert [one.body["query"] for one in server.requests][-3:] == list(QUESTIONS)
    asked, before = len(server.requests), "Replay 3 runs" in [one.label for one in at.button]
    chosen = next(one for one in at.selectbox if one.label == "Reranker")
    chosen.select("none").run()
    at.slider(key=str(chosen.key).replace("run_r_", "run_k_")).set_value(1).run()
    at.button(key="compare_runs").click().run()
    assert not at.exception and not before and set(table(at, "rbo")["query"]) == set(QUESTIONS)
    assert len(server.requests) == asked and caches.run_book().count() == 0


def test_compare_lists_the_questions_without_an_answer_and_asks_only_these_again():
    with serving(failing_at(2)) as server:
        at = asked_several(page(COMPARE, server.url, query=""))
        assert list(table(at, "What went wrong")["Question"]) == [QUESTIONS[1]]
        at.button(key="ask_several").click().run()
        assert not at.exception and not tables(at, "What went wrong") and len(server.requests) == 4


# Triage


def test_triage_tells_what_became_of_the_document_and_keeps_the_case_with_its_run(server: SearchServer):
    at = page(TRIAGE, server.url, expect="returns.md")
    assert VERDICT_LABELS[Verdict.KEPT] in said(at)
    assert [rank.replace("\N{NO-BREAK SPACE}", " ") for rank in table(at, "Step")["Rank"]] == ["2 of 3", "2 of 3"]
    at.button(key="save_case_button").click().run()
    assert not at.exception and "Saved." in said(at)
    (row,) = caches.case_book().find().found
    case = caches.case_book().get(row.id)
    assert row.recorded and (row.collection, row.query, row.documents) == (NAME, QUERY, ("returns.md",))
    assert [one.passage.id for one in case.trace.kept] == ["refunds.md", "returns.md", "errors.md"]
    assert len(server.requests) == 1


def test_triage_names_the_search_that_missed_a_document(server: SearchServer):
    at = page(TRIAGE, server.url, expect="vacation.md")
    assert VERDICT_LABELS[Verdict.MISSED] in said(at)


def test_the_document_stays_while_the_retriever_is_asked_again(server: SearchServer):
    at = page(TRIAGE, server.url, expect="returns.md", expect_quote="thirty days")
    at.button(key="ask_again").click().run()
    assert len(server.requests) == 2
    assert [one.value for one in at.selectbox if one.label == triage.DOCUMENT] == ["returns.md"]
    assert [one.value for one in at.text_input if one.label.startswith("Sentence that")] == ["thirty days"]


def test_the_cases_are_there_while_a_retriever_is_chosen(server: SearchServer):
    at = page(TRIAGE, server.url, expect="returns.md")
    at.button(key="save_case_button").click().run()
    at.segmented_control(key="view").set_value(triage.CASES).run()
    assert not at.exception and not at.error and at.selectbox(key="case").value
    at.button(key="rerun").click().run()
    assert not at.exception and not at.error and len(server.requests) == 1
    at.button(key="reopen").click().run()
    assert not at.exception and "a run of Support search" in said(at) and len(server.requests) == 1


def test_a_case_is_closed_by_asking_the_retriever_again():
    found = False

    def answers(request: Request) -> Answer:
        return plain(request) if found else Answer({"results": [{"id": "errors.md", "text": "Disk full."}]})

    with serving(answers) as server:
        at = page(TRIAGE, server.url, expect="returns.md")
        assert VERDICT_LABELS[Verdict.MISSED] in said(at)
        at.button(key="save_case_button").click().run()
        at.segmented_control(key="view").set_value(triage.CASES).run()
        at.button(key="ask_case").click().run()
        book = caches.case_book()
        (row,) = book.find().found
        assert row.outcome == RerunOutcome.STILL_LOST and len(server.requests) == 2
        found = True
        at.button(key="ask_case").click().run()
        assert not at.exception and book.find().found[0].outcome == RerunOutcome.FIXED
        assert [one.passage.id for one in book.reruns_of(row.id).found[0].trace.kept][1] == "returns.md"
    at.button(key="ask_case").click().run()
    assert not at.exception and "Nothing can be reached" in said(at)


def test_a_case_of_a_retriever_that_this_session_has_not_is_replayed_only(server: SearchServer):
    page(TRIAGE, server.url, expect="returns.md").button(key="save_case_button").click().run()
    at = AppTest.from_file(str(PAGES / TRIAGE), default_timeout=120)
    at.query_params["view"] = triage.CASES
    at.run()
    assert not at.exception and there(at, "rerun") and not there(at, "ask_case")


# Evaluate

GRADES = "query,document_id,grade\nRefund?,refunds.md,2\nRefund?,errors.md,0\nReturn?,returns.md,1\nDisk?,errors.md,1\n"


def graded(at: AppTest, rows: str = GRADES) -> AppTest:
    at.segmented_control(key="runs_judged_by").set_value(run_evaluation.FILES).run()
    at.file_uploader(key="eval_files").set_value([("grades.csv", rows.encode(), "text/csv")]).run()
    assert not at.exception
    return at


def test_evaluate_says_how_many_calls_it_makes_then_asks_each_question_once(server: SearchServer):
    at = graded(page(EVALUATE, server.url))
    assert "3 calls to 127.0.0.1" in said(at) and server.requests == []
    at.button(key="ask_set").click().run()
    assert not at.exception and [one.body["query"] for one in server.requests] == ["Refund?", "Return?", "Disk?"]
    means = table(at, "Step").set_index("Step")
    assert means.loc["search", "RR@10"] == pytest.approx((1 / 1 + 1 / 2 + 1 / 3) / 3)
    assert "each has something relevant among the first 5" in said(at) and not there(at, "ask_set")
    by_run = table(at, "Question")
    assert list(by_run["Question"]) == ["Disk?", "Return?", "Refund?"]
    assert "Triage" not in by_run.columns  # no link finds a run of this session only


def test_evaluate_lists_what_failed_and_asks_only_that_again():
    with serving(failing_at(2)) as server:
        at = graded(page(EVALUATE, server.url))
        at.button(key="ask_set").click().run()
        assert list(table(at, "What went wrong")["Question"]) == ["Return?"]
        assert "1 call to" in said(at) and "2 of 2 runs have grades" in said(at)
        at.button(key="ask_set").click().run()
        assert [one.body["query"] for one in server.requests] == ["Refund?", "Return?", "Disk?", "Return?"]
        assert not tables(at, "What went wrong") and "3 of 3 runs have grades" in said(at)


def test_evaluate_asks_no_further_where_the_retriever_is_down():
    rows = "query,document_id,grade\n" + "".join(f"Question {number}?,a,1\n" for number in range(20))
    with serving(failing_at(every=True)) as server:
        at = graded(page(EVALUATE, server.url), rows)
        at.button(key="ask_set").click().run()
        assert not at.exception and len(server.requests) == IN_A_ROW
        assert len(table(at, "What went wrong")) == IN_A_ROW and "20 calls to" in said(at)


def test_evaluate_by_the_cases_of_the_retriever(server: SearchServer):
    saved = page(TRIAGE, server.url, "Return?", expect="returns.md")
    saved.button(key="save_case_button").click().run()
    at = page(EVALUATE, server.url)
    assert "1 call to" in said(at)
    at.button(key="ask_set").click().run()
    assert table(at, "Step").set_index("Step").loc["kept", "RR@10"] == 0.5


def test_its_runs_are_kept_by_a_click_and_then_compared(server: SearchServer):
    at = graded(page(EVALUATE, server.url))
    at.button(key="ask_set").click().run()
    at.button(key="keep_set").click().run()
    assert not at.exception and caches.run_book().count() == 3 and at.button(key="keep_set").disabled
    other = page(COMPARE, server.url, "Disk?")
    other.segmented_control(key="compare_live").set_value(run_selection.RECORDED).run()
    trace = list(other.session_state[linked_run.FROM_FILE].values())[-1]
    other.selectbox(key=key_of(trace, "r")).select("none").run()
    other.slider(key=key_of(trace, "k")).set_value(1).run()
    other.button(key="compare_runs").click().run()
    assert not other.exception and len(table(other, "rbo")) == 3


def test_strangers_get_no_questions_of_other_peoples_cases(server: SearchServer, tmp_path: Path, monkeypatch):
    page(TRIAGE, server.url, "Who gave notice?", expect="returns.md").button(key="save_case_button").click().run()
    file = tmp_path / "retrievers.json"
    file.write_text(json.dumps({NAME: {"url": server.url}}))
    monkeypatch.setenv("SECOND_PASS_RETRIEVERS", str(file))
    caches.settings.clear()
    before = config.get_option("server.address")
    config.set_option("server.address", "0.0.0.0")
    try:
        at = page(EVALUATE, server.url)
    finally:
        config.set_option("server.address", before)
    assert visitors.RUNS_CLOSED in said(at) and "is a triage case yet" not in said(at) and not there(at, "ask_set")
