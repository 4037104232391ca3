"""What the verdict on another pipeline's run rests on, as data; its steps have the names that they have there.

`wording.recorded_verdicts` puts it in words.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import FiniteFloat

from rag_core.schema.base import Frozen
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.trace_record import RankAtStep


class Missing(StrEnum):
    """What a run would have to record: the kept passages, the searches or the list that a step read, the step that read
    a list, ids, texts."""

    KEPT = "kept"
    SEARCHES = "searches"
    INPUT = "input"
    READER = "reader"
    IDS = "ids"
    TEXTS = "texts"


class Gap(Frozen):
    """Something that was not recorded, and the step that it belongs to."""

    missing: Missing
    step: str = ""


class Returned(Frozen):
    """How many passages came out of a step."""

    step: str
    passages: int


class Absence(Frozen):
    """In what sense the run has no such passage: none is of the document, none of its has the words that answer, or it
    has one in no list. `name` is what was asked for, or the document's title; `nearest` are titles that resemble it."""

    kind: Literal["no-document", "no-words", "no-list"]
    name: str
    passages: int
    nearest: tuple[str, ...] = ()


class RunMissed(Frozen):
    """No search of the run found it."""

    kind: Literal["run-missed"] = "run-missed"
    absence: Absence
    searches: tuple[Returned, ...]


class RunUnknown(Frozen):
    """No step has it, and too little was recorded to tell why."""

    kind: Literal["run-unknown"] = "run-unknown"
    absence: Absence
    gaps: tuple[Gap, ...]


class RunReached(Frozen):
    """It came as far as `last`; what became of it was not recorded."""

    kind: Literal["run-reached"] = "run-reached"
    title: str
    last: RankAtStep
    gaps: tuple[Gap, ...]


class RunLeftOut(Frozen):
    """A step read it and left it out."""

    kind: Literal["run-left-out"] = "run-left-out"
    title: str
    before: RankAtStep
    by: Returned


class RunNotReturned(Frozen):
    """A reranker did not return it. `unread_by`: the step that did not read it for that; empty for the last."""

    kind: Literal["run-not-returned"] = "run-not-returned"
    title: str
    before: RankAtStep
    by: Returned
    unread_by: str = ""


class RunMoved(Frozen):
    """A step moved it behind the `kept` passages that were kept."""

    kind: Literal["run-moved"] = "run-moved"
    title: str
    before: RankAtStep
    after: RankAtStep
    kept: int


class RunNotSelected(Frozen):
    """It was not selected; `first`: the first of the list were."""

    kind: Literal["run-not-selected"] = "run-not-selected"
    title: str
    before: RankAtStep
    by: Returned
    first: bool


class RunNotCited(Frozen):
    """It was given to the answer, which does not cite it."""

    kind: Literal["run-not-cited"] = "run-not-cited"
    title: str
    rank: int


class RunKept(Frozen):
    """It was kept."""

    kind: Literal["run-kept"] = "run-kept"
    title: str
    kept: RankAtStep


Absent = RunMissed | RunUnknown
RunFacts = Absent | RunReached | RunLeftOut | RunNotReturned | RunMoved | RunNotSelected | RunNotCited | RunKept


class ByStep(Frozen):
    """A rival's score at the step of loss against ours, and its rank in the list `before`; None where it was not there.

    `ours` is None where the step does not have the expected passage.
    """

    kind: Literal["by-step"] = "by-step"
    space: ScoreSpace
    theirs: FiniteFloat
    ours: FiniteFloat | None
    before: str
    came_from: int | None


class Doubt(StrEnum):
    """What a run leaves open beside its verdict."""

    INDEX = "index"
    SPLIT = "split"
    READ = "read"
    CUT = "cut"


class OpenQuestion(Frozen):
    """Whether the pipeline's index has the document; whether chunking split the words; whether the reranker read it;
    whether a top-k or a threshold cut it."""

    kind: Literal["open-question"] = "open-question"
    doubt: Doubt
