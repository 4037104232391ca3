"""Which chat model may be asked: its server and settings, its key, its price. Asking it is left to `chat_client`.

    from_environment()                                       OPENAI_API_KEY, OPENAI_BASE_URL, OPENAI_MODEL
    typed({"base_url": "http://localhost:11434/v1", "model": "llama3.2"}, key="", price=None, beside=None)

A key goes to the server that it was given for and to no other: the environment's never to an address that a user typed.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator

from rag_core.errors import BadInput
from rag_core.generation.chat.price import KNOWN, TokenPrice
from rag_core.schema.base import Frozen
from rag_core.schema.validation import in_words

OPENAI = "https://api.openai.com/v1"

LABELS = {
    "base_url": "The address",
    "model": "The model's name",
    "temperature": "The temperature",
    "max_tokens": "The longest answer",
    "timeout_s": "The time-out",
}
"""How a user knows the fields of a `ChatConfig`."""
VARIABLES = {"base_url": "OPENAI_BASE_URL", "model": "OPENAI_MODEL"}
_CALLS = (
    *("/chat/completions", "/completions", "/responses", "/models", "/embeddings"),
    *("/api/chat", "/api/generate", "/api/tags"),
)
"""Calls of OpenAI's API and of Ollama's own, as people copy them with the address."""


class ChatConfig(Frozen):
    """Which model is asked, and how. The key is passed apart, so that a config can be shown and saved.

    temperature: None leaves it to the server, as some models demand. timeout_s: the longest silence, not the whole.
    base_url: may be given with `/chat/completions` or another call of the server; where the server has its chat under
    `/v1`, that may be left out.
    """

    base_url: str = OPENAI
    model: Annotated[str, Field(min_length=1, max_length=300)] = "gpt-4o-mini"
    temperature: Annotated[float | None, Field(ge=0, le=2)] = 0.0
    max_tokens: Annotated[int, Field(ge=1, le=100_000)] = 600
    timeout_s: Annotated[float, Field(gt=0, le=600)] = 60.0

    @field_validator("base_url")
    @classmethod
    def _plain_address(cls, url: str) -> str:
        url = url.strip()
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("must look like http://localhost:11434/v1")
        if parts.username or parts.password:
            raise ValueError("must not contain a user name or password; enter the key in its own field")
        if parts.query or parts.fragment:
            raise ValueError("must not contain ? or #; on Azure use the address that ends with /openai/v1")
        url = url.rstrip("/")
        return next((url.removesuffix(end) for end in _CALLS if url.endswith(end)), url).rstrip("/")

    @property
    def server(self) -> str:
        """The server's host and port, short enough to show: `localhost:11434`."""
        return urlsplit(self.base_url).netloc


class ChatAccess(Frozen):
    """A chat model that can be asked. The key is masked in every text and every dump of this value.

    `scope` is empty for the process's own model; what a user typed has one that nobody can guess, so that what one
    session's model said is kept apart from every other session's.
    """

    config: ChatConfig = ChatConfig()
    key: SecretStr | None = None
    price: TokenPrice | None = None
    scope: str = ""

    @property
    def name(self) -> str:
        """Model and server, short enough to show: `llama3.2@localhost:11434`."""
        return f"{self.config.model}@{self.config.server}"


def from_environment(environ: Mapping[str, str] = os.environ) -> ChatAccess | None:
    """Server, model and key from OPENAI_BASE_URL, OPENAI_MODEL and OPENAI_API_KEY; None without key and address.

    Raises BadInput where one of them cannot be used.
    """
    key, url, model = (environ.get(f"OPENAI_{name}", "").strip() for name in ("API_KEY", "BASE_URL", "MODEL"))
    if not key and not url:
        return None
    given = {"base_url": url, "model": model}
    try:
        config = ChatConfig.model_validate({name: value for name, value in given.items() if value})
    except ValidationError as exc:
        raise BadInput(f"{in_words(exc, VARIABLES)}.") from exc
    return ChatAccess(config=config, key=_sound(key), price=known_price(config))


def typed(fields: Mapping[str, object], key: str, price: TokenPrice | None, beside: ChatAccess | None) -> ChatAccess:
    """What a user typed, in a scope of its own. `fields` are those of `ChatConfig`.

    Without a key of its own it has the key of `beside` (what was there before), if that is for the same address.
    Raises BadInput that names the field that cannot be used.
    """
    try:
        config = ChatConfig.model_validate(dict(fields))
    except ValidationError as exc:
        raise BadInput(f"{in_words(exc, LABELS)}.") from exc
    own = _sound(key.strip())
    if own is None and beside is not None and beside.config.base_url == config.base_url:
        own = beside.key
    return ChatAccess(config=config, key=own, price=price or known_price(config), scope=secrets.token_hex(16))


def known_price(config: ChatConfig) -> TokenPrice | None:
    """The price of that model at that address, where one with a source is known."""
    return KNOWN.get((config.base_url, config.model))


def _sound(key: str) -> SecretStr | None:
    """The key, or None for an empty one. Raises BadInput for one that no header can carry."""
    if not all("!" <= letter <= "~" for letter in key):
        raise BadInput("The key contains characters that no key has. Copy the whole key again.")
    return SecretStr(key) if key else None
