"""The chat model's answer, against a real HTTP server: streamed, checked, and every failure in words."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from pydantic import SecretStr

from rag_core.errors import GenerationError
from rag_core.generation.chat.access import ChatAccess, ChatConfig
from rag_core.generation.chat.price import TokenPrice
from rag_core.generation.chat.stream import ChatStream, stream_answer
from tests.builders import passage
from tests.generation.chat_server import Script, chat_server, event
from tests.generation.chat_server import passage as event_chunk

KEY = "sk-secret-0123456789"
CHUNKS = (passage("a", "Refunds take five days."), passage("b", "Shipping is free."))


def ask(
    script: Script, passages: Any = CHUNKS, price: TokenPrice | None = None, **options: Any
) -> tuple[ChatStream, list[str]]:
    with chat_server(script) as url:
        access = access_to(url, price=price, **options)
        stream = stream_answer(access, "How long do refunds take?", passages)
        return stream, list(stream.pieces())


def access_to(url: str, price: TokenPrice | None = None, **options: Any) -> ChatAccess:
    return ChatAccess(config=ChatConfig(base_url=url, model="toy", **options), key=SecretStr(KEY), price=price)


def failure(script: Script, **options: Any) -> str:
    with pytest.raises(GenerationError) as caught:
        ask(script, **options)
    assert KEY not in str(caught.value)
    assert caught.value.__cause__ is None
    return str(caught.value)


def test_pieces_arrive_and_the_answer_is_their_sum() -> None:
    script = Script(pieces=("Five ", "days ", "[1]."))
    stream, pieces = ask(script)
    answer = stream.answer
    assert pieces == ["Five ", "days ", "[1]."]
    assert (answer.kind, answer.text, answer.model) == ("chat", "Five days [1].", "toy")
    assert [(one.number, one.passage_id) for one in answer.citations] == [(1, "a")]
    assert (answer.prompt_tokens, answer.completion_tokens) == (7, 3)
    assert answer.warnings == ()


def test_what_is_sent_is_the_prompt_that_is_shown() -> None:
    script = Script()
    stream, _ = ask(script, max_tokens=50, temperature=None)
    request = script.requests[0]
    assert request["messages"] == [message.model_dump() for message in stream.answer.prompt]
    assert (request["model"], request["max_tokens"], request["stream"]) == ("toy", 50, True)
    assert "temperature" not in request
    assert script.authorizations == [f"Bearer {KEY}"]


def test_a_citation_of_no_passage_is_told() -> None:
    answer = ask(Script(pieces=("Five days [1], free [7].",)))[0].answer
    assert [one.number for one in answer.citations] == [1]
    assert [one.code for one in answer.warnings] == ["citation-out-of-range"]
    assert "[7]" in answer.warnings[0].message


def test_an_answer_without_citations_is_told() -> None:
    assert [one.code for one in ask(Script(pieces=("Five days.",)))[0].answer.warnings] == ["no-citation"]


def test_i_dont_know_is_unknown() -> None:
    answer = ask(Script(pieces=("I don’t", " know.")))[0].answer
    assert (answer.kind, answer.citations, answer.warnings) == ("unknown", (), ())


def test_without_passages_nothing_is_sent() -> None:
    script = Script()
    stream, pieces = ask(script, passages=())
    assert (pieces, stream.answer.kind, script.requests) == (["I don't know"], "unknown", [])


def test_an_answer_that_hit_the_limit_says_so() -> None:
    assert "answer-cut" in [one.code for one in ask(Script(finish="length"), max_tokens=9)[0].answer.warnings]


@pytest.mark.parametrize(
    ("status", "error", "said"),
    [
        (401, {"message": f"Incorrect API key provided: {KEY}"}, "refused the key"),
        (403, {"message": f"{KEY} is not allowed"}, "may not use the model toy"),
        (404, {"message": "no such model", "code": "model_not_found"}, "no model toy"),
        (429, {"message": "slow down"}, "in a moment"),
        (429, {"message": "no money", "code": "insufficient_quota"}, "no quota left"),
        (400, {"message": "too long", "code": "context_length_exceeded"}, "Lower top-k"),
        (400, {"message": "This model's maximum context length is 8 tokens"}, "Lower top-k"),
        (400, {"message": "bad temperature"}, "refused the request: bad temperature"),
        (500, {"message": f"crash with {KEY}"}, "failed (crash with •••)"),
    ],
)
def test_a_refusal_is_a_sentence(status: int, error: dict[str, str], said: str) -> None:
    assert said in failure(Script(status=status, body={"error": error}))


def test_a_rate_limit_says_how_long_to_wait() -> None:
    script = Script(status=429, body={"error": {"message": "slow"}}, headers={"Retry-After": "17"})
    assert "in 17 seconds" in failure(script)
    assert len(script.requests) == 1


def test_a_slow_server_is_a_time_out() -> None:
    assert "did not answer in time" in failure(Script(pause_s=1.0), timeout_s=0.2)


def test_a_dead_server_is_named() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    with pytest.raises(GenerationError, match="cannot be reached"):
        list(stream_answer(access_to(url), "q", CHUNKS).pieces())


def test_an_answer_without_a_finish_reason_is_whole_and_says_so() -> None:
    answer = ask(Script(pieces=("Five days [1].",), finish=None, done=True))[0].answer
    assert answer.text == "Five days [1]."
    assert [one.message for one in answer.warnings] == ["The server did not say that the answer is complete."]


def test_a_connection_that_breaks_half_way_is_no_answer() -> None:
    assert "broke off after 8 characters" in failure(Script(pieces=("Five day",), finish=None, hang_up=True))


def test_an_error_inside_the_stream_is_told() -> None:
    raw = event(event_chunk("Five")) + event({"error": {"message": f"out of memory {KEY}"}})
    assert "out of memory •••" in failure(Script(raw=raw))


@pytest.mark.parametrize("raw", [b"data: {not json\n\n", b"data: [1, 2]\n\n"])
def test_a_stream_that_is_not_a_chat_is_told(raw: bytes) -> None:
    assert "did not answer as a chat server does" in failure(Script(raw=raw))


@pytest.mark.parametrize(
    ("finish", "said"), [("stop", "empty answer"), ("length", "tokens"), ("content_filter", "filter")]
)
def test_an_empty_answer_says_why(finish: str, said: str) -> None:
    assert said in failure(Script(pieces=("  ",), finish=finish))


def test_the_answer_is_not_there_before_the_end() -> None:
    stream = stream_answer(ChatAccess(key=SecretStr(KEY)), "q", CHUNKS)
    with pytest.raises(GenerationError, match="not come to its end"):
        _ = stream.answer
    assert KEY not in repr(vars(stream))


def test_the_answer_costs_what_its_tokens_cost() -> None:
    # 7 tokens sent at $1 a million, 3 written at $2 a million.
    answer = ask(Script(), price=TokenPrice(sent=1.0, written=2.0))[0].answer
    assert answer.dollars == pytest.approx((7 * 1.0 + 3 * 2.0) / 1e6)
    assert ask(Script())[0].answer.dollars is None


def test_a_server_that_counts_nothing_has_no_cost() -> None:
    answer = ask(Script(usage=None), price=TokenPrice(sent=1.0, written=2.0))[0].answer
    assert (answer.prompt_tokens, answer.completion_tokens, answer.dollars) == (None, None, None)
