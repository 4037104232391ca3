"""What a case is: the frozen run, what was expected of it, where that was lost, and what people say about it.

A case holds its whole trace and the expected passages, so it can be looked at where the collection is not.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from rag_core.diagnosis import Diagnosis, Location, Verdict
from rag_core.schema.base import Frozen, new_id
from rag_core.schema.documents import CollectionRef
from rag_core.schema.migrations import findings_from_version_1
from rag_core.schema.records import RecordFormat
from rag_core.schema.trace import Trace
from rag_core.triage.migrations import findings_from_version_2

CaseId = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
Name = Annotated[str, Field(max_length=200)]
Tag = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^,\"\\]+$")]


class Status(StrEnum):
    """What people have decided about a case."""

    OPEN = "open"
    FIXED = "fixed"
    WONT_FIX = "won't fix"


class RerunOutcome(StrEnum):
    """Then against now. `kept now` and `lost now`: then it could not be told; `cannot tell`: now it cannot."""

    FIXED = "fixed"
    STILL_LOST = "still lost"
    NEWLY_LOST = "newly lost"
    STILL_KEPT = "still kept"
    NOW_KEPT = "kept now"
    NOW_LOST = "lost now"
    UNKNOWN = "cannot tell"
    FAILED = "not re-run"


class Finding(Frozen):
    """One expected document: where the collection had it, and what became of it in the run."""

    location: Location
    diagnosis: Diagnosis


class Case(Frozen):
    """One saved case. `version` counts its revisions, so that two people cannot overwrite each other unseen; `format`
    is the version of its record."""

    format: Literal[4] = 4
    id: CaseId
    version: Annotated[int, Field(ge=1)] = 1
    trace: Trace
    findings: Annotated[tuple[Finding, ...], Field(min_length=1)]
    status: Status = Status.OPEN
    note: Annotated[str, Field(max_length=20_000)] = ""
    tags: tuple[Tag, ...] = ()
    created_by: Name = ""
    created_at: AwareDatetime
    updated_by: Name = ""
    updated_at: AwareDatetime

    @property
    def query(self) -> str:
        """The question."""
        return self.trace.query

    @property
    def recorded(self) -> bool:
        """True where it is of a recorded run of another pipeline, which is replayed and not asked again."""
        return self.trace.origin is not None

    @property
    def verdict(self) -> Verdict:
        """The verdict on the first expected document that was lost; else `cannot-tell` where one cannot be told."""
        return verdict_of(self.findings)

    @property
    def documents(self) -> tuple[str, ...]:
        """Ids of the expected documents; what was asked for where the collection had none such."""
        return tuple(one.location.document_id or one.location.expected.document for one in self.findings)


class Rerun(Frozen):
    """A case run again: the trace and findings of that day. `error` says why there are none.

    elsewhere: the collection that was chosen to run it on; None for the case's own.
    """

    format: Literal[6] = 6
    id: CaseId
    case_id: CaseId
    job_id: CaseId | None = None
    at: AwareDatetime
    outcome: RerunOutcome
    elsewhere: CollectionRef | None = None
    trace: Trace | None = None
    findings: tuple[Finding, ...] = ()
    error: str = ""

    @property
    def verdict(self) -> Verdict | None:
        """The verdict of that day; None where it could not be run."""
        return verdict_of(self.findings) if self.findings else None


CASE = RecordFormat(
    noun="case",
    model=Case,
    version=4,
    version_field="format",
    upgrades={1: findings_from_version_1, 2: findings_from_version_2, 3: dict},
    accepts="Cases are saved on the Triage page, which also exports them.",
)
RERUN = RecordFormat(
    noun="re-run",
    model=Rerun,
    version=6,
    version_field="format",
    upgrades={1: findings_from_version_1, 2: findings_from_version_2, 3: dict, 4: dict, 5: dict},
    accepts="Run the case again.",
)


def case_of(
    trace: Trace, findings: Iterable[Finding], *, note: str = "", tags: Iterable[str] = (), by: str = ""
) -> Case:
    """A new, open case of this run."""
    now = datetime.now(UTC)
    return Case(
        id=new_id(),
        trace=trace,
        findings=tuple(findings),
        note=note,
        tags=tuple(dict.fromkeys(tags)),
        created_by=by,
        created_at=now,
        updated_by=by,
        updated_at=now,
    )


def verdict_of(findings: Iterable[Finding]) -> Verdict:
    """The first verdict that is a loss; where there is none `cannot-tell`, or `kept` where all are."""
    verdicts = (one.diagnosis.verdict for one in findings)
    return min(verdicts, key=lambda one: (not one.lost, one is Verdict.KEPT), default=Verdict.KEPT)


OUTCOMES = {
    (True, False): RerunOutcome.FIXED,
    (True, True): RerunOutcome.STILL_LOST,
    (False, True): RerunOutcome.NEWLY_LOST,
    (False, False): RerunOutcome.STILL_KEPT,
    (None, False): RerunOutcome.NOW_KEPT,
    (None, True): RerunOutcome.NOW_LOST,
}
"""By whether it was lost then, and is lost now; None where that could not be told."""


def outcome_of(then: Verdict, now: Verdict) -> RerunOutcome:
    """What the verdicts of a case and of its re-run say together.

    >>> outcome_of(Verdict.DEMOTED, Verdict.KEPT)
    <RerunOutcome.FIXED: 'fixed'>
    """
    before = None if then is Verdict.CANNOT_TELL else then.lost
    return RerunOutcome.UNKNOWN if now is Verdict.CANNOT_TELL else OUTCOMES[before, now.lost]


def failed(case_id: str, error: str, job_id: str | None, elsewhere: CollectionRef | None = None) -> Rerun:
    """A re-run that could not be: why."""
    return Rerun(
        id=new_id(),
        case_id=case_id,
        job_id=job_id,
        at=datetime.now(UTC),
        outcome=RerunOutcome.FAILED,
        elsewhere=elsewhere,
        error=error,
    )


def redone(
    case: Case, trace: Trace, findings: tuple[Finding, ...], job_id: str | None, elsewhere: CollectionRef | None = None
) -> Rerun:
    """A re-run of the case that came to this trace, with the outcome against the case's verdict."""
    return Rerun(
        id=new_id(),
        case_id=case.id,
        job_id=job_id,
        at=datetime.now(UTC),
        outcome=outcome_of(case.verdict, verdict_of(findings)),
        elsewhere=elsewhere,
        trace=trace,
        findings=findings,
    )
