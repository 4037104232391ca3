"""Weigh a cross-encoder against late interaction, and make the sum a probability, on held-out questions.

A part's scores are divided by their standard deviation within the development pools, then late interaction counts
`--share` times as much as the cross-encoder. The held-out questions are of the sets that the cross-encoder was trained
on, so a share fitted to them would trust it more than other text bears out: among shares that rank alike there, take
the one that ranks best on text that nothing was trained on, such as the sample corpus, never on an evaluation set.
Scale and bias of the sum are then fitted as `calibrate.py` fits them, on every second question, and so is the default
threshold; the reliability table is of the others.

    python -m training.blend OUT/dev.jsonl MODEL

Written into the model's config.json (see `rag_core.rerank.blend`), whose own calibration must stand there already.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from rag_core.rerank.base import Reranker
from rag_core.rerank.cross_encoder import CrossEncoderReranker
from rag_core.rerank.late_interaction import LateInteractionReranker
from rag_core.rerank.platt import BLEND
from training.calibrate import Pool, fitted, put
from training.choose import MAX_TOKENS, reciprocal_rank
from training.data import read_rows


def scored(reranker: Reranker, rows: list[dict[str, list[str]]]) -> list[np.ndarray]:
    """The reranker's scores of every development pool."""
    return [np.array([p.score for p in reranker.score(str(r["query"]), r["documents"]).pairs]) for r in rows]


def deviation(pools: list[np.ndarray]) -> float:
    """Standard deviation of all pairs' scores within their pools: what tells candidates of one question apart."""
    return float(np.sqrt(np.mean(np.concatenate([(pool - pool.mean()) ** 2 for pool in pools]))))


def mean_reciprocal_rank(pools: list[Pool]) -> float:
    """Over the questions, as `choose.py` counts it."""
    return float(np.mean([reciprocal_rank(pool.scores, [int(x) for x in pool.labels]) for pool in pools]))


def blended(ours: list[np.ndarray], theirs: list[np.ndarray], labels: list[np.ndarray], share: float) -> list[Pool]:
    """Pools scored by ours + share x theirs."""
    return [Pool(a + share * b, c) for a, b, c in zip(ours, theirs, labels, strict=True)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dev", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("--share", type=float, default=4.0, help="late interaction's part, in deviations")
    args = parser.parse_args()
    rows = read_rows(args.dev)
    labels = [np.array(row["labels"]) for row in rows]
    ours = scored(CrossEncoderReranker(str(args.model), max_length=MAX_TOKENS), rows)
    theirs = scored(LateInteractionReranker(), rows)
    ratio = deviation(ours) / deviation(theirs)
    for share in (0.0, 0.25, 0.5, 1.0, 2.0, 4.0):
        print(f"share {share:4}: MRR {mean_reciprocal_rank(blended(ours, theirs, labels, share * ratio)):.3f}")
    alone = [Pool(scores, own) for scores, own in zip(theirs, labels, strict=True)]
    print(f"late interaction alone: MRR {mean_reciprocal_rank(alone):.3f}")
    write(args.model, blended(ours, theirs, labels, args.share * ratio), args.share * ratio)


def write(model: Path, pools: list[Pool], share: float) -> None:
    """Fit scale, bias and threshold of the sum, print how they hold, and put them into the model's config."""
    calibration, threshold = fitted(pools)
    weights = {
        "cross_encoder": round(1 / calibration.temperature, 4),
        "late_interaction": round(share / calibration.temperature, 4),
        "bias": round(calibration.bias, 4),
        "default_threshold": threshold,
    }
    put(model, {BLEND: weights}, beside=True)


if __name__ == "__main__":
    main()
