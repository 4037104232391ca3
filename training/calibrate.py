"""Make the sigmoid of a score a probability, and choose the default threshold, on held-out questions.

From the development pools of `mine.py` (fused top 20; one labelled passage each): a temperature and a bias are fitted
on every second question by maximum likelihood (Platt 1999; Guo et al., ICML 2017), and the reliability table is made on
the others. The threshold is the highest that lets 97% of the questions pass whose answer is in the pool: to be told "I
don't know" where the answer was found costs more than a weak answer that shows its source, and on other text scores
are lower. Both are written into the model's config.json:

    "second_pass": {"temperature": t, "bias": b, "default_threshold": p}     calibrated logit = logit / t + b

    python -m training.calibrate OUT/dev.jsonl MODEL
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from training.choose import logits
from training.data import read_rows

PASSING = 0.97
BINS = (0.0, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 1.0)


@dataclass(frozen=True)
class Pool:
    """One question's candidates: raw logits and whether each is the labelled answer."""

    scores: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True)
class Calibration:
    """calibrated logit = logit / temperature + bias."""

    temperature: float
    bias: float

    def probability(self, scores: np.ndarray) -> np.ndarray:
        """Calibrated probabilities of raw logits."""
        return expit(scores / self.temperature + self.bias)


def read_pools(dev: Path, model: Path) -> list[Pool]:
    """Score every development pool."""
    rows = read_rows(dev)
    scores = logits(model, [(row["query"], document) for row in rows for document in row["documents"]])
    ends = np.cumsum([len(row["documents"]) for row in rows])
    parts = np.split(scores, ends[:-1])
    return [Pool(own, np.array(row["labels"])) for own, row in zip(parts, rows, strict=True)]


def fit(pools: list[Pool]) -> Calibration:
    """Temperature and bias of the highest likelihood over all pairs of the pools."""
    scores = np.concatenate([pool.scores for pool in pools]).astype(np.float64)
    labels = np.concatenate([pool.labels for pool in pools])

    def loss(values: np.ndarray) -> float:
        raw = scores * np.exp(values[0]) + values[1]
        return float(np.mean(np.logaddexp(0, raw) - labels * raw))

    slope, bias = minimize(loss, np.zeros(2), method="Nelder-Mead").x
    return Calibration(float(np.exp(-slope)), float(bias))


def reliability(pools: list[Pool], calibration: Calibration) -> Iterator[str]:
    """The table: by bin of probability, how many pairs, their mean probability, the share labelled relevant."""
    scores = np.concatenate([calibration.probability(pool.scores) for pool in pools])
    labels = np.concatenate([pool.labels for pool in pools])
    yield "| probability | pairs | mean probability | share relevant |"
    yield "|---|---|---|---|"
    for low, high in pairwise(BINS):
        here = (scores >= low) & ((scores < high) | (high == 1.0))
        if here.any():
            share = f"{labels[here].mean():.3f}"
            yield f"| {low:.2f} to {high:.2f} | {here.sum()} | {scores[here].mean():.3f} | {share} |"


def lenient_threshold(pools: list[Pool], calibration: Calibration) -> tuple[float, float, float]:
    """(threshold, share of answerable questions that pass, share that do not with their answer taken out): the highest
    of the hundredths that lets `PASSING` pass, else the lowest."""
    with_answer = [pool for pool in pools if pool.labels.any()]
    best = np.array([calibration.probability(pool.scores).max() for pool in with_answer])
    without = np.array([calibration.probability(pool.scores[pool.labels == 0]).max() for pool in with_answer])
    grid = np.round(np.arange(0.01, 0.99, 0.01), 2)
    threshold = max((t for t in grid if (best >= t).mean() >= PASSING), default=grid[0])
    return float(threshold), float((best >= threshold).mean()), float((without < threshold).mean())


def fitted(pools: list[Pool]) -> tuple[Calibration, float]:
    """The calibration and the default threshold from every second pool, printed with how they hold on the others."""
    calibration = fit(pools[::2])
    print(f"temperature {calibration.temperature:.3f}, bias {calibration.bias:.3f}")
    print("\n".join(["before:", *reliability(pools[1::2], Calibration(1.0, 0.0))]))
    print("\n".join(["after:", *reliability(pools[1::2], calibration)]))
    threshold, passed, held = lenient_threshold(pools[::2], calibration)
    print(f"default threshold {threshold}: answerable that pass {passed:.2f}, unanswerable held back {held:.2f}")
    return calibration, threshold


def put(model: Path, said: Mapping[str, object], beside: bool = False) -> None:
    """Write `second_pass` into the model's config.json, in place of what stands there or beside it."""
    file = model / "config.json"
    config = json.loads(file.read_text(encoding="utf-8"))
    kept = config.get("second_pass", {}) if beside else {}
    config["second_pass"] = {**kept, **said}
    file.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dev", type=Path)
    parser.add_argument("model", type=Path)
    args = parser.parse_args()
    calibration, threshold = fitted(read_pools(args.dev, args.model))
    said = {"temperature": round(calibration.temperature, 4), "bias": round(calibration.bias, 4)}
    put(args.model, {**said, "default_threshold": threshold})
    print("Now run training.blend: the weights of its sum were of the scores before, and are removed.")


if __name__ == "__main__":
    main()
