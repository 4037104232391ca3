"""What a diagnosis may say: the verdicts as data, and the evidence that each carries."""

from __future__ import annotations

from enum import StrEnum

from rag_core.schema.base import Frozen
from rag_core.schema.steps import StepName
from rag_core.schema.trace_record import RankAtStep


class Verdict(StrEnum):
    """Where the expected passage was lost: the first step, in order, that explains why it was not used."""

    NOT_IN_CORPUS = "not-in-corpus"
    FILTERED_OUT = "filtered-out"
    CUT_BY_CHUNKING = "cut-by-chunking"
    MISSED_BY_BOTH = "missed-by-both"
    MISSED_BY_DENSE = "missed-by-dense"
    MISSED_BY_LEXICAL = "missed-by-lexical"
    FUSED_OUT = "fused-out"
    CUT_BY_FIRST_PASS = "cut-by-first-pass"
    UNREAD = "unread"
    DEMOTED = "demoted"
    PUSHED_DOWN = "pushed-down"
    UNDER_THRESHOLD = "under-threshold"
    CUT_BY_TOP_K = "cut-by-top-k"
    NOT_CITED = "not-cited"
    KEPT = "kept"

    @property
    def lost(self) -> bool:
        """True for every verdict but `kept`."""
        return self is not Verdict.KEPT


LABELS = {
    Verdict.NOT_IN_CORPUS: "Not in the corpus",
    Verdict.FILTERED_OUT: "Excluded by the filter",
    Verdict.CUT_BY_CHUNKING: "Cut by chunking",
    Verdict.MISSED_BY_BOTH: "Missed by both searches",
    Verdict.MISSED_BY_DENSE: "Missed by dense search",
    Verdict.MISSED_BY_LEXICAL: "Missed by lexical search",
    Verdict.FUSED_OUT: "Fused out of the pool",
    Verdict.CUT_BY_FIRST_PASS: "Cut by the first pass",
    Verdict.UNREAD: "Beyond the reranker's token limit",
    Verdict.DEMOTED: "Demoted by the reranker",
    Verdict.PUSHED_DOWN: "Pushed down by a signal",
    Verdict.UNDER_THRESHOLD: "Under the threshold",
    Verdict.CUT_BY_TOP_K: "Cut by top-k",
    Verdict.NOT_CITED: "Kept, but not cited",
    Verdict.KEPT: "Kept",
}

STEPS: dict[Verdict, tuple[str | None, str | None]] = {
    Verdict.NOT_IN_CORPUS: (None, None),
    Verdict.FILTERED_OUT: (None, None),
    Verdict.CUT_BY_CHUNKING: (None, None),
    Verdict.MISSED_BY_BOTH: (None, StepName.DENSE),
    Verdict.MISSED_BY_DENSE: (StepName.LEXICAL, StepName.DENSE),
    Verdict.MISSED_BY_LEXICAL: (StepName.DENSE, StepName.LEXICAL),
    Verdict.FUSED_OUT: (StepName.DENSE, StepName.FUSED),
    Verdict.CUT_BY_FIRST_PASS: (StepName.FUSED, StepName.FIRST_PASS),
    Verdict.UNREAD: (StepName.FUSED, StepName.RERANKED),
    Verdict.DEMOTED: (StepName.FUSED, StepName.RERANKED),
    Verdict.PUSHED_DOWN: (StepName.RERANKED, StepName.ADJUSTED),
    Verdict.UNDER_THRESHOLD: (StepName.ADJUSTED, StepName.KEPT),
    Verdict.CUT_BY_TOP_K: (StepName.ADJUSTED, StepName.KEPT),
    Verdict.NOT_CITED: (StepName.ADJUSTED, StepName.KEPT),
    Verdict.KEPT: (StepName.ADJUSTED, StepName.KEPT),
}
"""The steps before and after the loss: the passage came out of the first and not, or further down, out of the second.

In a run with a first pass, that is the step before `reranked`."""


class Rival(Frozen):
    """A candidate that took a place that the expected passage needed: where it stood at that step, and why."""

    passage_id: str
    title: str
    step: RankAtStep
    why: str


class Diagnosis(Frozen):
    """The verdict on one expected document, with all that it rests on.

    chunk_id: the expected passage that came furthest (None where there is none). way: its rank and score at every
    step; before and after: the two steps between which it was lost. notes: what else a reader must know, such as
    a reranker that did not run.
    """

    verdict: Verdict
    sentence: str
    passage_id: str | None = None
    way: tuple[RankAtStep, ...] = ()
    before: RankAtStep | None = None
    after: RankAtStep | None = None
    rivals: tuple[Rival, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def lost(self) -> bool:
        """True where the document was not used."""
        return self.verdict.lost
