"""Step times of sample queries, cold and cached, against one pass of the default reranker, and the time of a replay.

    python -m benchmarks.stages [--queries 20]

Cold: every pair is scored by the model (an empty pair-score cache). Cached: the same queries again, pairs from the
cache. One pass: the default reranker on the fused 50, cold, each query right after its cold run, so that a busy machine
slows both alike. Replay: the pure part alone, with a pool of 200 candidates. Milliseconds, median and 95th percentile.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np

from rag_core.corpus.sample import SAMPLE, ensure_sample
from rag_core.corpus.storage.library import Library
from rag_core.pipeline.pipeline import Pipeline
from rag_core.pipeline.replay import replay
from rag_core.retrieval.embedders.sentence_embedder import get_embedder
from rag_core.schema.policy import Policy
from rag_core.schema.trace import Trace
from rag_core.settings import Settings
from rag_core.storage.database import Store


def main() -> None:
    """Print the two tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--queries", type=int, default=20)
    parser.add_argument("--reranker", help="measure this reranker on the fused 50 instead of the default policy")
    args = parser.parse_args()
    settings = Settings()
    lines = (settings.sample_dir / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    queries = [json.loads(line)["text"] for line in lines][:: max(1, len(lines) // args.queries)][: args.queries]
    with tempfile.TemporaryDirectory() as folder:
        run(Path(folder), settings, queries, Policy(reranker=args.reranker) if args.reranker else Policy())


def run(folder: Path, settings: Settings, queries: list[str], policy: Policy) -> None:
    """Index the sample in the folder, run the queries twice, replay each."""
    embedder = get_embedder(settings.embedding_model)
    library = Library(folder / "collections")
    begin = time.perf_counter()
    ensure_sample(library, settings.sample_dir, embedder)
    collection = library.open(SAMPLE, embedder)
    print(f"{collection.ref.documents} documents, {collection.ref.passages} passages, indexed in "
          f"{time.perf_counter() - begin:.1f} s; {_passes(policy)}")  # fmt: skip
    pipeline = Pipeline(collection, embedder, Store(f"sqlite:///{folder / 'scores.db'}").pair_cache())
    first = pipeline.run("warm the models up", policy)
    print(f"model load: bi-encoder {first.model_load_ms:.0f} ms, reranker {first.rerank.load_ms:.0f} ms\n")
    uncached, one_pass = Pipeline(collection, embedder), Policy(first_pass=None)
    pairs = [(pipeline.run(query, policy), uncached.run(query, one_pass)) for query in queries]
    cold, single = (list(runs) for runs in zip(*pairs, strict=True))
    table({"cold": cold, "cached": [pipeline.run(query, policy) for query in queries], "one pass": single})
    print(f"one pass: {_passes(one_pass)}")
    print(f"cold to one pass, before the answer, median of the ratios by query: {_ratio(cold, single):.2f}")
    replays(pipeline, queries, policy.with_(first_pass=None, pool=200))


def _passes(policy: Policy) -> str:
    """`late-interaction over 100, second-pass-minilm-v3 on its best 10`"""
    if policy.first_pass is None:
        return f"{policy.reranker} on the fused {policy.pool}"
    return f"{policy.first_pass.reranker} over {policy.first_pass.pool}, {policy.reranker} on its best {policy.pool}"


def _ratio(runs: list[Trace], others: list[Trace]) -> float:
    return float(np.median([run.took_ms / other.took_ms for run, other in zip(runs, others, strict=True)]))


def table(runs: dict[str, list[Trace]]) -> None:
    """Median and 95th percentile by step."""
    print(f"{'step':<12}" + "".join(f"{name + ' p50':>14}{name + ' p95':>14}" for name in runs))
    rows = ["embed", *(step.name for step in next(iter(runs.values()))[0].steps), "total"]
    for row in rows:
        cells = []
        for traces in runs.values():
            times = [took for trace in traces if (took := _time(trace, row)) is not None]
            cells += [f"{np.percentile(times, q):>14.2f}" if times else f"{'-':>14}" for q in (50, 95)]
        print(f"{row:<12}" + "".join(cells))
    print("status      " + "".join(f"{_statuses(traces):>28}" for traces in runs.values()))


def _time(trace: Trace, row: str) -> float | None:
    """What this row took; None where the run has no such step."""
    if row == "embed":
        return trace.embed.took_ms
    if row == "total":
        return trace.took_ms
    return next((step.timing.took_ms for step in trace.steps if step.name == row), None)


def _statuses(traces: list[Trace]) -> str:
    return ", ".join(sorted({trace.rerank.status for trace in traces}))


def replays(pipeline: Pipeline, queries: list[str], policy: Policy) -> None:
    """The time of `replay` alone at a pool of 200, 20 times a query."""
    times, sizes = [], []
    for query in queries[:5]:
        measured = pipeline.score(pipeline.measure(query), policy)
        sizes.append(len(replay(measured, policy).pool))
        for _ in range(20):
            begin = time.perf_counter()
            replay(measured, policy)
            times.append((time.perf_counter() - begin) * 1000)
    print(f"\nreplay of {min(sizes)} to {max(sizes)} candidates: "
          f"p50 {np.percentile(times, 50):.2f} ms, p95 {np.percentile(times, 95):.2f} ms")  # fmt: skip


if __name__ == "__main__":
    main()
