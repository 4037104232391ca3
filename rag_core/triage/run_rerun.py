"""A case of a recorded run again: the record that the case holds, replayed with the present settings."""

from __future__ import annotations

from rag_core.diagnosis import diagnose
from rag_core.errors import SecondPassError
from rag_core.runs.replaying import RunScorer, replay_run
from rag_core.schema.policy import Policy
from rag_core.triage.case import Case, Finding, Rerun, failed, redone
from rag_core.triage.run_settings import change_for


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
    return redone(case, trace, findings, job_id)
