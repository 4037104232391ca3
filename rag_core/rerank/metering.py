"""Counts the requests that may be billed, where they are sent: to reranking services, servers of your own, chat models.

    with metered() as meter:
        pipeline.run("How long do refunds take?")
    meter.spent                      # {"cohere:rerank-v3.5": PaidCalls(requests=1, units=1.0)}

A meter sees what is sent in its thread, and in threads that run what `carried` gave; failed and stopped work included.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from typing import ParamSpec, TypeVar

from rag_core.schema.paid_calls import PaidCalls

P = ParamSpec("P")
R = TypeVar("R")


class Meter:
    """What was spent while it was open, by service. Any number of threads may read it and add to it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spent: dict[str, PaidCalls] = {}

    @property
    def spent(self) -> dict[str, PaidCalls]:
        """The calls so far, by the name of who was asked."""
        with self._lock:
            return dict(self._spent)

    @property
    def total(self) -> PaidCalls:
        """The calls so far, of all together."""
        return sum(self.spent.values(), PaidCalls())

    def add(self, who: str, calls: PaidCalls) -> None:
        """Count these calls too."""
        with self._lock:
            self._spent[who] = self._spent.get(who, PaidCalls()) + calls


_open: ContextVar[tuple[Meter, ...]] = ContextVar("open_meters", default=())


@contextmanager
def metered(meter: Meter | None = None) -> Iterator[Meter]:
    """Count what is sent inside, with this meter or a new one. Never around a `yield` of a generator of your own."""
    meter = meter or Meter()
    before = _open.set((*_open.get(), meter))
    try:
        yield meter
    finally:
        _open.reset(before)


def sent(who: str) -> None:
    """Tell every open meter that a request goes out now."""
    spend(who, PaidCalls(requests=1))


def spend(who: str, calls: PaidCalls) -> None:
    """Tell every open meter what a service says it billed, or that requests go out."""
    for meter in _open.get():
        meter.add(who, calls)


def carried(work: Callable[P, R]) -> Callable[P, R]:
    """The same work for a thread of a pool: what it sends is counted by the meters that are open here and now."""
    context = copy_context()

    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        return context.copy().run(work, *args, **kwargs)

    return run
