"""What was measured of one labelled set over one collection, for all who score it: nobody's scores replace another's.

    bench = Bench(key)
    for query in bench.scored(pipeline, labelled.asked, [policy]):     # in any number of threads at once
        ...

A measurement grows from what is there when its question is reached, and is joined with what is there when it is done.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from rag_core.analysis.latency_model import LatencyPoint
from rag_core.evaluation.score import measured
from rag_core.evaluation.sets import Query
from rag_core.pipeline.pipeline import Pipeline
from rag_core.pipeline.reranker_scores import join_scores
from rag_core.schema.base import new_id
from rag_core.schema.filters import Filter
from rag_core.schema.measurement import Measurement, RerankerScores
from rag_core.schema.policy import Policy


@dataclass
class Bench:
    """The measurements of one set by query id. `version` counts changes; `times`: measured time by reranker."""

    key: Hashable
    id: str = field(default_factory=new_id)
    measurements: dict[str, Measurement] = field(default_factory=dict)
    version: int = 0
    times: dict[str, list[LatencyPoint]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def scored(
        self, pipeline: Pipeline, queries: Sequence[Query], policies: Sequence[Policy], where: Filter | None = None
    ) -> Iterator[Query]:
        """Measure and score what the policies ask for, question by question; each is kept before it is yielded.

        No lock is held while a model works: where two people start the same run, both do its work. Raises as
        `rag_core.evaluation.score.measured`.
        """
        for query in queries:
            before = self.measurements.get(query.id)
            known = {query.id: before} if before else {}
            for _, measurement in measured(pipeline, [query], policies, known, where):
                self._keep(query.id, before, measurement)
            yield query

    def _keep(self, query_id: str, before: Measurement | None, grown: Measurement) -> None:
        with self._lock:
            now = self.measurements.get(query_id)
            self.measurements[query_id] = grown if now is None or now is before else joined(before, now, grown)
            self.version += 1


def joined(before: Measurement | None, now: Measurement, grown: Measurement) -> Measurement:
    """One measurement of what two have become that grew from the same, `before`; None where both were measured afresh.

    What both searched stays as it is `now`; every search and every pair score of either is in it.
    """
    searched = {(one.query, one.where): one for one in (*grown.extra_searches, *now.extra_searches)}
    return now.model_copy(
        update={
            "passages": {**grown.passages, **now.passages},
            "vectors": {**grown.vectors, **now.vectors},
            "hybrid": now.hybrid or grown.hybrid,
            "rewriting": now.rewriting or grown.rewriting,
            "extra_searches": tuple(searched.values()),
            "rerankings": _joined_scores(before.rerankings if before else {}, now.rerankings, grown.rerankings),
        }
    )


def _joined_scores(
    before: Mapping[str, RerankerScores], now: Mapping[str, RerankerScores], grown: Mapping[str, RerankerScores]
) -> dict[str, RerankerScores]:
    """By reranker what changed since `before`, on either side; where both changed, their pairs together."""
    found = dict(now)
    for name, scores in grown.items():
        was, there = before.get(name), now.get(name)
        if there is was:
            found[name] = scores
        elif scores is not was:
            found[name] = scores if there is None else join_scores(there, scores)
    return found
