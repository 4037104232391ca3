"""A run as it is sent: the published record (docs/run-record.schema.json), and how it becomes a `Run`.

It asks for little. A hit may carry its passage's text, or name a passage of the list `passages`. Ids are made from
texts where they are missing, ranks from the order. A passage that a step has twice counts once, ranks that repeat are
counted anew, and a second step of one name gets a number: each with a note. A stored `Run` is such a record too, so
there is one format and one reader:

    read_run('{"project": "bot", "query": "Refund?", "steps": [{"name": "dense", "kind": "search", "hits": [...]}]}')
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from itertools import chain, count
from typing import Annotated, Any, Literal, Self

from pydantic import Field, FiniteFloat, ValidationError, model_validator

from rag_core.errors import UnreadableRecord
from rag_core.runs.passage_book import PassageBook, content_key
from rag_core.runs.recorder.shapes import encodable
from rag_core.runs.run import MAX_HITS, MAX_STEPS, Run, RunId, RunStep
from rag_core.runs.values import (
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
from rag_core.schema.base import Frozen, Scalar, new_id
from rag_core.schema.records import RecordFormat
from rag_core.schema.validation import in_words


class SentHit(Frozen):
    """A passage of a step, best first. Give its id, its text, or both."""

    passage_id: PassageId | None = Field(None, description="Left out: made from the text.")
    text: Text | None = None
    rank: Annotated[int | None, Field(ge=1, description="1 is best. Left out: the place in the list.")] = None
    score: FiniteFloat | None = Field(None, description="In the step's space. Left out: not recorded.")
    title: Annotated[str, Field(max_length=2000)] = ""
    source: Annotated[str, Field(max_length=2000)] = ""
    document_id: Annotated[str, Field(max_length=1000)] = ""
    metadata: dict[str, Scalar] = {}

    @model_validator(mode="after")
    def _has_a_key(self) -> Self:
        if self.passage_id is None and not self.text:
            raise ValueError("give a passage_id or a text")
        return self

    def passage(self) -> RunPassage:
        """The passage that it carries."""
        return RunPassage(
            id=self.passage_id or content_key(self.text or ""),
            text=self.text,
            title=self.title,
            source=self.source,
            document_id=self.document_id,
            metadata=self.metadata,
        )


CARRIED = {"text", "title", "source", "document_id", "metadata"}
"""What a hit may say of its passage."""


class SentStep(Frozen):
    """One ranked list: its name, what made it, and its hits."""

    name: Name
    kind: StepKind
    inputs: tuple[Name, ...] = Field((), description="Names of the earlier steps that it read.")
    space: Space = Field(Space.UNKNOWN, description="What its scores mean.")
    direction: Direction | None = Field(None, description="Which scores are better, where the space does not say.")
    hits: Annotated[tuple[SentHit, ...], Field(max_length=MAX_HITS)] = ()
    timing: Timing | None = None
    model: Annotated[str, Field(max_length=400)] = ""
    query: Text | None = Field(None, description="What this step was asked, where that is not the run's query.")
    evidence: Evidence = Evidence.RECORDED
    warnings: tuple[Note, ...] = ()


class SentRun(Frozen):
    """One recorded query of any pipeline."""

    version: Literal[1] = 1
    project: Name
    query: Text
    id: RunId | None = Field(None, description="Unique in its project; sending an id again replaces that run.")
    started_at: StartedAt | None = Field(None, description="With its time zone. Left out: the time of arrival.")
    steps: Annotated[tuple[SentStep, ...], Field(max_length=MAX_STEPS)] = ()
    passages: tuple[RunPassage, ...] = ()
    answer: Text | None = None
    feedback: tuple[Feedback, ...] = ()
    attributes: dict[str, Scalar] = {}
    source: Annotated[str, Field(max_length=100)] = ""
    warnings: tuple[Note, ...] = ()


RUN = RecordFormat(
    noun="run",
    model=SentRun,
    version=1,
    accepts="docs/run-record.schema.json describes what a run looks like.",
)


def read_run(text: str | bytes) -> Run:
    """The run of a JSON text. Raises UnreadableRecord in words for a user."""
    return run_of(RUN.read(text))


def run_from(raw: object) -> Run:
    """The run of parsed JSON. Raises UnreadableRecord in words for a user."""
    try:
        return run_of(RUN.value_of(encodable(raw)))
    except ValueError as exc:
        raise UnreadableRecord(f"This is not a run that can be read: {exc}. {RUN.accepts}") from exc


def run_of(sent: SentRun) -> Run:
    """The run that was sent, complete. Raises UnreadableRecord where its parts contradict each other."""
    book = PassageBook()
    named = (hit.passage() for step in sent.steps for hit in step.hits if hit.passage_id and hit.text)
    for passage in (*sent.passages, *named):  # first, so that a text without an id finds the id that it has elsewhere
        book.add(passage)
    try:
        fields: dict[str, Any] = dict(sent) | {
            "id": sent.id or new_id(),
            "started_at": sent.started_at or datetime.now(UTC),
            "steps": _steps(sent.steps, book),
            "passages": book.passages(),
        }
        return Run(**fields)
    except ValidationError as exc:
        raise UnreadableRecord(f"This is not a run that can be read: {in_words(exc)}. {RUN.accepts}") from exc


def _steps(sent: Iterable[SentStep], book: PassageBook) -> tuple[RunStep, ...]:
    """The steps with names of their own; an input that names two steps means the later one."""
    names: dict[str, str] = {}
    steps: list[RunStep] = []
    for step in sent:
        inputs = tuple(names.get(name, name) for name in step.inputs)
        names[step.name] = unique_name(step.name, {one.name for one in steps})
        steps.append(_step(step.model_copy(update={"name": names[step.name], "inputs": inputs}), book))
    return tuple(steps)


def unique_name(name: str, taken: Collection[str]) -> str:
    """The name, with a number where it is taken.

    >>> unique_name("dense", ["dense", "dense (2)"])
    'dense (3)'
    """
    names = chain([name], (f"{name[:190]} ({number})" for number in count(2)))
    return next(one for one in names if one not in taken)


def _step(sent: SentStep, book: PassageBook) -> RunStep:
    hits, notes = _hits(sent.hits, book)
    fields: dict[str, Any] = dict(sent) | {"hits": hits, "warnings": tuple(dict.fromkeys((*sent.warnings, *notes)))}
    return RunStep(**fields)


def _hits(sent: Sequence[SentHit], book: PassageBook) -> tuple[list[dict[str, Any]], list[Note]]:
    """The fields of a `RunHit` for each passage, in order, with notes on what was put right."""
    ranked = sorted(enumerate(sent, start=1), key=lambda one: one[1].rank or one[0])
    keys = [(_key(hit, book), hit.rank or place, hit.score) for place, hit in ranked]
    first: dict[str, tuple[int, float | None]] = {}
    for key, rank, score in keys:
        first.setdefault(key, (rank, score))
    ranks = [rank for rank, _ in first.values()]
    notes = [_note("passage-twice", "A passage is in this list more than once; its best rank counts.")]
    notes = notes if len(first) < len(keys) else []
    if len(set(ranks)) < len(ranks):
        ranks = list(range(1, len(ranks) + 1))
        notes.append(_note("ranks-repeat", "Ranks repeat in this list; they are replaced by the order of the list."))
    hits = [
        {"passage_id": key, "rank": rank, "score": score}
        for rank, (key, (_, score)) in zip(ranks, first.items(), strict=True)
    ]
    return hits, notes


def _key(hit: SentHit, book: PassageBook) -> str:
    """The id of the hit's passage. One that only names a passage which is there adds nothing to it."""
    if hit.passage_id and book.has(hit.passage_id) and not hit.model_fields_set & CARRIED:
        return hit.passage_id
    return book.add(hit.passage())


def _note(code: str, message: str) -> Note:
    return Note(code=code, message=message)
