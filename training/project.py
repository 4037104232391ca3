"""Fit the matrix that takes token vectors from 384 to 256 dimensions, and print what it keeps of their length.

The first 256 eigenvectors of the second moments of unit token vectors (an uncentred PCA) over `--passages` passages of
the training sets, the same number of each, then turned by a fixed random rotation: it gives all dimensions the same
range, so that four bits each are enough. Written with the weights that it was fitted for.

    python -m training.project DATA rag_core/models/token-projection-v1/projection.safetensors
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from rag_core.inference.texts import TextEncoder
from rag_core.inference.token_codes import DIMENSIONS
from rag_core.retrieval.embedders.packaged import PACKAGED_NAME, packaged_folder, weights_sha256
from training.data import SETS, read_passages

LONGEST = 1600
"""Characters that are read of a passage."""
MAX_TOKENS = 256
SEED = 20261129


def texts_of(data: Path, count: int) -> list[str]:
    """`count` passages, evenly from the sets."""
    rng = random.Random(SEED)
    chosen: list[str] = []
    for name in SETS:
        passages = sorted(read_passages(data, name).values(), key=lambda one: one.id)
        chosen += [one.text[:LONGEST] for one in rng.sample(passages, count // len(SETS))]
    return chosen


def second_moments(texts: list[str]) -> tuple[np.ndarray, int]:
    """Sum of the outer products of unit token vectors, and how many tokens there were."""
    encoder = TextEncoder(packaged_folder(), "cpu", MAX_TOKENS, "fp32")
    total, tokens = np.zeros((384, 384)), 0
    for done, (_, one) in enumerate(encoder.read(texts), start=1):
        states = one.states[1:-1]
        unit = (states / np.maximum(np.linalg.norm(states, axis=1, keepdims=True), 1e-12)).astype(np.float64)
        total += unit.T @ unit
        tokens += len(unit)
        if done % 500 == 0:
            print(f"{done} of {len(texts)} passages", flush=True)
    return total, tokens


def fitted(moments: np.ndarray) -> tuple[np.ndarray, float]:
    """The matrix, float32, shape (384, 256), and the share of the vectors' squared length that it keeps."""
    values, vectors = np.linalg.eigh(moments)
    rotation = np.linalg.qr(np.random.default_rng(SEED).standard_normal((DIMENSIONS, DIMENSIONS)))[0]
    matrix = vectors[:, ::-1][:, :DIMENSIONS] @ rotation
    return matrix.astype(np.float32), float(values[::-1][:DIMENSIONS].sum() / values.sum())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="the folder of the training sets")
    parser.add_argument("out", type=Path)
    parser.add_argument("--passages", type=int, default=1000)
    args = parser.parse_args()
    moments, tokens = second_moments(texts_of(args.data, args.passages))
    matrix, share = fitted(moments)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    told = {"model": f"{PACKAGED_NAME}@{weights_sha256(packaged_folder())[:12]}", "kept": f"{share:.4f}"}
    save_file({"projection": np.ascontiguousarray(matrix)}, args.out, metadata=told)
    print(f"{tokens} tokens; {DIMENSIONS} of 384 dimensions keep {share:.1%} of the squared length")


if __name__ == "__main__":
    main()
