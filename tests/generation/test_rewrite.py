"""A question in other words, by a chat server on this machine: what is sent, what is taken, how it fails."""

from __future__ import annotations

import pytest

from rag_core.errors import GenerationError
from rag_core.generation.chat.access import ChatAccess, ChatConfig
from rag_core.generation.chat.price import TokenPrice
from rag_core.generation.rewrite import LONGEST, read_queries, rewrite
from tests.generation.chat_server import Script, chat_server

QUESTION = "what about my money and how do I cancel?"


def asked(script: Script, **more: object):
    with chat_server(script) as url:
        return rewrite(ChatAccess(config=ChatConfig(base_url=url, model="toy"), **more), QUESTION)


def test_the_queries_with_what_they_cost():
    script = Script(pieces=('["refund period", "cancel a plan"]',))
    told = asked(script, price=TokenPrice(sent=1, written=10))
    assert told.queries == ("refund period", "cancel a plan") and told.failure is None
    assert (told.model, told.prompt_tokens, told.completion_tokens) == ("toy-2026", 7, 3)
    assert told.dollars == pytest.approx((7 * 1 + 3 * 10) / 1_000_000)
    assert told.timing.took_ms > 0
    assert [message["content"] for message in script.requests[0]["messages"]][1] == QUESTION
    assert [message.model_dump() for message in told.prompt] == script.requests[0]["messages"]


@pytest.mark.parametrize(
    ("text", "queries"),
    [
        ('```json\n["a b"]\n```', ("a b",)),
        (' ["  a\\n b "] ', ("a b",)),
        ('["a", "A", "b"]', ("a", "b")),
        (f'["{QUESTION.upper()}"]', ()),
    ],
)
def test_what_is_taken_of_a_reply(text, queries):
    assert read_queries(text, QUESTION) == queries


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Here are some queries: a, b", "not reply with a JSON list"),
        ("", "not reply with a JSON list"),
        ('{"queries": ["a"]}', "not a JSON list of texts"),
        ("[1, 2]", "not a JSON list of texts"),
        ('["a", ""]', "not a JSON list of texts"),
        ("[]", "gave 0 queries"),
        ('["a", "b", "c", "d"]', "gave 4 queries; 1 to 3"),
        (f'["{"x" * (LONGEST + 1)}"]', f"more than {LONGEST} characters"),
    ],
)
def test_any_other_reply_is_a_failure_in_words(text, says):
    with pytest.raises(GenerationError, match=says):
        read_queries(text, QUESTION)


def test_a_bad_reply_keeps_what_it_cost():
    told = asked(Script(pieces=("I cannot do that.",)))
    assert told.queries == () and "JSON list" in told.failure
    assert (told.prompt_tokens, told.completion_tokens) == (7, 3)


@pytest.mark.parametrize(
    ("script", "says"),
    [
        (Script(status=401, body={"error": {"message": "bad key"}}), "refused the key"),
        (Script(status=500, body={"error": {"message": "boom"}}), "failed"),
        (Script(raw=b"<html>"), "did not answer as a chat server does"),
    ],
)
def test_a_server_that_fails_is_said_in_words(script, says):
    told = asked(script)
    assert told.queries == () and says in told.failure
