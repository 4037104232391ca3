"""How long a fresh process takes until the first score of a cross-encoder, and until the first vector of the packaged
bi-encoder, with the network cut: Second Pass against sentence-transformers' own loading, taking turns.

    python -m benchmarks.load_time [MODEL] [--rounds 5]

Every round starts a new process for each; in it, opening a socket to another machine is an error. The cross-encoder's
clock starts when torch is imported, to show what its loading takes beyond; the bi-encoder's starts at once: Second Pass
needs no torch there, and sentence-transformers does. What a clock sees: imports, loading, scoring one pair or embedding
one question. The first round is left out of the medians, since it reads the files from disk for both.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path
from statistics import median

from rag_core.rerank.shipped import MODELS
from rag_core.retrieval.embedders.packaged import packaged_folder

CUT = """
import socket, sys, time
def refuse(self, address):
    raise OSError(f"The network is cut, and something asked for {address}.")
socket.socket.connect = refuse
begin = time.perf_counter()
"""
TORCH = """
import torch
begin = time.perf_counter()
"""
TOLD = "print(time.perf_counter() - begin)"
OURS, THEIRS = "Second Pass", "sentence-transformers"
SCORE = {
    OURS: """
from rag_core.rerank.cross_encoder import CrossEncoderReranker
CrossEncoderReranker(sys.argv[1]).score("How long?", ["Thirty days."])
""",
    THEIRS: """
from sentence_transformers import CrossEncoder
CrossEncoder(sys.argv[1], device="cpu").predict([("How long?", "Thirty days.")], show_progress_bar=False)
""",
}
VECTOR = {
    OURS: """
from rag_core.retrieval.embedders.sentence_embedder import SentenceEmbedder
SentenceEmbedder().embed_query("How long?")
""",
    THEIRS: """
from sentence_transformers import SentenceTransformer
SentenceTransformer(sys.argv[1], device="cpu").encode_query("How long?", show_progress_bar=False)
""",
}


def seconds(script: str, model: Path) -> float:
    """What the script's clock says in a process of its own. Raises CalledProcessError where it fails."""
    command = [sys.executable, "-c", CUT + script + TOLD, str(model)]
    done = subprocess.run(
        command, env={**os.environ, "HF_HUB_OFFLINE": "1"}, capture_output=True, text=True, check=True
    )
    return float(done.stdout.splitlines()[-1])


def compare(what: str, ways: dict[str, str], model: Path, rounds: int) -> None:
    """Print the medians of both ways, and their ratio."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds + 1):
        for name, script in ways.items():
            taken[name].append(seconds(script, model))
    medians = {name: median(values[1:]) for name, values in taken.items()}
    print(what)
    for name, values in taken.items():
        print(f"  {name}: median {medians[name]:.2f} s, slowest {max(values[1:]):.2f} s, first {values[0]:.2f} s")
    print(f"  ratio {medians[OURS] / medians[THEIRS]:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, nargs="?", default=next(MODELS.glob("second-pass-*")))
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    scored = {name: TORCH + script for name, script in SCORE.items()}
    compare("First score of the cross-encoder, beyond importing torch:", scored, args.model, args.rounds)
    compare("First vector of the bi-encoder, from nothing:", VECTOR, packaged_folder(), args.rounds)


if __name__ == "__main__":
    main()
