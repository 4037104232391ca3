"""Grades given in the page: kept, replaced, taken back, and added to a set without touching it."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag_core.errors import BadInput
from rag_core.evaluation.judgments import JudgmentBook
from rag_core.evaluation.sets import LabelledSet, Query
from rag_core.storage.database import Store
from tests.evaluation.builders import labelled

SET = labelled({"q1": {"a": 1, "b": 0}}, "q2")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(f"sqlite:///{tmp_path}/second_pass.db")


@pytest.fixture
def book(store: Store) -> JudgmentBook:
    return JudgmentBook(store)


def test_grades_are_added_and_the_newer_one_holds(book: JudgmentBook) -> None:
    for item, grade in (("a", 3), ("c", 2), ("c", 1)):
        book.judge(SET, "q1", item, grade, by="ana")

    found = book.added_to(SET)
    assert found.qrels == {"q1": {"a": 3, "b": 0, "c": 1}}
    assert SET.qrels == {"q1": {"a": 1, "b": 0}}


def test_a_grade_is_taken_back(book: JudgmentBook) -> None:
    book.judge(SET, "q2", "x", 2)
    book.take_back(SET, "q2", "x")
    assert book.added_to(SET) == SET


def test_sets_of_one_name_do_not_mix(book: JudgmentBook) -> None:
    book.judge(SET, "q2", "x", 2)
    others = [
        labelled({"q1": {"a": 1, "b": 1}}, "q2"),  # another grade
        labelled({"q1": {"a": 1, "b": 0}}, "q2", "q3"),  # another query
        LabelledSet(name=SET.name, queries=SET.queries, qrels=SET.qrels, level="passage"),
        LabelledSet(
            name=SET.name, queries=tuple(Query(id=q.id, text=f"other {q.id}") for q in SET.queries), qrels=SET.qrels
        ),
    ]
    assert [book.added_to(other) for other in others] == others


def test_a_set_under_another_name_is_the_same_set(book: JudgmentBook) -> None:
    book.judge(SET, "q2", "x", 2)
    renamed = LabelledSet(name="renamed", queries=SET.queries, qrels=SET.qrels)
    assert book.added_to(renamed).qrels["q2"] == {"x": 2}


def test_a_part_of_the_set_and_one_with_grades_are_still_it(book: JudgmentBook) -> None:
    book.judge(SET.only(["q2"]), "q2", "x", 2)
    graded = book.added_to(SET)
    book.judge(graded, "q1", "c", 3)
    assert book.added_to(SET).qrels == {"q1": {"a": 1, "b": 0, "c": 3}, "q2": {"x": 2}}
    assert book.added_to(SET.only(["q1"])).qrels == {"q1": {"a": 1, "b": 0, "c": 3}}
    book.take_back(graded.only(["q2"]), "q2", "x")
    assert "q2" not in book.added_to(SET).qrels


def test_grades_over_a_private_collection_are_its_owners(book: JudgmentBook, store: Store) -> None:
    ana, ben = JudgmentBook(store, owner="ana"), JudgmentBook(store, owner="ben")
    ana.judge(SET, "q2", "secret.md", 2)
    assert ana.added_to(SET).qrels["q2"] == {"secret.md": 2}
    assert ben.added_to(SET) == SET and book.added_to(SET) == SET


def test_what_is_no_grade_or_query_is_refused(book: JudgmentBook) -> None:
    with pytest.raises(BadInput, match="A grade is one of 0, 1, 2, 3, not 4"):
        book.judge(SET, "q1", "a", 4)
    with pytest.raises(BadInput, match="no query 'q9'"):
        book.judge(SET, "q9", "a", 1)
