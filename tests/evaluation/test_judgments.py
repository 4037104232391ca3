"""Grades given in the page: kept, replaced, taken back, and added to a set without touching it."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag_core.errors import BadInput
from rag_core.evaluation.judgments import JudgmentBook
from rag_core.storage.database import Store
from tests.evaluation.builders import labelled

SET = labelled({"q1": {"a": 1, "b": 0}}, "q2")


@pytest.fixture
def book(tmp_path: Path) -> JudgmentBook:
    return JudgmentBook(Store(f"sqlite:///{tmp_path}/second_pass.db"))


def test_grades_are_added_and_the_newer_one_holds(book: JudgmentBook) -> None:
    for item, grade in (("a", 3), ("c", 2), ("c", 1)):
        book.judge(SET, "q1", item, grade, by="ana")

    assert book.added_to(SET).qrels == {"q1": {"a": 3, "b": 0, "c": 1}}
    assert SET.qrels == {"q1": {"a": 1, "b": 0}}


def test_a_grade_is_taken_back(book: JudgmentBook) -> None:
    book.judge(SET, "q2", "x", 2)
    book.take_back(SET, "q2", "x")
    assert book.added_to(SET) == SET


def test_sets_do_not_mix(book: JudgmentBook) -> None:
    book.judge(SET, "q2", "x", 2)
    other = SET.model_copy(update={"name": "other"})
    passages = SET.model_copy(update={"level": "passage"})
    assert book.added_to(other) == other
    assert book.added_to(passages) == passages


def test_a_query_that_has_left_the_set_is_no_trouble(book: JudgmentBook) -> None:
    book.judge(SET, "q2", "x", 2)
    smaller = labelled({"q1": {"a": 1}})
    assert book.added_to(smaller) == smaller


def test_what_is_no_grade_or_query_is_refused(book: JudgmentBook) -> None:
    with pytest.raises(BadInput, match="A grade is one of 0, 1, 2, 3, not 4"):
        book.judge(SET, "q1", "a", 4)
    with pytest.raises(BadInput, match="no query 'q9'"):
        book.judge(SET, "q9", "a", 1)
