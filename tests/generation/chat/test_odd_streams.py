"""Streams and replies in the forms that other servers than OpenAI's send: read, or refused in the server's words."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rag_core.errors import GenerationError
from rag_core.generation.chat.access import ChatAccess, ChatConfig
from rag_core.generation.chat.stream import stream_answer
from rag_core.schema.answers import Answer
from tests.builders import passage
from tests.generation.chat_server import Script, chat_server

ANSWER = "Five days [1]."
STREAM = "text/event-stream"
DONE = "data: [DONE]\n\n"


def answered(raw: str, kind: str = STREAM) -> Answer:
    with chat_server(Script(raw=raw.encode(), kind=kind)) as url:
        access = ChatAccess(config=ChatConfig(base_url=url, model="toy"))
        stream = stream_answer(access, "How long?", (passage("a", "Refunds take five days."),))
        assert "".join(stream.pieces()) == stream.answer.text
        return stream.answer


def says(finish: str | None = "stop", **choice: Any) -> str:
    """One event with this choice."""
    event = {"id": "x", "created": 1, "model": "m", "choices": [{"index": 0, "finish_reason": finish, **choice}]}
    return f"data: {json.dumps(event)}\n\n"


FILTERS = 'data: {"id": "", "model": "", "choices": [], "prompt_filter_results": [{"prompt_index": 0}]}\n\n'
OFFSETS = 'data: {"choices": [{"index": 0, "finish_reason": null, "content_filter_offsets": {}}]}\n\n'


@pytest.mark.parametrize(
    "raw",
    [
        FILTERS + says(None, delta={"role": "assistant", "content": ""}) + says(delta={"content": ANSWER}) + OFFSETS,
        ": OPENROUTER PROCESSING\n\n" + says(delta={"content": ANSWER}) + DONE,
        says(delta={"content": ANSWER}).replace("\n", "\r\n"),
        says(delta={"content": ANSWER}).replace("data: ", "event: message\ndata:") + "event: done\n" + DONE,
        says(None, delta=None) + says("eos_token", delta={"content": ANSWER}),
        says(message={"role": "assistant", "content": ANSWER}),
        says(text=ANSWER) + DONE,
        says(delta={"content": ANSWER}) + 'data: {"usage": {"prompt_tokens": 5}}\n\n' + DONE,
    ],
)
@pytest.mark.parametrize("kind", [STREAM, "text/plain; charset=utf-8", ""])
def test_a_stream_in_any_form_is_read(raw: str, kind: str) -> None:
    answer = answered(raw, kind)
    assert (answer.text, [one.number for one in answer.citations], answer.warnings) == (ANSWER, [1], ())


@pytest.mark.parametrize("end", [None, ""])
@pytest.mark.parametrize("done", [DONE, ""])
def test_a_stream_that_never_says_that_it_is_complete_is_read_with_a_warning(end: str | None, done: str) -> None:
    answer = answered(says(end, delta={"content": ANSWER}) + done)
    assert (answer.text, [one.code for one in answer.warnings]) == (ANSWER, ["answer-unfinished"])


WHOLE = json.dumps({"error": None, "choices": [{"message": {"content": ANSWER}, "finish_reason": "stop"}]})
PARTS = WHOLE.replace(f'"{ANSWER}"', json.dumps([{"type": "text", "text": ANSWER}]))


@pytest.mark.parametrize("body", [WHOLE, PARTS, f"\ufeff{WHOLE}", f"\n\n{WHOLE}\n"])
@pytest.mark.parametrize("kind", ["application/json", "application/octet-stream", "text/plain"])
def test_a_whole_reply_in_any_form_is_read(body: str, kind: str) -> None:
    assert answered(body, kind).text == ANSWER


BROKEN = {"error": {"code": 502, "message": "Provider disconnected"}}


@pytest.mark.parametrize(
    ("raw", "kind", "said"),
    [
        ('data: {"object": "error", "message": "out of memory", "code": 400}\n\n', STREAM, "failed (out of memory)"),
        ('event: error\ndata: {"error": {"message": "no slot"}}\n\n', STREAM, "failed (no slot)"),
        (f"data: {json.dumps({**BROKEN, 'choices': []})}\n\n", STREAM, "failed (Provider disconnected)"),
        ('error: {"code": 500, "message": "no slot"}\n\n', STREAM, "it sent no event of a stream"),
        (WHOLE, STREAM, "it sent no event of a stream"),
        ("", "application/json", "it sent no event of a stream"),
        ('{"choices": {"message": {}}}', "application/json", 'it sent no choices: “{"choices":{"message":{}}}”'),
        ('{"message": {"content": "hm"}, "done": true}', "application/json", 'no choices: “{"message":'),
        ('{"detail": "model not loaded"}', "application/json", "It says: model not loaded"),
        ('{"base_resp": {"status_code": 1004, "status_msg": "login fail"}}', "application/json", "says: login fail"),
        ('{"success": false, "errors": [{"code": 7, "message": "No route"}]}', "application/json", "says: No route"),
        ('{"model": "m"}\n{"model": "m"}\n', "application/x-ndjson", 'it sent “{"model": "m"} {"model": "m"}”'),
    ],
)
def test_what_is_no_answer_is_told_in_the_servers_words(raw: str, kind: str, said: str) -> None:
    with pytest.raises(GenerationError) as caught:
        answered(raw, kind)
    assert said in str(caught.value)


def test_an_error_behind_a_part_of_the_answer_says_that_it_broke_off() -> None:
    with pytest.raises(GenerationError, match=r"broke off after 4 characters\. .*Provider disconnected"):
        answered(says(None, delta={"content": "Five"}) + f"data: {json.dumps(BROKEN)}\n\n")
