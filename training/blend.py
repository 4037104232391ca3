"""Weigh a cross-encoder against late interaction, and make the sum a probability, on questions not trained on.

A part's scores are divided by their standard deviation within the pools, then late interaction counts `--share` times
as much as the cross-encoder. For each share the mean reciprocal rank, nDCG@5 and the area that parts answerable from
unanswerable questions are printed; take one that is good on graded pools and on the sets of `mine.py` alike, never one
fitted to an evaluation set. Scale, bias and threshold of the sum are then fitted as `calibrate.py` does.

    python -m training.blend OUT/pools-university.jsonl MODEL --best 10 --share 2

`--best`: weigh and fit on the candidates that late interaction puts first, as the app has them read after a first pass.
Written into the model's config.json (see `rag_core.rerank.blend`), whose own calibration must stand there already.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rag_core.rerank.cross_encoder import CrossEncoderReranker
from rag_core.rerank.late_interaction import LateInteractionReranker
from rag_core.rerank.platt import BLEND
from training.calibrate import best_of, fitted, pools_of, put
from training.choose import compare, scored
from training.data import read_rows
from training.reliability import Pool, parted

SHARES = (0.0, 0.125, 0.25, 0.5, 1.0, 2.0, 4.0)


def deviation(pools: list[np.ndarray]) -> float:
    """Standard deviation of all pairs' scores within their pools: what tells candidates of one question apart."""
    return float(np.sqrt(np.mean(np.concatenate([(pool - pool.mean()) ** 2 for pool in pools]))))


def added(ours: Sequence[np.ndarray], theirs: Sequence[np.ndarray], share: float) -> list[np.ndarray]:
    """Ours + share x theirs."""
    return [a + share * b for a, b in zip(ours, theirs, strict=True)]


def line(name: str, rows: Sequence[Mapping[str, Any]], scores: Sequence[np.ndarray]) -> str:
    """How well these scores order the pools, and part the questions."""
    found = {name: value for name, value in compare(rows, scores)["all"].items() if name.startswith("model")}
    pools = pools_of(rows, scores)
    if not all(pool.answerable for pool in pools):
        found["parted"] = parted(pools)
    return " ".join([f"{name}:", *(f"{what} {value:.3f}" for what, value in found.items())])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dev", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("--share", type=float, default=1.0, help="late interaction's part, in deviations")
    parser.add_argument("--best", type=int, default=0, help="only late interaction's best so many of a pool; 0: all")
    parser.add_argument("--only-look", action="store_true", help="print the shares and write nothing")
    args = parser.parse_args()
    rows = best_of(read_rows(args.dev), args.best)
    ours, theirs = scored(CrossEncoderReranker(str(args.model)), rows), scored(LateInteractionReranker(), rows)
    ratio = deviation(ours) / deviation(theirs)
    for share in SHARES:
        print(line(f"share {share:5}", rows, added(ours, theirs, share * ratio)))
    print(line("late interaction alone", rows, theirs))
    if not args.only_look:
        write(args.model, pools_of(rows, added(ours, theirs, args.share * ratio)), args.share * ratio)


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
