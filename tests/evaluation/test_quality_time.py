"""What each way of reranking takes and is worth: alone, and behind the policy's first pass."""

from __future__ import annotations

from dataclasses import replace

from rag_core.analysis.latency_model import LatencyPoint
from rag_core.evaluation.outcome import EvaluationResult, of_measurements
from rag_core.evaluation.quality_time import ways_of
from rag_core.schema.policy import FirstPass, Policy
from tests.builders import scored_too
from tests.evaluation.builders import labelled, plain

METRIC = "RR@10"
POLICY = Policy(reranker="ce", first_pass=FirstPass(reranker="cheap", pool=4), pool=2)
TIMES = {
    "ce": [LatencyPoint(pairs=1, took_ms=10), LatencyPoint(pairs=2, took_ms=20), LatencyPoint(pairs=4, took_ms=40)],
    "cheap": [LatencyPoint(pairs=1, took_ms=1), LatencyPoint(pairs=2, took_ms=2)],
}


def found() -> EvaluationResult:
    """One question whose answer is d, last of four; the cheap reranker brings it to the second place, the other one to
    the first. The other one has read those two alone."""
    read = plain("abcd", "", {"c": 1.0, "d": 2.0})
    measured = scored_too(read, "cheap", {"a": 0.1, "b": 0.2, "c": 0.4, "d": 0.3})
    return of_measurements(labelled({"q": {"d": 1}}), {"q": measured}, POLICY, [METRIC])


def test_the_first_pass_takes_its_time_before_every_pool_of_the_reranker() -> None:
    ways = {(way.reranker, way.pool): way for way in ways_of(found(), TIMES, METRIC, search_ms=5)}
    both = {pool: way for (name, pool), way in ways.items() if name == "cheap → ce"}
    # the line through 1 and 2 of the cheap one says 4 ms for the four that it reads
    assert {pool: round(way.took_ms) for pool, way in both.items()} == {1: 5 + 4 + 10, 2: 5 + 4 + 20}
    assert {pool: way.quality for pool, way in both.items()} == {1: 0.0, 2: 1.0}
    assert ways["no reranker", 0].quality == 1 / 4 and ways["no reranker", 0].took_ms == 5
    assert ("ce", 1) not in ways  # nobody has scored a, the first of the fused order


def test_without_a_first_pass_or_its_time_each_stands_alone() -> None:
    single = replace(found(), policy=POLICY.with_(first_pass=None))
    for ways in (ways_of(single, TIMES, METRIC, 5), ways_of(found(), {"ce": TIMES["ce"]}, METRIC, 5)):
        assert not [way for way in ways if "→" in way.reranker]
