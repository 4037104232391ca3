"""Several people who score one labelled set at once: all that anybody has paid for is there when they are done."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from rag_core.corpus.indexing import IndexingPlan, index_documents
from rag_core.evaluation.bench import Bench
from rag_core.evaluation.outcome import of_measurements
from rag_core.evaluation.sets import LabelledSet, Query
from rag_core.pipeline.extra_searches import missing_searches
from rag_core.pipeline.pipeline import Pipeline
from rag_core.rerank.base import Scored
from rag_core.rerank.fixed import FixedReranker
from rag_core.schema.chunking import Chunking
from rag_core.schema.policy import ExtraSearch, Policy
from rag_core.schema.progress import Progress
from tests.corpus.doubles import WordEmbedder, documents

PATIENCE_S = 60
SET = LabelledSet(
    name="toy",
    queries=tuple(Query(id=f"q{n}", text=f"topic{n} and refunds") for n in range(3)),
    qrels={f"q{n}": {f"doc-{n}.md": 1} for n in range(3)},
)
EMBEDDER = WordEmbedder()
COLLECTION = index_documents(IndexingPlan("toy", None, Chunking(), 1000), documents(5), EMBEDDER)


class Together(FixedReranker):
    """Scores once as many have begun on the same question as the barrier waits for."""

    def __init__(self, begun: threading.Barrier) -> None:
        super().__init__()
        self._begun = begun

    def score(self, query: str, passages: Sequence[str], progress: Progress | None = None) -> Scored:
        self._begun.wait(PATIENCE_S)
        return super().score(query, passages, progress)


def scored_at_once(bench: Bench, *policies: Policy) -> list[Together]:
    """What each person's reranker was asked; all of them score the set with their own policy at the same time."""
    begun = threading.Barrier(len(policies))
    rerankers = [Together(begun) for _ in policies]

    def score(policy: Policy, reranker: Together) -> None:
        pipeline = Pipeline(COLLECTION, EMBEDDER, rerankers=lambda _: reranker)
        assert [query.id for query in bench.scored(pipeline, SET.asked, [policy])] == ["q0", "q1", "q2"]

    with ThreadPoolExecutor(len(policies)) as pool:
        for one in [pool.submit(score, *each) for each in zip(policies, rerankers, strict=True)]:
            one.result(PATIENCE_S)
    return rerankers


def test_two_people_with_two_rerankers_both_have_their_report() -> None:
    bench = Bench("toy")
    policies = [Policy(reranker=key, pool=4) for key in ("x:a", "x:b")]
    scored_at_once(bench, *policies)
    assert [sorted(row.rerankings) for row in bench.measurements.values()] == [["x:a", "x:b"]] * 3
    for policy in policies:
        assert of_measurements(SET, bench.measurements, policy).report.reranker_model.startswith("fixed@")
    assert bench.version == 2 * 3


def test_two_people_who_start_from_the_same_scores_each_add_their_own() -> None:
    bench = Bench("toy")
    scored_at_once(bench, Policy(reranker="x:a", pool=4))
    first = {one: row.rerankings["x:a"] for one, row in bench.measurements.items()}
    scored_at_once(bench, Policy(reranker="x:b", pool=4), Policy(reranker="x:c", pool=4))
    for one, row in bench.measurements.items():
        assert sorted(row.rerankings) == ["x:a", "x:b", "x:c"]
        assert row.rerankings["x:a"] == first[one]


def test_pairs_of_a_narrow_and_a_wide_pool_are_counted_once() -> None:
    bench = Bench("toy")
    narrow, wide = scored_at_once(bench, Policy(reranker="x:a", pool=2), Policy(reranker="x:a", pool=6))
    assert (narrow.scored, wide.scored) == (3 * 2, 3 * 6)
    for row in bench.measurements.values():
        scores = row.rerankings["x:a"]
        assert len(scores.pairs) == 6
        read = [pair.tokens for pair in scores.pairs.values()]
        assert scores.tokens < sum(read) + min(read)
    assert of_measurements(SET, bench.measurements, Policy(reranker="x:a", pool=6)).report.reranker_model


def test_a_wider_pool_that_starts_from_a_narrow_one_costs_what_was_measured() -> None:
    bench = Bench("toy")
    for pool in (2, 6):
        scored_at_once(bench, Policy(reranker="x:a", pool=pool))
    for row in bench.measurements.values():
        scores = row.rerankings["x:a"]
        assert scores.tokens == sum(pair.tokens for pair in scores.pairs.values())
        assert not scores.timing.estimated


def test_extra_searches_of_both_are_there_with_their_passages() -> None:
    bench = Bench("toy")
    policies = [
        Policy(reranker=f"x:{name}", pool=4, extra_searches=(ExtraSearch(name=name, query=f"topic{number}"),))
        for number, name in ((3, "three"), (4, "four"))
    ]
    scored_at_once(bench, *policies)
    for row in bench.measurements.values():
        assert not [one for policy in policies for one in missing_searches(row, policy)]
        assert {name for one in row.extra_searches for name, _ in one.dense.found} <= set(row.passages)
        assert {"topic3", "topic4"} <= set(row.vectors)
