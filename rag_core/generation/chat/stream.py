"""The answer of a chat model behind OpenAI's API or any server of its shape (Ollama, vLLM, llama.cpp), streamed.

    access = from_environment() or ChatAccess(config=ChatConfig(model="llama3.2", base_url="http://localhost:11434/v1"))
    stream = stream_answer(access, query, passages)
    for piece in stream.pieces(): ...
    stream.answer

Which model that is and with which key is `access`, the request `client`; what is sent is `prompt`, what the model
thinks before it answers `reasoning`, what of the answer is true `citations`.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence
from typing import Any

from rag_core.errors import GenerationError
from rag_core.generation.chat.access import ChatAccess
from rag_core.generation.chat.client import asked, billed, connected
from rag_core.generation.chat.dialect import Dialect
from rag_core.generation.chat.price import priced
from rag_core.generation.chat.reasoning import Said, parted
from rag_core.generation.chat.replies import Piece, pieces_of
from rag_core.generation.citations import is_unknown, read_citations
from rag_core.generation.prompt import DONT_KNOW, build_messages
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
        self._thoughts: list[str] = []
        self._shown = ""
        self._dialect = Dialect()
        self._finish = ""
        self._usage: Any = None
        self._tools: list[str] = []
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
        said = self._said(whole=True)
        if not said.text.strip():
            raise GenerationError(self._nothing(said))
        self._answer = self._finished(said, (time.perf_counter() - begin) * 1000)

    def _receive(self) -> Iterator[str]:
        """Text pieces from the server; whatever the client raises is put into words."""
        with connected(self._access, self._received) as client:
            reply, self._dialect = asked(client, self._access, self.prompt, stream=True)
            self.prompt = self._dialect.messages(self.prompt)
            for piece in pieces_of(reply):
                yield from self._take(piece)

    def _said(self, *, whole: bool) -> Said:
        """The answer so far, and the model's reasoning apart from it."""
        said = parted("".join(self._received), whole=whole)
        beside = "".join(self._thoughts).strip()
        return Said(said.text, "\n\n".join(one for one in (beside, said.reasoning) if one))

    def _take(self, piece: Piece) -> Iterator[str]:
        """What of the answer is new with this piece."""
        self._usage = piece.usage or self._usage
        self._finish = piece.finish or self._finish
        self._tools += piece.tools
        self._received.append(piece.said.text)
        self._thoughts.append(piece.said.reasoning)
        text, shown = self._said(whole=False).text, self._shown
        if text.startswith(shown) and len(text) > len(shown):
            self._shown = text
            yield text[len(shown) :]

    def _nothing(self, said: Said) -> str:
        """Why a finished stream held no text."""
        reasons = {
            "length": f"used up its {self._config.max_tokens} tokens before it said anything. Raise the limit",
            "content_filter": "was stopped by its provider's content filter. Ask in other words",
            "tool_calls": f"asked for a tool ({', '.join(self._tools)}) instead. Turn off tools at its server",
        }
        silent = "gave its reasoning and no answer" if said.reasoning else "gave an empty answer"
        why = reasons.get(self._finish, f"{silent}. Ask again, or choose another model")
        return f"The model {self._config.model} {why}."

    def _warnings(self) -> Iterator[StepWarning]:
        """What to know of how the answer came in."""
        if self._finish == "length":
            yield StepWarning(code="answer-cut", message=f"The answer was cut at {self._config.max_tokens} tokens.")
        if not self._finish:
            yield StepWarning(code="answer-unfinished", message="The server did not say that the answer is complete.")
        for note in self._dialect.notes(self._config):
            yield StepWarning(code="request-changed", message=note)

    def _finished(self, said: Said, took_ms: float) -> Answer:
        text = said.text.strip()
        citations, warnings = read_citations(text, self._passages)
        unknown = is_unknown(text)
        answer = Answer(
            kind="unknown" if unknown else "chat",
            text=text,
            reasoning=said.reasoning,
            citations=() if unknown else citations,
            model=self._config.model,
            prompt=self.prompt,
            timing=Timing(took_ms=took_ms),
            warnings=(*(() if unknown else warnings), *self._warnings()),
            prompt_tokens=getattr(self._usage, "prompt_tokens", None),
            completion_tokens=getattr(self._usage, "completion_tokens", None),
        )
        billed(self._access, answer.prompt_tokens, answer.completion_tokens)
        return priced(answer, self._access.price)
