"""Which model may be asked, with which key: from the environment or typed. No key goes to another address."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from rag_core.errors import BadInput
from rag_core.generation.chat.access import OPENAI, ChatAccess, ChatConfig, from_environment, typed
from rag_core.generation.chat.price import TokenPrice

KEY = "sk-secret-0123456789"
LOCAL = "http://localhost:11434/v1"


def secret_of(access: ChatAccess | None) -> str | None:
    return access.key.get_secret_value() if access and access.key else None


def test_the_environment_names_server_model_and_key() -> None:
    assert from_environment({}) is None
    given = {"OPENAI_BASE_URL": f"{LOCAL}/", "OPENAI_MODEL": "llama3.2"}
    assert from_environment(given) == ChatAccess(config=ChatConfig(base_url=LOCAL, model="llama3.2"))
    found = from_environment({**given, "OPENAI_API_KEY": KEY})
    assert secret_of(found) == KEY
    assert KEY not in repr(found)
    with pytest.raises(BadInput, match="OPENAI_BASE_URL must look like"):
        from_environment({"OPENAI_BASE_URL": "localhost"})


@pytest.mark.parametrize("address", ["https://me:secret@host/v1", "https://host/v1?key=secret", "ftp://host", "host"])
def test_an_address_holds_nothing_but_an_address(address: str) -> None:
    with pytest.raises(ValidationError, match="must"):
        ChatConfig(base_url=address)


def test_what_is_typed_has_a_scope_of_its_own() -> None:
    one, two = (typed({"base_url": LOCAL, "model": "m"}, KEY, None, None) for _ in range(2))
    assert one.config == two.config
    assert len({one.scope, two.scope, ""}) == 3
    assert KEY not in one.model_dump_json()


def test_the_key_from_before_goes_to_its_own_address_only() -> None:
    before = from_environment({"OPENAI_API_KEY": KEY})
    assert secret_of(typed({"base_url": OPENAI, "model": "another"}, "", None, before)) == KEY
    assert secret_of(typed({"base_url": f"{OPENAI}/"}, " ", None, before)) == KEY
    assert secret_of(typed({"base_url": "https://evil.example/v1"}, "", None, before)) is None
    assert secret_of(typed({"base_url": f"{OPENAI}2"}, "", None, before)) is None


@pytest.mark.parametrize(
    ("fields", "key", "said"),
    [
        ({"base_url": "nowhere"}, "", "The address must look like http"),
        ({"model": ""}, "", "The model's name should not be empty"),
        ({"temperature": 7}, "", "The temperature should be 2 or less"),
        ({"max_tokens": 0}, "", "The longest answer should be 1 or more"),
        ({}, "sk with spaces", "The key contains characters"),
    ],
)
def test_what_cannot_be_used_is_named(fields: dict[str, object], key: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        typed(fields, key, None, None)


def test_a_price_with_a_source_stands_in_where_none_was_typed() -> None:
    known = typed({}, "", None, None).price
    assert known is not None
    assert known.source
    assert known.read
    own = TokenPrice(sent=3, written=4)
    assert typed({}, "", own, None).price == own
    assert typed({"base_url": LOCAL, "model": "gpt-4o-mini"}, "", None, None).price is None
