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


def saying(field: str, status: int, body: Any) -> Refusal:
    """A server that refuses requests with this field ("system": with a message of that role), in its own words."""
    return lambda _, request: (status, body) if field in [*request, request["messages"][0]["role"]] else None


SERDE = "Failed to deserialize the JSON body into the target type: unknown field `stream_options`, expected one of `a`"
NEW_LIMIT = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
EXTRA = {"detail": [{"type": "extra_forbidden", "loc": ["body", "stream_options"], "msg": "Extra inputs are bad"}]}
ROLE = {"loc": ["body", "messages", 0, "role"], "msg": "Input should be 'user' or 'assistant'"}
WISHES = {
    "LiteLLM, limit": saying("max_tokens", 500, {"error": {"message": f"litellm.APIError: Azure - {NEW_LIMIT}"}}),
    "OpenRouter, limit": saying(
        "max_tokens",
        400,
        {
            "error": {
                "message": "Provider returned error",
                "metadata": {"raw": f'{{"error": {{"message": "{NEW_LIMIT}"}}}}'},
            }
        },
    ),
    "Groq, counts": saying("stream_options", 400, {"error": {"message": "property 'stream_options' is unsupported"}}),
    "Mistral, counts": saying("stream_options", 422, {"object": "error", "message": EXTRA}),
    "TGI, counts": saying("stream_options", 422, {"error": SERDE}),
    "Azure, counts": saying("stream_options", 400, {"message": "Unrecognized request argument: stream_options"}),
    "a server without streams": saying("stream", 501, {"error": {"message": "Streaming is not implemented"}}),
    "a server that disables streams": saying("stream", 422, {"detail": "stream must be false"}),
    "Gemma, system": saying("system", 400, [{"error": {"message": "Developer instruction is not enabled for gemma"}}]),
    "LM Studio, system": saying("system", 400, {"error": 'jinja: "Only user and assistant roles are supported!"'}),
    "llama.cpp, system": saying("system", 500, {"error": {"message": "raise_exception('System role not supported')"}}),
    "FastAPI, system": saying("system", 422, {"detail": [ROLE]}),
    "Cohere, system": saying("system", 400, {"message": "messages[0].role must be one of [user assistant]"}),
}
"""What real servers say, and of what."""
NO_ZERO = {
    "Anthropic": saying("temperature", 400, {"error": {"message": "`temperature` is deprecated for this model."}}),
    "LiteLLM": saying(
        "temperature", 400, {"error": {"message": "Bedrock does not support parameters: ['temperature']"}}
    ),
    "TGI": saying("temperature", 422, {"error": "`temperature` must be strictly positive"}),
    "Moonshot": saying("temperature", 400, {"error": {"message": "invalid temperature: only 1 is allowed"}}),
    "a range": saying("temperature", 400, {"error": {"message": "temperature must be in the range (0.0, 1.0]"}}),
}


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


@pytest.mark.parametrize("server", WISHES)
def test_wishes_in_the_words_of_real_servers_are_met(server: str) -> None:
    script = Script(refuse=WISHES[server])
    assert asked(script).answer.text == "Five days [1]."
    assert len(script.requests) == 2


@pytest.mark.parametrize("server", NO_ZERO)
def test_a_server_that_takes_no_temperature_of_zero_answers_with_its_own(server: str) -> None:
    script = Script(refuse=NO_ZERO[server])
    (warning,) = asked(script).answer.warnings
    assert warning.code == "request-changed"
    assert len(script.requests) == 2


def test_a_temperature_that_was_chosen_is_not_left_out_for_its_value() -> None:
    script = Script(
        refuse=saying("temperature", 400, {"error": {"message": "temperature must be in the range 0 to 1"}})
    )
    with chat_server(script) as url, pytest.raises(GenerationError, match="in the range 0 to 1"):
        complete(ChatAccess(config=ChatConfig(base_url=url, model="toy", temperature=1.5)), MESSAGES)


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
        (400, {"error": {"message": "max_tokens must be less than or equal to `512`"}}, "less than or equal to `512`"),
        (
            400,
            {"error": {"message": "Provider returned error", "metadata": {"raw": "model is asleep"}}},
            "Provider returned error: model is asleep",
        ),
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


CALLS = ["/v1/models", "/v1/completions", "/v1/responses", "/api/chat", "/api/generate", "/api/tags", " ", "/v1//"]


@pytest.mark.parametrize("end", CALLS)
def test_an_address_works_with_another_call_of_the_server_behind_it(end: str) -> None:
    missing = (200, {"detail": "Not Found"})
    script = Script(refuse=lambda path, _: None if path == "/v1/chat/completions" else missing)
    assert asked(script, lambda url: url.removesuffix("/v1") + end).answer.text == "Five days [1]."


@pytest.mark.parametrize(
    ("path", "end"),
    [
        ("/v1beta/openai", "/v1beta/openai/"),
        ("/openai/v1", "/openai"),
        ("/api/v1", "/api"),
        ("/api/paas/v4", "/api/paas/v4/"),
        ("/inference", "/inference"),
        ("", "/"),
    ],
)
def test_an_address_of_any_service_works(path: str, end: str) -> None:
    script = Script(refuse=lambda asked, _: None if asked == f"{path}/chat/completions" else (404, "Not here"))
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
