"""What one machine does with a large collection: python -m benchmarks.scale [--passages 100000] [--tokens] [--keep DIR]

Build, start-up, memory, dense and lexical search and late interaction over token vectors with one and with eight
questions at a time, recall, and adding ten documents. Texts are made up (`scale_texts`), and so are vectors: unit
vectors in clusters of clusters, for embedding a million texts would take hours and change none of these figures. Each
part runs in a process of its own, so that its memory is its own; `processor` is its processor time, which a busy
machine hardly changes.

--tokens   token vectors too: random ones, of the real size
--cut      passages and vectors that are there already, so that the build is that of the files and indexes alone
--copies   that many times as many of them (`scale_copies`)
--exact    no graph, whatever the number of vectors
--keep     leaves the collection in a folder, and uses the one that is there
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import scale_late
from benchmarks.scale_copies import multiplied
from benchmarks.scale_texts import (
    DIMENSIONS,
    SECTIONS,
    ClusterEmbedder,
    MadeUpDocuments,
    TokenClusterEmbedder,
    cut,
    query_vector,
    query_words,
    vector_of,
)
from rag_core.corpus.collection import Collection
from rag_core.corpus.indexing import IndexingPlan, StepProgress, TextsWriter, assemble
from rag_core.corpus.storage import joined_files
from rag_core.corpus.storage.collection_store import CollectionStore
from rag_core.corpus.storage.library import Library
from rag_core.corpus.token_store import TokenStore
from rag_core.inference.token_codes import TokenCodes
from rag_core.schema.chunking import Chunking
from rag_core.settings import Settings

NAME, DEPTH, AT_ONCE, ADDED = "Large", 100, 8, 10
ROOM_FOR_TOKENS = 2**40


@dataclass(frozen=True)
class Asked:
    """One run: where the collection lies, how many passages, whether their token vectors are kept, and whether they are
    cut already."""

    root: Path
    passages: int
    tokens: bool
    cut: bool = False
    copies: int = 1
    exact: bool = False
    questions: int = 200

    @property
    def exact_limit(self) -> int:
        return 2**31 if self.exact else Settings().exact_limit

    @property
    def library(self) -> Library:
        return Library(self.root, self.exact_limit, most_token_bytes=ROOM_FOR_TOKENS if self.tokens else 0)

    @property
    def embedder(self) -> ClusterEmbedder:
        return TokenClusterEmbedder() if self.tokens else ClusterEmbedder()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--passages", type=int, default=100_000)
    parser.add_argument("--tokens", action="store_true", help="with token vectors, as random bytes of their real size")
    parser.add_argument("--cut", action="store_true", help="hand over passages and vectors that are there already")
    parser.add_argument("--copies", type=int, default=1, help="how many times over (with --cut)")
    parser.add_argument("--exact", action="store_true", help="no graph")
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--keep", type=Path, help="folder for the collection; one that is there is used again")
    parser.add_argument("--part", choices=tuple(_PARTS), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.part:
        print(json.dumps(_PARTS[chosen.part](_asked(chosen, chosen.keep))))
        return
    with tempfile.TemporaryDirectory() as scratch:
        _all(_asked(chosen, chosen.keep or Path(scratch)))


def _asked(chosen: argparse.Namespace, root: Path) -> Asked:
    return Asked(root, chosen.passages, chosen.tokens, chosen.cut, chosen.copies, chosen.exact, chosen.questions)


def _all(asked: Asked) -> None:
    """Run every part in a process of its own and print what it measured."""
    with_tokens = "with" if asked.tokens else "without"
    print(f"{asked.passages * asked.copies:,} passages, {with_tokens} token vectors, {os.cpu_count()} processors")
    for part in _PARTS:
        if (part == "build" and any(asked.root.glob("*/CURRENT"))) or (part == "late" and not asked.tokens):
            continue
        load = os.getloadavg()[0]
        command = [sys.executable, "-m", "benchmarks.scale", "--part", part, "--keep", str(asked.root)]
        command += ["--passages", str(asked.passages), *["--tokens"] * asked.tokens, *["--cut"] * asked.cut]
        command += ["--copies", str(asked.copies), "--questions", str(asked.questions), *["--exact"] * asked.exact]
        ran = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        for name, value in json.loads(ran.stdout).items():
            print(f"{name:<44}{value}")
        print(f"{'  (load of the machine before it)':<44}{load:.1f}", flush=True)


def _build(asked: Asked) -> dict[str, Any]:
    started, worked = time.perf_counter(), time.process_time()
    steps: dict[str, str] = {}

    def progress(step: str, _done: int, _total: int) -> None:
        steps[step] = f"{time.perf_counter() - started:.0f} ({time.process_time() - worked:.0f})"

    make = _cut if asked.cut else _indexed
    made = make(asked, progress)
    took = time.perf_counter() - started
    ends = ", ".join(f"{step} {at}" for step, at in steps.items())
    size = sum(path.stat().st_size for path in asked.root.rglob("*") if path.is_file())
    return {
        "passages / documents": f"{made.ref.passages:,} / {made.ref.documents:,}",
        "build, s": f"{took:.0f}  (processor {time.process_time() - worked:.0f}; ends: {ends})",
        "build, most memory, GB": f"{_peak():.2f}",
        "on disk, GB": f"{size / 1e9:.2f}",
    }


def _indexed(asked: Asked, progress: StepProgress) -> Collection:
    """The whole way that documents of users go."""
    return asked.library.build(NAME, MadeUpDocuments(asked.passages), Chunking(), asked.embedder, progress)


def _cut(asked: Asked, progress: StepProgress) -> Collection:
    """From passages and vectors that are there: texts, both indexes and their files."""
    documents, texts, rows = MadeUpDocuments(asked.passages), TextsWriter(), 0
    embedder = asked.embedder
    codes: dict[str, TokenCodes] = {}
    vectors = np.empty((len(documents) * SECTIONS, DIMENSIONS), np.float32)
    for number, document in enumerate(documents):
        passages = cut(document)
        texts.add(document, passages)
        for part in range(len(passages)):
            vectors[rows] = vector_of(number, part)
            rows += 1
        if isinstance(embedder, TokenClusterEmbedder):
            codes.update((one.content_hash, embedder.codes(one.model_text)) for one in passages)
    tokens = TokenStore(TokenClusterEmbedder().token_model(), codes)
    progress("chunking", 1, 1)
    plan = IndexingPlan(NAME, None, Chunking(), asked.exact_limit if asked.copies == 1 else 2**31)
    made = assemble(plan, texts.done(), vectors, embedder.model, progress, tokens)
    if asked.copies > 1:
        made = multiplied(made, asked.copies, asked.exact_limit)
    progress("indexing", 1, 1)
    shelf = CollectionStore(asked.root)
    with shelf.writing(shelf.new_folder(NAME)) as versions:
        partial = versions.begin()
        joined_files.save(partial, made)
        shelf.publish(versions, partial, NAME)
    progress("writing", 1, 1)
    return made


def _search(asked: Asked) -> dict[str, Any]:
    before, worked = time.perf_counter(), time.process_time()
    found = asked.library.open(NAME, asked.embedder)
    opened, worked = time.perf_counter() - before, time.process_time() - worked
    memory = _memory()
    documents = found.ref.documents
    vectors = [query_vector(number, documents) for number in range(asked.questions)]
    words = [query_words(number, documents) for number in range(asked.questions)]
    first = time.perf_counter()
    _one(found, "dense", vectors[0])
    _one(found, "lexical", words[0])
    answered = time.perf_counter() - first
    return {
        "start-up, s": f"{opened:.2f}  (processor {worked:.2f}; first question after it {answered:.2f})",
        "memory after start-up, GB (own + mapped)": memory,
        "dense index": found.manifest.index,
        **_times(found, "dense", vectors),
        "dense, recall@100 against exact": "1" if asked.exact else f"{_recall(found, vectors):.4f}",
        **_times(found, "lexical", words),
        "memory after the questions, GB (own + mapped)": _memory(),
    }


def _late(asked: Asked) -> dict[str, Any]:
    """Late interaction over the passages nearest to each question. First the token vectors are on the disk alone."""
    scale_late.let_go(asked.root)
    found = asked.library.open(NAME, asked.embedder)
    documents = found.ref.documents
    pools = []
    for number in range(asked.questions):
        hits = _one(found, "dense", query_vector(number, documents)).hits
        texts = [found.passage(name).model_text for name, _ in hits]
        pools.append(scale_late.Pool(query_words(number, documents), texts))
    lines: dict[str, Any] = {}
    for how, at_once in (("1 at a time, from disk", 1), ("1 at a time", 1), (f"{AT_ONCE} at a time", AT_ONCE)):
        took = scale_late.timed(found, pools, at_once, again=f"word{len(lines)}")
        lines[f"late, p50 / p95 ms, {how}"] = (
            f"{_percentiles(took.ms)}  (read from the disk: {took.read_mb:.1f} MB each)"
        )
    return {**lines, "memory after it, GB (own + mapped)": _memory()}


def _times(found: Collection, kind: str, asked: Sequence[Any]) -> dict[str, str]:
    """p50 and p95 in milliseconds: one question at a time, and eight at a time."""

    def timed(question: Any) -> float:
        started = time.perf_counter()
        _one(found, kind, question)
        return (time.perf_counter() - started) * 1000

    alone = [timed(one) for one in asked]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        before = time.perf_counter()
        together = list(pool.map(timed, asked))
        rate = len(asked) / (time.perf_counter() - before)
    return {
        f"{kind}, p50 / p95 ms, 1 at a time": _percentiles(alone),
        f"{kind}, p50 / p95 ms, {AT_ONCE} at a time": f"{_percentiles(together)}  ({rate:.0f} a second)",
    }


def _one(found: Collection, kind: str, question: Any) -> Any:
    return (found.dense if kind == "dense" else found.lexical)(question, DEPTH)


def _recall(found: Collection, vectors: Sequence[Any]) -> float:
    """Share of the exact nearest 100 that the index finds."""
    stored = np.asarray(found.vectors)
    best = [set(np.argpartition(-_products(stored, vector), DEPTH)[:DEPTH].tolist()) for vector in vectors]
    shared = [
        len(nearest & set(found.dense_index.search(vector, DEPTH)[0].tolist()))
        for nearest, vector in zip(best, vectors, strict=True)
    ]
    return float(np.mean(shared)) / DEPTH


def _products(stored: Any, vector: Any) -> Any:
    parts = [stored[start : start + 100_000] @ vector for start in range(0, len(stored), 100_000)]
    return np.concatenate(parts)


def _add(asked: Asked) -> dict[str, Any]:
    library = asked.library
    documents = MadeUpDocuments(asked.passages)
    fresh = [documents.made(len(documents) + 1000 * os.getpid() + number) for number in range(ADDED)]
    started, worked = time.perf_counter(), time.process_time()
    made = library.add(NAME, fresh, asked.embedder)
    added, worked = time.perf_counter() - started, time.process_time() - worked
    before = time.perf_counter()
    opened = library.open(NAME, asked.embedder)
    again = time.perf_counter() - before
    assert opened.ref == made.ref
    return {
        f"adding {ADDED} documents, s": f"{added:.2f}  (processor {worked:.2f}; opening it then {again:.2f})",
        "adding, most memory, GB": f"{_peak():.2f}",
    }


def _percentiles(times: Sequence[float]) -> str:
    return f"{np.percentile(times, 50):.2f} / {np.percentile(times, 95):.2f}"


def _memory() -> str:
    """This process's resident memory: its own, and of mapped files what lies in memory right now."""
    told = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    own, mapped = (int(told[name].split()[0]) / 1e6 for name in ("RssAnon", "RssFile"))
    return f"{own:.2f} + {mapped:.2f}"


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


_PARTS: dict[str, Callable[[Asked], dict[str, Any]]] = {"build": _build, "search": _search, "late": _late, "add": _add}

if __name__ == "__main__":
    main()
