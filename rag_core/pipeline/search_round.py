"""Searches of both kinds that begin together: each distinct text is embedded once, then dense and lexical search run in
parallel, to full depth, each search under its own filter.

Which searches a question needs is `rag_core.pipeline.extra_searches`'s and `rag_core.pipeline.pipeline`'s business.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from rag_core.pipeline import step_warnings
from rag_core.rerank.metering import metered
from rag_core.retrieval.embedders.protocol import Embedder, why_not_converted
from rag_core.retrieval.engines.checks_filters import ChecksFilters
from rag_core.retrieval.engines.protocol import Engine, SaysWhatItCan, SearchResult
from rag_core.schema.filters import Filter
from rag_core.schema.measurement import RankedList, SearchRun, Vector
from rag_core.schema.paid_calls import EmbeddingCalls
from rag_core.schema.policy import FULL_DEPTH
from rag_core.schema.steps import StepWarning, Timing

if TYPE_CHECKING:
    from rag_core.schema.vectors import Vectors

T = TypeVar("T")
Asked = tuple[str, Filter | None]
"""What a search looks for: its words, and the filter that holds in it."""


@dataclass(frozen=True)
class Round:
    """Searches that began together, by what was asked, and the vector of every text that is known by now.

    `load_ms`: what loading the model took, in milliseconds; it is in no timing, and 0 where it was loaded before.
    """

    found: dict[Asked, SearchRun]
    vectors: dict[str, Vector]
    load_ms: float


def search_round(
    engine: Engine, embedder: Embedder, asked: Sequence[Asked], known: Mapping[str, Vector], number: int = 0
) -> Round:
    """Every search asked for, each once, with its times from the start of the round.

    known: vectors of texts that were embedded before. number: which round of its question this is, from 0.
    There are as many lanes as processors, and two at least; what waits for a lane starts later, and its time says so.
    Raises BadInput for a filter that the engine cannot translate.
    """
    begin, asked = time.perf_counter(), list(dict.fromkeys(asked))
    _check_filters(engine, [where for _, where in asked if where])
    texts, words, embeds, nearest = _Texts(embedder, known, begin), [], [], []
    by_meaning = not isinstance(engine, SaysWhatItCan) or engine.capabilities.dense
    with ThreadPoolExecutor(max_workers=max(2, os.cpu_count() or 1)) as lanes:
        for query, where in asked:
            words.append(lanes.submit(_timed, begin, partial(engine.lexical, query, FULL_DEPTH, where)))
        for query, where in asked:
            vector, embed, paid = texts.embedded(query) if by_meaning else (texts.none, Timing(), None)
            embeds.append((embed, paid))
            nearest.append(lanes.submit(_timed, begin, partial(engine.dense, vector, FULL_DEPTH, where)))
    why = why_not_converted(embedder) if by_meaning else ""
    found = {
        (query, where): SearchRun(
            query=query,
            where=where,
            round=number,
            embed=embed,
            embedding=paid,
            dense=_search(*dense.result(), texts, step_warnings.not_converted(why)),
            lexical=_search(*lexical.result(), texts),
        )
        for (query, where), (embed, paid), dense, lexical in zip(asked, embeds, nearest, words, strict=True)
    }
    return Round(found, texts.vectors, texts.load_ms)


def _check_filters(engine: Engine, filters: Sequence[Filter]) -> None:
    """Raises BadInput for a filter that the engine cannot translate, before a text is embedded or anything is sent."""
    if isinstance(engine, ChecksFilters):
        for where in filters:
            engine.check_filter(where)


class _Texts:
    """Vectors by text, each text embedded once; and what loading the model for the first of them took."""

    def __init__(self, embedder: Embedder, known: Mapping[str, Vector], begin: float) -> None:
        self.vectors = dict(known)
        self.load_ms = 0.0
        self._embedder = embedder
        self._begin = begin
        self._loaded_at = 0.0
        self._ready = dict.fromkeys(known, 0.0)

    @property
    def none(self) -> Vectors:
        """No vector, for an engine without dense search: it says so, and no model is asked."""
        import numpy as np

        return np.zeros(0, np.float32)

    def embedded(self, query: str) -> tuple[Vectors, Timing, EmbeddingCalls | None]:
        """The vector, when it was made, loading aside, and what was sent for it; it takes nothing where another search
        embedded the text."""
        import numpy as np

        if query in self.vectors:
            return np.array(self.vectors[query], dtype=np.float32), Timing(started_ms=self._ready[query]), None
        before = self._embedder.load_ms
        with metered() as meter:
            vector, timing = _timed(self._begin, lambda: self._embedder.embed_query(query))
        if not before:
            self.load_ms = self._embedder.load_ms
            self._loaded_at = timing.started_ms + self.load_ms
            timing = Timing(started_ms=timing.started_ms, took_ms=max(0.0, timing.took_ms - self.load_ms))
        timing = self.without_loading(timing)
        self.vectors[query] = tuple(vector.tolist())
        self._ready[query] = timing.ended_ms
        paid = [EmbeddingCalls(model=name, calls=calls) for name, calls in meter.spent.items()]
        return vector, timing, paid[0] if paid else None

    def without_loading(self, timing: Timing) -> Timing:
        """The time of what came after loading, as it would have been with the model loaded before."""
        if not self.load_ms or timing.started_ms < self._loaded_at:
            return timing
        return Timing(started_ms=timing.started_ms - self.load_ms, took_ms=timing.took_ms)


def _search(found: SearchResult, timing: Timing, texts: _Texts, notes: tuple[StepWarning, ...] = ()) -> RankedList:
    return RankedList(
        found=tuple(found.hits),
        timing=texts.without_loading(timing),
        terms=found.terms,
        warnings=(*step_warnings.approximate(found.approximate), *notes),
        space=found.space,
        unavailable=found.unavailable,
    )


def _timed(begin: float, work: Callable[[], T]) -> tuple[T, Timing]:
    """The result of the work and when it ran, counted from `begin`."""
    start = time.perf_counter()
    result = work()
    end = time.perf_counter()
    return result, Timing(started_ms=(start - begin) * 1000, took_ms=(end - start) * 1000)
