"""A new question is begun before the settings are drawn, where they are those of the run before, and is asked once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from rag_core.pipeline.session import QuerySession
from rag_core.retrieval.bm25 import LexicalIndex
from rag_core.schema.policy import Policy, Rewrite
from ui.panels import ahead, progressive_rerank
from ui.sidebar import searched

INSPECT = Path(__file__).parents[3] / "pages" / "1_inspect.py"
SETTINGS = "the settings are drawn"
FIRST, SECOND = "how long does a refund take", "when can goods be returned"


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What happened, in order: the settings drawn, a question begun, a question searched."""
    found: list[str] = []
    choice, scoring, search = searched.collection_choice, QuerySession.scoring, LexicalIndex.search

    def drawn() -> str:
        found.append(SETTINGS)
        return choice()

    @contextmanager
    def begun(question: QuerySession, policy: Policy) -> Iterator[Any]:
        found.append(f"begun: {question.query}")
        with scoring(question, policy) as work:
            yield work

    def looked_up(index: LexicalIndex, query: str, *given: object) -> object:
        found.append(f"searched: {query}")
        return search(index, query, *given)

    monkeypatch.setattr(searched, "collection_choice", drawn)
    monkeypatch.setattr(QuerySession, "scoring", begun)
    monkeypatch.setattr(LexicalIndex, "search", looked_up)
    return found


@pytest.fixture
def at(sample: None, events: list[str]) -> AppTest:
    """Inspect after its first question."""
    page = AppTest.from_file(str(INSPECT), default_timeout=300).run()
    ask(page, FIRST)
    assert events.index(SETTINGS) < events.index(f"searched: {FIRST}")
    events.clear()
    return page


def ask(page: AppTest, question: str) -> None:
    page.text_input(key="q").set_value(question)
    page.button(key="run").click().run()
    assert not page.exception


def ahead_of_the_settings(events: list[str]) -> list[str]:
    return events[: events.index(SETTINGS)]


def test_another_question_is_begun_at_once_and_searched_once(at: AppTest, events: list[str]) -> None:
    ask(at, SECOND)
    assert f"begun: {SECOND}" in ahead_of_the_settings(events)
    assert events.count(f"searched: {SECOND}") == 1
    events.clear()
    ask(at, FIRST)  # it is known
    assert events == [SETTINGS]


def test_with_other_settings_it_waits_for_them(at: AppTest, events: list[str]) -> None:
    at.slider(key="k").set_value(2)
    ask(at, SECOND)
    assert not ahead_of_the_settings(events) and events.count(f"searched: {SECOND}") == 1
    assert at.session_state[ahead.LAST].choice.policy.top_k == 2


@pytest.mark.parametrize(
    "policy",
    [
        Policy(reranker="cohere:rerank-v3.5"),
        Policy(reranker="tei:http://localhost:1"),
        Policy(rewrite=Rewrite(on=True)),
    ],
)
def test_nothing_that_a_service_may_bill_is_begun(at: AppTest, events: list[str], policy: Policy) -> None:
    last: ahead.Asked = at.session_state[ahead.LAST]
    at.session_state[ahead.LAST] = replace(last, choice=replace(last.choice, policy=policy))
    ask(at, SECOND)
    assert not ahead_of_the_settings(events)


def test_a_run_that_was_stopped_is_not_begun_again(at: AppTest, events: list[str]) -> None:
    choice = at.session_state[ahead.LAST].choice
    run = (choice.collection, SECOND, None, choice.policy.first_pass, choice.policy.reranker)
    at.session_state[progressive_rerank.STOPPED] = run
    ask(at, SECOND)
    assert not ahead_of_the_settings(events)
