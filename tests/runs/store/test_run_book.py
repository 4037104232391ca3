"""Runs are kept whole, found by what is listed of them, and deleted by age, number and project."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from rag_core.errors import BadInput, UnreadableRecord
from rag_core.runs.store.run_book import RunBook
from rag_core.runs.store.tables import run_bodies, run_spans, runs
from rag_core.runs.values import Space
from tests.runs.samples import NOON, a_run
from tests.triage.conftest import postgres_server, store, url  # noqa: F401


@pytest.fixture
def book(store):  # noqa: F811
    return RunBook(store)


def ids(book, *args, **asked):
    return [row.id for row in book.find(*args, **asked).found]


def test_a_run_comes_back_as_it_was_added(book):
    run = a_run(query="Mirabeau — “naïve” \x00 😀", answer="So \x00.", feedback=[{"name": "thumbs", "value": 1}])
    book.add([run])
    assert book.get("bot", "r1") == run
    with pytest.raises(BadInput, match="not there"):
        book.get("bot", "other")


def test_the_list_shows_what_matters_of_each(book):
    book.add([a_run(feedback=[{"name": "thumbs", "value": "up"}])])
    (row,) = book.find().found
    assert (row.steps, row.kept, row.took_ms, row.best, row.space) == (3, 1, 25, 0.9, Space.PROBABILITY)
    assert row.feedback[0].value == "up" and row.notes == () and row.started_at == NOON


def test_a_run_that_comes_again_replaces_what_was_there(book):
    book.add([a_run(), a_run(project="other")])
    book.add([a_run(query="again"), a_run(query="and again")])
    assert ids(book) == ["r1", "r1"] and book.get("bot", "r1").query == "and again"
    assert book.find("bot").found[0].query == "and again" and book.get("other", "r1").query.startswith("How")


def test_many_are_added_and_those_that_replace_another_are_counted(book, monkeypatch):
    monkeypatch.setattr("rag_core.runs.store.run_book.ADDED_AT_ONCE", 2)
    assert book.add_many([a_run("a"), a_run("b"), a_run("c"), a_run("a", project="other")]) == 0
    assert book.add_many([a_run("c"), a_run("d"), a_run("a"), a_run("e"), a_run("d", query="last")]) == 3
    assert book.count() == 6 and book.get("bot", "d").query == "last" and book.add_many([]) == 0


def test_the_list_is_filtered_and_paged_newest_first(book):
    book.add([a_run(f"r{at}", f"query {at}", "bot" if at % 2 else "other", hours=at) for at in range(6)])
    assert ids(book) == ["r5", "r4", "r3", "r2", "r1", "r0"]
    assert ids(book, limit=2, offset=1) == ["r4", "r3"]
    assert ids(book, "bot") == ["r5", "r3", "r1"]
    assert ids(book, since=NOON + timedelta(hours=2), until=NOON + timedelta(hours=4)) == ["r3", "r2"]
    assert ids(book, text="QUERY 3") == ["r3"] == ids(book, text="r3") and ids(book, text="%") == []
    assert book.count("bot") == 3 and book.count(text="query") == 6
    assert [(one.name, one.runs) for one in book.projects()] == [("bot", 3), ("other", 3)]
    assert book.projects()[0].latest == NOON + timedelta(hours=5)


def test_a_query_is_found_whatever_the_case_of_its_letters(book):
    book.add([a_run("r1", query="Übergabe der Wohnung")])
    assert ids(book, text="übergabe") == ids(book, text="ÜBERGABE DER") == ["r1"]


def test_what_is_suspicious_is_listed_and_filtered(book):
    idle = [{"passage_id": one, "score": 0.5} for one in "abc"]
    lexical, reranked, kept = a_run().model_dump()["steps"]
    steps = [lexical, reranked | {"hits": idle}, kept]
    passages = [{"id": one, "text": "the very same text"} for one in "abc"]
    book.add([a_run("bad", steps=steps, passages=passages), a_run("good", hours=1)])
    assert ids(book, note="reranker-idle") == ["bad"]
    assert book.find(note="ties").found[0].notes == ("reranker-idle", "ties")


def test_a_reranker_that_failed_is_told_from_another_step(book):
    failed = [{"code": "step-failed", "message": "429"}]
    search, rerank, kept = a_run().model_dump()["steps"]
    book.add([a_run("reranker", steps=[search, rerank | {"warnings": failed}, kept])])
    book.add([a_run("search", steps=[search | {"warnings": failed}, rerank, kept])])
    assert ids(book, note="rerank-failed") == ["reranker"]
    assert set(ids(book, note="step-failed")) == {"reranker", "search"}


def test_runs_are_trimmed_by_age_and_by_number(book):
    book.add([a_run(f"r{at}", hours=24 * at) for at in range(6)])
    book.add([a_run("other", project="other", hours=24 * 3)])
    assert book.trim(days=4, now=NOON + timedelta(days=5, seconds=1)) == 2
    assert book.trim(number=2) == 2
    assert ids(book, "bot") == ["r5", "r4"] and ids(book, "other") == ["other"]
    assert book.trim(days=400, number=10, now=NOON) == 0


def test_runs_of_one_time_are_trimmed_to_the_number(book):
    book.add([a_run(f"r{at}") for at in range(6)])
    assert book.trim(number=4) == 2 and ids(book) == ["r0", "r1", "r2", "r3"]


def test_many_are_trimmed_some_at_a_time(book, monkeypatch):
    monkeypatch.setattr("rag_core.runs.store.run_book.AT_ONCE", 4)
    book.add([a_run(f"r{at}", hours=at) for at in range(10)])
    assert book.trim(number=1) == 9 and ids(book) == ["r9"]


def test_deleting_a_project_leaves_nothing_of_it(book, store):  # noqa: F811
    book.add([a_run("a"), a_run("b"), a_run("a", project="other")])
    span = {"trace_id": "t", "span_id": "s", "project": "bot", "received_at": NOON, "body": b""}
    with store.begin() as connection:
        connection.execute(sa.insert(run_spans).values([span, span | {"span_id": "s2", "project": "other"}]))
    assert book.delete_project("bot") == 2
    with store.begin() as connection:
        for table in (runs, run_bodies, run_spans):
            assert connection.execute(sa.select(table.c.project)).scalars().all() == ["other"]


def test_single_runs_are_deleted_with_their_bodies(book):
    book.add([a_run("a"), a_run("b")])
    book.delete("bot", ["a", "not there"])
    assert ids(book) == ["b"]
    with pytest.raises(BadInput):
        book.get("bot", "a")


def test_damage_costs_the_run_that_has_it_only(book, store):  # noqa: F811
    book.add([a_run("a"), a_run("b", hours=1)])
    with store.begin() as connection:
        connection.execute(sa.update(runs).where(runs.c.id == "a").values(notes="{"))
        connection.execute(sa.update(run_bodies).where(run_bodies.c.id == "a").values(body=b"x"))
    found = book.find()
    assert [row.id for row in found.found] == ["b"] and len(found.left_out) == 1
    with pytest.raises(UnreadableRecord, match="damaged"):
        book.get("bot", "a")
