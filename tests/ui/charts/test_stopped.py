"""The rank movement of a stopped run draws what was read and says what was not."""

from __future__ import annotations

from rag_core.pipeline.replay import replay
from rag_core.schema.policy import EarlyStopping, Policy
from tests.builders import measurement
from ui.charts.rank_movement import caption, movement


def test_unread_candidates_are_counted_not_drawn() -> None:
    policy = Policy(reranker="ce", stopping=EarlyStopping(limit=2))
    trace = replay(measurement("abcd", "", {"a": 0.0, "b": 1.0}), policy)
    assert set(movement(trace)["passage_id"]) == {"a", "b"}
    assert caption(trace).endswith("2 were not read and are not drawn.")
