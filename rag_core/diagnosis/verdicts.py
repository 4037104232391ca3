"""What a diagnosis may say: the verdicts as data, and the evidence that each carries."""

from __future__ import annotations

from enum import StrEnum

from rag_core.diagnosis.facts import Facts
from rag_core.diagnosis.reasons import Note, Reason
from rag_core.diagnosis.run_facts import Gap
from rag_core.schema.base import Frozen
from rag_core.schema.steps import StepName
from rag_core.schema.trace_record import RankAtStep


class Verdict(StrEnum):
    """Where the expected passage was lost: the first step, in order, that explains why it was not used.

    `missed`, `not-returned`, `not-selected` and `cannot-tell` are of another pipeline's runs alone: no search found it;
    a reranker read it and did not return it; it was not among the kept, for a top-k or a threshold that the run does
    not name; too little was recorded to tell.
    """

    NOT_IN_CORPUS = "not-in-corpus"
    FILTERED_OUT = "filtered-out"
    CUT_BY_CHUNKING = "cut-by-chunking"
    MISSED_BY_BOTH = "missed-by-both"
    MISSED_BY_DENSE = "missed-by-dense"
    MISSED_BY_LEXICAL = "missed-by-lexical"
    MISSED = "missed"
    FUSED_OUT = "fused-out"
    CUT_BY_FIRST_PASS = "cut-by-first-pass"
    UNREAD = "unread"
    NOT_RETURNED = "not-returned"
    DEMOTED = "demoted"
    PUSHED_DOWN = "pushed-down"
    UNDER_THRESHOLD = "under-threshold"
    CUT_BY_TOP_K = "cut-by-top-k"
    NOT_SELECTED = "not-selected"
    NOT_CITED = "not-cited"
    KEPT = "kept"
    CANNOT_TELL = "cannot-tell"

    @property
    def lost(self) -> bool:
        """True where it is known that the document was not used."""
        return self not in (Verdict.KEPT, Verdict.CANNOT_TELL)


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

In a run with a first pass, that is the step before `reranked`. The steps of another pipeline's run have names of their
own, see `recorded_path`."""


class Rival(Frozen):
    """A candidate that took a place that the expected passage needed: where it stood at that step, and why."""

    passage_id: str
    title: str
    step: RankAtStep
    why: Reason


class Diagnosis(Frozen):
    """The verdict on one expected document, with all that it rests on, as data.

    facts: the numbers and names that the verdict is told by. passage_id: the expected passage that came furthest (None
    where there is none). way: its rank and score at every step; before and after: the two steps between which it was
    lost. notes: what else a reader must know, such as a reranker that did not run. recorded: of another pipeline's run,
    whose steps have names of their own; needs: what that pipeline has to record so that it can be told.
    """

    verdict: Verdict
    facts: Facts
    passage_id: str | None = None
    way: tuple[RankAtStep, ...] = ()
    before: RankAtStep | None = None
    after: RankAtStep | None = None
    rivals: tuple[Rival, ...] = ()
    notes: tuple[Note, ...] = ()
    recorded: bool = False
    needs: tuple[Gap, ...] = ()

    @property
    def lost(self) -> bool:
        """True where it is known that the document was not used."""
        return self.verdict.lost
