"""How fast the two searches are, and how exact: python -m benchmarks.search [--large]

1. BM25 over postings in NumPy against `rank_bm25.BM25Okapi.get_scores`, on synthetic texts with
   word frequencies by Zipf's law.
2. FAISS HNSW against exact search, with and without a filter, on synthetic unit vectors of 384 dimensions in
   clusters of clusters (subjects, documents, passages), whose queries are drawn like passages; and on Gaussian
   noise, where neighbours mean nothing: the worst case for a graph, unlike any embedded text.

Both sides of a ratio are timed alternately in one run, so a busy machine slows both. Writes nothing.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from rag_core.retrieval.bm25 import LexicalIndex
from rag_core.retrieval.engines.faiss_index import EF_CONSTRUCTION, EF_SEARCH, LINKS, NARROW, DenseIndex

Vectors = npt.NDArray[np.float32]

DIMENSIONS, DEPTH, SEED = 384, 100, 20260101


def medians(ways: Sequence[Callable[[Any], object]], queries: Sequence[Any]) -> list[float]:
    """Median milliseconds a query of each way, the ways taking turns."""
    took: list[list[float]] = [[] for _ in ways]
    for query in queries:
        for way, times in zip(ways, took, strict=True):
            started = time.perf_counter()
            way(query)
            times.append((time.perf_counter() - started) * 1000)
    return [float(np.median(times)) for times in took]


def zipf_words(draw: np.random.Generator, count: int, vocabulary: int = 50_000) -> list[str]:
    """Words whose frequency falls with their rank; few repeat in a text, some stand in most."""
    return [f"w{rank}" for rank in draw.zipf(1.15, count) % vocabulary]


def bm25(passages: int) -> None:
    """Print a line: milliseconds a query both ways, the ratio, and the largest difference of a score."""
    from rank_bm25 import BM25Okapi

    draw = np.random.default_rng(SEED)
    texts = [zipf_words(draw, length) for length in draw.integers(60, 180, passages)]
    queries = [zipf_words(draw, length) for length in draw.integers(4, 12, 20)]
    reference = BM25Okapi(texts)
    started = time.perf_counter()
    index = LexicalIndex.of_tokens(texts)
    built = time.perf_counter() - started
    theirs, ours = medians([reference.get_scores, index.scores], queries)
    differs = max(float(np.abs(reference.get_scores(query) - index.scores(query)).max()) for query in queries)
    print(f"{passages:>8,}{built:>9.1f}{theirs:>14.2f}{ours:>10.3f}{theirs / ours:>8.0f} x{differs:>16.1e}")


def unit(vectors: npt.NDArray[np.float64] | Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / lengths, np.float32)


def clustered(draw: np.random.Generator, count: int) -> Vectors:
    """200 subjects, 20 passages a document; cosine of two passages: about .1 apart, .5 by subject, .75 by document."""
    common = 0.4 * draw.standard_normal(DIMENSIONS)
    subjects = 0.75 * draw.standard_normal((200, DIMENSIONS))
    of_subject = draw.integers(200, size=count // 20)
    documents = subjects[of_subject] + 0.6 * draw.standard_normal((count // 20, DIMENSIONS))
    vectors = documents[draw.integers(count // 20, size=count)] + 0.6 * draw.standard_normal((count, DIMENSIONS))
    return unit(common + vectors)


def gaussian(draw: np.random.Generator, count: int) -> Vectors:
    return unit(draw.standard_normal((count, DIMENSIONS)))


def hnsw(name: str, make: Callable[[np.random.Generator, int], Vectors], rows: int) -> None:
    """Print lines: build seconds, milliseconds a query both ways and recall@100, per share that a filter allows."""
    draw = np.random.default_rng(SEED)
    everything = make(draw, rows + 200)
    vectors, queries = everything[:rows], everything[rows:]
    exact = DenseIndex.build(vectors, exact_limit=rows)
    started = time.perf_counter()
    graph = DenseIndex.build(vectors, exact_limit=0)
    built = time.perf_counter() - started
    for share in (1.0, 0.8, NARROW + 0.05, 0.01):
        allowed = None if share == 1 else draw.random(rows) < share
        ways = [partial(index.search, depth=DEPTH, allowed=allowed) for index in (exact, graph)]
        slow, fast = medians(ways, list(queries))
        shared = [
            len(np.intersect1d(exact.search(q, DEPTH, allowed)[0], graph.search(q, DEPTH, allowed)[0])) for q in queries
        ]
        print(
            f"{name:<10}{rows:>9,}{built:>9.1f}{share:>9.0%}{slow:>11.2f}{fast:>9.2f}{slow / fast:>7.1f} x"
            f"{np.mean(shared) / DEPTH:>12.4f}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--large", action="store_true", help="also BM25 at 100,000 chunks, Gaussian vectors, 200,000 vectors"
    )
    large = parser.parse_args().large
    print("BM25 (float64), median of 20 queries of 4 to 11 words")
    print(f"{'chunks':>8}{'build s':>9}{'BM25Okapi ms':>14}{'ours ms':>10}{'ratio':>10}{'max difference':>16}")
    for passages in (10_000, 100_000)[: 1 + large]:
        bm25(passages)
    print(f"\nFAISS, {DIMENSIONS} dimensions, depth {DEPTH}, median of 200 queries;")
    print(
        f"HNSW{LINKS}, efConstruction {EF_CONSTRUCTION}, efSearch {EF_SEARCH}; a filter of {NARROW:.0%} or less: exact"
    )
    columns = (("rows", 9), ("build s", 9), ("allowed", 9), ("exact ms", 11), ("HNSW ms", 9), ("ratio", 9))
    print(f"{'vectors':<10}" + "".join(f"{name:>{width}}" for name, width in columns) + f"{'recall@100':>12}")
    hnsw("clustered", clustered, 50_000)
    if large:
        hnsw("gaussian", gaussian, 50_000)
        hnsw("clustered", clustered, 200_000)


if __name__ == "__main__":
    main()
