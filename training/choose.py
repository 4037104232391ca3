"""Choose among checkpoints by reranking questions not trained on; never by the evaluation sets.

Each pool (`dev.jsonl` of `mine.py`, `pools-NAME.jsonl` of `graded.py`) is reordered by each checkpoint, as the app
would score it. Printed, by set, by kind of question where there is one, and over all: the mean over answerable
questions, in the order of RRF and of the checkpoint, of the reciprocal rank (`mrr`) and, for graded pools, of nDCG@5;
and how often the best score of an answerable question is above an unanswerable one's (`parted`).

    python -m training.choose OUT/pools-university.jsonl RUN/checkpoint-* --pool 20
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rag_core.rerank.base import Reranker
from rag_core.rerank.cross_encoder import CrossEncoderReranker
from training.data import RELEVANT, read_rows
from training.reliability import Pool, parted

MAX_TOKENS = 384
CUT = 5
LISTS = ("documents", "grades", "labels", "rrf")
"""What a row holds of each candidate."""

Row = Mapping[str, Any]


def scored(reranker: Reranker, rows: Sequence[Row]) -> list[np.ndarray]:
    """The reranker's scores of every pool."""
    return [np.array([p.score for p in reranker.score(str(r["query"]), r["documents"]).pairs]) for r in rows]


def reciprocal_rank(scores: np.ndarray, labels: Sequence[int]) -> float:
    """1 / rank of the best that answers when `scores` order the pool (ties keep its order); 0 if none is there."""
    order = np.argsort(-scores, kind="stable")
    ranks = [rank for rank, i in enumerate(order, 1) if labels[i]]
    return 1 / ranks[0] if ranks else 0.0


def ndcg(scores: np.ndarray, grades: Sequence[int]) -> float:
    """nDCG@5 with the grade as the gain where it answers, against the best order of this pool."""
    gains = np.array([grade if grade >= RELEVANT else 0 for grade in grades], dtype=float)
    discounts = 1 / np.log2(np.arange(2, CUT + 2))
    order, ideal = np.argsort(-scores, kind="stable")[:CUT], np.sort(gains)[::-1][:CUT]
    most = float(ideal @ discounts[: len(ideal)])
    return float(gains[order] @ discounts[: len(order)]) / most if most else 0.0


def groups_of(row: Row) -> list[str]:
    """What a question is counted under: its set, its kind, and all."""
    return [row["set"], *([row["kind"]] if "kind" in row else []), "all"]


def compare(rows: Sequence[Row], scores: Sequence[np.ndarray]) -> dict[str, dict[str, float]]:
    """Means by set, by kind and over all: of RRF's order, and of the scores'."""
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row, own in zip(rows, scores, strict=True):
        if not row.get("answerable", True):
            continue
        for name, order in {"rrf": np.array(row["rrf"]), "model": own}.items():
            for group in groups_of(row):
                found[group][f"{name} mrr"].append(reciprocal_rank(order, row["labels"]))
                if "grades" in row:
                    found[group][f"{name} ndcg"].append(ndcg(order, row["grades"]))
    return {group: {name: float(np.mean(v)) for name, v in by.items()} for group, by in found.items()}


def first_of_each(rows: list[dict[str, Any]], queries: int, pool: int) -> list[dict[str, Any]]:
    """The first questions of each set (0: all) with the first candidates of each pool (0: all)."""
    taken: dict[str, int] = defaultdict(int)
    kept = []
    for row in rows:
        taken[row["set"]] += 1
        if not queries or taken[row["set"]] <= queries:
            kept.append({**row, **{name: row[name][: pool or None] for name in LISTS if name in row}})
    return kept


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dev", type=Path)
    parser.add_argument("checkpoints", type=Path, nargs="+")
    parser.add_argument("--queries", type=int, default=0, help="only the first so many of each set; 0: all")
    parser.add_argument("--pool", type=int, default=0, help="only the first so many candidates; 0: all")
    args = parser.parse_args()
    rows = first_of_each(read_rows(args.dev), args.queries, args.pool)
    for folder in args.checkpoints:
        print(folder)
        scores = scored(CrossEncoderReranker(str(folder), max_length=MAX_TOKENS), rows)
        for group, by in compare(rows, scores).items():
            print(f"  {group:16}", *(f"{name} {value:.3f}" for name, value in by.items()), flush=True)
        pools = [
            Pool(own, np.array(r["labels"]), r.get("answerable", True)) for own, r in zip(scores, rows, strict=True)
        ]
        if not all(pool.answerable for pool in pools):
            print(f"  parted {parted(pools):.3f}", flush=True)


if __name__ == "__main__":
    main()
