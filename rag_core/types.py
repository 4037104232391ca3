"""The values that travel through the pipeline: documents, chunks, hits, stages, answers.

All are frozen pydantic models that go to JSON and back without loss. Nothing here computes a ranking;
what one query measured and the trace that a policy makes of it are in `rag_core.trace`.
"""

from __future__ import annotations

import hashlib
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, model_validator

Scalar = str | int | FiniteFloat | bool


class Frozen(BaseModel):
    """A value: immutable, refuses fields that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ScoreSpace(StrEnum):
    """What a score means. Scores of different spaces are never put on one axis.

    cosine       dot product of unit vectors, -1..1
    bm25         Okapi BM25, 0 and up, comparable within one query and collection only
    rrf          reciprocal rank fusion, small positive numbers; says nothing about relevance by itself
    maxsim       mean over query tokens of the best cosine to a passage token, -1..1 (late interaction)
    logit        a cross-encoder's last output (calibrated where its model says so), unbounded
    probability  sigmoid of a logit, 0..1
    grade        a language model's grade from 0 to 10 as a share, 0..1: its opinion, not a probability
    combined     weighted sum of relevance and signals
    """

    COSINE = "cosine"
    BM25 = "bm25"
    RRF = "rrf"
    MAXSIM = "maxsim"
    LOGIT = "logit"
    PROBABILITY = "probability"
    GRADE = "grade"
    COMBINED = "combined"


class StageName(StrEnum):
    """The steps of a run, in order. `SCREENED` is a step of those runs only whose policy has a first pass."""

    DENSE = "dense"
    LEXICAL = "lexical"
    FUSED = "fused"
    SCREENED = "screened"
    RERANKED = "reranked"
    ADJUSTED = "adjusted"
    KEPT = "kept"


class Document(Frozen):
    """One document as loaded. `source` is its kind of origin ("policy", "chat"); `id` is unique in a collection."""

    id: Annotated[str, Field(min_length=1)]
    text: str
    title: str = ""
    source: str = ""
    updated_at: date | None = None
    tenant: str | None = None
    metadata: dict[str, Scalar] = {}


class Chunk(Frozen):
    """A passage: `document.text[start:end] == chunk.text`. Carries its document's metadata, so a trace is whole."""

    id: Annotated[str, Field(min_length=1)]
    document_id: str
    start: Annotated[int, Field(ge=0)]
    end: Annotated[int, Field(ge=0)]
    text: str
    heading_path: tuple[str, ...] = ()
    title: str = ""
    source: str = ""
    updated_at: date | None = None
    tenant: str | None = None
    metadata: dict[str, Scalar] = {}

    @cached_property
    def heading(self) -> str:
        """Title and heading path in one line: `Refund policy > Digital goods > EU`."""
        parts = (self.title, *self.heading_path) if self.title else self.heading_path
        kept = [part for i, part in enumerate(parts) if part and (i == 0 or part != parts[i - 1])]
        return " > ".join(kept)

    @cached_property
    def reading(self) -> str:
        """What the models read: the heading line, then the text. It ends with `text`, always."""
        return f"{self.heading}\n{self.text}" if self.heading else self.text

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 (hex) of what the models read: the key of cached vectors and pair scores."""
        return hashlib.sha256(self.reading.encode("utf-8", "surrogatepass")).hexdigest()


class Timing(Frozen):
    """When a step started, counted from the start of its run, and how long it took. Milliseconds."""

    started_ms: FiniteFloat = 0.0
    took_ms: Annotated[FiniteFloat, Field(ge=0)] = 0.0

    @property
    def ended_ms(self) -> float:
        """Start plus duration."""
        return self.started_ms + self.took_ms


class Hit(Frozen):
    """A chunk at a rank (1 is best). `parts` says what the score is made of, by name."""

    chunk_id: str
    rank: Annotated[int, Field(ge=1)]
    score: FiniteFloat
    parts: dict[str, FiniteFloat] = {}


class StageWarning(Frozen):
    """Something that a reader of the stage must know. `code` is stable, `message` a sentence."""

    code: Annotated[str, Field(pattern=r"^[a-z][a-z-]*$")]
    message: str


class Stage(Frozen):
    """One step: the hits that came out of it in order, their score space, its time and its warnings."""

    name: StageName
    space: ScoreSpace
    hits: tuple[Hit, ...]
    inputs: Annotated[int, Field(ge=0)]
    timing: Timing = Timing()
    warnings: tuple[StageWarning, ...] = ()

    @cached_property
    def by_chunk(self) -> dict[str, Hit]:
        """Hit of each chunk id that came out of this stage."""
        return {hit.chunk_id: hit for hit in self.hits}


class CollectionRef(Frozen):
    """Which collection was searched, well enough to know it again."""

    name: str
    fingerprint: str
    embedding_model: str
    documents: Annotated[int, Field(ge=0)]
    chunks: Annotated[int, Field(ge=0)]


class PairScore(Frozen):
    """A reranker's verdict on one (query, passage) pair.

    `tokens` counts the passage's tokens, `unseen_tokens` those past the model's limit, `seen_chars` how many
    characters of `Chunk.reading` the model saw (None: all of them). `cached`: it came from the pair-score cache.
    """

    score: FiniteFloat
    tokens: Annotated[int, Field(ge=0)] = 0
    unseen_tokens: Annotated[int, Field(ge=0)] = 0
    seen_chars: Annotated[int | None, Field(ge=0)] = None
    cached: bool = False


class Citation(Frozen):
    """`[number]` in an answer rests on this chunk; `quote` is the sentence taken from it, where one was."""

    number: Annotated[int, Field(ge=1)]
    chunk_id: str
    quote: str = ""


class Message(Frozen):
    """One chat message of the prompt, exactly as it is sent."""

    role: Literal["system", "user", "assistant"]
    content: str


Verdict = Literal["found", "not found", "uncited"]


class SentenceCheck(Frozen):
    """What was found for one sentence of an answer, `text[start:end]`, in the passages that it was given.

    verdict  `found` in a cited passage, `not found` in any cited passage, or `uncited`: it cites none
    cited    numbers of the passages that it cites
    number, chunk_id, quote, score    the sentence most like it, of the cited passages (of all, where it cites none),
             and their cosine; None and empty where the passages hold no sentence
    absent   numbers and codes in it that stand in none of those passages
    """

    start: Annotated[int, Field(ge=0)]
    end: Annotated[int, Field(ge=1)]
    verdict: Verdict
    cited: tuple[int, ...] = ()
    number: Annotated[int | None, Field(ge=1)] = None
    chunk_id: str = ""
    quote: str = ""
    score: FiniteFloat = 0.0
    absent: tuple[str, ...] = ()


class Answer(Frozen):
    """What the last step said. `kind` "extractive" quotes sentences; "chat" is a language model's text;
    "unknown" means that nothing passed the threshold or the model found no answer in the passages.

    Token counts are the chat server's own; `dollars` is what they cost. None: not told, or no price is known.
    `checks`: what was found for each sentence of a chat answer, in order.
    """

    kind: Literal["extractive", "chat", "unknown"]
    text: str
    citations: tuple[Citation, ...] = ()
    model: str = ""
    prompt: tuple[Message, ...] = ()
    timing: Timing = Timing()
    warnings: tuple[StageWarning, ...] = ()
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    dollars: Annotated[FiniteFloat, Field(ge=0)] | None = None
    checks: tuple[SentenceCheck, ...] = ()

    @model_validator(mode="after")
    def _checks_in_order(self) -> Self:
        ends = [0, *(one.end for one in self.checks)]
        for before, one in zip(ends, self.checks, strict=False):
            if not before <= one.start < one.end <= len(self.text):
                raise ValueError(f"checks: no sentence of the answer stands at {one.start} to {one.end}")
        return self
