"""One whole reply of a real HTTP server: text, counts, the model's own name; failures in words and without the key."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr

from rag_core.errors import GenerationError
from rag_core.generation.chat.access import ChatAccess, ChatConfig
from rag_core.generation.chat.client import Completion, complete, greet
from rag_core.schema.answers import Message
from tests.generation.chat_server import Script, chat_server

KEY = "sk-secret-0123456789"


def reply(script: Script, key: str | None = KEY, **options: Any) -> Completion:
    with chat_server(script) as url:
        config = ChatConfig(base_url=url, model="toy", **options)
        access = ChatAccess(config=config, key=SecretStr(key) if key else None)
        return complete(access, [Message(role="user", content="hello")])


def test_a_reply_says_who_answered_and_what_it_took() -> None:
    script = Script(pieces=("Good ", "day"))
    found = reply(script, max_tokens=5)
    assert (found.text, found.finish, found.model) == ("Good day", "stop", "toy-2026")
    assert (found.prompt_tokens, found.completion_tokens) == (7, 3)
    assert found.took_ms > 0
    assert script.requests == [
        {"model": "toy", "messages": [{"role": "user", "content": "hello"}], "max_tokens": 5, "temperature": 0.0}
    ]
    assert script.authorizations == [f"Bearer {KEY}"]


def test_a_server_without_counts_gives_none() -> None:
    found = reply(Script(usage=None))
    assert (found.prompt_tokens, found.completion_tokens) == (None, None)


def test_the_environments_account_is_not_told_to_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-process")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-the-process")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "project-of-the-process")
    script = Script()
    reply(script, key=None)
    assert not [one for one in script.headers_seen if "of-the-process" in one]


@pytest.mark.parametrize("raw", [b"{not json", b"[1, 2]", b'{"choices": []}', b"<html>hello</html>"])
def test_what_is_no_chat_server_is_told(raw: bytes) -> None:
    with pytest.raises(GenerationError, match="did not answer as a chat server does"):
        reply(Script(raw=raw))


def test_a_refused_key_is_told_without_the_key() -> None:
    with pytest.raises(GenerationError, match="refused the key") as caught:
        reply(Script(status=401, body={"error": {"message": f"Incorrect API key provided: {KEY}"}}))
    assert KEY not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_greeting_is_one_short_message() -> None:
    script = Script()
    with chat_server(script) as url:
        greet(ChatAccess(config=ChatConfig(base_url=url, model="toy")))
    assert [len(request["messages"]) for request in script.requests] == [1]
