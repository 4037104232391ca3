"""Many questions to a retriever: in order, each once, and no further where it is down."""

from __future__ import annotations

import pytest

from rag_core.runs.live import LiveRetriever, ask_many, config_of
from rag_core.runs.live.many import IN_A_ROW
from rag_core.runs.run import Run
from tests.runs.live.search_server import Answer, Request, plain, serving


def answers(failing: set[str]):
    return lambda request: Answer({"detail": "busy"}, 503) if request.body["query"] in failing else plain(request)


def asked(failing: set[str], questions: list[str]) -> tuple[list[tuple[str, bool]], list[Request]]:
    with serving(answers(failing)) as server:
        came = ask_many(LiveRetriever("Search", config_of({"url": server.url})), questions, 2)
        found = [(question, isinstance(answer, Run)) for question, answer in came]
        return found, server.requests


def test_each_question_is_asked_once_in_order_for_so_many_results():
    found, requests = asked(set(), ["a", "b", "c"])
    assert found == [("a", True), ("b", True), ("c", True)]
    assert [(one.body["query"], one.body["top_k"]) for one in requests] == [("a", 2), ("b", 2), ("c", 2)]


def test_what_fails_is_a_sentence_and_the_others_are_asked():
    found, _ = asked({"b"}, ["a", "b", "c"])
    assert found == [("a", True), ("b", False), ("c", True)]


@pytest.mark.parametrize(("good", "reached"), [((), IN_A_ROW), ((0, 3), 4 + IN_A_ROW)])
def test_failures_in_a_row_end_it(good: tuple[int, ...], reached: int):
    questions = [str(number) for number in range(20)]
    found, requests = asked({one for one in questions if int(one) not in good}, questions)
    assert len(found) == len(requests) == reached
