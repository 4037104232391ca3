"""How fast a reranker is on this machine: score heads of growing size of one query's pool, past every cache.

The only module of its kind that runs a model on purpose; what its points mean is in `rag_core.analysis.latency_model`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from rag_core.analysis.latency_model import LatencyPoint
from rag_core.rerank.base import Reranker
from rag_core.schema.documents import Passage
from rag_core.schema.progress import Progress

SIZES = (5, 10, 20, 40)
WARM_UP = 2


def measure_speed(
    reranker: Reranker,
    query: str,
    passages: Sequence[Passage],
    sizes: Sequence[int] = SIZES,
    progress: Progress | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> list[LatencyPoint]:
    """One point per size that the pool reaches, smallest first. The model is loaded and warmed up before the clock
    starts. Raises ModelError or MissingPackage where the reranker does."""
    reranker.load()
    readings = [passage.model_text for passage in passages]
    reranker.score(query, readings[:WARM_UP])
    points = []
    wanted = [size for size in sorted(set(sizes)) if size <= len(readings)]
    for done, size in enumerate(wanted):
        if progress:
            progress(done, len(wanted))
        begin = clock()
        scored = reranker.score(query, readings[:size])
        points.append(LatencyPoint(pairs=size, took_ms=(clock() - begin) * 1000, tokens=scored.tokens))
    if progress:
        progress(len(wanted), len(wanted))
    return points
