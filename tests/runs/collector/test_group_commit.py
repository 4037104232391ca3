"""What comes while something is being written is written together; what fails costs itself only."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from rag_core.errors import SecondPassError
from rag_core.runs.collector.group_commit import GroupCommit


class Disk:
    """Writes slowly the first time: until `go` is set. Refuses "bad", and is locked for "locked"."""

    def __init__(self):
        self.began, self.go = threading.Event(), threading.Event()
        self.written = []
        self.locked = 0

    def write(self, items):
        self.began.set()
        assert self.go.wait(30)
        if "bad" in items:
            raise ValueError(f"{len(items)} with a bad one")
        if "locked" in items:
            self.locked += 1
            raise SecondPassError("The database is locked.")
        self.written.append(list(items))
        return [item.upper() for item in items]


@pytest.fixture
def pool():
    with ThreadPoolExecutor(8) as pool:
        yield pool


def put_while_writing(disk, pool, items):
    """Put one item, and these once it is being written; what becomes of each of these."""
    group = GroupCommit(disk.write)
    first = pool.submit(group.put, "first")
    assert disk.began.wait(30)
    waiting = []
    for item in items:
        waiting.append(pool.submit(group.put, item))
        while len(group._waiting) < len(waiting):
            assert not waiting[-1].done()
    disk.go.set()
    assert first.result(30) == "FIRST"
    return waiting


def test_what_waits_is_written_together_in_its_order(pool):
    disk = Disk()
    waiting = put_while_writing(disk, pool, ["a", "b", "c"])
    assert [one.result(30) for one in waiting] == ["A", "B", "C"]
    assert disk.written == [["first"], ["a", "b", "c"]]


def test_an_item_that_fails_costs_itself_only(pool):
    disk = Disk()
    good, bad, also = put_while_writing(disk, pool, ["a", "bad", "c"])
    assert (good.result(30), also.result(30)) == ("A", "C")
    with pytest.raises(ValueError, match="1 with a bad one"):
        bad.result(30)
    assert disk.written == [["first"], ["a"], ["c"]]


@pytest.mark.parametrize("others", [["a", "b"], ["a", "b", "bad"]])
def test_a_database_that_is_locked_is_waited_for_once(pool, others):
    disk = Disk()
    waiting = put_while_writing(disk, pool, ["locked", *others])
    for one in waiting:
        with pytest.raises(SecondPassError, match="locked"):
            one.result(30)
    assert disk.locked == 1 and disk.written == [["first"]]


def test_one_alone_waits_for_nobody():
    disk = Disk()
    disk.go.set()
    group = GroupCommit(disk.write)
    assert group.put("a") == "A"
    with pytest.raises(ValueError):
        group.put("bad")
    assert group.put("b") == "B"
