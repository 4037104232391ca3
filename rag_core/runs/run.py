"""A run: one recorded query of any pipeline, with its steps, whatever they are called and however many there are.

    run.step("reranked").hits[0].passage_id
    run.passage("doc-7").text

What was not recorded is absent and never made up: scores, texts, times, the direction of an unknown score.
`rag_core.runs.sent` reads runs, from JSON or from a store.
"""

from __future__ import annotations

from functools import cached_property
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, FiniteFloat, model_validator

from rag_core.runs.values import (
    DIRECTIONS,
    Direction,
    Evidence,
    Feedback,
    Name,
    Note,
    PassageId,
    RunPassage,
    Space,
    StartedAt,
    StepKind,
    Text,
    Timing,
)
from rag_core.schema.base import Frozen, Scalar

MAX_HITS = 10_000
MAX_STEPS = 200
RUN_ID = "^[A-Za-z0-9._:-]{1,64}$"
RunId = Annotated[str, Field(pattern=RUN_ID)]


class RunHit(Frozen):
    """A passage at a rank (1 is best). The score is None where none was recorded."""

    passage_id: PassageId
    rank: Annotated[int, Field(ge=1)]
    score: FiniteFloat | None = None


class RunStep(Frozen):
    """One ranked list of a run.

    inputs     names of the steps that it read; none for a search, or where that is not known
    direction  given where the space does not know it
    query      what this step was asked, where that is not the run's query
    """

    name: Name
    kind: StepKind
    inputs: tuple[Name, ...] = ()
    space: Space = Space.UNKNOWN
    direction: Direction | None = None
    hits: Annotated[tuple[RunHit, ...], Field(max_length=MAX_HITS)] = ()
    timing: Timing | None = None
    model: Annotated[str, Field(max_length=400)] = ""
    query: Text | None = None
    evidence: Evidence = Evidence.RECORDED
    warnings: tuple[Note, ...] = ()

    @property
    def better(self) -> Direction | None:
        """Whether higher or lower scores are better; None where nobody said."""
        return self.direction or DIRECTIONS[self.space]

    @property
    def best(self) -> float | None:
        """The best score; where no direction is known, that of the first hit. None without scores."""
        scores = [hit.score for hit in self.hits if hit.score is not None]
        if not scores:
            return None
        return {"higher": max(scores), "lower": min(scores), None: scores[0]}[self.better]

    @cached_property
    def by_passage(self) -> dict[str, RunHit]:
        """Hit of each passage id of this step."""
        return {hit.passage_id: hit for hit in self.hits}

    @model_validator(mode="after")
    def _direction_fits(self) -> Self:
        known = DIRECTIONS[self.space]
        if self.direction and known and self.direction != known:
            raise ValueError(f"in the space {self.space.value}, {known} scores are better")
        return self

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        ranks = [hit.rank for hit in self.hits]
        if any(first >= second for first, second in pairwise(ranks)):
            raise ValueError(f"the ranks of {self.name} do not ascend")
        if len(self.by_passage) != len(self.hits):
            raise ValueError(f"{self.name} has a passage twice")
        return self


class Run(Frozen):
    """One recorded query.

    project   what the run belongs to: an assistant, a service
    source    what brought it: "recorder", "otlp", or the name of an importer
    feedback  what people or graders said of its answer
    """

    version: Literal[1] = 1
    id: RunId
    project: Name
    query: Text
    started_at: StartedAt
    steps: Annotated[tuple[RunStep, ...], Field(max_length=MAX_STEPS)] = ()
    passages: tuple[RunPassage, ...] = ()
    answer: Text | None = None
    feedback: tuple[Feedback, ...] = ()
    attributes: dict[str, Scalar] = {}
    source: Annotated[str, Field(max_length=100)] = ""
    warnings: tuple[Note, ...] = ()

    def step(self, name: str) -> RunStep:
        """The step of that name. KeyError where there is none."""
        return self._by_name[name]

    def passage(self, passage_id: str) -> RunPassage:
        """The passage of that id. KeyError where there is none."""
        return self._by_id[passage_id]

    def of_kind(self, kind: StepKind) -> tuple[RunStep, ...]:
        """The steps of a kind, in order."""
        return tuple(step for step in self.steps if step.kind is kind)

    @property
    def last(self) -> RunStep | None:
        """The last step that has hits or was recorded: what the answer was made from. None without steps."""
        return next((step for step in reversed(self.steps) if step.evidence is not Evidence.UNAVAILABLE), None)

    @property
    def took_ms(self) -> float | None:
        """From the start of the run to the end of its last timed step, or else the sum of the times that are known;
        None where no time was recorded."""
        timings = [step.timing for step in self.steps if step.timing]
        placed = [one.started_ms + one.took_ms for one in timings if one.started_ms is not None]
        if timings and len(placed) == len(timings):
            return max(placed)
        return sum(one.took_ms for one in timings) if timings else None

    @cached_property
    def _by_name(self) -> dict[str, RunStep]:
        return {step.name: step for step in self.steps}

    @cached_property
    def _by_id(self) -> dict[str, RunPassage]:
        return {one.id: one for one in self.passages}

    @model_validator(mode="after")
    def _steps_fit(self) -> Self:
        known: set[str] = set()
        for step in self.steps:
            if step.name in known:
                raise ValueError(f"two steps are called {step.name}")
            if missing := next((name for name in step.inputs if name not in known), None):
                raise ValueError(f"{step.name} reads {missing}, which is no earlier step")
            known.add(step.name)
        return self

    @model_validator(mode="after")
    def _passages_fit(self) -> Self:
        if len(self._by_id) != len(self.passages):
            raise ValueError("two passages have one id")
        for step in self.steps:
            if missing := next((one for one in step.by_passage if one not in self._by_id), None):
                raise ValueError(f"{step.name} has the passage {missing}, which is not among the passages")
        return self

    def to_json(self) -> str:
        """The run as JSON text; `rag_core.runs.sent.read_run` gives it back without loss."""
        return self.model_dump_json()
