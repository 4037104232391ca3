"""`once`: a function of values that never change, worked out once for each of them.

    @once
    def figure(trace: Trace, palette: Palette) -> go.Figure: ...

Only the arguments are looked at, so the function must not ask for anything else that changes, and nobody may change
what it gives: the next caller gets the same object.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from functools import wraps
from typing import ParamSpec, TypeVar

from pydantic import BaseModel

from rag_core.schema.policy import Policy
from rag_core.schema.threshold import Threshold

Given = ParamSpec("Given")
Made = TypeVar("Made")

KEPT = 32
"""Results that each function keeps: those that were asked for last."""

BY_VALUE = (str, int, float, bool, type(None), frozenset, Threshold, Policy)
"""What is compared by its value, as frozen models of plain numbers and words are. Sequences and mappings are compared
item by item, anything else by being the same object: a trace is too large to be compared whole at every run of a
page."""
PLAIN = (str, int, float, bool, type(None))


class _Same:
    """A value that is equal to itself alone."""

    __slots__ = ("value",)

    def __init__(self, value: object) -> None:
        self.value = value

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.value is other.value


def once(function: Callable[Given, Made]) -> Callable[Given, Made]:
    """The function, which keeps what it made last. Safe to call from several threads; an error is not kept."""
    kept: OrderedDict[Hashable, Made] = OrderedDict()
    lock = threading.Lock()

    @wraps(function)
    def known(*args: Given.args, **kwargs: Given.kwargs) -> Made:
        key = _key((args, kwargs))
        with lock:
            if key in kept:
                kept.move_to_end(key)
                return kept[key]
        made = function(*args, **kwargs)
        with lock:
            kept[key] = made
            if len(kept) > KEPT:
                kept.popitem(last=False)
        return made

    return known


def _key(value: object) -> Hashable:
    if isinstance(value, BY_VALUE):
        return type(value), value
    if isinstance(value, list | tuple):
        return type(value), tuple(map(_key, value))
    if isinstance(value, Mapping):
        return type(value), tuple((_key(name), _key(one)) for name, one in value.items())
    if isinstance(value, BaseModel) and all(isinstance(one, PLAIN) for one in value.__dict__.values()):
        return type(value), tuple(map(_key, value.__dict__.values()))
    return _Same(value)
