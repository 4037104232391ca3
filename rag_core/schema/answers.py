"""The last step: what was answered, from which passages, and what was found for each sentence."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import (
    Field,
    FiniteFloat,
    model_validator,
)

from rag_core.schema.base import Frozen
from rag_core.schema.rerank_summary import RerankSummary
from rag_core.schema.steps import StepWarning, Timing


class Citation(Frozen):
    """`[number]` in an answer rests on this passage; `quote` is the sentence taken from it, where one was.

    `spans`: where it is written, `text[start:end]`. A number in brackets anywhere else is part of what is said.
    """

    number: Annotated[int, Field(ge=1)]
    passage_id: str
    quote: str = ""
    spans: tuple[tuple[Annotated[int, Field(ge=0)], int], ...] = ()


class Message(Frozen):
    """One chat message of the prompt, exactly as it is sent."""

    role: Literal["system", "user", "assistant"]
    content: str


SupportVerdict = Literal["found", "not found", "uncited", "not calibrated"]


class SentenceCheck(Frozen):
    """What was found for one sentence of an answer, `text[start:end]`, in the passages that it was given.

    verdict  `found` in a cited passage, `not found` in any cited passage, `uncited`: it cites none, or `not calibrated`
             for an embedding model of which nobody knows from which cosine on two sentences say the same
    cited    numbers of the passages that it cites
    number, passage_id, quote, score    the sentence most like it, of the cited passages (of all, where it cites none),
             and their cosine; None and empty where the passages hold no sentence
    absent   numbers and codes in it that stand in none of those passages
    """

    start: Annotated[int, Field(ge=0)]
    end: Annotated[int, Field(ge=1)]
    verdict: SupportVerdict
    cited: tuple[int, ...] = ()
    number: Annotated[int | None, Field(ge=1)] = None
    passage_id: str = ""
    quote: str = ""
    score: FiniteFloat = 0.0
    absent: tuple[str, ...] = ()


class Answer(Frozen):
    """What the last step said. `kind` "extractive" quotes sentences; "chat" is a language model's text;
    "unknown" means that nothing passed the threshold or the model found no answer in the passages.

    Token counts are the chat server's own; `dollars` is what they cost. None: not told, or no price is known.
    `reasoning`: what a chat model thought before it answered, where its server tells; no part of the answer.
    `checks`: what was found for each sentence of a chat answer, in order. `choosing`: the reranker that chose the
    sentences of an extractive answer, and what that cost; None in a chat answer.
    """

    kind: Literal["extractive", "chat", "unknown"]
    text: str
    reasoning: str = ""
    citations: tuple[Citation, ...] = ()
    model: str = ""
    prompt: tuple[Message, ...] = ()
    timing: Timing = Timing()
    warnings: tuple[StepWarning, ...] = ()
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    dollars: Annotated[FiniteFloat, Field(ge=0)] | None = None
    checks: tuple[SentenceCheck, ...] = ()
    choosing: RerankSummary | None = None

    @model_validator(mode="after")
    def _checks_in_order(self) -> Self:
        ends = [0, *(one.end for one in self.checks)]
        for before, one in zip(ends, self.checks, strict=False):
            if not before <= one.start < one.end <= len(self.text):
                raise ValueError(f"checks: no sentence of the answer is at {one.start} to {one.end}")
        if any(not start < end <= len(self.text) for one in self.citations for start, end in one.spans):
            raise ValueError("citations: one is beyond the end of the answer")
        return self
