"""The answer of a chat model behind OpenAI's API or any server of its shape (Ollama, vLLM, llama.cpp), streamed.

    config, key = from_environment() or (ChatConfig(model="llama3.2", base_url="http://localhost:11434/v1"), None)
    stream = stream_answer(config, key, query, chunks)
    for piece in stream.pieces(): ...
    stream.answer

What is sent is `prompt`, what of it is true is `citations`, what a failure is called `chat_errors`. Nothing is
retried: a user who waits is better told.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator

from rag_core.errors import BadInput, GenerationError, MissingPackage
from rag_core.generation.chat_errors import in_words
from rag_core.generation.citations import is_unknown, read_citations
from rag_core.generation.prompt import DONT_KNOW, build_messages
from rag_core.types import Answer, Chunk, Frozen, StageWarning, Timing

OPENAI = "https://api.openai.com/v1"
NO_KEY = "none"
"""Sent where a server needs no key; the client insists on one."""


class ChatConfig(Frozen):
    """Which model is asked, and how. The key is passed apart, so that a config can be shown and saved.

    temperature: None leaves it to the server, as some models demand. timeout_s: the longest silence, not the whole.
    """

    base_url: str = OPENAI
    model: Annotated[str, Field(min_length=1)] = "gpt-4o-mini"
    temperature: Annotated[float | None, Field(ge=0, le=2)] = 0.0
    max_tokens: Annotated[int, Field(ge=1, le=100_000)] = 600
    timeout_s: Annotated[float, Field(gt=0, le=600)] = 60.0

    @field_validator("base_url")
    @classmethod
    def _plain_address(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("must be an address such as http://localhost:11434/v1")
        if parts.username or parts.password:
            raise ValueError("must not hold a user name or password; the key is given apart")
        return url.rstrip("/")


def from_environment() -> tuple[ChatConfig, SecretStr | None] | None:
    """Config and key from OPENAI_API_KEY, OPENAI_BASE_URL and OPENAI_MODEL; None where neither key nor URL is set.

    Raises BadInput where OPENAI_BASE_URL is not an address.
    """
    key, url, model = (os.environ.get(f"OPENAI_{name}", "").strip() for name in ("API_KEY", "BASE_URL", "MODEL"))
    if not key and not url:
        return None
    given = {"base_url": url, "model": model}
    try:
        config = ChatConfig.model_validate({name: value for name, value in given.items() if value})
    except ValidationError as exc:
        raise BadInput(
            f"OPENAI_BASE_URL cannot be used: it {exc.errors()[0]['msg'].removeprefix('Value error, ')}."
        ) from exc
    return config, SecretStr(key) if key else None


def stream_answer(config: ChatConfig, key: SecretStr | None, query: str, chunks: Sequence[Chunk]) -> ChatStream:
    """Ask the model about the kept chunks (best first). Nothing is sent before `pieces` is read."""
    return ChatStream(config, key, query, chunks)


class ChatStream:
    """One answer as it comes in: read `pieces()` to its end, then `answer`.

    Both raise GenerationError in words for a user; the key stands in none of them.
    """

    def __init__(self, config: ChatConfig, key: SecretStr | None, query: str, chunks: Sequence[Chunk]) -> None:
        self.prompt = build_messages(query, chunks)
        self._config = config
        self._key = key
        self._chunks = tuple(chunks)
        self._text = ""
        self._finish: str | None = None
        self._usage: Any = None
        self._answer: Answer | None = None

    @property
    def answer(self) -> Answer:
        """The whole answer with its citations checked. Raises GenerationError before the stream has ended."""
        if self._answer is None:
            raise GenerationError("The answer has not come to its end yet.")
        return self._answer

    def pieces(self) -> Iterator[str]:
        """Pieces of the text as they arrive. Without chunks the model is not asked."""
        begin = time.perf_counter()
        if not self._chunks:
            self._answer = Answer(kind="unknown", text=DONT_KNOW, model=self._config.model)
            yield DONT_KNOW
            return
        yield from self._received()
        if not self._text.strip():
            raise GenerationError(self._nothing())
        if self._finish is None:
            raise GenerationError(f"The answer broke off after {len(self._text)} characters. Ask again.")
        self._answer = self._finished((time.perf_counter() - begin) * 1000)

    def _received(self) -> Iterator[str]:
        """Text pieces from the server; whatever the client raises is put into words."""
        try:
            import openai
        except ImportError as exc:
            raise MissingPackage("openai", "An answer by a chat model", "openai") from exc
        key = self._key.get_secret_value() if self._key else NO_KEY
        try:
            with (
                openai.OpenAI(
                    api_key=key, base_url=self._config.base_url, timeout=self._config.timeout_s, max_retries=0
                ) as client,
                client.chat.completions.create(**self._request()) as stream,
            ):
                for event in stream:
                    yield from self._take(event)
        except (openai.OpenAIError, ValueError, TypeError, AttributeError) as exc:
            # Not chained: the vendor's error holds the request, and may quote the key.
            raise GenerationError(in_words(exc, self._config.model, self._config.base_url, key, self._text)) from None

    def _take(self, event: Any) -> Iterator[str]:
        self._usage = event.usage or self._usage
        for choice in event.choices[:1]:
            self._finish = choice.finish_reason or self._finish
            piece = choice.delta.content if choice.delta else None
            if piece:
                self._text += piece
                yield piece

    def _request(self) -> dict[str, Any]:
        # OpenAI's newer models refuse `max_tokens`, other servers know nothing else.
        limit = "max_completion_tokens" if self._config.base_url == OPENAI else "max_tokens"
        request: dict[str, Any] = {
            "model": self._config.model,
            "messages": [message.model_dump() for message in self.prompt],
            limit: self._config.max_tokens,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if self._config.temperature is not None:
            request["temperature"] = self._config.temperature
        return request

    def _nothing(self) -> str:
        """Why a finished stream held no text."""
        reasons = {
            "length": f"used up its {self._config.max_tokens} tokens before it said anything. Raise the limit",
            "content_filter": "was stopped by its provider's content filter. Ask in other words",
        }
        said = reasons.get(self._finish or "", "gave an empty answer. Ask again, or choose another model")
        return f"The model {self._config.model} {said}."

    def _finished(self, took_ms: float) -> Answer:
        citations, warnings = read_citations(self._text, self._chunks)
        if self._finish == "length":
            message = f"The answer was cut at {self._config.max_tokens} tokens."
            warnings = (*warnings, StageWarning(code="answer-cut", message=message))
        unknown = is_unknown(self._text)
        return Answer(
            kind="unknown" if unknown else "chat",
            text=self._text.strip(),
            citations=() if unknown else citations,
            model=self._config.model,
            prompt=self.prompt,
            timing=Timing(took_ms=took_ms),
            warnings=() if unknown else warnings,
            prompt_tokens=getattr(self._usage, "prompt_tokens", None),
            completion_tokens=getattr(self._usage, "completion_tokens", None),
        )
