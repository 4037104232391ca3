"""Work in the background: shared by who asks for the same, stopped at a step, over with one result for all."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from rag_core.errors import BadInput, WorkStopped
from rag_core.pipeline.background import Steps, Works, finished

PATIENCE_S = 60
"""Long enough for any machine; a test that waits this long has failed."""


class Counting:
    """Work in three steps, each taken when the test allows it."""

    def __init__(self) -> None:
        self.begun = 0
        self.steps = 0
        self.closed = threading.Event()
        self._may = threading.Semaphore(0)

    def allow(self, steps: int = 1) -> None:
        self._may.release(steps)

    def begin(self) -> Steps[str, str]:
        self.begun += 1
        return self._run()

    def _run(self) -> Steps[str, str]:
        try:
            for number in (1, 2, 3):
                assert self._may.acquire(timeout=PATIENCE_S)
                self.steps = number
                yield f"step {number}"
            return "done"
        finally:
            self.closed.set()


def until(changes: Iterator[None], reached) -> None:
    """Watch until that is so."""
    for _ in changes:
        if reached():
            return
    assert reached()


def test_a_page_sees_each_step_and_gets_the_result() -> None:
    works, counting = Works(), Counting()
    with works.watched("key", counting.begin) as work:
        counting.allow()
        until(work.changes(), lambda: work.said == "step 1")
        assert not work.over
        counting.allow(2)
        until(work.changes(), lambda: work.over)
        assert (work.result(), work.said) == ("done", "step 3")


def test_two_who_ask_for_the_same_share_one_work() -> None:
    works, counting = Works(), Counting()
    with works.watched("key", counting.begin) as first, works.watched("key", counting.begin) as second:
        assert first is second and works.running("key") is first
        counting.allow(3)
        assert {first.result(), second.result()} == {"done"}
    assert counting.begun == 1
    assert works.running("key") is None
    with works.watched("key", counting.begin) as third:
        counting.allow(3)
        assert third is not first and third.result() == "done"


def test_what_nobody_watches_ends_after_its_step() -> None:
    works, counting = Works(), Counting()
    with works.watched("key", counting.begin) as work:
        counting.allow()
        until(work.changes(), lambda: work.said == "step 1")
    counting.allow()
    with pytest.raises(WorkStopped):
        work.result()
    assert counting.steps <= 2 and counting.closed.is_set()


def test_one_who_leaves_takes_nothing_from_the_other() -> None:
    works, counting = Works(), Counting()
    with works.watched("key", counting.begin) as work:
        with works.watched("key", counting.begin):
            counting.allow()
        counting.allow(2)
        assert work.result() == "done"


def test_lasting_work_goes_on_unwatched_until_it_is_stopped() -> None:
    works, counting = Works(), Counting()
    with works.watched("key", counting.begin, lasting=True) as work:
        pass
    counting.allow(2)
    until(work.changes(), lambda: counting.steps == 2)
    work.stop()
    counting.allow()
    with pytest.raises(WorkStopped):
        work.result()


def test_nobody_joins_work_that_is_about_to_stop() -> None:
    works, stopped, fresh = Works(), Counting(), Counting()
    with works.watched("key", stopped.begin) as work:
        work.stop()
        with works.watched("key", fresh.begin) as another:
            fresh.allow(3)
            assert another.result() == "done"
        stopped.allow()
        with pytest.raises(WorkStopped):
            work.result()


def test_everybody_gets_the_failure() -> None:
    def fail() -> Steps[str, None]:
        yield "so far"
        raise BadInput("This cannot be.")

    with Works().watched("key", fail) as work:
        for _ in range(2):
            with pytest.raises(BadInput, match="cannot be"):
                work.result()
    assert work.over


def test_steps_can_be_taken_at_once() -> None:
    counting = Counting()
    counting.allow(3)
    assert finished(counting.begin()) == "done"
