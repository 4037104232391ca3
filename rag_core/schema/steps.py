"""One step of a run: its hits in order, their score space, its time and its warnings."""

from __future__ import annotations

from enum import StrEnum
from functools import cached_property
from typing import Annotated

from pydantic import (
    Field,
    FiniteFloat,
)

from rag_core.schema.base import Frozen
from rag_core.schema.spaces import ScoreSpace


class StepName(StrEnum):
    """The steps of a run, in order. `FIRST_PASS` is a step of those runs only whose policy has a first pass."""

    DENSE = "dense"
    LEXICAL = "lexical"
    FUSED = "fused"
    FIRST_PASS = "first_pass"
    RERANKED = "reranked"
    ADJUSTED = "adjusted"
    KEPT = "kept"


class StepKind(StrEnum):
    """What makes a step's list of passages.

    search  finds passages for the query
    fusion  joins several lists into one
    rerank  scores each pair of query and passage, and orders by the score
    adjust  changes the order by what is known beside relevance
    select  decides what is kept
    """

    SEARCH = "search"
    FUSION = "fusion"
    RERANK = "rerank"
    ADJUST = "adjust"
    SELECT = "select"


class Evidence(StrEnum):
    """How a step is known: `recorded` when it ran, `inferred` from what was recorded, or `unavailable`."""

    RECORDED = "recorded"
    INFERRED = "inferred"
    UNAVAILABLE = "unavailable"


class Timing(Frozen):
    """When a step started, counted from the start of its run, and how long it took. Milliseconds.

    estimated: this part of a step was not timed alone; it is its share of a time that was measured for more.
    """

    started_ms: FiniteFloat = 0.0
    took_ms: Annotated[FiniteFloat, Field(ge=0)] = 0.0
    estimated: bool = False

    @property
    def ended_ms(self) -> float:
        """Start plus duration."""
        return self.started_ms + self.took_ms


class Hit(Frozen):
    """A passage at a rank (1 is best). `parts` says what the score is made of, by name."""

    passage_id: str
    rank: Annotated[int, Field(ge=1)]
    score: FiniteFloat
    parts: dict[str, FiniteFloat] = {}


class StepWarning(Frozen):
    """Something that a reader of the step must know. `code` is stable, `message` a sentence."""

    code: Annotated[str, Field(pattern=r"^[a-z][a-z-]*$")]
    message: str


class Step(Frozen):
    """One step: the hits that came out of it in order, their score space, its time and its warnings.

    `inputs` names the steps that it reads; none for a search. `hits_in` counts the hits that it read, one as often as a
    list held it; for a search, the passages that it searched; None where that was not recorded. `timed` is False
    where no time was recorded. `evidence` says how the step is known, `model` what made its scores ("": not known).
    """

    name: str
    kind: StepKind
    inputs: tuple[str, ...] = ()
    space: ScoreSpace
    hits: tuple[Hit, ...]
    hits_in: Annotated[int | None, Field(ge=0)]
    evidence: Evidence = Evidence.RECORDED
    timing: Timing = Timing()
    timed: bool = True
    model: str = ""
    warnings: tuple[StepWarning, ...] = ()

    @property
    def took_ms(self) -> float | None:
        """How long it took; None where no time was recorded."""
        return self.timing.took_ms if self.timed else None

    @cached_property
    def by_passage(self) -> dict[str, Hit]:
        """Hit of each passage id that came out of this step."""
        return {hit.passage_id: hit for hit in self.hits}


class PairScore(Frozen):
    """A reranker's verdict on one (query, passage) pair.

    `tokens` counts the passage's tokens, `unseen_tokens` those past the model's limit, `seen_chars` how many
    characters of `Passage.reading` the model saw (None: all of them). `cached`: it came from the pair-score cache.
    """

    score: FiniteFloat
    tokens: Annotated[int, Field(ge=0)] = 0
    unseen_tokens: Annotated[int, Field(ge=0)] = 0
    seen_chars: Annotated[int | None, Field(ge=0)] = None
    cached: bool = False
