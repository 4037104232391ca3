"""The sentences about a run claim no more than its figures show."""

from __future__ import annotations

from rag_core.pipeline.replay import replay
from rag_core.schema.policy import Policy
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.threshold import Threshold
from rag_core.wording.run_captions import movement_caption, score_caption
from tests.builders import measurement

POLICY = Policy(reranker="ce", top_k=1, threshold=Threshold(minimum=0.3, space=ScoreSpace.PROBABILITY))


def test_scores_that_print_alike_have_no_widest_gap() -> None:
    trace = replay(measurement("ab", "", {"a": 5.0, "b": 5.0001}), POLICY)
    assert "widest" not in score_caption(trace)
    assert "widest" in score_caption(replay(measurement("ab", "", {"a": 5.0, "b": -5.0}), POLICY))


def test_nothing_is_said_to_be_kept_before_reranking() -> None:
    trace = replay(measurement("ab", "", {"a": -5.0, "b": 5.0}), POLICY)
    assert "1 of the first 1 before reranking is not kept." in movement_caption(trace)
