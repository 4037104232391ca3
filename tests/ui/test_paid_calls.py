"""Where a page spends money it says how many requests it sent, as the servers have counted them, and can be stopped."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from pydantic import SecretStr
from streamlit.testing.v1 import AppTest

from rag_core.pipeline.background import THREAD
from rag_core.pipeline.pipeline import Pipeline
from rag_core.rerank.access import Credentials
from tests.generation.chat_server import Script, chat_server
from tests.rerank.conformance_server import KEY, Service, running

ROOT = Path(__file__).parents[2]
QUESTION = "when do I get my money back"
pytestmark = pytest.mark.usefixtures("sample")


@pytest.fixture
def service() -> Iterator[Service]:
    with running() as served:
        yield served


@pytest.fixture
def chat(monkeypatch: pytest.MonkeyPatch) -> Iterator[Script]:
    """The chat model that the environment names."""
    script = Script(reply=lambda request: "Five days [1]." if request.get("stream") else '["refund time"]')
    with chat_server(script) as url:
        monkeypatch.setenv("OPENAI_BASE_URL", url)
        monkeypatch.setenv("OPENAI_MODEL", "toy")
        yield script


def opened(page: str, service: Service, question: str = QUESTION, **query: str) -> AppTest:
    """The page with a reranker of the session's own, on a server that counts."""
    at = AppTest.from_file(str(ROOT / "pages" / page), default_timeout=300)
    key = f"jina-shaped:{service.address}/jina-shaped"
    at.session_state["access"] = Credentials(added=(key,), keys={key: SecretStr(KEY)})
    at.session_state["r"] = key
    at.session_state["q"] = question
    for name, value in query.items():
        at.query_params[name] = value
    return done(at.run())


def done(at: AppTest) -> AppTest:
    assert not at.exception
    assert not at.error, [one.value for one in at.error]
    return at


def told(at: AppTest) -> int:
    """All requests that the page tells of."""
    return sum(
        int(said[1]) for one in at.caption if (said := re.search(r"Requests: ([\d,]+)\.", one.value.replace("\\", "")))
    )


def until_work_ends() -> None:
    """Wait for what goes on in the background: a request may be on its way when the page already says "stopped"."""
    for thread in threading.enumerate():
        if thread.name == THREAD:
            thread.join(60)
            assert not thread.is_alive()


def press(at: AppTest, key: str) -> AppTest:
    return done(at.button(key=key).click().run())


def test_inspect_with_rewriting_and_both_answers_by_a_chat_model(service: Service, chat: Script) -> None:
    at = opened("1_inspect.py", service, gen="Chat model", rw="true", vs="true")
    assert service.requests >= 1 and len(chat.requests) >= 2
    assert told(at) == service.requests + len(chat.requests)


def test_what_the_chat_model_thought_is_folded_beside_its_answer(service: Service, chat: Script) -> None:
    chat.reply = lambda request: "<think>Perhaps [2].</think>\n\nFive days [1]." if request.get("stream") else "[]"
    at = opened("1_inspect.py", service, gen="Chat model")
    (folded,) = [one for one in at.expander if one.label == "The model's reasoning"]
    assert [one.value for one in folded.text] == ["Perhaps [2]."]
    assert not [one for one in at.get("html") if "Perhaps" in one.proto.body]


@pytest.mark.parametrize("page", ["1_inspect.py", "2_scores.py", "3_latency.py", "4_compare.py"])
def test_one_run(service: Service, page: str) -> None:
    at = opened(page, service)
    assert told(at) == service.requests >= 1
    done(at.run())
    assert told(at) == service.requests


def test_measuring_the_speed(service: Service) -> None:
    at = opened("3_latency.py", service)
    before = service.requests
    press(at, "measure_pace")
    assert service.requests > before and told(at) == service.requests


@pytest.mark.parametrize(("page", "button"), [("2_scores.py", "score_set"), ("4_compare.py", "compare_set")])
def test_a_run_over_a_set(service: Service, page: str, button: str) -> None:
    at = press(opened(page, service, question=""), button)
    assert told(at) == service.requests >= 2
    press(at, button)
    assert told(at) == service.requests, "what is known is not asked again"


def test_evaluate_and_its_times(service: Service) -> None:
    at = press(opened("5_evaluate.py", service, question=""), "eval_score")
    assert told(at) == service.requests >= 1
    before = service.requests
    press(at, "eval_time")
    assert told(at) == service.requests - before > 0


def test_triage_and_the_explanation_by_sentence(service: Service) -> None:
    at = opened("6_triage.py", service, doc="refunds.md")
    assert told(at) == service.requests >= 1
    before = service.requests
    press(at, "explain")
    assert service.requests > before and told(at) == service.requests


def test_trying_a_reranker(service: Service) -> None:
    at = opened("7_rerankers.py", service, question="")
    done(at.selectbox(key="look").set_value(at.session_state["r"]).run())
    press(at, "try")
    assert told(at) == service.requests >= 1


@pytest.fixture
def hasty(service: Service, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A visitor who clicks on Stop as soon as it is drawn, which AppTest cannot do while a page runs. The sample is
    indexed before."""
    opened("2_scores.py", service, question="")
    drawn: list[str] = []
    button = st.button

    def clicked(label: str, *, key: str = "", on_click: Callable[..., None] | None = None, **more: Any) -> bool:
        pressed = button(label, key=key, on_click=on_click, **more)
        if label == "Stop" and "patient" not in drawn:
            drawn.append(key)
            if on_click:
                on_click(*more.get("args", ()))
            st.rerun()
        return bool(pressed)

    with monkeypatch.context() as patched:
        patched.setattr(st, "button", clicked)
        yield drawn


@pytest.mark.parametrize("page", ["2_scores.py", "3_latency.py", "4_compare.py", "6_triage.py"])
def test_a_stopped_run_sends_nothing_more_until_it_may_go_on(service: Service, page: str, hasty: list[str]) -> None:
    at = opened(page, service, doc="refunds.md")
    until_work_ends()
    asked = service.requests
    assert hasty and asked <= 1, "at most the request that was on its way"
    at.session_state["q"] = QUESTION
    done(at.run())
    until_work_ends()
    assert service.requests == asked
    assert [one.key for one in at.button if one.label == "Go on"] == ["go_on"]


@pytest.mark.parametrize("page", ["1_inspect.py", "3_latency.py"])
def test_who_waits_for_another_ones_search_can_stop(
    page: str, hasty: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    searches, begun, may_end = Pipeline.measure, threading.Event(), threading.Event()

    def slow(*asked: Any) -> Any:
        begun.set()
        assert may_end.wait(60)
        return searches(*asked)

    monkeypatch.setattr(Pipeline, "measure", slow)
    first, second = (AppTest.from_file(str(ROOT / "pages" / page), default_timeout=300) for _ in range(2))
    for at in (first, second):
        at.session_state["r"], at.session_state["q"] = "none", f"how long is a slow search for {page}"
    searching = threading.Thread(target=first.run)
    searching.start()
    try:
        assert begun.wait(60)
        done(second.run())
    finally:
        may_end.set()
        searching.join()
    assert hasty
    assert [one.key for one in second.button if one.label == "Go on"] == ["go_on"]
    hasty.append("patient")
    assert not [one for one in done(second.button(key="go_on").click().run()).button if one.label == "Go on"]


def test_a_stopped_answer_is_not_asked_for_again(service: Service, chat: Script, hasty: list[str]) -> None:
    chat.pause_s = 0.5
    at = AppTest.from_file(str(ROOT / "pages" / "1_inspect.py"), default_timeout=300)
    at.session_state["r"] = "none"
    at.session_state["q"] = QUESTION
    at.query_params["gen"] = "Chat model"
    done(at.run())
    assert any("The answer was stopped" in one.value for one in at.caption)
    until_work_ends()
    asked = len(chat.requests)
    done(at.run())
    until_work_ends()
    assert len(chat.requests) == asked <= 1


@pytest.mark.parametrize(
    ("page", "button"),
    [("2_scores.py", "score_set"), ("4_compare.py", "compare_set"), ("5_evaluate.py", "eval_score")],
)
def test_a_stopped_set_run_sends_nothing(service: Service, page: str, button: str, hasty: list[str]) -> None:
    press(opened(page, service, question=""), button)
    until_work_ends()
    assert hasty and service.requests == 0
