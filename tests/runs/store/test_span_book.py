"""Spans become runs; what is deleted stays deleted, and what was closed stays closed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from rag_core.runs.store import span_book
from rag_core.runs.store.run_book import RunBook
from rag_core.runs.store.span_book import KEPT, REMEMBERED, SpanBook
from rag_core.runs.store.tables import run_spans, run_traces
from rag_core.storage.database import Store
from tests.runs.samples import a_run
from tests.runs.spans.traces import TRACE, retriever, span
from tests.triage.conftest import postgres_server, store, url  # noqa: F401

NOW = datetime(2026, 11, 1, tzinfo=UTC)
TOP = span(1, "CHAIN", 0, 30, attributes={"input.value": "Q?"})
FIRST, LATE = retriever(2, 1, 9, 1, "a text", "b text"), retriever(3, 11, 19, 1, "c text")


class Interrupted(Store):
    """Does something else just before a transaction that is `after` others away."""

    after = -1

    def interrupt(self, after, what):
        self.after, self.what = after, what

    def begin(self):
        self.after -= 1
        if self.after == -1:
            self.what()
        return super().begin()


def test_a_late_span_changes_no_closed_run_after_another_project_was_deleted(store):  # noqa: F811
    runs, spans = RunBook(store), SpanBook(store)
    spans.add([TOP, FIRST], NOW)
    spans.make_runs(now=NOW)
    spans.forget(NOW + 2 * KEPT)
    runs.add([a_run("o", project="other")])
    assert runs.delete_project("other") == 1
    whole = runs.get("bot", TRACE)
    assert spans.add([LATE], NOW + 3 * KEPT) == 1
    spans.make_runs(now=NOW + 3 * KEPT)
    assert runs.get("bot", TRACE) == whole


@pytest.mark.parametrize("closed", [True, False])
def test_a_deleted_project_may_be_sent_again(store, closed):  # noqa: F811
    runs, spans = RunBook(store), SpanBook(store)
    spans.add([TOP, FIRST], NOW)
    spans.make_runs(now=NOW)
    if closed:
        spans.forget(NOW + 2 * KEPT)
    assert runs.delete_project("bot") == 1 and runs.count() == 0
    assert spans.add([TOP, FIRST], NOW + 3 * KEPT) == 0
    spans.make_runs(now=NOW + 3 * KEPT)
    assert runs.get("bot", TRACE).query == "Q?"


@pytest.mark.parametrize(
    "delete",
    [lambda runs: runs.delete_project("bot"), lambda runs: runs.delete("bot", [TRACE])],
    ids=["project", "run"],
)
def test_what_is_deleted_while_its_run_is_made_stays_deleted(url, delete):  # noqa: F811
    racing, other = Interrupted(url), Store(url)
    runs, spans = RunBook(other), SpanBook(racing)
    spans.add([TOP, FIRST], NOW)
    racing.interrupt(1, lambda: delete(runs))
    assert spans.make_runs(now=NOW) == 1
    assert runs.count() == 0 and spans.make_runs(now=NOW) == 0
    for one in (racing, other):
        one.close()


def test_a_trace_that_grows_while_its_run_is_made_is_made_again(url):  # noqa: F811
    racing, other = Interrupted(url), Store(url)
    runs, spans, later = RunBook(other), SpanBook(racing), NOW + timedelta(seconds=1)
    spans.add([TOP, FIRST], NOW)
    racing.interrupt(1, lambda: SpanBook(other).add([LATE], later))
    assert spans.make_runs(now=NOW) == 1 and runs.count() == 0
    assert spans.make_runs(now=later) == 1 and len(runs.get("bot", TRACE).steps) == 2
    for one in (racing, other):
        one.close()


def test_several_requests_are_kept_at_once_and_each_is_told_what_came_too_late(store):  # noqa: F811
    runs, spans = RunBook(store), SpanBook(store)
    spans.add([TOP, FIRST], NOW)
    spans.make_runs(now=NOW)
    spans.forget(NOW + 2 * KEPT)
    other = "b" * 32
    fresh = [span(1, "CHAIN", 0, 30, trace_id=other), retriever(2, 1, 9, 1, "x", trace_id=other)]
    later = NOW + 3 * KEPT
    assert spans.add_all([[LATE, fresh[0]], [], [LATE, FIRST], [fresh[1]]], later) == [1, 0, 2, 0]
    spans.make_runs(now=later)
    assert len(runs.get("bot", other).steps) == 1 and runs.count() == 2


def test_large_traces_are_made_one_after_the_other(store, monkeypatch):  # noqa: F811
    monkeypatch.setattr(span_book, "BYTES_AT_ONCE", 1)
    runs, spans = RunBook(store), SpanBook(store)
    for number, trace in enumerate("abc"):
        spans.add([retriever(1, 0, 1, 0, "x", trace_id=trace * 32)], NOW + timedelta(seconds=number))
    later = NOW + timedelta(minutes=1)
    assert [spans.make_runs(now=later) for _ in range(4)] == [1, 1, 1, 0] and runs.count() == 3


def test_a_trace_that_never_ends_is_read_as_far_as_it_is_looked_at(store, monkeypatch):  # noqa: F811
    monkeypatch.setattr(span_book, "MAX_SPANS", 2)
    runs, spans = RunBook(store), SpanBook(store)
    spans.add([TOP, FIRST], NOW)
    spans.add([LATE, retriever(4, 20, 22, 1, "d text")], NOW + timedelta(seconds=1))
    spans.make_runs(now=NOW + timedelta(seconds=2))
    run = runs.get("bot", TRACE)
    assert len(run.steps) == 1 and [note.code for note in run.warnings] == ["trace-cut"]
    assert "last 2 spans" in run.warnings[0].message


def said_later(number, name="thumbs", value="down"):
    """A span that says something of the answer, as one that links to the trace is kept."""
    given = {"annotations": [{"annotation": {"name": name, "label": value}}]}
    return span(number, "EVALUATOR", 90, 90, 1, attributes=given, project="reviews")


@pytest.mark.parametrize("later", [KEPT / 2, 2 * KEPT, 2 * REMEMBERED])
def test_what_is_said_of_an_answer_days_later_finds_its_run(store, later):  # noqa: F811
    runs, spans = RunBook(store), SpanBook(store)
    spans.add([TOP, FIRST], NOW)
    spans.make_runs(now=NOW)
    before = runs.get("bot", TRACE)
    spans.forget(NOW + later)
    spans.forget(NOW + later)
    assert spans.add_all([[said_later(8)], [said_later(9, "correct", "no"), said_later(8)]], NOW + later) == [0, 0]
    spans.make_runs(now=NOW + later)
    (row,) = runs.find().found
    assert [(one.name, one.value) for one in row.feedback] == [("thumbs", "down"), ("correct", "no")]
    assert runs.get("bot", TRACE) == before.model_copy(update={"feedback": row.feedback})
    assert runs.count(feedback='{"name": "thumbs", "value": "down"}') == 1


def test_what_is_said_of_a_trace_that_is_not_there_is_no_run_and_no_trace_without_retrieval(store):  # noqa: F811
    bare: list[str] = []
    spans = SpanBook(store, bare=bare.append)
    assert spans.add([said_later(8)], NOW) == 0
    spans.make_runs(now=NOW)
    assert RunBook(store).count() == 0 and bare == []
    spans.add([TOP, FIRST], NOW)
    spans.make_runs(now=NOW)
    assert [one.value for one in RunBook(store).get("bot", TRACE).feedback] == ["down"]


def test_what_is_said_of_a_run_that_was_deleted_came_too_late(store):  # noqa: F811
    runs, spans = RunBook(store), SpanBook(store)
    spans.add([TOP, FIRST], NOW)
    spans.make_runs(now=NOW)
    spans.forget(NOW + 2 * KEPT)
    runs.delete("bot", [TRACE])
    assert spans.add([said_later(8)], NOW + 2 * KEPT) == 1


def test_what_another_program_said_of_an_answer_is_deleted_with_the_project_of_the_answer(store):  # noqa: F811
    runs, spans = RunBook(store), SpanBook(store)
    spans.add([TOP, FIRST], NOW)
    spans.add([said_later(8)], NOW)
    spans.make_runs(now=NOW)
    assert runs.delete_project("bot") == 1
    with store.begin() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(run_spans)).scalar_one() == 0
        assert connection.execute(sa.select(sa.func.count()).select_from(run_traces)).scalar_one() == 0
