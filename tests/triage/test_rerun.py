"""Then and now, on a real small collection; fifty cases in the background."""

from __future__ import annotations

import threading
import time

import pytest

from rag_core.diagnosis import Expected, Verdict, diagnose, locate
from rag_core.errors import BadInput, CollectionError, EngineGone
from rag_core.generation.chat.access import ChatAccess, ChatConfig
from rag_core.jobs import SILENT
from rag_core.pipeline.session import QuerySession
from rag_core.schema.documents import Document
from rag_core.schema.policy import Policy
from rag_core.schema.threshold import Threshold
from rag_core.storage.database import Store
from rag_core.triage import CaseBook, Finding, JobBook, RerunOutcome, case_of, rerun, rerun_all
from rag_core.wording.elsewhere import elsewhere_text
from tests.diagnosis.worlds import QUESTION, Passage, World, world

LOST = Policy(reranker="fixed", top_k=1, threshold=Threshold())
FIXED = LOST.with_(top_k=2)


@pytest.fixture(scope="module")
def small():
    """Both refunds score the same, so that the answer quotes whichever of them is kept."""
    return world(Passage("a", 0.9, 2.0, "refund"), Passage("b", 0.8, 2.0, "refund"), Passage("c", 0.1, 0.0))


def case_in(small, policy=LOST, document="b", question=QUESTION):
    trace = small.pipeline.run(question, policy)
    location = locate(small.collection, Expected(document=document))
    return case_of(trace, [Finding(location=location, diagnosis=diagnose(trace, location))])


def run_again(case, small, policy):
    return rerun(case, QuerySession(small.pipeline, case.query, case.trace.where), small.collection, policy)


@pytest.mark.parametrize(
    ("then", "now", "outcome"),
    [
        (LOST, FIXED, RerunOutcome.FIXED),
        (LOST, LOST, RerunOutcome.STILL_LOST),
        (FIXED, LOST, RerunOutcome.NEWLY_LOST),
        (FIXED, FIXED, RerunOutcome.STILL_KEPT),
    ],
)
def test_then_and_now(small, then, now, outcome):
    again = run_again(case_in(small, then), small, now)
    assert again.outcome is outcome and again.trace and again.trace.policy == now


def test_a_document_that_is_gone_is_not_in_the_corpus_now(small):
    case = case_in(small, FIXED)
    without = world(Passage("a", 0.9, 2.0, "refund"))
    later = case.trace.model_copy(update={"collection": without.collection.ref})
    case = case.model_copy(update={"trace": later})
    again = run_again(case, without, FIXED)
    assert (again.outcome, again.verdict) == (RerunOutcome.NEWLY_LOST, Verdict.NOT_IN_CORPUS)


def test_a_case_that_cannot_be_run_says_why(small):
    case = case_in(small)
    passage = case.findings[0].location.expected.model_copy(update={"passage_id": "b::7"})
    gone = case.findings[0].location.model_copy(update={"expected": passage})
    case = case.model_copy(update={"findings": (case.findings[0].model_copy(update={"location": gone}),)})
    again = run_again(case, small, LOST)
    assert again.outcome is RerunOutcome.FAILED and "re-chunked" in again.error and again.verdict is None


class Undiagnosed(QuerySession):
    """A question whose engine goes while it is asked where the document was lost."""

    def diagnosed(self, trace, location):
        raise EngineGone("db:5432")


def test_a_case_that_cannot_be_diagnosed_says_why(small):
    case = case_in(small)
    again = rerun(case, Undiagnosed(small.pipeline, case.query), small.collection, FIXED)
    assert (again.outcome, again.trace) == (RerunOutcome.FAILED, None) and "db:5432" in again.error


def test_a_document_that_is_kept_and_not_cited_is_not_fixed(small):
    found = world(Passage("a", 0.9, 2.0, "refund"), Passage("b", 0.8, 1.0, "refund"))
    case = case_in(found)
    assert case.trace.recorded_answer is None
    again = run_again(case, found, FIXED)
    assert (again.outcome, again.verdict) == (RerunOutcome.STILL_LOST, Verdict.NOT_CITED)
    assert again.trace and [one.passage_id for one in again.trace.recorded_answer.citations] == ["a::0"]


def test_a_case_that_cannot_be_answered_is_not_called_fixed(small):
    case = case_in(small)

    nobody = ChatAccess(config=ChatConfig(base_url="http://localhost:9/v1", model="toy"))
    again = rerun(case, QuerySession(small.pipeline, case.query), small.collection, FIXED, chat=nobody)
    assert (again.outcome, again.trace) == (RerunOutcome.FAILED, None) and "localhost:9" in again.error


def wait_until(jobs, job_id, holds):
    """Until `holds(job)`."""
    for _ in range(3000):
        if holds(jobs.get(job_id)):
            return
        time.sleep(0.02)
    raise AssertionError(f"still {jobs.get(job_id)}")


def opened(small):
    return lambda name: (small.pipeline, small.collection)


def test_fifty_cases_in_the_background_and_another_reader_finds_the_result(small, book, store, url):
    cases = [book.save(case_in(small, document="bc"[n % 2], question=f"refund {n}")) for n in range(50)]
    jobs = JobBook(store)
    job = jobs.start("rerun", 50, rerun_all(book, [c.id for c in cases], opened(small), FIXED), by="ana")
    assert job.state == "running"
    jobs.join(job.id)
    other = Store(url)
    over = JobBook(other).get(job.id)
    assert (over.state, over.done, over.total, over.message) == ("done", 50, 50, "25 fixed, 25 still lost")
    assert JobBook(other).latest("rerun") == over
    assert len(CaseBook(other).outcomes(job.id)) == 50
    assert {row.outcome for row in CaseBook(other).find().found} == {RerunOutcome.FIXED, RerunOutcome.STILL_LOST}
    other.close()


def test_cancel_stops_after_the_case_it_is_at_and_keeps_what_is_done(small, book, store):
    cases = [book.save(case_in(small, question=f"refund {n}")) for n in range(5)]
    third, go_on = threading.Event(), threading.Event()
    asked = []

    def open_collection(name):
        asked.append(name)
        if len(asked) == 3:
            third.set()
            go_on.wait(30)
        return small.pipeline, small.collection

    jobs = JobBook(store)
    job = jobs.start("rerun", 5, rerun_all(book, [c.id for c in cases], open_collection, FIXED))
    assert third.wait(30)
    assert jobs.get(job.id).done == 2
    jobs.cancel(job.id)
    go_on.set()
    over = jobs.join(job.id)
    assert (over.state, over.done, over.message) == ("cancelled", 3, "3 fixed")


def test_a_collection_that_cannot_be_opened_fails_its_cases_and_not_the_job(small, book, store):
    def open_collection(ref):
        raise CollectionError(f"There is no collection called {ref.name}.")

    case = book.save(case_in(small))
    jobs = JobBook(store)
    job = jobs.start("rerun", 1, rerun_all(book, [case.id], open_collection, LOST))
    assert jobs.join(job.id).message == "1 not re-run"
    assert "no collection called World" in book.reruns_of(case.id).found[0].error


def test_a_collection_of_the_same_name_is_not_the_one_that_the_case_names(small, book, store):
    case = case_in(small)
    other = case.trace.collection.model_copy(update={"fingerprint": "of other content", "id": ""})
    case = book.save(case.model_copy(update={"trace": case.trace.model_copy(update={"collection": other})}))
    found = run_again(case, small, FIXED)
    assert (found.outcome, found.trace, found.findings) == (RerunOutcome.FAILED, None, ())
    assert "another collection called 'World'" in found.error


def test_a_case_deleted_meanwhile_is_passed_over(small, book, store):
    case = book.save(case_in(small))
    jobs = JobBook(store)
    job = jobs.start("rerun", 2, rerun_all(book, ["0" * 32, case.id], opened(small), FIXED))
    over = jobs.join(job.id)
    assert (over.state, over.done, over.message) == ("done", 2, "1 fixed")


def test_work_that_breaks_fails_its_job_in_words(store):
    def work(control):
        control.step("half")
        raise BadInput("There is no such thing.")

    jobs = JobBook(store)
    over = jobs.join(jobs.start("other", 2, work).id)
    assert (over.state, over.done, over.message) == ("failed", 1, "There is no such thing.")
    assert jobs.latest("nothing of the kind") is None


def test_a_job_whose_process_died_is_interrupted(store):
    hold = threading.Event()
    jobs = JobBook(store, beat_s=1000)
    job = jobs.start("rerun", 1, lambda control: str(hold.wait(60)))
    assert jobs.get(job.id).state == "running"
    jobs.note(job.id, cancel=False, seen_at=job.seen_at - 2 * SILENT)
    assert jobs.get(job.id).state == "interrupted"
    hold.set()
    assert jobs.join(job.id).state == "done"


def test_a_long_step_gives_signs_of_life(store):
    hold = threading.Event()
    jobs = JobBook(store, beat_s=0.01)
    job = jobs.start("rerun", 1, lambda control: str(hold.wait(60)))
    wait_until(jobs, job.id, lambda now: now.seen_at > job.seen_at)
    hold.set()
    assert jobs.join(job.id).state == "done"


def test_work_that_learns_its_length_on_the_way_says_so_and_can_be_cancelled(store):
    jobs = JobBook(store)

    def work(control):
        control.reach(2, 7)
        jobs.cancel(control.job_id)
        raise BadInput("It was stopped.")

    job = jobs.join(jobs.start("learn", 0, work).id, 10)
    assert (job.done, job.total, job.state, job.message) == (2, 7, "cancelled", "It was stopped.")


def run_on(case, other, policy):
    return rerun(case, QuerySession(other.pipeline, case.query), other.collection, policy, elsewhere=True)


def test_a_case_is_run_on_another_collection_only_by_choice_and_says_where(small):
    case, copy = case_in(small), world(Passage("a", 0.9, 2.0, "refund"), Passage("b", 0.8, 2.0, "refund"))
    refused = run_again(case, copy, FIXED)
    assert (refused.outcome, refused.elsewhere) == (RerunOutcome.FAILED, None)
    found = run_on(case, copy, FIXED)
    assert (found.outcome, found.elsewhere) == (RerunOutcome.FIXED, copy.collection.ref)
    assert elsewhere_text(case, found) == (
        "Run on “World”, not on the “World” that the case was saved on. “Title b” is there under the same id, with the "
        "same text."
    )


def test_what_is_run_on_its_own_collection_by_choice_is_not_elsewhere(small):
    case = case_in(small)
    found = run_on(case, small, LOST)
    assert (found.outcome, found.elsewhere) == (RerunOutcome.STILL_LOST, None) and not elsewhere_text(case, found)


def test_a_document_that_the_other_collection_does_not_have_is_said(small):
    case, other = case_in(small, FIXED), world(Passage("a", 0.9, 2.0, "refund"))
    found = run_on(case, other, FIXED)
    assert (found.outcome, found.verdict) == (RerunOutcome.NEWLY_LOST, Verdict.NOT_IN_CORPUS)
    assert "It has no document of the id, the text or the title of “Title b”." in elsewhere_text(case, found)


def test_what_cannot_be_run_elsewhere_says_where_it_was_tried(small):
    case = case_in(small)
    twins = World([Document(id=one, title="Title b", text=f"Other words, {one}.") for one in "xy"])
    found = run_on(case, twins, FIXED)
    assert (found.outcome, found.elsewhere) == (RerunOutcome.FAILED, twins.collection.ref)
    assert "2 documents have the title" in found.error and "Run on “World”" in elsewhere_text(case, found)


def test_of_many_cases_those_that_were_chosen_run_on_the_other_collection(small, book, store):
    own, gone = (book.save(case_in(small, question=f"refund {n}")) for n in range(2))
    copy = world(Passage("b", 0.8, 2.0, "refund"))

    def open_collection(ref):
        return (copy.pipeline, copy.collection)

    jobs = JobBook(store)
    again = rerun_all(book, [own.id, gone.id], open_collection, LOST, elsewhere={gone.id})
    assert jobs.join(jobs.start("rerun", 2, again).id).message == "1 fixed, 1 not re-run"
    assert {row.id: row.elsewhere for row in book.find().found} == {own.id: None, gone.id: "World"}
    assert book.reruns_of(gone.id).found[0].elsewhere == copy.collection.ref
