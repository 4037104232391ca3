"""The small values that a run is made of: kinds of steps, score spaces, where a fact comes from."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, FiniteFloat

from rag_core.schema.base import Frozen, Scalar

Direction = Literal["higher", "lower"]
"""Which scores are better."""

MAX_TEXT = 200_000
"""Characters of a query, an answer or a passage's text."""

Text = Annotated[str, Field(max_length=MAX_TEXT)]
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
PassageId = Annotated[str, Field(min_length=1, max_length=1000)]


class StepKind(StrEnum):
    """What a step does.

    search  finds passages        fusion  makes one list of several
    rerank  scores a list anew    adjust  changes scores or order by rules
    select  keeps a part of a list in its order
    """

    SEARCH = "search"
    FUSION = "fusion"
    RERANK = "rerank"
    ADJUST = "adjust"
    SELECT = "select"


class Evidence(StrEnum):
    """Where a step comes from: it was recorded, worked out from what was recorded, or it took place unrecorded."""

    RECORDED = "recorded"
    INFERRED = "inferred"
    UNAVAILABLE = "unavailable"


class Space(StrEnum):
    """What a recorded score means.

    cosine       dot product of unit vectors       dot          dot product of any vectors
    distance     lower is better                   bm25         BM25 of any variant
    rrf          reciprocal rank fusion            maxsim       late interaction
    logit        a cross-encoder's raw output      probability  0..1
    grade        a language model's grade          combined     a sum of several
    unknown      nobody said; its direction may be given with the step
    """

    COSINE = "cosine"
    DOT = "dot"
    DISTANCE = "distance"
    BM25 = "bm25"
    RRF = "rrf"
    MAXSIM = "maxsim"
    LOGIT = "logit"
    PROBABILITY = "probability"
    GRADE = "grade"
    COMBINED = "combined"
    UNKNOWN = "unknown"


DIRECTIONS: dict[Space, Direction | None] = {
    **dict.fromkeys(Space, "higher"),
    Space.DISTANCE: "lower",
    Space.UNKNOWN: None,
}
"""The direction of each space; None where it has to be given."""


class Timing(Frozen):
    """How long a step took, and when it started, counted from the start of the run. Milliseconds."""

    started_ms: FiniteFloat | None = None
    took_ms: Annotated[FiniteFloat, Field(ge=0)]


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
