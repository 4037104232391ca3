"""Runs are deleted by the rule in the database, in the app and in the collector."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from rag_core.errors import BadInput
from rag_core.runs.collector.server import Background
from rag_core.runs.store.retention import Retention, apply, keep, retention, surplus
from rag_core.runs.store.run_book import RunBook
from rag_core.wording.run_list import retention_sentence
from tests.runs.samples import a_run
from tests.triage.conftest import postgres_server, store, url  # noqa: F401


def days_old(run_id: str, days: int, project: str = "bot"):
    return a_run(run_id, project=project, started_at=(datetime.now(UTC) - timedelta(days=days, hours=1)).isoformat())


@pytest.fixture
def book(store):  # noqa: F811
    book = RunBook(store)
    book.add([days_old(f"r{days}", days) for days in range(5)])
    book.add([days_old("old", 9, "shop"), days_old("new", 0, "shop")])
    return book


def test_the_rule_is_kept_and_replaced(store):  # noqa: F811
    assert retention(store) == Retention()
    for rule in (Retention(30, 5), Retention(None, 7), Retention()):
        keep(store, rule)
        assert retention(store) == rule


@pytest.mark.parametrize("rule", [Retention(days=0), Retention(number=0), Retention(days=-1), Retention(number=10**12)])
def test_no_rule_keeps_nothing(store, rule):  # noqa: F811
    with pytest.raises(BadInput, match="Give a number from 1"):
        keep(store, rule)
    assert retention(store) == Retention()


@pytest.mark.parametrize(
    ("rule", "left"),
    [
        (Retention(), 7),
        (Retention(days=3), 3 + 1),
        (Retention(number=1), 2),
        (Retention(days=3, number=2), 2 + 1),
        (Retention(days=30, number=100), 7),
    ],
)
def test_what_a_rule_would_delete_is_what_it_deletes(store, book, rule, left):  # noqa: F811
    assert surplus(store, rule) == 7 - left
    keep(store, rule)
    assert apply(store) == 7 - left and book.count() == left


def test_the_stricter_of_two_rules_holds(store, book):  # noqa: F811
    keep(store, Retention(days=3))
    assert apply(store, Retention(days=6, number=1)) == 5 and book.count() == 2


def test_the_collector_follows_the_rule_that_is_set_while_it_runs(store, book, monkeypatch):  # noqa: F811
    monkeypatch.setattr("rag_core.runs.collector.server.TRIM_EVERY_S", 0.0)
    monkeypatch.setattr("rag_core.runs.collector.server.LOOK_EVERY_S", 0.01)
    background = Background(store, Retention())
    background.start()
    keep(store, Retention(number=1))
    for _ in range(1000):
        if book.count() == 2:
            break
        background._end.wait(0.01)
    background.stop()
    assert book.count() == 2


def test_the_rule_is_said_in_words():
    assert retention_sentence(Retention()) == "All runs are kept."
    assert retention_sentence(Retention(number=1000)) == "The newest 1,000 runs of each project are kept."
    assert retention_sentence(Retention(days=1)) == "Runs are kept for 1 day."
    assert retention_sentence(Retention(30, 5)) == "Runs are kept for 30 days, and the newest 5 of each project only."
