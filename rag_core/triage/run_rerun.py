"""A case of a recorded run again: the record that the case holds, replayed with the present settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from rag_core.diagnosis import diagnose
from rag_core.errors import ModelError, SecondPassError
from rag_core.rerank.base import Reranker
from rag_core.rerank.scoring import PairCache
from rag_core.runs.replaying import RunChange, replay_run, score_run
from rag_core.schema.base import new_id
from rag_core.schema.measurement import RerankerScores
from rag_core.schema.policy import NO_RERANKER, Policy
from rag_core.schema.progress import Progress
from rag_core.schema.trace import Trace
from rag_core.triage.case import Case, Finding, Rerun, failed, outcome_of, verdict_of
from rag_core.triage.run_settings import change_for


@dataclass(frozen=True)
class RunScorer:
    """What scores the recorded candidates.

    rerankers  the reranker of a key; raises SecondPassError where it cannot be used
    cache      pair scores that are known
    progress   is told how many candidates are scored
    """

    rerankers: Callable[[str], Reranker]
    cache: PairCache | None = None
    progress: Progress | None = None

    def __call__(self, trace: Trace, change: RunChange) -> RerankerScores | None:
        """The scores that the change needs; None where it needs none. Raises ModelError where the model fails."""
        if not change.reranker or change.reranker == NO_RERANKER:
            return None
        made = score_run(trace, self.rerankers(change.reranker), self.cache, self.progress)
        if made.failure:
            raise ModelError(made.failure)
        return made


def rerun_recorded(case: Case, policy: Policy, scorer: RunScorer, job_id: str | None = None) -> Rerun:
    """Replay the case's run with the policy, as far as it was recorded, and compare. Nothing is searched again.

    Never raises for what the library can say in words: such a case has the outcome `not re-run` and an `error`.
    """
    try:
        change = change_for(case.trace, policy)
        trace = replay_run(case.trace, change, scorer(case.trace, change))
    except SecondPassError as exc:
        return failed(case.id, str(exc), job_id)
    findings = tuple(Finding(location=one.location, diagnosis=diagnose(trace, one.location)) for one in case.findings)
    return Rerun(
        id=new_id(),
        case_id=case.id,
        job_id=job_id,
        at=datetime.now(UTC),
        outcome=outcome_of(case.verdict, verdict_of(findings)),
        trace=trace,
        findings=findings,
    )
