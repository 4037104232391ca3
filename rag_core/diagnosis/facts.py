"""What a verdict rests on, as data: names, ranks, scores with their space, counts. `wording.verdicts` puts it in words.

Each verdict has one kind of facts, or a few where it has several causes. `evidence` reads them from a trace. Those of
another pipeline's runs are in `run_facts`.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, FiniteFloat, model_validator

from rag_core.diagnosis.run_facts import RunFacts
from rag_core.schema.base import Frozen
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import StepName
from rag_core.schema.trace_record import RankAtStep


class Score(Frozen):
    """A score and its space."""

    score: FiniteFloat
    space: ScoreSpace


class Reads(Frozen):
    """What reads the fused candidates first, and how many of them."""

    by: Literal["first pass", "reranker"]
    count: int


class FoundAt(Frozen):
    """Where a search found the passage. `search` names an extra search; empty for the main one."""

    search: str = ""
    at: RankAtStep

    @model_validator(mode="after")
    def _of_a_search(self) -> Self:
        if self.at.step not in (StepName.DENSE, StepName.LEXICAL):
            raise ValueError(f"{self.at.step!r} is no list of a search; write dense or lexical")
        return self


class NotInCorpus(Frozen):
    """The collection has no document of that id or title. `nearest`: titles that resemble it, best first."""

    kind: Literal["not-in-corpus"] = "not-in-corpus"
    collection: str
    asked: str
    nearest: tuple[str, ...] = ()


class NoText(Frozen):
    """The document is there, but no passage was cut from it."""

    kind: Literal["no-text"] = "no-text"
    collection: str
    title: str


class FilteredOut(Frozen):
    """The filter of the question leaves the document out. `fields`: those that it does not match."""

    kind: Literal["filtered-out"] = "filtered-out"
    title: str
    fields: tuple[str, ...]


class Split(Frozen):
    """Chunking split the words that answer into so many passages, of which `kept` were kept."""

    kind: Literal["split"] = "split"
    title: str
    pieces: int
    kept: int


class MissedByBoth(Frozen):
    """No search found it. The ends are the last score of each list; None where the list is empty. `only`: the one
    search that there is, where the engine lacks the other."""

    kind: Literal["missed-by-both"] = "missed-by-both"
    title: str
    depth: int
    dense_end: Score | None
    lexical_end: Score | None
    extra_searches: tuple[str, ...] = ()
    only: Literal["dense", "lexical"] | None = None


class MissedByOne(Frozen):
    """One search missed it, and the other had it too far down to be read. `end`: the last score of the first's list."""

    kind: Literal["missed-by-one"] = "missed-by-one"
    title: str
    missing: Literal["dense", "lexical"]
    end: Score | None
    other: RankAtStep
    reads: Reads


class NoCandidate(Frozen):
    """Every list that has it weighs nothing."""

    kind: Literal["no-candidate"] = "no-candidate"
    title: str
    found: Annotated[tuple[FoundAt, ...], Field(min_length=1)]


class NotReached(Frozen):
    """The reranker stopped after `read` candidates of its pool and never came to it."""

    kind: Literal["not-reached"] = "not-reached"
    title: str
    found: tuple[FoundAt, ...]
    fused: RankAtStep
    read: int
    pool: int


class OutsidePool(Frozen):
    """Its fused rank lies outside what is read; `last` is the fused score of the last candidate that is."""

    kind: Literal["outside-pool"] = "outside-pool"
    title: str
    found: tuple[FoundAt, ...]
    fused: RankAtStep
    reads: Reads
    last: Score


class NotHandedOn(Frozen):
    """The first pass read it and did not hand it on. `placed` and `last`, its rank there and the score of the last one
    that went on, are None where the first pass did not run."""

    kind: Literal["not-handed-on"] = "not-handed-on"
    title: str
    fused: RankAtStep
    first_pass: str
    placed: RankAtStep | None
    handed_on: int
    reranker: str
    last: Score | None


class BeyondLimit(Frozen):
    """The telling part lies beyond the reranker's token limit. `quoted`: told by the words that answer, not by those of
    the question."""

    kind: Literal["beyond-limit"] = "beyond-limit"
    title: str
    unseen_tokens: int
    tokens: int
    quoted: bool
    reranked: RankAtStep


class Moved(Frozen):
    """The reranker or the signals moved it down, out of the top-k."""

    kind: Literal["moved"] = "moved"
    title: str
    by: Literal["reranker", "signals"]
    before: RankAtStep
    after: RankAtStep
    top_k: int


class UnderThreshold(Frozen):
    """Its relevance is under the threshold, a number in the same space."""

    kind: Literal["under-threshold"] = "under-threshold"
    title: str
    rank: int
    relevance: Score
    threshold: FiniteFloat


class CutByTopK(Frozen):
    """It ended behind the top-k; `last` is the score of the last one that was kept."""

    kind: Literal["cut-by-top-k"] = "cut-by-top-k"
    title: str
    fused: RankAtStep
    final: RankAtStep
    top_k: int
    last: Score


class NotCited(Frozen):
    """It was given to the answer, which does not cite it; `unknown`: which is "I don't know"."""

    kind: Literal["not-cited"] = "not-cited"
    title: str
    kept: RankAtStep
    unknown: bool


class Kept(Frozen):
    """It was kept; `cited` where the answer cites it."""

    kind: Literal["kept"] = "kept"
    title: str
    kept: RankAtStep
    cited: bool


class Recorded(Frozen):
    """Words of a case of an earlier version, kept where its run does not hold what they can be made of again."""

    kind: Literal["recorded"] = "recorded"
    recorded_sentence: str


Facts = Annotated[
    NotInCorpus | NoText | FilteredOut | Split | MissedByBoth | MissedByOne | NoCandidate | NotReached | OutsidePool
    | NotHandedOn | BeyondLimit | Moved | UnderThreshold | CutByTopK | NotCited | Kept | RunFacts | Recorded,
    Field(discriminator="kind"),
]  # fmt: skip
