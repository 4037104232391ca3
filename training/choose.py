"""Choose among checkpoints by reranking held-out questions; never by the evaluation sets.

For each development question (`dev.jsonl` of `mine.py`) the fused pool is reordered by each checkpoint. Printed, by
set and over all: mean reciprocal rank in the order of RRF, of the bi-encoder, of the checkpoint, and of the checkpoint
with the standardised RRF score mixed in. The positive may be missing from a pool; it then counts 0 for all.

    python -m training.choose OUT/dev.jsonl RUN/checkpoint-*
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from training.data import read_rows

MIX = 0.5
MAX_TOKENS = 256


def logits(folder: Path, pairs: list[tuple[str, str]], max_tokens: int = MAX_TOKENS) -> np.ndarray:
    """Raw scores of (query, passage) pairs, float32, in their order."""
    import torch
    from sentence_transformers import CrossEncoder

    model = CrossEncoder(str(folder), max_length=max_tokens, activation_fn=torch.nn.Identity())
    order = sorted(range(len(pairs)), key=lambda i: len(pairs[i][0]) + len(pairs[i][1]))
    scores = model.predict([pairs[i] for i in order], batch_size=16, show_progress_bar=False)
    result = np.empty(len(pairs), dtype=np.float32)
    result[order] = scores
    return result


def reciprocal_rank(scores: np.ndarray, labels: list[int]) -> float:
    """1 / rank of the positive when `scores` order the pool (ties keep the pool's order); 0 if it is not there."""
    order = np.argsort(-scores, kind="stable")
    ranks = [rank for rank, i in enumerate(order, 1) if labels[i]]
    return 1 / ranks[0] if ranks else 0.0


def standardised(scores: np.ndarray) -> np.ndarray:
    """Zero mean and unit deviation within the pool."""
    unit: np.ndarray = (scores - scores.mean()) / (scores.std() + 1e-9)
    return unit


def compare(rows: list[dict[str, Any]], scores: np.ndarray) -> dict[str, dict[str, float]]:
    """Mean reciprocal ranks, by set and over all, of four orders of the same pools."""
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    start = 0
    for row in rows:
        own = scores[start : start + len(row["documents"])]
        start += len(row["documents"])
        rrf, dense = np.array(row["rrf"]), np.array(row["cosines"])
        orders = {"rrf": rrf, "dense": dense, "model": own, "mixed": standardised(own) + MIX * standardised(rrf)}
        for name, order in orders.items():
            for group in (row["set"], "all"):
                found[group][name].append(reciprocal_rank(order, row["labels"]))
    return {group: {name: float(np.mean(v)) for name, v in by.items()} for group, by in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dev", type=Path)
    parser.add_argument("checkpoints", type=Path, nargs="+")
    parser.add_argument("--queries", type=int, default=0, help="only the first so many of each set; 0: all")
    args = parser.parse_args()
    rows = read_rows(args.dev)
    if args.queries:
        by_set: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in rows:
            by_set[row["set"]].append(row)
        rows = [row for of_set in by_set.values() for row in of_set[: args.queries]]
    pairs = [(row["query"], document) for row in rows for document in row["documents"]]
    for folder in args.checkpoints:
        print(folder.name)
        for group, by in compare(rows, logits(folder, pairs)).items():
            print(f"  {group:13}", *(f"{name} {value:.3f}" for name, value in by.items()), flush=True)


if __name__ == "__main__":
    main()
