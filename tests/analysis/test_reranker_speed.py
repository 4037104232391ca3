"""The pace of a reranker, with a clock that is told what to show."""

from __future__ import annotations

import pytest

from rag_core.analysis.latency_model import LatencyPoint
from rag_core.analysis.reranker_speed import measure_speed
from rag_core.errors import ModelError
from rag_core.rerank.fixed import FixedReranker
from tests.builders import passage

CHUNKS = [passage(str(n)) for n in range(12)]


def test_one_point_a_size_that_the_pool_reaches():
    ticks = iter([0.0, 0.05, 1.0, 1.1])
    points = measure_speed(FixedReranker(), "q", CHUNKS, sizes=(10, 5, 20), clock=lambda: next(ticks))
    assert [point.pairs for point in points] == [5, 10]
    assert [point.took_ms for point in points] == pytest.approx([50, 100])
    assert isinstance(points[0], LatencyPoint)


def test_pairs_are_scored_every_time():
    reranker = FixedReranker()
    measure_speed(reranker, "q", CHUNKS, sizes=(5, 10))
    assert reranker.scored == 2 + 5 + 10


def test_a_model_that_fails_says_so():
    with pytest.raises(ModelError):
        measure_speed(FixedReranker(fail_after=3), "q", CHUNKS, sizes=(5,))
