"""What a chat server asked for is remembered, so that it is refused once and not with every request."""

from __future__ import annotations

from typing import Any

import pytest

from rag_core.errors import GenerationError
from rag_core.generation.chat.access import ChatAccess, ChatConfig
from rag_core.generation.chat.client import complete
from rag_core.generation.chat.dialect import Dialect, usual
from rag_core.generation.chat.habits import Habits
from rag_core.generation.chat.stream import stream_answer
from tests.builders import passage
from tests.generation.chat.test_dialect import (
    MESSAGES,
    Refusal,
    all_of,
    no_max_tokens,
    no_stream,
    no_stream_options,
    no_system,
    no_temperature,
)
from tests.generation.chat_server import Script, chat_server

CONFIG = ChatConfig(base_url="http://localhost:1/v1", model="toy")
OTHER = Dialect(limit="max_completion_tokens", changed=("limit",))


def answered(url: str, model: str = "toy") -> str:
    access = ChatAccess(config=ChatConfig(base_url=url, model=model))
    return "".join(stream_answer(access, "How long?", (passage("a", "Refunds take five days."),)).pieces())


@pytest.mark.parametrize("refuse", [no_max_tokens, no_temperature, no_system, no_stream_options, no_stream])
def test_a_server_is_asked_its_way_from_the_second_request_on(refuse: Refusal) -> None:
    script = Script(refuse=refuse)
    with chat_server(script) as url:
        assert [answered(url) for _ in range(3)] == ["Five days [1]."] * 3
        assert len(script.requests) == 2 + 1 + 1
        assert complete(ChatAccess(config=ChatConfig(base_url=url, model="toy")), MESSAGES).text == "Five days [1]."
    assert len(script.requests) <= 2 + 1 + 1 + 1


def test_every_wish_of_a_server_is_remembered_and_none_of_another_model() -> None:
    script = Script(refuse=all_of(no_max_tokens, no_system, no_stream_options), models=("toy", "other"))
    with chat_server(script) as url:
        answered(url)
        answered(url)
        assert len(script.requests) == 4 + 1
        answered(url, "other")
    assert len(script.requests) == 4 + 1 + 4


@pytest.mark.parametrize("own", [{"key": "theirs"}, {"scope": "theirs"}])
def test_what_one_user_was_refused_changes_no_request_of_another(own: dict[str, str]) -> None:
    script = Script(refuse=no_temperature)
    with chat_server(script) as url:
        theirs, mine = (
            ChatAccess.model_validate({"config": ChatConfig(base_url=url, model="toy"), **one})
            for one in (own, {"key": "mine", "scope": "mine"})
        )
        complete(theirs, MESSAGES)
        complete(theirs, MESSAGES)
        assert len(script.requests) == 2 + 1 and "temperature" not in script.requests[-1]
        script.refuse = None
        complete(mine, MESSAGES)
        assert "temperature" in script.requests[-1]
    assert len(script.requests) == 2 + 1 + 1


def test_a_server_that_changed_its_mind_is_asked_in_the_usual_way_again() -> None:
    def no_new_limit(_: str, request: dict[str, Any]) -> tuple[int, Any] | None:
        said = {"error": {"message": "Unrecognized request argument: max_completion_tokens"}}
        return (400, said) if "max_completion_tokens" in request else None

    script = Script(refuse=no_max_tokens)
    with chat_server(script) as url:
        answered(url)
        script.refuse = no_new_limit
        assert answered(url) == "Five days [1]."
        assert "max_tokens" in script.requests[-1]
        assert len(script.requests) == 2 + 2
        answered(url)
    assert len(script.requests) == 2 + 2 + 1


def test_an_error_that_is_no_wish_is_told_after_one_request_more() -> None:
    script = Script(refuse=no_max_tokens)
    with chat_server(script) as url:
        answered(url)
        script.refuse = lambda path, request: (400, {"error": {"message": "model is asleep"}})
        with pytest.raises(GenerationError, match="model is asleep"):
            answered(url)
    assert len(script.requests) == 2 + 2


def at(port: int) -> ChatAccess:
    return ChatAccess(config=CONFIG.model_copy(update={"base_url": f"http://localhost:{port}/v1"}))


def test_what_is_known_is_kept_for_an_hour_and_of_so_many_servers() -> None:
    now = [0.0]
    habits = Habits(lambda: now[0])
    habits.learn(at(1), usual(CONFIG))
    habits.learn(at(1), OTHER)
    assert habits.of(at(1)) == OTHER
    now[0] = 3601
    assert habits.of(at(1)) == usual(CONFIG)
    for port in range(300):
        habits.learn(at(port), OTHER)
    known = [habits.of(at(port)) for port in range(300)]
    assert known.count(OTHER) == 256
    assert known[-1] == OTHER
