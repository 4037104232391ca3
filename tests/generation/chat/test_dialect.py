"""Servers that want to be asked otherwise: once more with what each asks for, then a sentence with its own words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rag_core.errors import GenerationError
from rag_core.generation.chat.access import ChatAccess, ChatConfig
from rag_core.generation.chat.client import complete
from rag_core.generation.chat.stream import ChatStream, stream_answer
from rag_core.schema.answers import Message
from tests.builders import passage
from tests.generation.chat_server import Script, chat_server

PASSAGES = (passage("a", "Refunds take five days."),)
MESSAGES = (Message(role="system", content="Be brief."), Message(role="user", content="hello"))
Refusal = Callable[[str, dict[str, Any]], "tuple[int, Any] | None"]


def no_max_tokens(_: str, request: dict[str, Any]) -> tuple[int, Any] | None:
    said = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
    return (400, {"error": {"message": said, "param": "max_tokens"}}) if "max_tokens" in request else None


def no_temperature(_: str, request: dict[str, Any]) -> tuple[int, Any] | None:
    said = "Unsupported value: 'temperature' does not support 0.0 with this model. Only the default (1) is supported."
    return (400, {"error": {"message": said, "param": "temperature"}}) if "temperature" in request else None


def no_system(_: str, request: dict[str, Any]) -> tuple[int, Any] | None:
    system = request["messages"][0]["role"] == "system"
    return (400, {"object": "error", "message": "System role not supported", "code": 400}) if system else None


def alternating(_: str, request: dict[str, Any]) -> tuple[int, Any] | None:
    said = "Conversation roles must alternate user/assistant/user/assistant/..."
    return (500, {"error": {"message": said}}) if request["messages"][0]["role"] == "system" else None


def no_stream_options(_: str, request: dict[str, Any]) -> tuple[int, Any] | None:
    detail = [{"loc": ["body", "stream_options"], "msg": "Extra inputs are not permitted", "type": "extra_forbidden"}]
    return (422, {"detail": detail}) if "stream_options" in request else None


def no_stream(_: str, request: dict[str, Any]) -> tuple[int, Any] | None:
    said = {"error": {"message": "Your organization must be verified to stream this model.", "param": "stream"}}
    return (400, said) if "stream" in request else None


def all_of(*refusals: Refusal) -> Refusal:
    return lambda path, request: next((found for one in refusals if (found := one(path, request))), None)


def asked(script: Script, address: Callable[[str], str] = str) -> ChatStream:
    with chat_server(script) as url:
        access = ChatAccess(config=ChatConfig(base_url=address(url), model="toy"))
        stream = stream_answer(access, "How long?", PASSAGES)
        assert "".join(stream.pieces()) == stream.answer.text
        return stream


@pytest.mark.parametrize(
    "refuse", [no_max_tokens, no_temperature, no_system, alternating, no_stream_options, no_stream]
)
def test_a_server_gets_once_what_it_asks_for(refuse: Refusal) -> None:
    script = Script(refuse=refuse)
    assert asked(script).answer.text == "Five days [1]."
    assert len(script.requests) == 2
    with chat_server(script) as url:
        reply = complete(ChatAccess(config=ChatConfig(base_url=url, model="toy")), MESSAGES)
    assert reply.text == "Five days [1]."


def test_several_wishes_of_one_server_are_all_met() -> None:
    script = Script(refuse=all_of(no_max_tokens, no_temperature, no_system, no_stream_options))
    stream = asked(script)
    assert stream.answer.text == "Five days [1]."
    assert len(script.requests) == 5
    last = script.requests[-1]
    assert last["max_completion_tokens"] == 600
    assert [one["role"] for one in last["messages"]] == ["user"]
    assert last["messages"] == [message.model_dump() for message in stream.answer.prompt]
    assert "only what the passages say" in stream.answer.prompt[0].content


def test_an_answer_at_another_temperature_says_so() -> None:
    (warning,) = asked(Script(refuse=no_temperature)).answer.warnings
    assert warning.message == "The model takes no temperature, so it answered with its own instead of 0."


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (400, {"error": {"message": "max_tokens is too large: 600"}}, "max_tokens is too large: 600"),
        (422, {"detail": [{"loc": ["body", "model"], "msg": "Field required"}]}, "body.model: Field required"),
        (422, {"detail": "No such template"}, "No such template"),
        (400, {"error": "model is asleep"}, "model is asleep"),
        (400, {"object": "error", "message": "model is asleep"}, "model is asleep"),
    ],
)
def test_what_cannot_be_met_is_told_in_the_servers_words(status: int, body: Any, said: str) -> None:
    script = Script(refuse=lambda path, request: (status, body))
    with pytest.raises(GenerationError) as caught:
        asked(script)
    assert said in str(caught.value)
    assert len(script.requests) == 1


@pytest.mark.parametrize(
    "body", [{"error": {"message": "model not loaded"}}, {"object": "error", "message": "model not loaded"}]
)
def test_an_error_with_status_200_is_told_in_the_servers_words(body: Any) -> None:
    with pytest.raises(GenerationError, match="It says: model not loaded"):
        asked(Script(refuse=lambda path, request: (200, body)))


@pytest.mark.parametrize("end", ["", "/", "/v1", "/v1/", "/v1/chat/completions", "/v1/chat/completions/"])
@pytest.mark.parametrize(("status", "body"), [(404, "404 page not found"), (200, {"error": "Unexpected endpoint."})])
def test_an_address_works_with_and_without_its_version(end: str, status: int, body: Any) -> None:
    script = Script(refuse=lambda path, _: None if path == "/v1/chat/completions" else (status, body))
    assert asked(script, lambda url: url.removesuffix("/v1") + end).answer.text == "Five days [1]."


def test_what_is_not_found_is_told_with_the_address_that_was_asked() -> None:
    with pytest.raises(GenerationError, match=r"no chat at http://127\.0\.0\.1:\d+/v1/chat/completions"):
        asked(Script(refuse=lambda path, request: (404, {"detail": "Not Found"})))


def test_a_server_that_does_not_stream_is_read_whole() -> None:
    with chat_server(Script()) as url:
        whole = complete(ChatAccess(config=ChatConfig(base_url=url, model="toy")), MESSAGES)
    body = b'{"object":"chat.completion","choices":[{"index":0,"message":{"content":"Five days [1]."}}]}'
    stream = asked(Script(raw=body, kind="application/json"))
    assert stream.answer.text == whole.text == "Five days [1]."


def test_a_page_is_no_reply_of_a_chat_server() -> None:
    with pytest.raises(GenerationError, match=r"did not answer as a chat server does \(it sent “<html>Welcome"):
        asked(Script(raw=b"<html>Welcome</html>", kind="text/html"))
