"""What a first pass of late interaction costs and saves before the default reranker: nDCG@10 by pool and cut.

    python -m benchmarks.cascade_quality DIR... [--queries 100] [--relevant 2] [--pool 100] [--pool 200] [--cut 10]
    python -m benchmarks.cascade_quality DIR... --pool 100 --cut 10 --against RRF

For each folder a table: each search, the fused order, the default reranker over the fused 50 (what the others are
compared with, per query: mean difference, 95% paired-bootstrap interval, wins, ties and losses), late interaction
alone and with the searches' scores added, and cascades: one of these over a pool, then the default reranker on the best
of it. `pairs` is what the cross-encoder reads of a question, which is nearly all of its time. `--against` compares with
another order of the table, and leaves the default over 50 out, which is what takes long. Below, the same over all
folders. Vectors and pair scores lie in --cache.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.quality import PerQuery, difference, per_query
from benchmarks.ranking import Folder, Lists, Ranked, Scores, fused, measured_lists, read, reranked
from rag_core.pipeline.search_scores import search_parts
from rag_core.rerank.blend import BlendReranker
from rag_core.rerank.catalogue import get_reranker
from rag_core.schema.first_pass import DEFAULT_FIRST_PASS
from rag_core.schema.policy import DEFAULT_RERANKER, FULL_DEPTH

BASE = "default over the fused 50"
POOL_OF_BASE = 50
LATE, ADDED = "late interaction", "late interaction + searches"
"""A first pass by its own scores, and by them with what the searches add by default."""

Row = tuple[str, int, Ranked]


def by(scores: dict[str, float], ids: list[str]) -> list[str]:
    """The ids by score, ties as they were."""
    return sorted(ids, key=lambda one: -scores[one])


def orders(folder: Folder, pools: list[int], cuts: list[int], head: int, cache: Path) -> Iterator[Row]:
    """(name, pairs of the cross-encoder, ranked ids by query) of every order in the table. head: what the default
    reranker reads of the fused order."""
    blend = get_reranker(DEFAULT_RERANKER)
    if not isinstance(blend, BlendReranker):
        raise SystemExit("The default reranker is no blend.")
    lists = measured_lists(folder, cache)
    found = fused(lists)
    order = found["RRF"]
    cross_encoder, late_interaction = blend.parts
    near = reranked(folder, order, late_interaction, max(*pools, head), cache)
    added = with_searches(near, lists)
    firsts = {LATE: near, ADDED: added}
    heads = {
        (first, pool): {query: by(scores[query], ids[:pool]) for query, ids in order.items()}
        for first, scores in firsts.items()
        for pool in pools
    }
    bests = {query: [i for ranked in heads.values() for i in ranked[query][: max(cuts)]] for query in order}
    wanted = {query: list(dict.fromkeys([*ids[:head], *bests[query]])) for query, ids in order.items()}
    read = reranked(folder, wanted, cross_encoder, max(map(len, wanted.values())), cache)
    both = {q: {i: blend.combined(score, near[q][i]) for i, score in own.items()} for q, own in read.items()}
    yield from ((name, 0, ranked) for name, ranked in found.items())
    if head:
        yield BASE, head, cascade(both, order, head)
    for (first, pool), ranked in heads.items():
        yield f"{first} over {pool}", 0, ranked
        for cut in cuts:
            yield f"{first} over {pool}, default on {cut}", cut, cascade(both, ranked, cut)


def with_searches(near: Scores, lists: Lists) -> Scores:
    """Late interaction's scores with what the searches add by default."""
    totals: Scores = {}
    for query, own in near.items():
        parts = search_parts(*lists[query], FULL_DEPTH, own)
        totals[query] = {i: DEFAULT_FIRST_PASS.total(score, *parts[i]) for i, score in own.items()}
    return totals


def cascade(scores: Scores, order: Ranked, cut: int) -> Ranked:
    """The first `cut` of each order by their scores; the rest as it was."""
    return {query: by(scores[query], ids[:cut]) + ids[cut:] for query, ids in order.items()}


def line(name: str, pairs: int, values: dict[str, float], base: dict[str, float]) -> str:
    """One row of a table."""
    apart = "" if values is base else str(difference(values, base))
    return f"| {name} | {pairs} | {np.mean(list(values.values())):.3f} | {apart} |"


def main() -> None:
    """Print a table a folder, and one of all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+", metavar="DIR")
    parser.add_argument("--pool", type=int, action="append", help="what late interaction reads; 50, 100 and 200")
    parser.add_argument("--cut", type=int, action="append", help="what the default reranker reads; 10 and 20")
    parser.add_argument("--against", default=BASE, help="the order to compare with (default: %(default)s)")
    parser.add_argument("--queries", type=int, default=0, help="a fixed random sample of so many a folder; 0: all")
    parser.add_argument("--relevant", type=int, default=1, help="the lowest grade that counts")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "second-pass-benchmarks")
    args = parser.parse_args()
    head = POOL_OF_BASE if args.against == BASE else 0
    together: PerQuery = {}
    pairs_of: dict[str, int] = {}
    for path in args.folders:
        folder = read(path, args.queries, args.relevant)
        found: PerQuery = {}
        for name, pairs, ranked in orders(folder, args.pool or [50, 100, 200], args.cut or [10, 20], head, args.cache):
            found[name] = per_query(folder.grades, ranked)["nDCG@10"]
            pairs_of[name] = pairs
            together.setdefault(name, {}).update({f"{path.name} {q}": value for q, value in found[name].items()})
        show(f"{folder.name}: {len(folder.queries)} queries", found, pairs_of, args.against)
    show(f"all {len(args.folders)}", together, pairs_of, args.against)


def show(title: str, found: PerQuery, pairs_of: dict[str, int], against: str) -> None:
    """Print one table. Raises SystemExit for an order to compare with that is not in it."""
    if against not in found:
        raise SystemExit(f"There is no order {against!r}. There are: {', '.join(found)}.")
    print(f"\n### {title}\n\n| order | pairs | nDCG@10 | - {against}, 95%, win/tie/loss |\n|---|---|---|---|")
    for name, values in found.items():
        print(line(name, pairs_of[name], values, found[against]), flush=True)


if __name__ == "__main__":
    main()
