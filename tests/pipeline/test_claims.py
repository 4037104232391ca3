"""Threads that miss the same never pay for it twice."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from rag_core.pipeline.claims import Claims

PATIENCE_S = 60


class Shop:
    """Ten things to pay for. `paid` says how often each was."""

    def __init__(self, things: str = "abcdefghij") -> None:
        self.claims = Claims()
        self.paid = dict.fromkeys(things, 0)
        self.kept: set[str] = set()

    def missing(self) -> dict[str, str]:
        return {one: one for one in self.paid if one not in self.kept}

    def next_two(self) -> dict[str, str]:
        return dict(list(self.missing().items())[:2])


def test_threads_share_what_is_missing_and_all_leave_with_nothing_missing() -> None:
    shop, together = Shop(), threading.Barrier(4)

    def pay() -> bool:
        together.wait(PATIENCE_S)
        while True:
            with shop.claims.taken(shop.next_two) as mine:
                if not mine:
                    return not shop.missing()
                for one in mine:
                    shop.paid[one] += 1
                with shop.claims.lock:
                    shop.kept |= set(mine)

    with ThreadPoolExecutor(4) as pool:
        assert all(one.result(PATIENCE_S) for one in [pool.submit(pay) for _ in range(4)])
    assert set(shop.paid.values()) == {1}


def test_who_waits_pays_where_the_other_failed() -> None:
    shop, taken, fail = Shop("a"), threading.Event(), threading.Event()

    def failing() -> None:
        with shop.claims.taken(shop.missing):
            taken.set()
            assert fail.wait(PATIENCE_S)
            raise OSError("no network")

    def waiting() -> dict[str, str]:
        with shop.claims.taken(shop.missing) as mine:
            return mine

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(failing)
        assert taken.wait(PATIENCE_S)
        second = pool.submit(waiting)
        fail.set()
        with pytest.raises(OSError, match="no network"):
            first.result(PATIENCE_S)
        assert second.result(PATIENCE_S) == {"a": "a"}


def test_the_lock_is_free_while_somebody_pays() -> None:
    shop = Shop("ab")

    def looks() -> bool:
        with shop.claims.lock:
            return not shop.kept

    with shop.claims.taken(lambda: {"a": "a"}), ThreadPoolExecutor(1) as pool:
        assert pool.submit(looks).result(PATIENCE_S)
