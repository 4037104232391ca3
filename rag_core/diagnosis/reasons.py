"""Why a rival stood where it stood, and what else a reader must know, as data. `wording.rivals` puts it in words."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, FiniteFloat

from rag_core.diagnosis.facts import Recorded, Score
from rag_core.diagnosis.run_facts import ByStep, OpenQuestion
from rag_core.schema.base import Frozen


class SearchRank(Frozen):
    """A rank in one list of a search; None where the list does not have it. `search` names an extra search."""

    search: str = ""
    step: str
    rank: int | None


class BySearch(Frozen):
    """Its ranks in the searches against those of the expected passage."""

    kind: Literal["by-search"] = "by-search"
    theirs: tuple[SearchRank, ...]
    ours: tuple[SearchRank, ...]


class ByScore(Frozen):
    """Its score against ours, in the same space. `came_from`: its rank before the step, where that tells something."""

    kind: Literal["by-score"] = "by-score"
    theirs: Score
    ours: FiniteFloat | None
    came_from: int | None = None


class ByPlace(Frozen):
    """As which passage the answer was given it, and as which ours."""

    kind: Literal["by-place"] = "by-place"
    theirs: int
    ours: int


class BySignal(Frozen):
    """The signal that put it ahead most, with its value for both and its weight."""

    kind: Literal["by-signal"] = "by-signal"
    signal: str
    theirs: FiniteFloat
    ours: FiniteFloat
    weight: FiniteFloat


Reason = Annotated[BySearch | ByScore | ByPlace | BySignal | ByStep | Recorded, Field(discriminator="kind")]


class DidNotRun(Frozen):
    """A reranker did not run. `reason` is the error's message."""

    kind: Literal["did-not-run"] = "did-not-run"
    role: Literal["reranker", "first pass"]
    name: str
    reason: str


class EndUnread(Frozen):
    """The reranker did not read the end of the passage, and no words are given that would tell whether that matters."""

    kind: Literal["end-unread"] = "end-unread"
    unseen_tokens: int
    tokens: int


Note = Annotated[DidNotRun | EndUnread | OpenQuestion | Recorded, Field(discriminator="kind")]
