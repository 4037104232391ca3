"""How long a fresh process takes from torch imported to the first score of a cross-encoder, with the network cut:
Second Pass against sentence-transformers' own loading, taking turns.

    python -m benchmarks.load_time [MODEL] [--rounds 5]

Every round starts two new processes; in each, opening a socket to another machine is an error, and torch is imported
before the clock starts. What the clock sees: imports beyond torch, loading, scoring one pair. The first round is left
out of the medians, since it reads the files from disk for both.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path
from statistics import median

from rag_core.rerank.makers import MODELS

CUT = """
import socket, sys, time
def refuse(self, address):
    raise OSError(f"The network is cut, and something asked for {address}.")
socket.socket.connect = refuse
import torch
begin = time.perf_counter()
"""
OURS = """
from rag_core.rerank.cross_encoder import CrossEncoderReranker
CrossEncoderReranker(sys.argv[1]).score("How long?", ["Thirty days."])
print(time.perf_counter() - begin)
"""
THEIRS = """
from sentence_transformers import CrossEncoder
CrossEncoder(sys.argv[1], device="cpu").predict([("How long?", "Thirty days.")], show_progress_bar=False)
print(time.perf_counter() - begin)
"""
WAYS = {"Second Pass": OURS, "sentence-transformers": THEIRS}


def seconds(script: str, model: Path) -> float:
    """What the script's clock says in a process of its own. Raises CalledProcessError where it fails."""
    command = [sys.executable, "-c", CUT + script, str(model)]
    done = subprocess.run(
        command, env={**os.environ, "HF_HUB_OFFLINE": "1"}, capture_output=True, text=True, check=True
    )
    return float(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, nargs="?", default=next(MODELS.glob("second-pass-*")))
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    taken: dict[str, list[float]] = {name: [] for name in WAYS}
    for _ in range(args.rounds + 1):
        for name, script in WAYS.items():
            taken[name].append(seconds(script, args.model))
    medians = {name: median(values[1:]) for name, values in taken.items()}
    for name, values in taken.items():
        print(f"{name}: median {medians[name]:.2f} s, slowest {max(values[1:]):.2f} s, first {values[0]:.2f} s")
    print(f"ratio {medians['Second Pass'] / medians['sentence-transformers']:.2f}")


if __name__ == "__main__":
    main()
