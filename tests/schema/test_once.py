"""Functions of values that never change."""

from __future__ import annotations

import pytest

from rag_core.schema.once import KEPT, once
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.threshold import Threshold


class Thing:
    """Equal to every other of its kind, as two traces with the same content are."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Thing)

    __hash__ = None  # type: ignore[assignment] # as of a trace, which holds dicts


def counted() -> tuple[list[object], object]:
    calls: list[object] = []

    @once
    def told(*given: object, **named: object) -> object:
        calls.append((given, named))
        return object()

    return calls, told


def test_the_same_object_is_worked_out_once_and_an_equal_one_anew() -> None:
    calls, told = counted()
    one, other = Thing(), Thing()
    assert told(one) is told(one)  # type: ignore[operator]
    assert told(other) is not told(one)  # type: ignore[operator]
    assert len(calls) == 2


def test_values_count_as_what_they_are() -> None:
    calls, told = counted()
    for _ in range(2):
        told("a", 1, Threshold(minimum=0.5, space=ScoreSpace.PROBABILITY))  # type: ignore[operator]
        told("a", True, Threshold(minimum=0.5, space=ScoreSpace.PROBABILITY))  # type: ignore[operator]
        told("a", 1, Threshold(minimum=0.6, space=ScoreSpace.PROBABILITY))  # type: ignore[operator]
    assert len(calls) == 3


def test_a_list_that_grew_is_another_one() -> None:
    calls, told = counted()
    things = [Thing()]
    told(things)  # type: ignore[operator]
    things.append(Thing())
    told(things)  # type: ignore[operator]
    told(list(things), {"a": things[0]})  # type: ignore[operator]
    told(tuple(things), {"a": things[1]})  # type: ignore[operator]
    told(list(things), {"a": things[0]})  # type: ignore[operator]
    assert len(calls) == 4


def test_an_error_is_not_kept() -> None:
    tries = []

    @once
    def fails(one: int) -> int:
        tries.append(one)
        if len(tries) == 1:
            raise ValueError("not yet")
        return one

    with pytest.raises(ValueError, match="not yet"):
        fails(7)
    assert fails(7) == fails(7) == 7
    assert len(tries) == 2


def test_what_was_asked_for_longest_ago_is_forgotten() -> None:
    calls, told = counted()
    for number in range(KEPT + 1):
        told(number)  # type: ignore[operator]
    told(KEPT)  # type: ignore[operator]
    told(0)  # type: ignore[operator]
    assert len(calls) == KEPT + 2
