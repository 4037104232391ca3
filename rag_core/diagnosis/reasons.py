"""Why a rival stood where it stood, and what else a reader must know, as data. `wording.rivals` puts it in words."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, FiniteFloat

from rag_core.diagnosis.facts import Recorded, Score
from rag_core.diagnosis.run_facts import ByStep, OpenQuestion
from rag_core.schema.base import Frozen
from rag_core.schema.trace_record import RankAtStep


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


ROUNDING = 1e-3
"""Within this share of 1, or of the score where that is larger, two dense scores are the same: an index may keep
shorter numbers than it was given."""


class Deeper(Frozen):
    """A list has it deeper than the `depth` that the run takes of it; None where the run takes nothing of that list, as
    the index fuses by itself."""

    kind: Literal["deeper"] = "deeper"
    at: RankAtStep
    depth: int | None


class PastDense(Frozen):
    """Dense search did not return it among the `asked`.

    how: how the search is approximate; empty where it is exact. end: the last score that it returned. own: the
    passage's own score, from its stored vector; None where that was not read, and `unread` says why. nearer: how many
    of the `returned` have a better one.
    """

    kind: Literal["past-dense"] = "past-dense"
    how: str
    asked: int
    returned: int
    end: Score | None
    own: Score | None
    nearer: int = 0
    unread: str = ""

    @property
    def missed(self) -> bool | None:
        """Whether an exact search would have returned it; None where that cannot be told."""
        if not self.how:
            return False
        if self.own is None:
            return None
        if self.end is None or self.returned < self.asked:
            return True
        ahead = self.own.score - self.end.score
        ahead = -ahead if self.own.space.lower_is_better else ahead
        if abs(ahead) <= ROUNDING * max(1.0, abs(self.end.score)):
            return None
        return ahead > 0

    @property
    def tells(self) -> bool:
        """Whether there is anything to say: an exact search that returned all that there is says it by its list."""
        return bool(self.how) or self.returned >= self.asked


Note = Annotated[DidNotRun | EndUnread | Deeper | PastDense | OpenQuestion | Recorded, Field(discriminator="kind")]
