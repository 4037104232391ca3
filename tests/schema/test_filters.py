"""Metadata filters: equal, in, before and after a date."""

from __future__ import annotations

from datetime import date

import pytest
from pydantic import ValidationError

from rag_core.schema.filters import AllOf, AnyOf, Dated, Equal, Filter, In, Not, fields_in, intersect, make_filter
from tests.builders import passage

CHUNK = passage("a", source="policy", tenant="acme", updated_at=date(2026, 3, 14)).model_copy(
    update={"metadata": {"reviewed": "2026-05-01T10:00", "stars": 4}}
)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Equal(field="source", value="policy"), True),
        (Equal(field="source", value="chat"), False),
        (Equal(field="stars", value=4), True),
        (Equal(field="nothing", value="x"), False),
        (Equal(field="updated_at", value="2026-03-14"), True),
        (In(field="updated_at", values=("2026-03-13", "2026-03-14")), True),
        (In(field="tenant", values=("all", "acme")), True),
        (In(field="tenant", values=()), False),
        (Dated(after=date(2026, 3, 14)), True),
        (Dated(before=date(2026, 3, 14)), False),
        (Dated(field="reviewed", after=date(2026, 5, 1), before=date(2026, 5, 2)), True),
        (Dated(field="source", after=date(2000, 1, 1)), False),
        (Dated(field="nothing"), False),
    ],
)
def test_conditions(condition, expected):
    assert condition.matches(CHUNK) is expected


@pytest.mark.parametrize(
    ("written", "new"),
    [
        ("2026-01-01T10:00+02:00", True),
        ("2026-01-01T00:30+02:00", False),
        ("2026-01-01 00:30:00.5 +0200", False),
        ("2026-01-01T00:30+00", True),
        ("2026-01-01T00:30Z", True),
        ("2026-01-01T00:30", True),
        ("2025-12-31T23:30-05:00", True),
        ("2025-12-31T23:30-00:15", False),
        ("2025-12-31T23:30-00:30", True),
        ("0001-01-01T00:30+02:00", False),
        ("9999-12-31T23:30-05:00", True),
        ("2026-01-01T25:30+02:00", True),  # no time: the day that the text begins with
    ],
)
def test_a_time_with_an_offset_is_the_instant_that_it_is(written, new):
    reviewed = CHUNK.model_copy(update={"metadata": {"reviewed": written}})
    assert Dated(field="reviewed", after=date(2026, 1, 1)).matches(reviewed) is new
    assert Dated(field="reviewed", before=date(2026, 1, 1)).matches(reviewed) is not new


def test_all_conditions_must_hold():
    intersect = Filter(conditions=(Equal(field="source", value="policy"), Equal(field="tenant", value="other")))
    assert not intersect.matches(CHUNK)
    assert Filter(conditions=()).matches(CHUNK)


def test_what_is_chosen_becomes_a_filter():
    day = date(2026, 3, 1)
    assert make_filter() is None
    assert make_filter(["b", "a"], ["chat"], day) == Filter(
        conditions=(In(field="tenant", values=("a", "b")), In(field="source", values=("chat",)), Dated(after=day))
    )


def test_both_filters_hold_and_a_condition_stands_once():
    acme, recent = make_filter(["acme"]), make_filter(since=date(2026, 3, 1))
    assert intersect(None, None) is None
    assert intersect(acme, None) == intersect(None, acme) == intersect(acme, acme) == acme
    assert intersect(acme, recent) == Filter(conditions=(*acme.conditions, *recent.conditions))


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (Equal(field="status", value="current"), "status current"),
        (In(field="tenant", values=("acme", "all")), "tenant acme or all"),
        (In(field="tenant", values=()), "tenant of nothing"),
        (Dated(after=date(2026, 3, 1)), "updated since 2026-03-01"),
        (Dated(field="reviewed_at", before=date(2026, 3, 1)), "reviewed at before 2026-03-01"),
        (Dated(), "updated known"),
    ],
)
def test_a_filter_is_said_in_words(condition, words):
    assert str(condition) == words
    assert str(Filter(conditions=(condition, condition))) == f"{words}, {words}"


CURRENT, STARS = Equal(field="source", value="policy"), Equal(field="stars", value=4)
NEVER = Equal(field="source", value="chat")


@pytest.mark.parametrize(
    ("condition", "expected", "words"),
    [
        (AllOf(conditions=(CURRENT, STARS)), True, "source policy and stars 4"),
        (AllOf(conditions=(CURRENT, NEVER)), False, "source policy and source chat"),
        (AllOf(conditions=()), True, "anything"),
        (AnyOf(conditions=(NEVER, STARS)), True, "source chat or stars 4"),
        (AnyOf(conditions=()), False, "nothing"),
        (Not(condition=NEVER), True, "not source chat"),
        (Not(condition=Equal(field="nothing", value=1)), True, "not nothing 1"),
        (Not(condition=AnyOf(conditions=(NEVER, STARS))), False, "not (source chat or stars 4)"),
    ],
)
def test_conditions_are_put_together(condition, expected, words):
    assert condition.matches(CHUNK) is expected
    assert str(condition) == words
    where = Filter(conditions=(condition,))
    assert Filter.model_validate_json(where.model_dump_json()) == where


def test_true_is_not_one():
    open_ = CHUNK.model_copy(update={"metadata": {"open": True, "stars": 1}})
    assert [Equal(field="open", value=1).matches(open_), Equal(field="open", value=True).matches(open_)] == [
        False,
        True,
    ]
    assert not In(field="stars", values=(True,)).matches(open_)


def test_a_filter_knows_its_fields_and_kinds_wherever_they_are():
    where = Filter(conditions=(Not(condition=AnyOf(conditions=(NEVER, Dated()))), STARS))
    assert where.kinds == {"not", "any", "equal", "dated"}
    assert [one.field for one in where.leaves] == ["source", "updated_at", "stars"]
    assert fields_in(where.conditions[0]) == ("source", "updated_at")


def test_a_filter_without_end_is_refused_in_words():
    deep = '{"kind":"not","condition":' * 400 + '{"kind":"dated"}' + "}" * 400
    with pytest.raises(ValidationError):
        Filter.model_validate_json(f'{{"conditions":[{deep}]}}')


def test_what_is_true_is_another_condition_than_what_is_1():
    one, true = Equal(field="stars", value=1), Equal(field="stars", value=True)
    assert one != true and one == Equal(field="stars", value=1.0) and hash(one) == hash(Equal(field="stars", value=1.0))
    assert In(field="stars", values=(1,)) != In(field="stars", values=(True,)) != In(field="stars", values=(True, 1))
    both = intersect(Filter(conditions=(one,)), Filter(conditions=(true, one)))
    assert both is not None and [condition.value for condition in both.conditions] == [1, True]
