"""The rank movement of a stopped run draws what was read and says what was not."""

from __future__ import annotations

from rag_core.config import Policy, Stopping
from rag_core.replay import replay
from tests.builders import measurement
from ui.charts.rank_movement import movement, reading


def test_unread_candidates_are_counted_not_drawn() -> None:
    policy = Policy(reranker="ce", stopping=Stopping(limit=2))
    trace = replay(measurement("abcd", "", {"a": 0.0, "b": 1.0}), policy)
    assert set(movement(trace)["chunk_id"]) == {"a", "b"}
    assert reading(trace).endswith("2 were not read and are not drawn.")
