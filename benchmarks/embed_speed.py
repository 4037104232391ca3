"""How fast passages are embedded: the app's embedder against sentence-transformers' own call, in the same run, taking
turns, and how far their vectors lie apart.

    python -m benchmarks.embed_speed [MODEL] [--count 200] [--rounds 5] [--clock cpu]
    python -m benchmarks.embed_speed --shapes [xlm-roberta deberta-v2 modernbert mpnet] [...]

MODEL is the folder of a sentence-transformers model; without it the packaged one is measured. The passages are cuts of
the sample corpus's documents, `even` about 120 tokens each, `mixed` 20 to 400, of which the packaged model reads 256.
The ratio is the median of the rounds'. On a busy machine, `--clock cpu` counts processor seconds instead.

`--shapes` measures models of six layers and 384 dimensions with random weights, as XLM-RoBERTa, DeBERTa, ModernBERT and
MPNet build them. Their first use, which converts them, is not timed.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median

import numpy as np
from sentence_transformers import SentenceTransformer

from benchmarks.rerank_speed import CLOCKS, LONGEST, SEED, SHAPES, SIZES, passages
from rag_core.rerank.weights import converted
from rag_core.retrieval.embedders.packaged import packaged_folder
from rag_core.retrieval.embedders.sentence_embedder import SentenceEmbedder, get_embedder
from tests.rerank.architectures import ARCHITECTURES
from tests.retrieval.embedders.bi_encoders import save_bi_encoder

HEAD = """
| lengths | sentence-transformers | Second Pass | times as fast | largest difference of a coordinate | 1 - cos at most |
|---|---|---|---|---|---|"""


def shapes(wanted: list[str], folder: Path) -> Iterator[tuple[str, Path]]:
    """The name and the folder of a model of each wanted architecture, of all if none is, with random weights."""
    for name, own in ((one, SHAPES[one]) for one in wanted or SHAPES):
        made = ARCHITECTURES[name]
        wide = replace(made, own={**made.own, **SIZES, **own})
        yield name, save_bi_encoder(wide, LONGEST, folder / name)


def rows(ours: SentenceEmbedder, folder: Path, count: int, rounds: int, clock: Callable[[], float]) -> Iterator[str]:
    """The table's lines of one model, in Markdown."""
    theirs = SentenceTransformer(str(folder), device="cpu")
    ours.embed(["warm up"])
    theirs.encode_query("How long?", show_progress_bar=False)
    rng = random.Random(SEED)
    for name, mixed in (("even", False), ("mixed", True)):
        taken: list[tuple[float, float]] = []
        apart = angle = 0.0
        for _ in range(rounds):
            texts = passages(count, mixed, rng)
            begin = clock()
            reference = theirs.encode_document(texts, normalize_embeddings=True, show_progress_bar=False)
            between = clock()
            found = ours.embed(texts)
            taken.append((between - begin, clock() - between))
            apart = max(apart, float(np.abs(found - reference).max()))
            angle = max(angle, float((1 - (found * reference).sum(axis=1)).max()))
        slow, fast = (median(times) * 1000 for times in zip(*taken, strict=True))
        ratio = median(a / b for a, b in taken)
        yield f"| {name} | {slow:.0f} ms | {fast:.0f} ms | {ratio:.1f} | {apart:.1e} | {angle:.1e} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", type=Path, help="a folder of sentence-transformers; default: the packaged")
    parser.add_argument("--shapes", nargs="*", choices=SHAPES, metavar="NAME", help="models of random weights instead")
    parser.add_argument("--count", type=int, default=200, help="passages a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clock", choices=CLOCKS, default="wall")
    args = parser.parse_args()
    if args.model and args.shapes is not None:
        parser.error("Give a model's folder or --shapes.")
    how = (args.count, args.rounds, CLOCKS[args.clock])
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("SECOND_PASS_DATA_DIR", folder)
        if args.shapes is None and args.model is None:
            print(HEAD, *rows(get_embedder(), packaged_folder(), *how), sep="\n")
            return
        models = [(args.model.name, args.model)] if args.model else shapes(args.shapes, Path(folder))
        for name, place in models:
            ours = SentenceEmbedder(str(place))
            lines = list(rows(ours, place, *how))
            runs_in = ours.not_converted() or converted.precision(place, "embedder") or "torch"
            print(f"\n## {name} ({runs_in})\n{HEAD}", *lines, sep="\n", flush=True)


if __name__ == "__main__":
    main()
