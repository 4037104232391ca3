"""What reading passages in bf16 at indexing costs in ranking, against fp32, on labelled sets in BEIR's layout.

    python -m benchmarks.embed_quality DIR... [--queries 100] [--passages 2000]

Questions are read in fp32 either way, as in the app. A line a folder for the dense search, over all passages: the share
of the fp32 top 20 that bf16 keeps, of questions with the same first passage, nDCG@10 of both, and the largest 1 - cos
of a passage's vectors. A second one for late interaction over the dense top 50: Kendall's tau, the same first passage,
nDCG@10 of both. Needs a processor with bf16.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.stats import kendalltau

from benchmarks.quality import per_query
from benchmarks.ranking import Folder, Ranked, read
from rag_core.inference import engine
from rag_core.inference.token_codes import TokenCodes, maxsim, query_codes
from rag_core.retrieval.embedders.mean_pooled import MeanPooled
from rag_core.retrieval.embedders.packaged_encoder import packaged_encoder

TOP, POOL = 20, 50
Kept = tuple[np.ndarray, list[TokenCodes]]


def passages_in(precision: engine.Precision, texts: Sequence[str]) -> Kept:
    """Their vectors and token vectors, read in that precision."""
    fp32 = packaged_encoder("cpu")
    return MeanPooled(fp32, lambda: packaged_encoder("cpu", precision)).vectors_with_tokens(texts)


def ranked(scores: np.ndarray, most: int) -> list[int]:
    """The places of the highest scores, the highest first."""
    return [int(place) for place in np.argsort(-scores, kind="stable")[:most]]


def dense(folder: Folder, ids: Sequence[str], before: Kept, after: Kept) -> tuple[str, list[list[int]]]:
    """The line of the dense search, and each question's top 50 in fp32."""
    encoder = packaged_encoder("cpu")
    asked = MeanPooled(encoder, lambda: encoder).passage_vectors(list(folder.queries.values()))
    tops = [[ranked(vectors @ one, POOL) for vectors in (before[0], after[0])] for one in asked]
    kept = np.mean([len({*a[:TOP]} & {*b[:TOP]}) / min(TOP, len(a)) for a, b in tops])
    first = np.mean([a[0] == b[0] for a, b in tops])
    scores = [_ndcg(folder, [[ids[place] for place in both[way]] for both in tops]) for way in (0, 1)]
    apart = 1 - float((before[0] * after[0]).sum(axis=1).min())
    return (
        f"| dense | {kept:.4f} of the top {TOP} | {first:.2f} | {scores[0]:.4f} | {scores[1]:.4f} | {apart:.0e} |",
        [a for a, _ in tops],
    )


def late(folder: Folder, ids: Sequence[str], before: Kept, after: Kept, pools: list[list[int]]) -> str:
    """The line of late interaction over those pools."""
    encoded = dict(packaged_encoder("cpu").read(list(folder.queries.values())))
    orders: list[list[list[str]]] = [[], []]
    taus, first = [], []
    for place, (text, pool) in enumerate(zip(folder.queries.values(), pools, strict=True)):
        codes = query_codes(text, encoded[place].offsets, encoded[place].states)
        a, b = (np.array(maxsim(codes, [kept[1][one] for one in pool])) for kept in (before, after))
        taus.append(kendalltau(a, b).statistic)
        first.append(a.argmax() == b.argmax())
        for order, scores in zip(orders, (a, b), strict=True):
            order.append([ids[pool[one]] for one in ranked(scores, POOL)])
    found = [_ndcg(folder, order) for order in orders]
    tau, same = np.mean(taus), np.mean(first)
    return f"| late interaction | tau {tau:.4f} | {same:.2f} | {found[0]:.4f} | {found[1]:.4f} | |"


def _ndcg(folder: Folder, orders: Sequence[list[str]]) -> float:
    of_query: Ranked = dict(zip(folder.queries, orders, strict=True))
    return float(np.mean(list(per_query(folder.grades, of_query)["nDCG@10"].values())))


def main() -> None:
    """Print two lines a folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path, metavar="DIR")
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument(
        "--passages", type=int, default=2000, help="at most, the first ones; labels of others are left out"
    )
    parser.add_argument("--relevant", type=int, default=1, help="the lowest grade that counts")
    args = parser.parse_args()
    if engine.best_precision() != "bf16":
        raise SystemExit("This processor has no bf16: passages are read in fp32 here, and there is nothing to compare.")
    print("| search | kept | same first | nDCG@10 fp32 | nDCG@10 bf16 | largest 1 - cos |")
    print("|---|---|---|---|---|---|")
    for path in args.folders:
        folder = read(path, args.queries, args.relevant)
        ids = list(folder.passages)[: args.passages]
        texts = [folder.passages[one].model_text for one in ids]
        before, after = (passages_in(precision, texts) for precision in ("fp32", "bf16"))
        print(f"| **{folder.name}**, {len(ids)} passages, {len(folder.queries)} questions | | | | | |")
        line, pools = dense(folder, ids, before, after)
        print(line)
        print(late(folder, ids, before, after, pools), flush=True)


if __name__ == "__main__":
    main()
