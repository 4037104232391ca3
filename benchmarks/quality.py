"""Ranking quality on labelled sets in BEIR's layout: each search, their fusion, and rerankers over the fused pool.

    python -m benchmarks.quality DIR... [--reranker KEY]... [--pool 50] [--pool 100] [--first BM25] [--queries 100]

For each folder a table: nDCG@10, MRR@10 and Recall@100 of BM25, dense, RRF and each reranker (alone, and with the
signal `search` at 0.3), and of the oracle order of the same pool; then how far each differs from RRF and from
dense per query: the mean with its 95% paired-bootstrap interval, and wins, ties and losses. Metrics are `ir_measures`'.
Vectors and pair scores are kept in --cache, so that a second run takes seconds. Searching, fusing and scoring are
rag_core's own; what is here only counts.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import ir_measures
import numpy as np
from ir_measures import RR, R, nDCG

from benchmarks.ranking import Folder, interpolated, oracle, read, reranked, searches
from rag_core.rerank.catalogue import CATALOGUE, NONE, get_reranker

MEASURES = (nDCG @ 10, RR @ 10, R @ 100)
RESAMPLES = 5000
SEARCH_WEIGHT = 0.3
"""The signal `search` beside relevance 1."""
SEED = 20261120

Ranked = Mapping[str, list[str]]
PerQuery = dict[str, dict[str, float]]


@dataclass(frozen=True)
class Difference:
    """Per-query nDCG@10 of one order minus another's: mean, 95% bootstrap interval, wins, ties, losses."""

    mean: float
    low: float
    high: float
    wins: int
    ties: int
    losses: int

    def __str__(self) -> str:
        return f"{self.mean:+.3f} [{self.low:+.3f}, {self.high:+.3f}] {self.wins}/{self.ties}/{self.losses}"


def per_query(grades: Mapping[str, Mapping[str, int]], ranked: Ranked) -> PerQuery:
    """Each measure of each query; scores are the places, so that no tie is left to chance."""
    run = {query: {doc: float(len(docs) - place) for place, doc in enumerate(docs)} for query, docs in ranked.items()}
    judged = {query: dict(grades[query]) for query in ranked}
    values: PerQuery = {str(measure): dict.fromkeys(ranked, 0.0) for measure in MEASURES}
    for found in ir_measures.iter_calc(MEASURES, judged, run):
        values[str(found.measure)][found.query_id] = found.value
    return values


def difference(ours: Mapping[str, float], theirs: Mapping[str, float]) -> Difference:
    """Paired bootstrap over queries (Sakai, SIGIR 2006): percentiles 2.5 and 97.5 of the resampled means."""
    gaps = np.array([ours[query] - theirs[query] for query in sorted(ours)])
    draws = np.random.default_rng(SEED).integers(0, len(gaps), (RESAMPLES, len(gaps)))
    low, high = np.percentile(gaps[draws].mean(axis=1), (2.5, 97.5))
    even = np.abs(gaps) < 1e-9
    wins, ties = int((gaps[~even] > 0).sum()), int(even.sum())
    return Difference(float(gaps.mean()), float(low), float(high), wins, ties, len(gaps) - wins - ties)


def orders(
    folder: Folder, rerankers: list[str], pools: list[int], first: str, cache: Path
) -> Iterator[tuple[str, Ranked]]:
    """(name, ranked ids by query) of every order that the table compares; pools are cut from the order `first`."""
    found = searches(folder, cache)
    yield from found.items()
    fused = found[first]
    lists = {name: found[name] for name in (("BM25", "dense") if first == "RRF" else (first,))}
    for pool in pools:
        for key in rerankers:
            reranker = get_reranker(key)
            scores = reranked(folder, fused, reranker, pool, cache)
            for weight, note in ((0.0, ""), (SEARCH_WEIGHT, f" + {SEARCH_WEIGHT} search")):
                order = interpolated(folder, lists, scores, reranker.space, weight)
                yield f"{key} on {first} @{pool}{note}", order
        yield f"oracle on {first} @{pool}", oracle(folder, fused, pool)


def table(folder: Folder, named: Iterator[tuple[str, Ranked]]) -> Iterator[str]:
    """The folder's table, a line at a time, as Markdown."""
    yield f"\n### {folder.name}: {len(folder.queries)} of {folder.all_queries} queries, {len(folder.texts)} documents\n"
    yield "| order | nDCG@10 | MRR@10 | Recall@100 | nDCG@10 - RRF, 95%, win/tie/loss | nDCG@10 - dense |"
    yield "|---|---|---|---|---|---|"
    done: dict[str, PerQuery] = {}
    for name, ranked in named:
        done[name] = per_query(folder.grades, ranked)
        means = [float(np.mean(list(values.values()))) for values in done[name].values()]
        gaps = [
            str(difference(done[name]["nDCG@10"], done[base]["nDCG@10"])) if base in done and base != name else ""
            for base in ("RRF", "dense")
        ]
        yield "| " + " | ".join([name, *(f"{mean:.3f}" for mean in means), *gaps]) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+", metavar="DIR")
    parser.add_argument("--reranker", action="append", help="key of the catalogue; may be repeated; all that ship")
    parser.add_argument("--pool", type=int, action="append", help="candidates to rerank; more than once for several")
    parser.add_argument(
        "--first", choices=("RRF", "BM25", "dense"), default="RRF", help="whose first candidates to rerank"
    )
    parser.add_argument("--queries", type=int, default=0, help="a fixed random sample of so many; 0: all")
    parser.add_argument(
        "--relevant", type=int, default=1, help="the lowest grade that counts; 2 in our knowledge bases"
    )
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "second-pass-benchmarks")
    args = parser.parse_args()
    rerankers = args.reranker or [key for key in CATALOGUE if key != NONE]
    for path in args.folders:
        folder = read(path, args.queries, args.relevant)
        for line in table(folder, orders(folder, rerankers, args.pool or [50, 100], args.first, args.cache)):
            print(line, flush=True)


if __name__ == "__main__":
    main()
