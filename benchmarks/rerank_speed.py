"""How fast a cross-encoder reranks, and what a faster way costs in ranking: sentence-transformers' default call
against ours, in the same run, taking turns.

    python -m benchmarks.rerank_speed MODEL [--variant LABEL=FOLDER:BACKEND]... [--rounds 5] [--clock cpu]
    python -m benchmarks.rerank_speed --shapes [xlm-roberta deberta-v2 modernbert mpnet] [...]

The queries are the sample corpus's, the passages cuts of its documents: `even` about 120 tokens each, `mixed` 20 to
400. For each way: the median milliseconds of a query, pairs a second, how many times the default's speed (median of
the rounds' ratios), and against the default's fp32 scores Kendall's tau, the share of queries with the same first
passage, and the largest change of a probability. On a busy machine, `--clock cpu` counts processor seconds instead.

`--shapes` measures models of six layers and 384 dimensions with random weights, as XLM-RoBERTa, DeBERTa, ModernBERT
and MPNet build them. Their first use, which converts them, is not timed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median

import numpy as np
from scipy.special import expit
from scipy.stats import kendalltau

from rag_core.rerank.cross_encoder import CrossEncoderReranker
from rag_core.rerank.platt import PlattScaling
from tests.rerank import architectures

CORPUS = Path(__file__).parent.parent / "sample_corpus"
WORDS_A_TOKEN = 0.72
DEFAULT = "sentence-transformers default"
SEED = 20261120
CLOCKS: dict[str, Callable[[], float]] = {"wall": time.perf_counter, "cpu": time.process_time}

LONGEST = 512
SIZES = {"hidden_size": 384, "num_hidden_layers": 6, "num_attention_heads": 12, "intermediate_size": 1536}
SHAPES: dict[str, dict[str, int]] = {
    "xlm-roberta": {"max_position_embeddings": LONGEST + 2},
    "deberta-v2": {"max_position_embeddings": LONGEST, "position_buckets": 256},
    "modernbert": {"max_position_embeddings": LONGEST, "local_attention": 128},
    "mpnet": {"max_position_embeddings": LONGEST + 2},
}

Way = Callable[[str, list[str]], np.ndarray]


@dataclass
class Measured:
    """One way's seconds and scores, an entry a query."""

    seconds: list[float] = field(default_factory=list)
    scores: list[np.ndarray] = field(default_factory=list)


def default_call(folder: str) -> Way:
    """`CrossEncoder(folder).predict(pairs)` as its documentation shows it; calibrated as ours is, to compare."""
    import torch
    from sentence_transformers import CrossEncoder

    model = CrossEncoder(folder, device="cpu", activation_fn=torch.nn.Identity(), model_kwargs={"dtype": "float32"})
    calibration = PlattScaling.of(Path(folder))

    def score(query: str, passages: list[str]) -> np.ndarray:
        logits = model.predict([(query, passage) for passage in passages], show_progress_bar=False)
        return np.array([calibration.apply(float(logit)) for logit in logits])

    return score


def ours(folder: str, backend: str) -> tuple[str, Way]:
    """The adapter that the app uses, with one of its backends; first what it runs on, in words."""
    reranker = CrossEncoderReranker(folder, backend=backend)  # type: ignore[arg-type]
    reranker.load()
    return reranker.runs_on, lambda query, texts: np.array([pair.score for pair in reranker.score(query, texts).pairs])


def passages(count: int, mixed: bool, rng: random.Random) -> list[str]:
    """Cuts of the sample corpus's plain documents of the wanted lengths in tokens, roughly."""
    words = [
        word
        for path in sorted((CORPUS / "documents").rglob("*"))
        if path.suffix in (".md", ".txt", ".csv", ".html")
        for word in re.sub(r"<[^>]+>", " ", path.read_text(encoding="utf-8", errors="replace")).split()
    ]
    lengths = [int((rng.randint(20, 400) if mixed else 120) * WORDS_A_TOKEN) for _ in range(count)]
    starts = [rng.randrange(len(words) - length) for length in lengths]
    return [" ".join(words[start : start + length]) for start, length in zip(starts, lengths, strict=True)]


def queries(count: int, rng: random.Random) -> list[str]:
    """Questions of the sample corpus."""
    lines = (CORPUS / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    return rng.sample([json.loads(line)["text"] for line in lines], count)


def measure(
    ways: dict[str, Way], count: int, mixed: bool, rounds: int, clock: Callable[[], float]
) -> dict[str, Measured]:
    """Every way on every query, taking turns so that a busy machine is busy for all of them."""
    rng = random.Random(SEED)
    asked = queries(rounds, rng)
    pools = [passages(count, mixed, rng) for _ in asked]
    done = {label: Measured() for label in ways}
    for way in ways.values():
        way(asked[0], pools[0][:4])
    for query, pool in zip(asked, pools, strict=True):
        for label, way in ways.items():
            begin = clock()
            scores = way(query, pool)
            done[label].seconds.append(clock() - begin)
            done[label].scores.append(scores)
    return done


def rows(done: dict[str, Measured], count: int, mixed: bool) -> Iterator[str]:
    """The table's lines, in Markdown."""
    base = done[DEFAULT]
    yield f"\n{count} passages, {'mixed' if mixed else 'even'} lengths, {len(base.seconds)} queries\n"
    yield "| way | ms | pairs/s | x default | Kendall tau | same top 1 | largest change of p |"
    yield "|---|---|---|---|---|---|---|"
    for label, one in done.items():
        ratio = median(theirs / own for theirs, own in zip(base.seconds, one.seconds, strict=True))
        pairs = list(zip(base.scores, one.scores, strict=True))
        tau = float(np.mean([kendalltau(a, b).statistic for a, b in pairs]))
        top = float(np.mean([a.argmax() == b.argmax() for a, b in pairs]))
        change = max(float(np.abs(expit(a) - expit(b)).max()) for a, b in pairs)
        ms = median(one.seconds) * 1000
        yield f"| {label} | {ms:.0f} | {count / ms * 1000:.0f} | {ratio:.2f} | {tau:.4f} | {top:.2f} | {change:.4f} |"


def shapes(wanted: list[str], folder: Path) -> Iterator[Path]:
    """A model of each wanted architecture, of all if none is, with random weights."""
    for name, own in ((one, SHAPES[one]) for one in wanted or SHAPES):
        made = architectures.ARCHITECTURES[name]
        wide = replace(made, own={**made.own, **SIZES, **own})
        yield architectures.save(wide, LONGEST, folder / name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", help="a folder that CrossEncoder loads")
    parser.add_argument("--shapes", nargs="*", choices=SHAPES, metavar="NAME", help="models of random weights instead")
    parser.add_argument("--variant", action="append", default=[], metavar="LABEL=FOLDER:BACKEND")
    parser.add_argument("--rounds", type=int, default=5, help="queries a table")
    parser.add_argument("--count", type=int, action="append", help="passages a query; more than once for several")
    parser.add_argument("--clock", choices=CLOCKS, default="wall")
    args = parser.parse_args()
    if bool(args.model) == (args.shapes is not None):
        parser.error("Give a model's folder or --shapes.")
    with tempfile.TemporaryDirectory() as folder:
        for model in [args.model] if args.model else shapes(args.shapes, Path(folder)):
            os.environ.setdefault("SECOND_PASS_DATA_DIR", folder)
            print(f"\n## {Path(model).name}")
            measured(str(model), args.variant if args.model else [f"torch={model}:torch"], args)


def measured(model: str, variants: list[str], args: argparse.Namespace) -> None:
    """Print the tables of one model."""
    ways = {DEFAULT: default_call(model)}
    for variant in [f"ours={model}:auto", *variants]:
        label, _, place = variant.partition("=")
        folder, _, backend = place.rpartition(":")
        runs_on, way = ours(folder, backend)
        ways[f"{label} ({runs_on})"] = way
    for count in args.count or [50, 100]:
        for mixed in (False, True):
            for line in rows(measure(ways, count, mixed, args.rounds, CLOCKS[args.clock]), count, mixed):
                print(line, flush=True)


if __name__ == "__main__":
    main()
