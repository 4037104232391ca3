"""How long a full sweep page takes to compute after scoring: 300 queries, 100 candidates a list, every curve.

    python -m benchmarks.sweeps [--queries 300] [--candidates 100]

Random rankings, scores and grades: the arithmetic does not care. Prints the median of five.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import numpy as np

from rag_core.evaluation.board import board
from rag_core.evaluation.gather import build
from rag_core.evaluation.pools import Pools
from rag_core.evaluation.report import rankings_of, report
from rag_core.evaluation.sets import LabelledSet, Query
from rag_core.schema.documents import CollectionRef, Passage
from rag_core.schema.measurement import Measurement, RankedList, RerankerScores
from rag_core.schema.policy import Policy, Signals
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import PairScore, Timing

POLICY = Policy(reranker="ce", pool=100, depth=100)


def measurement(rng: np.random.Generator, query: str, candidates: int) -> Measurement:
    """Two lists that share half their candidates, two passages a document, all pairs scored."""
    names = [f"{query}-c{n:03d}" for n in range(candidates * 3 // 2)]
    passages = {
        name: Passage(
            id=name,
            document_id=f"{query}-d{n // 2}",
            start=0,
            end=1,
            text="x",
            source=str(n % 5),
            updated_at=date(2026, 1, 1) + timedelta(days=n),
        )
        for n, name in enumerate(names)
    }
    dense, lexical = (rng.permutation(part) for part in (names[:candidates], names[-candidates:]))
    pairs = {
        name: PairScore(score=float(score)) for name, score in zip(names, rng.normal(0, 3, len(names)), strict=True)
    }
    return Measurement(
        query=query,
        collection=CollectionRef(name="b", fingerprint="b", embedding_model="b", documents=1, passages=1),
        measured_at=datetime(2026, 10, 1, tzinfo=UTC),
        depth=200,
        embed=Timing(),
        dense=RankedList(found=tuple((str(n), 0.5) for n in dense), timing=Timing()),
        lexical=RankedList(found=tuple((str(n), 5.0) for n in lexical), timing=Timing()),
        passages=passages,
        rerankings={"ce": RerankerScores(model="ce@1", space=ScoreSpace.LOGIT, pairs=pairs)},
    )


def made(queries: int, candidates: int) -> tuple[LabelledSet, dict[str, Measurement]]:
    """A labelled set with about five relevant documents a query, and its measurements."""
    rng = np.random.default_rng(0)
    ids = [f"q{n}" for n in range(queries)]
    qrels = {one: {f"{one}-d{d}": int(rng.integers(0, 4)) for d in rng.integers(0, candidates, 8)} for one in ids}
    labelled = LabelledSet(name="random", queries=tuple(Query(id=one, text=one) for one in ids), qrels=qrels)
    return labelled, {one: measurement(rng, one, candidates) for one in ids}


def timed(name: str, work: Callable[[], object], times: int = 5) -> None:
    """Print the median time of some work."""
    took = []
    for _ in range(times):
        begin = time.perf_counter()
        work()
        took.append(time.perf_counter() - begin)
    print(f"{name:<44} {statistics.median(took) * 1000:8.0f} ms")


def main() -> None:
    """Make the set, then time the page's parts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--candidates", type=int, default=100)
    given = parser.parse_args()
    labelled, measured = made(given.queries, given.candidates)
    pools: Pools = build(measured, labelled)
    signals = POLICY.with_(signals=Signals(on=True))
    timed("once after scoring: measurements to arrays", lambda: build(measured, labelled))
    timed("redraw: every curve, both cuts, headroom", lambda: board(pools, POLICY, "nDCG@10"))
    timed("the same with signals on", lambda: board(pools, signals, "nDCG@10"))
    timed("a new policy: tables, intervals, p-values", lambda: report(labelled, rankings_of(pools, POLICY)))


if __name__ == "__main__":
    main()
