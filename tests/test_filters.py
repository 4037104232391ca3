"""Metadata filters: equal, in, before and after a date."""

from __future__ import annotations

from datetime import date

import pytest

from rag_core.filters import Dated, Equal, Filter, In
from tests.builders import chunk

CHUNK = chunk("a", source="policy", tenant="acme", updated_at=date(2026, 3, 14)).model_copy(
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


def test_all_conditions_must_hold():
    both = Filter(conditions=(Equal(field="source", value="policy"), Equal(field="tenant", value="other")))
    assert not both.matches(CHUNK)
    assert Filter(conditions=()).matches(CHUNK)
