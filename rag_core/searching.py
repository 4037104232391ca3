"""One search of both kinds: embed the words, search dense and lexical in parallel, to full depth, under one filter.

Which searches a question needs is `rag_core.extras`'s and `rag_core.pipeline`'s business.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from rag_core.config import FULL_DEPTH
from rag_core.filters import Filter
from rag_core.retrieval.base import Embedder, Engine
from rag_core.trace import Search, Searched
from rag_core.types import Timing

T = TypeVar("T")


def search_both(engine: Engine, embedder: Embedder, query: str, where: Filter | None = None) -> tuple[Searched, float]:
    """Both lists with their times from the start of this search, and the milliseconds that loading the model took.

    A load that had to come first is in no timing; it is 0 where the model was loaded before.
    """
    loaded = embedder.load_ms > 0
    begin = time.perf_counter()
    with ThreadPoolExecutor(max_workers=1) as beside:
        pending = beside.submit(_timed, begin, lambda: engine.lexical(query, FULL_DEPTH, where))
        vector, embed = _timed(begin, lambda: embedder.embed_query(query))
        load_ms = 0.0 if loaded else embedder.load_ms
        found, dense = _timed(begin, lambda: engine.dense(vector, FULL_DEPTH, where))
        words, lexical = pending.result()
    searched = Searched(
        query=query,
        where=where,
        embed=Timing(started_ms=embed.started_ms, took_ms=max(0.0, embed.took_ms - load_ms)),
        dense=Search(found=tuple(found.hits), timing=_earlier(dense, load_ms)),
        lexical=Search(found=tuple(words.hits), timing=lexical, terms=words.terms),
    )
    return searched, load_ms


def _timed(begin: float, work: Callable[[], T]) -> tuple[T, Timing]:
    """The result of the work and when it ran, counted from `begin`."""
    start = time.perf_counter()
    result = work()
    end = time.perf_counter()
    return result, Timing(started_ms=(start - begin) * 1000, took_ms=(end - start) * 1000)


def _earlier(timing: Timing, load_ms: float) -> Timing:
    """The timing as it would have been with the model already loaded."""
    return Timing(started_ms=max(0.0, timing.started_ms - load_ms), took_ms=timing.took_ms)
