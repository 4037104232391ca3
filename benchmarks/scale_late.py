"""Late interaction over the stored token vectors of a large collection, for `benchmarks.scale`: with their files in the
system's cache, and out of it.

Its own time alone: the packaged model reads the question, but the pool was found and its texts were read before.
"""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag_core.rerank.late_interaction import LateInteractionReranker
from rag_core.rerank.stored_tokens import reading_from

if TYPE_CHECKING:
    from pathlib import Path

    from rag_core.corpus.collection import Collection

BLOCK = 512
"""Bytes of what `getrusage` counts as read."""


@dataclass(frozen=True)
class Pool:
    """A question and the texts of the passages that are to be reranked."""

    question: str
    texts: list[str]


@dataclass(frozen=True)
class Timed:
    """Milliseconds of each question, and megabytes that each had read from the disk on average."""

    ms: list[float]
    read_mb: float


def let_go(folder: Path) -> None:
    """Have the system drop the files of the token vectors from its cache. They must not be mapped."""
    for path in folder.glob("**/tokens/*"):
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def timed(found: Collection, pools: Sequence[Pool], at_once: int, again: str = "") -> Timed:
    """Each question over its pool, so many at a time. `again`: a word more, so that no question is remembered."""
    reranker = LateInteractionReranker()
    reranker.score("warm up", [])

    def one(pool: Pool) -> float:
        started = time.perf_counter()
        with reading_from(found.token_source()):
            scored = reranker.score(f"{pool.question} {again}".strip(), pool.texts)
        took = (time.perf_counter() - started) * 1000
        assert scored.tokens == 0, "no passage is read again"
        return took

    before = resource.getrusage(resource.RUSAGE_SELF).ru_inblock
    with ThreadPoolExecutor(at_once) as threads:
        ms = list(threads.map(one, pools))
    read = resource.getrusage(resource.RUSAGE_SELF).ru_inblock - before
    return Timed(ms, read * BLOCK / 1e6 / len(pools))
