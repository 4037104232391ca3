"""Make the sigmoid of a score a probability, and choose the default threshold, on questions not trained on.

From pools of `graded.py` (all that the app would rerank, fully graded, some questions unanswerable) or of `mine.py`
(one labelled passage each): a temperature and a bias are fitted on every second question by maximum likelihood (Platt
1999; Guo et al., ICML 2017), over all pairs and, counting as much, over the best candidate of each question. The
reliability is that of the others. Both are written into the model's config.json:

    "second_pass": {"temperature": t, "bias": b, "default_threshold": p}     calibrated logit = logit / t + b

    python -m training.calibrate OUT/pools-university.jsonl MODEL --best 10

`--best`: fit on the candidates that late interaction puts first, as the app has them read after a first pass.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from rag_core.evaluation.calibrating import PASSING
from rag_core.rerank.cross_encoder import CrossEncoderReranker
from rag_core.rerank.late_interaction import LateInteractionReranker
from rag_core.rerank.platt import PlattScaling
from training.choose import LISTS, Row, scored
from training.data import read_rows
from training.reliability import Pool, all_pairs, best_ones, parted, quality, table

SHOWN_SHARES = (0.99, 0.97, 0.95, 0.92, 0.9, 0.85, 0.8)


@dataclass(frozen=True)
class Calibration:
    """calibrated logit = logit / temperature + bias."""

    temperature: float
    bias: float

    def probability(self, scores: np.ndarray) -> np.ndarray:
        """Calibrated probabilities of raw logits."""
        probabilities: np.ndarray = expit(scores / self.temperature + self.bias)
        return probabilities


def best_of(rows: Sequence[Row], most: int) -> list[Row]:
    """Each row with the `most` candidates that late interaction puts first, in the order they had. 0: all of them."""
    if not most:
        return list(rows)
    scores = scored(LateInteractionReranker(), rows)
    heads = [sorted(np.argsort(-own, kind="stable")[:most]) for own in scores]
    return [
        {**row, **{name: [row[name][at] for at in head] for name in LISTS if name in row}}
        for row, head in zip(rows, heads, strict=True)
    ]


def read_pools(dev: Path, model: Path, best: int = 0) -> list[Pool]:
    """Raw scores of every pool, computed as the app does; of late interaction's best only, if `best` says how many."""
    rows, said = best_of(read_rows(dev), best), PlattScaling.of(model)
    raw = [(own - said.bias) * said.temperature for own in scored(CrossEncoderReranker(str(model)), rows)]
    return pools_of(rows, raw)


def pools_of(rows: Sequence[Mapping[str, Any]], scores: Sequence[np.ndarray]) -> list[Pool]:
    """The rows' labels beside these scores. Rows that say nothing of it are of answerable questions."""
    return [
        Pool(own, np.array(row["labels"]), row.get("answerable", True)) for own, row in zip(scores, rows, strict=True)
    ]


def fit(pools: Sequence[Pool]) -> Calibration:
    """Temperature and bias of the highest likelihood: of all pairs, plus that of the best candidates."""
    parts = [all_pairs(pools), best_ones(pools)]

    def loss(values: np.ndarray) -> float:
        return sum(_surprise(scores * np.exp(values[0]) + values[1], labels) for scores, labels in parts)

    slope, bias = minimize(loss, np.zeros(2), method="Nelder-Mead").x
    return Calibration(float(np.exp(-slope)), float(bias))


def _surprise(raw: np.ndarray, labels: np.ndarray) -> float:
    """Mean negative log-likelihood of the labels."""
    return float(np.mean(np.logaddexp(0, raw) - labels * raw))


def told_apart(pools: Sequence[Pool]) -> list[Pool]:
    """Pools with unanswerable questions among them. Where there are none, each once more with its answers taken out."""
    if not all(pool.answerable for pool in pools):
        return list(pools)
    answered = [pool for pool in pools if pool.labels.any()]
    without = [(pool.scores[pool.labels == 0], pool.labels[pool.labels == 0]) for pool in answered]
    return [*answered, *(Pool(scores, labels, answerable=False) for scores, labels in without)]


def passed(pools: Sequence[Pool], calibration: Calibration, threshold: float) -> tuple[float, float]:
    """(share of answerable questions whose best candidate passes, share of the others that are held back)."""
    best = calibration.probability(best_ones(pools)[0])
    answerable = np.array([pool.answerable for pool in pools])
    return float((best[answerable] >= threshold).mean()), float((best[~answerable] < threshold).mean())


def threshold_for(pools: Sequence[Pool], calibration: Calibration, share: float = PASSING) -> float:
    """The highest of the hundredths that lets that share of the answerable questions pass, else the lowest."""
    grid = np.round(np.arange(0.01, 0.99, 0.01), 2)
    return float(max((t for t in grid if passed(pools, calibration, t)[0] >= share), default=grid[0]))


def trade(fitted_on: Sequence[Pool], others: Sequence[Pool], calibration: Calibration) -> Iterator[str]:
    """What each threshold costs, as Markdown; shares are of `fitted_on`, behind the slash of the others."""
    yield "| threshold | answerable that pass | unanswerable held back |"
    yield "|---|---|---|"
    for threshold in sorted({threshold_for(fitted_on, calibration, share) for share in SHOWN_SHARES}):
        here, there = (passed(pools, calibration, threshold) for pools in (fitted_on, others))
        yield f"| {threshold:.2f} | {here[0]:.2f} / {there[0]:.2f} | {here[1]:.2f} / {there[1]:.2f} |"


def fitted(pools: Sequence[Pool]) -> tuple[Calibration, float]:
    """The calibration and the default threshold from every second pool, printed with how they hold on the others."""
    ours, others = pools[::2], pools[1::2]
    calibration = fit(ours)
    print(f"temperature {calibration.temperature:.3f}, bias {calibration.bias:.3f}")
    for name, part in (("all pairs", all_pairs(others)), ("best candidates", best_ones(others))):
        probabilities = calibration.probability(part[0])
        print("\n".join([f"\n{name}, {quality(probabilities, part[1])}", *table(probabilities, part[1])]))
    ours, others = told_apart(ours), told_apart(others)
    print(f"\nanswerable above unanswerable: {parted(ours):.3f} / {parted(others):.3f}")
    print("\n".join(trade(ours, others, calibration)))
    threshold = threshold_for(ours, calibration)
    print(f"default threshold {threshold}")
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
    parser.add_argument("--best", type=int, default=0, help="only late interaction's best so many of a pool; 0: all")
    args = parser.parse_args()
    calibration, threshold = fitted(read_pools(args.dev, args.model, args.best))
    said = {"temperature": round(calibration.temperature, 4), "bias": round(calibration.bias, 4)}
    put(args.model, {**said, "default_threshold": threshold})
    print("Now run training.blend: the weights of its sum were of the scores before, and are removed.")


if __name__ == "__main__":
    main()
