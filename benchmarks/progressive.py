"""How soon a first order is there when the pool is read slice by slice, against waiting for all of it.

    python -m benchmarks.progressive [--reranker KEY] [--pool 100] [--queries 10]

Milliseconds from retrieval done to a replayed order (scoring and replay; no page), median and 95th percentile. The two
ways take turns, so that a busy machine slows both; each has its own reranker, loaded, that has read nothing before: no
pair and no passage is remembered. A reranker that runs on this machine, by key: --reranker late-interaction.
Last: what stopping by patience saves, and how often its first 5 are those of the whole pool.
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
from rag_core.pipeline.cascade import next_slice, read_so_far
from rag_core.pipeline.pipeline import Pipeline
from rag_core.pipeline.replay import replay
from rag_core.rerank.base import Reranker
from rag_core.rerank.catalogue import entry_of
from rag_core.rerank.kinds import RerankerSpec
from rag_core.rerank.registry import kinds
from rag_core.retrieval.embedders.protocol import Embedder
from rag_core.retrieval.embedders.sentence_embedder import get_embedder
from rag_core.retrieval.engines.protocol import Engine
from rag_core.schema.measurement import Measurement
from rag_core.schema.policy import DEFAULT_RERANKER, EarlyStopping, Policy
from rag_core.schema.steps import StepName
from rag_core.settings import Settings

PATIENCE = (8, 16, 32)


def main() -> None:
    """Print the first order, the whole order, their ratio, and what patience does."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reranker", default=DEFAULT_RERANKER)
    parser.add_argument("--pool", type=int, default=100)
    parser.add_argument("--queries", type=int, default=10)
    args = parser.parse_args()
    settings = Settings()
    lines = (settings.sample_dir / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    queries = [json.loads(line)["text"] for line in lines][:: max(1, len(lines) // args.queries)][: args.queries]
    policy = Policy(reranker=args.reranker, pool=args.pool)
    with tempfile.TemporaryDirectory() as folder:
        embedder = get_embedder(settings.embedding_model)
        library = Library(Path(folder) / "collections")
        ensure_sample(library, settings.sample_dir, embedder)
        report(library.open(SAMPLE, embedder), embedder, queries, policy)


def unread(engine: Engine, embedder: Embedder, key: str) -> Pipeline:
    """A pipeline without a cache, with a reranker of its own: loaded, and it has read nothing of the collection."""
    reranker = made(key)
    reranker.load()
    reranker.score("warm up", ["one passage", "and another one"])
    return Pipeline(engine, embedder, rerankers=lambda _: reranker)


def made(key: str) -> Reranker:
    """A new instance, its parts too: none remembers a passage."""
    kind = kinds()[entry_of(key).kind]
    return kind.make(RerankerSpec(key, kind.name_in(key), "cpu", made))


def report(engine: Engine, embedder: Embedder, queries: list[str], policy: Policy) -> None:
    """Time every query both ways and print the tables."""
    first, sliced, whole, full = [], [], [], []
    for query in queries:
        searched = Pipeline(engine, embedder).measure(query)
        to_first, to_last = in_slices(unread(engine, embedder, policy.reranker), searched, policy)
        took, measured = at_once(unread(engine, embedder, policy.reranker), searched, policy)
        first.append(to_first)
        sliced.append(to_last)
        whole.append(took)
        full.append(measured)
    print(f"{policy.reranker}, pool {policy.pool}, {len(queries)} queries{'':<12}{'p50':>10}{'p95':>10}")
    for name, times in (("first order", first), ("all, in slices", sliced), ("all, at once", whole)):
        print(f"{name:<40}{np.percentile(times, 50):>10.0f}{np.percentile(times, 95):>10.0f}")
    print(f"first order / all at once{'':<15}{np.median(np.divide(first, whole)):>10.2f}")
    print(f"all in slices / all at once{'':<13}{np.median(np.divide(sliced, whole)):>10.2f}\n")
    for patience in PATIENCE:
        _patience(full, policy, patience)


def in_slices(pipeline: Pipeline, measured: Measurement, policy: Policy) -> tuple[float, float]:
    """Milliseconds to the first order and to the last one; after every slice the order so far is replayed."""
    begin, times = time.perf_counter(), []
    while pending := next_slice(measured, policy, request_size=pipeline.request_size):
        measured = pipeline.score_passages(measured, *pending)
        limit = EarlyStopping(limit=read_so_far(measured, policy))
        replay(measured, policy.with_(stopping=limit))
        times.append((time.perf_counter() - begin) * 1000)
    return times[0], times[-1]


def at_once(pipeline: Pipeline, measured: Measurement, policy: Policy) -> tuple[float, Measurement]:
    """Milliseconds to the order of the whole pool, scored in one call."""
    begin = time.perf_counter()
    measured = pipeline.score(measured, policy)
    replay(measured, policy)
    return (time.perf_counter() - begin) * 1000, measured


def _patience(full: list[Measurement], policy: Policy, patience: int) -> None:
    read, same = [], 0
    rule = policy.with_(stopping=EarlyStopping(patience=patience))
    for measured in full:
        early, whole = replay(measured, rule), replay(measured, policy)
        read.append(len(early.pool_read))
        kept = [[hit.passage_id for hit in trace[StepName.ADJUSTED].hits[: policy.top_k]] for trace in (early, whole)]
        same += kept[0] == kept[1]
    print(f"patience {patience:>2}: reads {np.mean(read):.0f} of {policy.pool} on average; "
          f"the first {policy.top_k} are the whole pool's in {same} of {len(full)} queries")  # fmt: skip


if __name__ == "__main__":
    main()
