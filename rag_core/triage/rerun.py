"""A case on today's pipeline: the same question and expectation, today's collection, models and policy."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

from rag_core.corpus.filter_check import check_filter
from rag_core.diagnosis import locate, locate_elsewhere
from rag_core.diagnosis.expected import Corpus, SearchedCorpus
from rag_core.errors import BadInput, CollectionError, SecondPassError, Stopped, UnreadableRecord
from rag_core.jobs import JobControl
from rag_core.pipeline.pipeline import Pipeline
from rag_core.pipeline.session import QuerySession
from rag_core.rerank.catalogue import get_reranker
from rag_core.runs.replaying import RunScorer
from rag_core.schema.documents import CollectionRef
from rag_core.schema.policy import Policy
from rag_core.triage.case import Case, Finding, Rerun, RerunOutcome, failed, redone
from rag_core.triage.case_book import CaseBook
from rag_core.triage.run_rerun import rerun_recorded

if TYPE_CHECKING:
    from rag_core.generation.chat.access import ChatAccess

OpenCollection = Callable[[CollectionRef], tuple[Pipeline, Corpus | SearchedCorpus]]
"""The pipeline and the documents of a case's collection. Raises SecondPassError where it cannot be opened."""


def check_collection(case: Case, found: CollectionRef) -> None:
    """Raises CollectionError unless `found` is the collection that the case was saved on: a name alone is no proof."""
    named = case.trace.collection
    if not named.same_as(found):
        raise CollectionError(
            f"This case was saved on another collection called {named.name!r} than the one that you see. "
            "Open that one, or choose to run the case on this one."
        )


def rerun(
    case: Case,
    question: QuerySession,
    corpus: Corpus | SearchedCorpus,
    policy: Policy,
    chat: ChatAccess | None = None,
    job_id: str | None = None,
    *,
    elsewhere: bool = False,
) -> Rerun:
    """Run the case's question again, answer it, and compare. `question` is the case's question over its collection.

    elsewhere: somebody has chosen this collection, though the case may be of another one. The expected documents are
    looked for there (`locate_elsewhere`), and the re-run says where it ran.

    It is always answered, by the chat model where one is given, since a document that is kept and not cited is lost
    too. Never raises for what the library can say in words: a case that cannot be run or answered has the outcome
    `not re-run` and an `error`.
    """
    on = None
    try:
        ref = question.pipeline.engine.ref
        on = ref if elsewhere and not case.trace.collection.same_as(ref) else None
        if on is None:
            check_collection(case, ref)
            located = [locate(corpus, finding.location.expected) for finding in case.findings]
        else:
            check_filter(case.trace.where, corpus)
            located = [locate_elsewhere(corpus, finding.location) for finding in case.findings]
        trace = question.trace(policy)
        trace = trace.model_copy(update={"recorded_answer": question.answer(trace, chat)})
        findings = tuple(Finding(location=place, diagnosis=question.diagnosed(trace, place)) for place in located)
    except SecondPassError as exc:
        return failed(case.id, str(exc), job_id, on)
    return redone(case, trace, findings, job_id, on)


def rerun_all(
    book: CaseBook,
    case_ids: Iterable[str],
    open_collection: OpenCollection,
    policy: Policy,
    chat: ChatAccess | None = None,
    scorer: RunScorer | None = None,
    *,
    elsewhere: Container[str] = (),
) -> Callable[[JobControl], str]:
    """Work for `JobBook.start`: run these cases one after another, keep each result, stop when cancelled.

    scorer: scores the candidates of recorded runs; without it, by the catalogue's rerankers. elsewhere: ids of cases
    for which `open_collection` opens another collection than their own, by somebody's choice.
    """
    replays = scorer or RunScorer(get_reranker)

    def again(case_id: str, job_id: str) -> Rerun:
        try:
            case = book.get(case_id)
        except UnreadableRecord as exc:
            return failed(case_id, str(exc), job_id)
        if case.recorded:
            return rerun_recorded(case, policy, replays, job_id)
        try:
            pipeline, corpus = open_collection(case.trace.collection)
            question = QuerySession(pipeline, case.query, case.trace.where)
        except SecondPassError as exc:
            return failed(case_id, str(exc), job_id)
        return rerun(case, question, corpus, policy, chat, job_id, elsewhere=case_id in elsewhere)

    def work(control: JobControl) -> str:
        for case_id in case_ids:
            if control.cancelled():
                raise Stopped(count_outcomes(book.outcomes(control.job_id).values()))
            with suppress(BadInput):  # deleted meanwhile
                book.add_rerun(again(case_id, control.job_id))
            control.step()
        return count_outcomes(book.outcomes(control.job_id).values())

    return work


def count_outcomes(outcomes: Iterable[str]) -> str:
    """`3 fixed, 1 still lost`; the outcomes in their own order, those that did not come left out."""
    seen = list(outcomes)
    return ", ".join(f"{seen.count(one)} {one}" for one in RerunOutcome if one in seen) or "nothing was run"
