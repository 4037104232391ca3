"""A case on today's pipeline: the same question and expectation, today's collection, models and policy."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Protocol

from rag_core.diagnosis import diagnose, locate
from rag_core.diagnosis.expected import Corpus
from rag_core.errors import BadInput, CollectionError, SecondPassError, Stopped, UnreadableRecord
from rag_core.jobs import JobControl
from rag_core.pipeline.replay import replay
from rag_core.schema.answers import Answer
from rag_core.schema.base import new_id
from rag_core.schema.documents import CollectionRef
from rag_core.schema.filters import Filter
from rag_core.schema.measurement import Measurement
from rag_core.schema.policy import Policy
from rag_core.schema.trace import Trace
from rag_core.triage.case import Case, Finding, Rerun, RerunOutcome
from rag_core.triage.case_book import CaseBook

OUTCOMES = {
    (True, False): RerunOutcome.FIXED,
    (True, True): RerunOutcome.STILL_LOST,
    (False, True): RerunOutcome.NEWLY_LOST,
    (False, False): RerunOutcome.STILL_KEPT,
}
"""By whether it was lost then, and is lost now."""


class CaseRuns(Protocol):
    """What a re-run asks of a pipeline."""

    def measure(self, query: str, where: Filter | None = None) -> Measurement:
        """Search twice."""
        ...

    def score(self, measurement: Measurement, policy: Policy) -> Measurement:
        """Score the policy's pool."""
        ...

    def answer(self, trace: Trace) -> Answer:
        """The answer that needs no key."""
        ...


OpenCollection = Callable[[CollectionRef], tuple[CaseRuns, Corpus]]
"""The pipeline and the documents of a case's collection. Raises SecondPassError where it cannot be opened."""


def check_collection(case: Case, found: CollectionRef) -> None:
    """Raises CollectionError unless `found` is the collection that the case was saved on: a name alone is no proof."""
    named = case.trace.collection
    if not named.is_same_as(found):
        raise CollectionError(
            f"This case was saved on another collection called {named.name!r} than the one that you see. "
            "Open that one, or save the case again on a collection of yours."
        )


def rerun(case: Case, pipeline: CaseRuns, corpus: Corpus, policy: Policy, job_id: str | None = None) -> Rerun:
    """Run the case's question again and compare. Never raises for what the library can say in words: a case that
    cannot be run has the outcome `not re-run` and an `error`.

    A case whose trace held an answer is answered again, without a language model, since `not cited` is a loss too.
    """
    try:
        measured = pipeline.measure(case.query, case.trace.where)
        check_collection(case, measured.collection)
        trace = replay(pipeline.score(measured, policy), policy)
        if case.trace.recorded_answer:
            trace = trace.model_copy(update={"recorded_answer": pipeline.answer(trace)})
        located = [locate(corpus, finding.location.expected) for finding in case.findings]
    except SecondPassError as exc:
        return _failed(case.id, str(exc), job_id)
    findings = tuple(Finding(location=place, diagnosis=diagnose(trace, place)) for place in located)
    lost = any(finding.diagnosis.lost for finding in findings)
    return Rerun(
        id=new_id(),
        case_id=case.id,
        job_id=job_id,
        at=datetime.now(UTC),
        outcome=OUTCOMES[case.verdict.lost, lost],
        trace=trace,
        findings=findings,
    )


def rerun_all(
    book: CaseBook, case_ids: Iterable[str], open_collection: OpenCollection, policy: Policy
) -> Callable[[JobControl], str]:
    """Work for `JobBook.start`: run these cases one after another, keep each result, stop when cancelled."""

    def work(control: JobControl) -> str:
        for case_id in case_ids:
            if control.cancelled():
                raise Stopped(count_outcomes(book.outcomes(control.job_id).values()))
            with suppress(BadInput):  # deleted meanwhile
                book.add_rerun(_again(book, case_id, open_collection, policy, control.job_id))
            control.step()
        return count_outcomes(book.outcomes(control.job_id).values())

    return work


def count_outcomes(outcomes: Iterable[str]) -> str:
    """`3 fixed, 1 still lost`; the outcomes in their own order, those that did not come left out."""
    seen = list(outcomes)
    return ", ".join(f"{seen.count(one)} {one}" for one in RerunOutcome if one in seen) or "nothing was run"


def _again(book: CaseBook, case_id: str, open_collection: OpenCollection, policy: Policy, job_id: str) -> Rerun:
    """The case run again. Raises BadInput where it was deleted meanwhile."""
    try:
        case = book.get(case_id)
    except UnreadableRecord as exc:
        return _failed(case_id, str(exc), job_id)
    return _opened(case, open_collection, policy, job_id)


def _opened(case: Case, open_collection: OpenCollection, policy: Policy, job_id: str) -> Rerun:
    try:
        pipeline, corpus = open_collection(case.trace.collection)
    except SecondPassError as exc:
        return _failed(case.id, str(exc), job_id)
    return rerun(case, pipeline, corpus, policy, job_id)


def _failed(case_id: str, error: str, job_id: str | None) -> Rerun:
    now = datetime.now(UTC)
    return Rerun(id=new_id(), case_id=case_id, job_id=job_id, at=now, outcome=RerunOutcome.FAILED, error=error)
