"""The answer of a chat model behind OpenAI's API or any server of its shape (Ollama, vLLM, llama.cpp), streamed.

    access = from_environment() or ChatAccess(config=ChatConfig(model="llama3.2", base_url="http://localhost:11434/v1"))
    stream = stream_answer(access, query, passages)
    for piece in stream.pieces(): ...
    stream.answer

Which model that is and with which key is `chat_access`, the request `chat_client`; what is sent is `prompt`, what of
it is true is `citations`.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence
from typing import Any

from rag_core.errors import GenerationError
from rag_core.generation.chat.access import ChatAccess
from rag_core.generation.chat.client import billed, connected, request
from rag_core.generation.chat.price import priced
from rag_core.generation.citations import is_unknown, read_citations
from rag_core.generation.prompt import DONT_KNOW, build_messages
from rag_core.rerank.metering import sent
from rag_core.schema.answers import Answer
from rag_core.schema.documents import Passage
from rag_core.schema.steps import StepWarning, Timing


def stream_answer(access: ChatAccess, query: str, passages: Sequence[Passage]) -> ChatStream:
    """Ask the model about the kept passages (best first). Nothing is sent before `pieces` is read."""
    return ChatStream(access, query, passages)


class ChatStream:
    """One answer as it comes in: read `pieces()` to its end, then `answer`.

    Both raise GenerationError in words for a user; the key stands in none of them.
    """

    def __init__(self, access: ChatAccess, query: str, passages: Sequence[Passage]) -> None:
        self.prompt = build_messages(query, passages)
        self._access = access
        self._config = access.config
        self._passages = tuple(passages)
        self._received: list[str] = []
        self._finish: str | None = None
        self._usage: Any = None
        self._answer: Answer | None = None

    @property
    def answer(self) -> Answer:
        """The whole answer with its citations checked. Raises GenerationError before the stream has ended."""
        if self._answer is None:
            raise GenerationError("The answer has not come to its end yet.")
        return self._answer

    def pieces(self) -> Generator[str, None, None]:
        """Pieces of the text as they arrive. Without passages the model is not asked."""
        begin = time.perf_counter()
        if not self._passages:
            self._answer = Answer(kind="unknown", text=DONT_KNOW, model=self._config.model)
            yield DONT_KNOW
            return
        yield from self._receive()
        if not self._text.strip():
            raise GenerationError(self._nothing())
        if self._finish is None:
            raise GenerationError(f"The answer broke off after {len(self._text)} characters. Ask again.")
        self._answer = self._finished((time.perf_counter() - begin) * 1000)

    def _receive(self) -> Iterator[str]:
        """Text pieces from the server; whatever the client raises is put into words."""
        sent(self._access.name)
        options: dict[str, Any] = {"stream": True, "stream_options": {"include_usage": True}}
        with (
            connected(self._access, self._received) as client,
            client.chat.completions.create(**request(self._access, self.prompt), **options) as stream,
        ):
            for event in stream:
                yield from self._take(event)

    @property
    def _text(self) -> str:
        return "".join(self._received)

    def _take(self, event: Any) -> Iterator[str]:
        self._usage = event.usage or self._usage
        for choice in event.choices[:1]:
            self._finish = choice.finish_reason or self._finish
            piece = choice.delta.content if choice.delta else None
            if piece:
                self._received.append(piece)
                yield piece

    def _nothing(self) -> str:
        """Why a finished stream held no text."""
        reasons = {
            "length": f"used up its {self._config.max_tokens} tokens before it said anything. Raise the limit",
            "content_filter": "was stopped by its provider's content filter. Ask in other words",
        }
        said = reasons.get(self._finish or "", "gave an empty answer. Ask again, or choose another model")
        return f"The model {self._config.model} {said}."

    def _finished(self, took_ms: float) -> Answer:
        citations, warnings = read_citations(self._text, self._passages)
        if self._finish == "length":
            message = f"The answer was cut at {self._config.max_tokens} tokens."
            warnings = (*warnings, StepWarning(code="answer-cut", message=message))
        unknown = is_unknown(self._text)
        answer = Answer(
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
        billed(self._access, answer.prompt_tokens, answer.completion_tokens)
        return priced(answer, self._access.price)
