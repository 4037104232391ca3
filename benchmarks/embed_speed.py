"""How fast passages are embedded: the app's embedder against sentence-transformers' own call, in the same run, taking
turns, and how far their vectors lie apart.

    python -m benchmarks.embed_speed [--count 200] [--rounds 5] [--clock cpu]

The passages are cuts of the sample corpus's documents, `even` about 120 tokens each, `mixed` 20 to 400, of which the
model reads 256. The ratio is the median of the rounds'. On a busy machine, `--clock cpu` counts processor seconds
instead.
"""

from __future__ import annotations

import argparse
import random
from statistics import median

import numpy as np
from sentence_transformers import SentenceTransformer

from benchmarks.rerank_speed import CLOCKS, SEED, passages
from rag_core.retrieval.embedders.packaged import packaged_folder
from rag_core.retrieval.embedders.sentence_embedder import get_embedder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=200, help="passages a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clock", choices=CLOCKS, default="wall")
    args = parser.parse_args()
    clock = CLOCKS[args.clock]
    ours, theirs = get_embedder(), SentenceTransformer(str(packaged_folder()), device="cpu")
    ours.embed(["warm up"])
    theirs.encode_query("How long?", show_progress_bar=False)
    print("| lengths | sentence-transformers | Second Pass | times as fast | largest difference of a coordinate |")
    print("|---|---|---|---|---|")
    rng = random.Random(SEED)
    for mixed in (False, True):
        taken: list[tuple[float, float]] = []
        apart = 0.0
        for _ in range(args.rounds):
            texts = passages(args.count, mixed, rng)
            begin = clock()
            reference = theirs.encode_document(texts, normalize_embeddings=True, show_progress_bar=False)
            between = clock()
            found = ours.embed(texts)
            taken.append((between - begin, clock() - between))
            apart = max(apart, float(np.abs(found - reference).max()))
        slow, fast = (median(times) * 1000 for times in zip(*taken, strict=True))
        ratio = median(a / b for a, b in taken)
        name = "mixed" if mixed else "even"
        print(f"| {name} | {slow:.0f} ms | {fast:.0f} ms | {ratio:.1f} | {apart:.1e} |")


if __name__ == "__main__":
    main()
