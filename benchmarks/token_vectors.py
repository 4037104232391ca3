"""What reading documents once costs and saves, on the sample corpus: indexing with and without token vectors, taking
turns; their size; MaxSim over stored vectors against reading the passages at query time.

    python -m benchmarks.token_vectors [--rounds 3]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from rag_core.corpus.collection import Collection
from rag_core.corpus.loading.load import load_folder
from rag_core.corpus.storage.library import Library
from rag_core.rerank.late_interaction import LateInteractionReranker
from rag_core.rerank.stored_tokens import reading_from
from rag_core.retrieval.embedders.sentence_embedder import get_embedder
from rag_core.schema.chunking import Chunking
from rag_core.settings import Settings

QUERY = "How long do refunds take?"
QUERIES = 20


def indexed(root: Path, most_bytes: int, rounds: int) -> tuple[Collection, list[float]]:
    """The sample corpus as a saved collection, and the seconds that each round took, one after the other."""
    documents, embedder = load_folder(Settings().sample_dir / "documents").documents, get_embedder()
    taken: list[float] = []
    for number in range(rounds):
        library = Library(root / str(number), most_token_bytes=most_bytes)
        begin = time.perf_counter()
        library.build("Sample", documents, Chunking(), embedder)
        taken.append(time.perf_counter() - begin)
    return library.open("Sample", embedder), taken


def timed(work: Callable[[str], object], rounds: int) -> float:
    """Milliseconds of a question, the median of several; each is another one, so that none is remembered."""
    taken = []
    for number in range(rounds):
        begin = time.perf_counter()
        work(f"{QUERY} {number}")
        taken.append((time.perf_counter() - begin) * 1000)
    return median(taken)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    get_embedder().embed(["warm up"])
    with tempfile.TemporaryDirectory() as folder:
        rounds = []
        for number in range(args.rounds):
            place = Path(folder) / str(number)
            plain, without = indexed(place / "without", 0, 1)
            collection, with_them = indexed(place / "with", 2**40, 1)
            rounds.append((without[0], with_them[0]))
        assert not len(plain.token_vectors)
        ratios = sorted(b / a for a, b in rounds)
        print(f"indexing {len(collection.passages)} passages: {min(a for a, _ in rounds):.2f} s without, "
              f"{min(b for _, b in rounds):.2f} s with token vectors; ratio by round "
              f"{', '.join(f'{ratio:.2f}' for ratio in ratios)}")  # fmt: skip
        size = sum(file.stat().st_size for file in Path(folder).glob(f"{args.rounds - 1}/with/0/*/versions/*/tokens/*"))
        print(f"{size / len(collection.token_vectors) * 1000 / 1e6:.1f} MB on disk a 1,000 passages")
        pools(collection)


def pools(collection: Collection) -> None:
    """Print how long MaxSim takes, question included."""
    texts = [passage.model_text for passage in collection.passages]
    print("| passages | stored | read at query time | times as fast |")
    print("|---|---|---|---|")
    for pool in (50, 200):
        stored, read = from_disk(collection, texts[:pool]), afresh(texts[:pool])
        print(f"| {pool} | {stored:.1f} ms | {read:.0f} ms | {read / stored:.0f} |")


def from_disk(collection: Collection, texts: list[str]) -> float:
    """Milliseconds over the collection's token vectors."""
    reranker = LateInteractionReranker()
    with reading_from(collection.token_source()):
        reranker.score(QUERY, texts)
        return timed(lambda query: reranker.score(query, texts), QUERIES)


def afresh(texts: list[str]) -> float:
    """Milliseconds where the passages are read."""
    return timed(lambda query: LateInteractionReranker().score(query, texts), 3)


if __name__ == "__main__":
    main()
