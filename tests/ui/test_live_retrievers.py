"""A live retriever is connected on the Corpus page and asked on Inspect, like a collection."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit import config
from streamlit.testing.v1 import AppTest

from rag_core.corpus.sample import SAMPLE
from rag_core.runs.live import LiveRetriever, config_of
from tests.runs.live.search_server import KEY, Answer, SearchServer, dify, plain, serving
from tests.ui.pages import PAGES, page, said
from ui import caches
from ui.panels import linked_run
from ui.sidebar import retrievers

NAME = "Support search"
QUERY = "How many days does a refund take?"
pytestmark = pytest.mark.usefixtures("sample")


@pytest.fixture
def server() -> Iterator[SearchServer]:
    with serving(plain) as running:
        yield running


def form(**typed: str) -> AppTest:
    """The form on the Corpus page, filled in; `ret_kind` first, since the other fields depend on it."""
    at = page("8_corpus.py")
    if kind := typed.pop("ret_kind", ""):
        at.selectbox(key="ret_kind").set_value(kind).run()
    boxes = {one.key: one for one in [*at.text_input, *at.text_area]}
    for key, value in typed.items():
        boxes[key].set_value(value)
    return at


def inspect(retriever: LiveRetriever, query: str = QUERY) -> AppTest:
    """Inspect of a session that connected this retriever and asks it."""
    return page("1_inspect.py", retrievers={retriever.name: retriever}, c=retriever.name, q=query)


def live(url: str, **fields: object) -> LiveRetriever:
    return LiveRetriever(NAME, config_of({"url": url, **fields}))


def candidates(at: AppTest) -> list[str]:
    table = next(one.value for one in at.dataframe if "passage_id" in one.value.columns)
    return list(table["passage_id"])


def test_a_retriever_is_tried_then_connected_and_chosen(server: SearchServer):
    at = form(ret_name=NAME, ret_url_search=server.url, ret_key_search_0=KEY, ret_question=QUERY)
    at.button(key="ret_try").click().run()
    assert not at.exception and not at.error
    (rows,) = [one.value for one in at.dataframe if "Rank" in one.value.columns]
    assert list(rows["Id"]) == ["refunds.md", "returns.md", "errors.md"] and list(rows["Score"]) == [0.9, 0.8, 0.7]
    assert retrievers.KEY not in at.session_state
    at.button(key="ret_connect").click().run()
    assert not at.exception and at.selectbox(key="c").value == NAME
    kept = at.session_state[retrievers.KEY][NAME]
    assert kept.key.get_secret_value() == KEY and kept.config == config_of({"url": server.url})
    assert f"{NAME} is connected for this session" in said(at)


def test_the_key_is_shown_and_linked_nowhere_and_leaves_the_form(server: SearchServer, tmp_path: Path):
    at = form(ret_name=NAME, ret_url_search=server.url, ret_key_search_0=KEY)
    at.button(key="ret_connect").click().run()
    held = at.session_state[retrievers.KEY]
    assert not [one for one in at.text_input if one.value == KEY]
    assert KEY not in " ".join([str(one.proto) for one in at.main] + [str(dict(at.query_params))])
    asked = page("1_inspect.py", retrievers=held, c=NAME, q=QUERY)
    asked.button(key="keep_live").click().run()
    assert server.requests[-1].headers["Authorization"] == f"Bearer {KEY}"
    shown = " ".join(str(one.proto) for one in [*asked.main, *asked.sidebar])
    assert KEY not in shown + str(dict(asked.query_params))
    stored = [path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file()]
    (row,) = caches.run_book().find().found
    assert stored and KEY.encode() not in b"".join(stored)
    assert KEY not in caches.run_book().get(row.project, row.id).to_json()


def test_a_key_that_the_api_wants_in_the_body_gets_there_and_is_shown_nowhere(server: SearchServer):
    body = '{"query": "{query}", "top_k": "{top_k}", "api_key": "{key}"}'
    at = form(ret_name=NAME, ret_url_search=server.url, ret_key_search_0=KEY, ret_body_search=body, ret_question=QUERY)
    at.button(key="ret_try").click().run()
    assert not at.exception and not at.error and "Authorization" not in server.requests[0].headers
    assert server.requests[0].body == {"query": QUERY, "top_k": 20, "api_key": KEY}
    at.button(key="ret_connect").click().run()
    held = at.session_state[retrievers.KEY]
    shown = page("8_corpus.py", retrievers=held, c=NAME)
    assert "{key}" in " ".join(str(one.proto) for one in shown.code)
    assert KEY not in " ".join(str(one.proto) for one in [*shown.main, *shown.sidebar]) + str(dict(shown.query_params))


def test_dify_is_connected_by_its_address_and_knowledge_id():
    with serving(dify) as server:
        at = form(
            ret_kind="dify", ret_url_dify=server.url, ret_knowledge='the "hr" base', ret_key_dify_0=KEY,
            ret_question=QUERY,
        )  # fmt: skip
        at.button(key="ret_try").click().run()
        assert not at.exception and not at.error and "returned 3 results" in said(at)
        at.text_input(key="ret_knowledge").set_value("another")
        at.button(key="ret_try").click().run()
        assert "2001: The knowledge does not exist" in said(at)


def test_a_function_is_connected_by_its_name():
    at = form(ret_kind="function", ret_function="tests.runs.live.test_functions:record", ret_question=QUERY)
    at.button(key="ret_try").click().run()
    assert not at.exception and "recorded 2 steps" in said(at)
    at.button(key="ret_connect").click().run()
    assert list(at.session_state[retrievers.KEY]) == ["tests.runs.live.test_functions:record"]


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ({"ret_url_search": ""}, "Enter the address"),
        ({"ret_url_search": "http://a", "ret_body_search": "{"}, "The body is no JSON"),
        ({"ret_url_search": "http://a", "ret_text_search": "a..b"}, "is no path"),
        ({"ret_url_search": "http://a", "ret_headers_search": "X-Api-Key: abc"}, "looks like a key"),
        ({"ret_url_search": "http://a", "ret_name": "Sample corpus"}, "is taken"),
    ],
)
def test_what_cannot_be_connected_is_named(typed: dict[str, str], message: str):
    at = form(**typed)
    at.button(key="ret_connect").click().run()
    assert not at.exception and message in said(at) and retrievers.KEY not in at.session_state


def test_a_path_that_leads_nowhere_is_corrected_in_the_form():
    with serving(Answer({"data": [{"content": "Thirty days."}]})) as server:
        at = form(ret_url_search=server.url, ret_question=QUERY)
        at.button(key="ret_try").click().run()
        assert "no list of results at `results`" in said(at) and "an object with `data`" in said(at)
        at.text_input(key="ret_results_search").set_value("data")
        at.text_input(key="ret_text_search").set_value("content")
        at.button(key="ret_try").click().run()
        assert not at.error and "returned 1 result " in said(at) and "Score (`score`) is not in any" in said(at)


def test_inspect_asks_it_once_and_shows_the_run(server: SearchServer):
    at = inspect(live(server.url))
    assert candidates(at) == ["refunds.md", "returns.md", "errors.md"]
    assert f"127.0.0.1:{server.server_port}/search returned 3 results in" in said(at)
    at.selectbox(key="cand").select("returns.md").run()
    assert len(server.requests) == 1
    at.button(key="ask_again").click().run()
    assert len(server.requests) == 2 and not at.exception
    at.text_input(key="q").set_value("Another question?")
    at.button(key="run").click().run()
    assert [one.body["query"] for one in server.requests] == [QUERY, QUERY, "Another question?"]


def test_how_many_results_it_is_asked_for_is_in_the_sidebar(server: SearchServer):
    at = inspect(live(server.url, top_k=2))
    (slider,) = [one for one in at.slider if one.label == "Results to ask for"]
    assert slider.value == 2 and len(candidates(at)) == 2
    slider.set_value(1).run()
    assert [one.body["top_k"] for one in server.requests] == [2, 1] and not at.exception


def test_another_reranker_reads_its_results_without_asking_again(server: SearchServer):
    at = inspect(live(server.url), "the disk is full")
    trace_key = next(one.key for one in at.selectbox if one.label == "Reranker")
    at.selectbox(key=trace_key).select("late-interaction").run()
    at.button(key="score_run").click().run()
    assert not at.exception and any("This is a replay" in str(one.value) for one in at.info)
    assert candidates(at)[0] == "errors.md" and len(server.requests) == 1


def test_a_run_with_steps_of_its_own_keeps_them():
    function = {"kind": "function", "function": "tests.runs.live.test_functions:record"}
    at = inspect(LiveRetriever("Assistant", config_of(function)))
    shown = " ".join(str(one.proto) for one in at.get("html"))
    assert "<b>dense</b>" in shown and "<b>reranked</b>" in shown and "recorded 2 steps" in said(at)


def test_what_goes_wrong_is_told_and_not_asked_again_by_itself():
    with serving(Answer({"detail": "index missing"}, 500)) as server:
        at = inspect(live(server.url))
        assert "It says: “index missing”" in said(at) and not at.dataframe
        at.run()
        assert len(server.requests) == 1
        server.answers = plain
        at.button(key="ask_again").click().run()
        assert not at.error and len(candidates(at)) == 3


def test_nothing_found_is_shown_as_that():
    with serving(Answer({"results": []})) as server:
        at = inspect(live(server.url))
        assert not at.error and "returned 0 results" in said(at)


def test_its_run_is_kept_by_a_click(server: SearchServer):
    at = inspect(live(server.url))
    assert caches.run_book().count() == 0
    at.button(key="keep_live").click().run()
    (row,) = caches.run_book().find().found
    assert (row.project, row.query) == (NAME, QUERY) and at.button(key="keep_live").disabled


def test_its_scores_are_shown(server: SearchServer):
    retriever = live(server.url)
    at = page("2_scores.py", retrievers={NAME: retriever}, c=NAME, q=QUERY)
    assert at.get("plotly_chart") and "returned 3 results" in said(at) and len(server.requests) == 1


def test_the_rerankers_page_needs_no_collection(server: SearchServer):
    at = page("7_rerankers.py", retrievers={NAME: live(server.url)}, c=NAME)
    assert at.selectbox(key="look")


def test_a_retriever_that_is_removed_leaves_with_its_key(server: SearchServer):
    at = page("8_corpus.py", retrievers={NAME: live(server.url)}, c=NAME)
    at.button(key="remove_retriever").click().run()
    assert not at.exception and at.session_state[retrievers.KEY] == {} and at.selectbox(key="c").value != NAME


def test_a_link_to_one_of_another_session_says_so():
    at = AppTest.from_file(str(PAGES / "1_inspect.py"), default_timeout=120)
    at.query_params["c"] = NAME
    at.query_params["q"] = QUERY
    at.run()
    assert not at.exception and "a retriever that another session connected" in said(at)


@pytest.fixture
def for_everyone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: SearchServer) -> Path:
    file = tmp_path / "retrievers.json"
    file.write_text(json.dumps({NAME: {"url": server.url, "key_env": "SUPPORT_KEY"}}))
    monkeypatch.setenv("SECOND_PASS_RETRIEVERS", str(file))
    monkeypatch.setenv("SUPPORT_KEY", KEY)
    caches.settings.clear()
    return file


@pytest.fixture
def strangers() -> Iterator[None]:
    before = config.get_option("server.address")
    config.set_option("server.address", "0.0.0.0")
    yield
    config.set_option("server.address", before)


def test_a_retriever_with_the_name_of_a_collection_never_takes_its_questions(for_everyone: Path, server: SearchServer):
    for_everyone.write_text(for_everyone.read_text().replace(NAME, SAMPLE))
    at = page("1_inspect.py", c=SAMPLE, q=QUERY, r="none")
    assert f"A collection has the name of the live retriever {SAMPLE}" in said(at)
    assert server.requests == [] and candidates(at)


@pytest.mark.usefixtures("for_everyone")
def test_the_environment_s_is_offered_to_everyone(server: SearchServer, strangers):
    at = AppTest.from_file(str(PAGES / "1_inspect.py"), default_timeout=120)
    at.query_params["c"] = NAME
    at.query_params["q"] = QUERY
    at.run()
    assert not at.exception and len(candidates(at)) == 3
    assert server.requests[0].headers["Authorization"] == f"Bearer {KEY}"
    assert not [one for one in at.button if one.key == "keep_live"]


def test_a_file_of_retrievers_that_cannot_be_used_is_named_and_the_page_stays(for_everyone: Path):
    for_everyone.write_text('{"A": {"url": 1}}')
    at = page("8_corpus.py")
    assert "The retriever “A” cannot be used" in said(at) and at.selectbox(key="c")


def test_an_entry_without_its_key_is_named_and_the_others_are_asked(for_everyone: Path, server: SearchServer):
    entries = {"A": {"url": "http://a", "key_env": "SURELY_NOT_SET"}, NAME: {"url": server.url}}
    for_everyone.write_text(json.dumps(entries))
    at = page("1_inspect.py", c=NAME, q=QUERY)
    assert len(candidates(at)) == 3 and "The environment variable SURELY_NOT_SET is not set" in said(at)


def test_strangers_connect_none_and_ask_none_of_their_own(server: SearchServer, strangers):
    at = page("8_corpus.py")
    assert "Off on this installation" in said(at) and not [one for one in at.selectbox if one.key == "ret_kind"]
    at = AppTest.from_file(str(PAGES / "1_inspect.py"), default_timeout=120)
    at.session_state[retrievers.KEY] = {NAME: live(server.url)}
    at.session_state["q"] = QUERY
    at.query_params["c"] = NAME
    at.run()
    assert not at.exception and "There is no collection" in said(at) and server.requests == []


def test_its_run_goes_to_triage_though_no_list_has_it(server: SearchServer):
    at = inspect(live(server.url))
    assert at.button(key="should_have")
    (named,) = at.session_state[linked_run.FROM_FILE]
    triage = AppTest.from_file(str(PAGES / "6_triage.py"), default_timeout=120)
    for key in (retrievers.KEY, linked_run.FROM_FILE):
        triage.session_state[key] = at.session_state[key]
    triage.query_params.update({"run": named, "c": NAME})
    triage.run()
    assert not triage.exception and f"a run of {NAME}" in said(triage)


def test_a_session_keeps_no_more_runs_than_it_says_and_the_last_ones(server: SearchServer, monkeypatch):
    monkeypatch.setattr(linked_run, "KEPT", 2)
    at = inspect(live(server.url), "First?")
    for question in ("Second?", "First?", "Third?"):
        at.text_input(key="q").set_value(question)
        at.button(key="run").click().run()
    assert not at.exception
    assert [one.query for one in at.session_state[linked_run.FROM_FILE].values()] == ["First?", "Third?"]
