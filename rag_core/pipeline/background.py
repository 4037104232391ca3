"""Work in a thread of its own that pages watch: what it says so far, Stop, and one result for everybody who waits.

    with works.watched("answer", lambda: write(question)) as work:
        for _ in work.changes():
            show(work.said)
    work.result()

The work is a generator. At each `yield` it may be stopped, and what it yields is what it says so far; what it returns
is its result. It lives in this process only; work that a reload or another process must find is `rag_core.jobs`'s.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Hashable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from typing import Any, Generic, TypeVar

from rag_core.errors import WorkStopped

S = TypeVar("S")
T = TypeVar("T")
Steps = Generator[S, None, T]
"""Work whose steps say S and that comes to T."""

LOOK_AGAIN_S = 0.2
THREAD = "work"
"""The name of a thread that does work."""


def finished(steps: Steps[S, T]) -> T:
    """Take every step here and now; what the generator returns."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: T = end.value
            return result


class Work(Generic[S, T]):
    """One piece of work, shared by all who watch it. Made by `Works.watched`."""

    def __init__(self, lasting: bool) -> None:
        self._lasting = lasting
        self._changed = threading.Condition()
        self._changes = 0
        self._watchers = 0
        self._closed = False
        self._said: S | None = None
        self._outcome: Future[T] = Future()

    @property
    def said(self) -> S | None:
        """What the last step said; None before."""
        return self._said

    @property
    def over(self) -> bool:
        """True where nothing more will come."""
        return self._outcome.done()

    def changes(self, look_again_s: float = LOOK_AGAIN_S) -> Iterator[None]:
        """Yield at once, after each step, and every so often in between, until the work is over."""
        while not self.over:
            seen = self._changes
            yield
            with self._changed:
                if self._changes == seen and not self.over:
                    self._changed.wait(look_again_s)

    def result(self) -> T:
        """What it came to, waiting for it. Raises what the work raised, or WorkStopped."""
        return self._outcome.result()

    def stop(self) -> None:
        """End it after the step that it is at, for everybody who watches."""
        with self._changed:
            self._closed = True

    def end_unwatched(self) -> None:
        """End it after the step that it is at once nobody watches any more, lasting or not."""
        with self._changed:
            self._lasting = False

    def enter(self) -> bool:
        """Watch it; False where it has ended or is about to."""
        with self._changed:
            if not self._closed:
                self._watchers += 1
            return not self._closed

    def leave(self) -> None:
        """Watch it no longer."""
        with self._changed:
            self._watchers -= 1

    def run(self, steps: Steps[S, T]) -> None:
        """Take the steps, one after another, as long as somebody wants them."""
        try:
            while self._wanted():
                self._said = next(steps)
                self._tell()
            steps.close()
            raise WorkStopped
        except StopIteration as end:
            ended = partial(self._outcome.set_result, end.value)
        except BaseException as exc:  # noqa: BLE001 - whoever waits for the result gets it
            ended = partial(self._outcome.set_exception, exc)
        self.stop()
        ended()
        self._tell()

    def _wanted(self) -> bool:
        """False where it was stopped, or nobody watches what ends with its watchers; nobody can join it after that."""
        with self._changed:
            self._closed = self._closed or not (self._lasting or self._watchers)
            return not self._closed

    def _tell(self) -> None:
        with self._changed:
            self._changes += 1
            self._changed.notify_all()


class Works:
    """The work under way, by key: whoever asks for the same joins it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[Hashable, Work[Any, Any]] = {}

    @contextmanager
    def watched(self, key: Hashable, begin: Callable[[], Steps[S, T]], lasting: bool = False) -> Iterator[Work[S, T]]:
        """Begin the work, or join it where it goes on already, and watch it.

        Work that nobody watches any more ends after the step that it is at; lasting work goes on to its end.
        """
        with self._lock:
            work: Work[S, T] | None = self._running.get(key)
            if work is None or not work.enter():
                work = self._running[key] = Work(lasting)
                work.enter()
                threading.Thread(target=work.run, args=(begin(),), name=THREAD, daemon=True).start()
        try:
            yield work
        finally:
            work.leave()
            self._forget_ended()

    def running(self, key: Hashable) -> Work[Any, Any] | None:
        """The work of that key, where it goes on now."""
        with self._lock:
            work = self._running.get(key)
        return None if work is None or work.over else work

    def _forget_ended(self) -> None:
        with self._lock:
            self._running = {key: work for key, work in self._running.items() if not work.over}
