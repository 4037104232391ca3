"""What storing token vectors in 128 bytes costs in ranking: MaxSim over the model's own states against MaxSim over what
is stored, on the same pools of labelled sets in BEIR's layout, in one run.

    python -m benchmarks.token_quality DIR... [--pool 50] [--queries 100] [--relevant 2]

A line a folder: nDCG@10 of RRF, of both, and their difference per query with its 95% paired-bootstrap interval and
wins, ties and losses.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from benchmarks.quality import difference, per_query
from benchmarks.ranking import Folder, Ranked, read, searches
from rag_core.inference.texts import Read
from rag_core.inference.token_codes import maxsim, passage_codes, query_codes
from rag_core.retrieval.embedders.packaged_encoder import packaged_encoder

RRF, FULL, STORED = "RRF", "384 floats", "stored"


def encoded(texts: list[str]) -> list[Read]:
    """Every text's token states, in order."""
    found = dict(packaged_encoder("cpu").read(texts))
    return [found[place] for place in range(len(texts))]


def unit(states: np.ndarray) -> np.ndarray:
    """Unit vectors without [CLS] and [SEP]."""
    vectors = states[1:-1]
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12))


def exact(query: str, read: Read, passages: list[np.ndarray]) -> list[float]:
    """MaxSim over unit vectors of 384 floats."""
    spans = read.offsets[1:-1]
    words = np.array([any(map(str.isalnum, query[start:end])) for start, end in spans[: len(read.states) - 2]])
    asked = unit(read.states)[words if words.any() else ~words]
    return [float((asked @ one.T).max(axis=1).mean()) if len(one) else 0.0 for one in passages]


def orders(folder: Folder, fused: Ranked, pool: int) -> dict[str, Ranked]:
    """The three orders of each query's fused pool; what follows the pool stays as it was."""
    wanted = sorted({i for ids in fused.values() for i in ids[:pool]})
    states = dict(zip(wanted, encoded([folder.passages[i].model_text for i in wanted]), strict=True))
    vectors = {i: unit(one.states) for i, one in states.items()}
    codes = {i: passage_codes(one.offsets, one.states) for i, one in states.items()}
    found: dict[str, Ranked] = {RRF: fused, FULL: {}, STORED: {}}
    for query, text in folder.queries.items():
        head, rest = fused[query][:pool], fused[query][pool:]
        (read_query,) = encoded([text])
        coded = query_codes(text, read_query.offsets, read_query.states)
        scores = {
            FULL: exact(text, read_query, [vectors[i] for i in head]),
            STORED: maxsim(coded, [codes[i] for i in head]),
        }
        for name, own in scores.items():
            found[name][query] = [head[at] for at in np.argsort(-np.array(own), kind="stable")] + rest
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+", metavar="DIR")
    parser.add_argument("--pool", type=int, default=50)
    parser.add_argument("--queries", type=int, default=0, help="a fixed random sample of so many; 0: all")
    parser.add_argument("--relevant", type=int, default=1, help="the lowest grade that counts")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "second-pass-benchmarks")
    args = parser.parse_args()
    print(
        f"| set | queries | {RRF} | {FULL} | {STORED} | stored - floats, 95%, win/tie/loss |\n|---|---|---|---|---|---|"
    )
    for path in args.folders:
        folder = read(path, args.queries, args.relevant)
        found = orders(folder, searches(folder, args.cache)["RRF"], args.pool)
        values = {name: per_query(folder.grades, ranked)["nDCG@10"] for name, ranked in found.items()}
        means = [f"{np.mean(list(values[name].values())):.3f}" for name in (RRF, FULL, STORED)]
        apart = difference(values[STORED], values[FULL])
        print("| " + " | ".join([folder.name, str(len(folder.queries)), *means, str(apart)]) + " |", flush=True)


if __name__ == "__main__":
    main()
