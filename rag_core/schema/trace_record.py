"""What a trace stores. What can be asked of it is in `rag_core.schema.trace`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import (
    Field,
    FiniteFloat,
)

from rag_core.schema.answers import Answer
from rag_core.schema.base import Frozen
from rag_core.schema.documents import CollectionRef, Passage
from rag_core.schema.filters import Filter
from rag_core.schema.measurement import Rewriting
from rag_core.schema.paid_calls import EmbeddingCalls
from rag_core.schema.policy import (
    Policy,
)
from rag_core.schema.rerank_summary import RerankSummary
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import PairScore, Step, Timing


class Origin(Frozen):
    """Which pipeline a trace was recorded in, where it was not ours.

    `project` is its name, `source` what brought the record ("recorder", "otlp", ...), `run_id` the record's id there.
    `replayed`: it is a replay of that record with other settings, so what was kept is what would be.
    """

    project: str
    source: str = ""
    run_id: str = ""
    replayed: bool = False


class ExtraSearchRun(Frozen):
    """An extra search in a run: its lists as steps, cut to its depth. `where` is the filter it was searched under."""

    name: str
    query: str
    where: Filter | None = None
    embed: Timing
    dense: Step
    lexical: Step
    terms: tuple[str, ...] = ()

    @property
    def steps(self) -> tuple[Step, Step]:
        """Both lists."""
        return self.dense, self.lexical


class RankAtStep(Frozen):
    """Where one passage stood at one step; rank and score are None where it did not come out of it."""

    step: str
    space: ScoreSpace
    rank: int | None
    score: FiniteFloat | None
    of: int

    @classmethod
    def of_passage(cls, step: Step, passage_id: str) -> Self:
        """Where this passage stood at that step."""
        hit = step.by_passage.get(passage_id)
        rank, score = (hit.rank, hit.score) if hit else (None, None)
        return cls(step=step.name, space=step.space, rank=rank, score=score, of=len(step.hits))


Outcome = Literal[
    "kept",
    "cut by top-k",
    "under the threshold",
    "not read",
    "cut by the first pass",
    "not returned by the reranker",
    "outside the pool",
]


def not_rewritten(failure: str) -> str:
    """The warning of a run whose question could not be rewritten."""
    return f"The question was not rewritten: {failure} The run went on with the question as it was asked."


class TraceRecord(Frozen):
    """The stored fields of a trace, as its file has them."""

    version: Literal[3] = 3
    query: str
    where: Filter | None = None
    policy: Policy
    collection: CollectionRef
    measured_at: datetime
    embed: Timing
    embedding: EmbeddingCalls | None = None
    model_load_ms: FiniteFloat = 0.0
    steps: Annotated[tuple[Step, ...], Field(min_length=1)]
    first_pass_summary: RerankSummary | None = None
    rerank: RerankSummary
    terms: tuple[str, ...] = ()
    first_pass_pairs: dict[str, PairScore] = {}
    pairs: dict[str, PairScore] = {}
    passages: dict[str, Passage]
    extra_searches: tuple[ExtraSearchRun, ...] = ()
    rewriting: Rewriting | None = None
    best_probability: Annotated[float | None, Field(ge=0, le=1)] = None
    recorded_answer: Answer | None = None
    origin: Origin | None = None
