"""What reading documents once costs and saves, on the sample corpus: indexing with and without token vectors, taking
turns; their size; MaxSim over stored vectors against reading the passages at query time.

    python -m benchmarks.token_vectors [--rounds 3]

Times are of the processor, all cores added up, so that they hold on a busy machine too; beside them the shortest wait.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Took:
    """Seconds of the processor and of the clock."""

    cpu: float
    wall: float


def timed(work: Callable[[], object]) -> Took:
    """What one call took."""
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return Took(time.process_time() - cpu, time.perf_counter() - wall)


def indexed(root: Path, most_bytes: int) -> tuple[Collection, Took]:
    """The sample corpus as a saved collection."""
    documents, embedder = load_folder(Settings().sample_dir / "documents").documents, get_embedder()
    library = Library(root, most_token_bytes=most_bytes)
    took = timed(lambda: library.build("Sample", documents, Chunking(), embedder))
    return library.open("Sample", embedder), took


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    get_embedder().embed(["warm up"])
    with tempfile.TemporaryDirectory() as folder:
        rounds: list[tuple[Took, Took]] = []
        for number in range(args.rounds):
            place = Path(folder) / str(number)
            _, without = indexed(place / "without", 0)
            collection, with_them = indexed(place / "with", 2**40)
            rounds.append((without, with_them))
        print(f"indexing {len(collection.passages)} passages, processor: {median(a.cpu for a, _ in rounds):.2f} s "
              f"without, {median(b.cpu for _, b in rounds):.2f} s with token vectors; ratio by round "
              f"{', '.join(f'{b.cpu / a.cpu:.2f}' for a, b in rounds)}")  # fmt: skip
        size = sum(file.stat().st_size for file in (place / "with").glob("*/versions/*/tokens/*"))
        print(f"{size / len(collection.token_vectors) * 1000 / 1e6:.1f} MB on disk a 1,000 passages")
        pools(collection)


def pools(collection: Collection) -> None:
    """Print how long MaxSim takes, question included."""
    texts = [passage.model_text for passage in collection.passages]
    print("| passages | stored, processor | shortest wait | read at query time, processor | shortest wait | ratio |")
    print("|---|---|---|---|---|---|")
    for pool in (50, 200):
        some = texts[:pool]
        reranker = LateInteractionReranker()
        with reading_from(collection.token_source()):
            reranker.score(QUERY, some)
            stored = asked(QUERIES, lambda query, some=some, one=reranker: one.score(query, some))  # type: ignore[misc]
        read = asked(3, lambda query, some=some: LateInteractionReranker().score(query, some))  # type: ignore[misc]
        cells = [f"{1000 * value:.1f} ms" for one in (stored, read) for value in (one.cpu, one.wall)]
        print(f"| {pool} | {' | '.join(cells)} | {read.cpu / stored.cpu:.0f} |")


def asked(times: int, work: Callable[[str], object]) -> Took:
    """Several questions, each another one so that none is remembered: the median of the processor, the least wait."""
    took = [timed(lambda number=number: work(f"{QUERY} {number}")) for number in range(times)]  # type: ignore[misc]
    return Took(median(one.cpu for one in took), min(one.wall for one in took))


if __name__ == "__main__":
    main()
