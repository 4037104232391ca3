"""The small values that a run is made of. Kinds of steps, score spaces and evidence are those of a trace."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, Field, FiniteFloat

from rag_core.schema.base import Frozen, Scalar
from rag_core.schema.spaces import ScoreSpace as Space
from rag_core.schema.steps import Evidence, StepKind

__all__ = ["Evidence", "Space", "StepKind"]

Direction = Literal["higher", "lower"]
"""Which scores are better."""

MAX_TEXT = 200_000
"""Characters of a query, an answer or a passage's text."""

Text = Annotated[str, Field(max_length=MAX_TEXT)]
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
PassageId = Annotated[str, Field(min_length=1, max_length=1000)]

MOST_MS = 1e13
"""Milliseconds of a step at most: 317 years. More is no measurement."""

EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def _plausible(moment: datetime) -> datetime:
    if not EARLIEST <= moment < LATEST:
        raise ValueError(f"must be a time from {EARLIEST.year} to {LATEST.year - 1}, in UTC")
    return moment


StartedAt = Annotated[AwareDatetime, AfterValidator(_plausible)]
"""When a run started: a time that every store and chart can hold."""

DIRECTIONS: dict[Space, Direction | None] = {
    **{space: "lower" if space.lower_is_better else "higher" for space in Space},
    Space.UNKNOWN: None,
}
"""The direction of each space; None where it has to be given."""


class Timing(Frozen):
    """How long a step took, and when it started, counted from the start of the run. Milliseconds."""

    started_ms: Annotated[FiniteFloat, Field(ge=-MOST_MS, le=MOST_MS)] | None = None
    took_ms: Annotated[FiniteFloat, Field(ge=0, le=MOST_MS)]


class Note(Frozen):
    """Something that a reader must know of a step or run. `code` is stable, `message` a sentence."""

    code: Annotated[str, Field(pattern=r"^[a-z][a-z-]*$", max_length=60)]
    message: Annotated[str, Field(max_length=2000)]


class Feedback(Frozen):
    """What somebody said of the answer: a name ("thumbs", "correct"), a value, and a comment."""

    name: Name
    value: Scalar
    comment: Text = ""


class RunPassage(Frozen):
    """A passage as the pipeline had it. `text` is None where it was not recorded."""

    id: PassageId
    text: Text | None = None
    title: Annotated[str, Field(max_length=2000)] = ""
    source: Annotated[str, Field(max_length=2000)] = ""
    document_id: Annotated[str, Field(max_length=1000)] = ""
    metadata: dict[str, Scalar] = {}
