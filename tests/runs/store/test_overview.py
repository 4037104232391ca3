"""Notes and times of many runs are read from what is listed of them."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from rag_core.runs.store.overview import VALUES, RunFilter, feedback_counts, note_counts, queries_of, times_of
from rag_core.runs.store.run_book import RunBook
from rag_core.runs.store.tables import runs
from tests.runs.samples import NOON, a_run
from tests.triage.conftest import postgres_server, store, url  # noqa: F401

TIED = [{"name": "reranked", "kind": "rerank", "hits": [{"passage_id": one, "text": one, "score": 1} for one in "abc"]}]


def test_notes_are_counted_the_most_frequent_first(store):  # noqa: F811
    noted = {"warnings": [{"code": "budget-over", "message": "Too dear."}]}
    RunBook(store).add([a_run("a", steps=TIED, **noted), a_run("b", steps=TIED), a_run("c", project="other", **noted)])
    RunBook(store).add([a_run("damaged", steps=TIED)])
    with store.begin() as connection:
        connection.execute(sa.update(runs).where(runs.c.id == "damaged").values(notes="{"))
    assert note_counts(store, RunFilter()) == {"budget-over": 2, "ties": 2}
    assert note_counts(store, RunFilter(project="other")) == {"budget-over": 1}


def test_times_come_in_order_for_the_runs_that_have_one(store):  # noqa: F811
    timed = a_run().model_dump()["steps"]
    untimed = [step | {"timing": None} for step in timed]
    RunBook(store).add([a_run("late", hours=2), a_run("early", hours=-1), a_run("untimed", steps=untimed)])
    started_s, took_ms = times_of(store, RunFilter(since=NOON - timedelta(hours=1)))
    assert started_s.tolist() == [int(NOON.timestamp()) - 3600, int(NOON.timestamp()) + 7200]
    assert took_ms.tolist() == [25, 25]
    assert times_of(store, RunFilter(text="nothing"))[0].tolist() == []


def test_queries_come_once_the_newest_first(store):  # noqa: F811
    asked = [("a", "one", 0), ("b", "two", 1), ("c", "one", 2), ("d", "  ", 3), ("e", "three", -1)]
    RunBook(store).add(a_run(run_id, query, hours=hours) for run_id, query, hours in asked)
    assert queries_of(store, RunFilter(), 10) == ["one", "two", "three"]
    assert queries_of(store, RunFilter(), 2) == ["one", "two"]
    assert queries_of(store, RunFilter(until=NOON), 2) == ["three"]


def test_feedback_is_counted_by_name_and_value_and_found_again(store):  # noqa: F811
    def run(number: int, *feedback: dict[str, object]):
        return a_run(f"r{number}", feedback=list(feedback))

    down, up = {"name": "thumbs", "value": "down"}, {"name": "thumbs", "value": "up"}
    odd = {"name": 'a "b", {c}%_', "value": True, "comment": '{"name": "thumbs", "value": "up"}'}
    book = RunBook(store)
    book.add([run(1, down | {"comment": "Too long."}), run(2, down, odd), run(3, up), run(4)])
    counts = feedback_counts(store, RunFilter())
    assert sorted(counts.values()) == [1, 1, 2]
    found = {key: {one.id for one in book.find(feedback=key).found} for key in counts}
    assert sorted(map(sorted, found.values())) == [["r1", "r2"], ["r2"], ["r3"]]
    assert {key: book.count(feedback=key) for key in counts} == counts


def test_a_score_that_differs_in_each_run_is_counted_for_its_most_frequent_values_only(store):  # noqa: F811
    RunBook(store).add(a_run(f"r{at}", feedback=[{"name": "score", "value": at / 100}]) for at in range(50))
    assert len(feedback_counts(store, RunFilter())) == VALUES


def test_feedback_of_another_case_is_another(store):  # noqa: F811
    told = [[{"name": "thumbs", "value": value}] for value in ("down", "Down")]
    book = RunBook(store)
    book.add(a_run(f"r{number}", feedback=one) for number, one in enumerate(told))
    counts = feedback_counts(store, RunFilter())
    assert {key: book.count(feedback=key) for key in counts} == counts == dict.fromkeys(counts, 1)


def test_a_damaged_list_of_feedback_counts_for_nothing(store):  # noqa: F811
    RunBook(store).add([a_run("r1", feedback=[{"name": "thumbs", "value": "up"}])])
    with store.begin() as connection:
        connection.execute(sa.update(runs).values(feedback='[{"name": "thumbs"}]'))
    assert feedback_counts(store, RunFilter()) == {}
