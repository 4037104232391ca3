"""`replay(measurement, policy) -> Trace`: every decision about a query, as arithmetic on what was measured.

Pure: no model, no index, no clock but the one that times its own stages. Together with `pipeline.py`, which
measures, the only module that knows the order of the stages.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from rag_core import health
from rag_core.config import Policy, Threshold
from rag_core.errors import BadInput
from rag_core.extras import beside, lists, weights
from rag_core.passes import extent_of, unread
from rag_core.rerank_stage import Order, Passed, own_share, paid_before, rerank_stage
from rag_core.retrieval.fusion import rrf
from rag_core.signals import adjust
from rag_core.stopping import Extent
from rag_core.threshold import judged, judged_space, passes
from rag_core.trace import Measurement, Search, Trace
from rag_core.types import Chunk, Hit, ScoreSpace, Stage, StageName, StageWarning, Timing

Clock = Callable[[], float]


def replay(measurement: Measurement, policy: Policy, clock: Clock = time.perf_counter) -> Trace:
    """The trace that this policy makes of what was measured.

    Raises UnscoredPairs if the policy's pool (or what its first pass reads) holds candidates that its reranker has not
    scored (and did not fail on), UnmeasuredSearch if it has an extra search that was not run, BadInput if it asks for
    a greater depth than was measured, or has a first pass that cannot be. `clock` gives seconds.
    """
    if policy.screen_trouble:  # a changed copy of a policy is not validated
        raise BadInput(policy.screen_trouble)
    dense = _searched(StageName.DENSE, ScoreSpace.COSINE, measurement.dense, measurement, policy)
    lexical = _searched(StageName.LEXICAL, ScoreSpace.BM25, measurement.lexical, measurement, policy)
    main_ended = max(dense.timing.ended_ms, lexical.timing.ended_ms)
    reworded, extras = beside(measurement, policy, main_ended)
    searches = (dense, lexical, *(stage for run in extras for stage in run.stages))
    rewritten = reworded.timing.ended_ms if reworded else 0.0
    watch = _Watch(clock, max(rewritten, *(stage.timing.ended_ms for stage in searches)))
    fused = _fused(measurement, policy, watch)
    head = fused.hits[: policy.screen.pool if policy.screen else policy.pool]
    screened = _screened(head, measurement, policy, watch)
    reranked, report, pairs = _reranked(head, screened, measurement, policy, watch)
    adjusted = _adjusted(fused, reranked, measurement, policy, watch)
    kept = _kept(adjusted, reranked, measurement.chunks, policy, watch)
    return Trace(
        query=measurement.query,
        where=measurement.where,
        policy=policy,
        collection=measurement.collection,
        measured_at=measurement.measured_at,
        embed=measurement.embed,
        model_load_ms=measurement.model_load_ms,
        stages=(dense, lexical, fused, *([screened.stage] if screened else []), reranked, adjusted, kept),
        screening=screened.report if screened else None,
        rerank=report,
        terms=measurement.lexical.terms,
        screen_pairs=screened.pairs if screened else {},
        pairs=pairs,
        chunks={hit.chunk_id: measurement.chunks[hit.chunk_id] for stage in searches for hit in stage.hits},
        extras=extras,
        rewriting=reworded,
    )


def recut(trace: Trace, threshold: Threshold) -> Trace:
    """The trace under another threshold: only the last stage is decided again, so no measurement is needed."""
    adjusted, reranked = trace[StageName.ADJUSTED], trace[StageName.RERANKED]
    policy = trace.policy.model_copy(update={"threshold": threshold})
    kept = _kept(adjusted, reranked, trace.chunks, policy, _Watch(time.perf_counter, adjusted.timing.ended_ms))
    return trace.model_copy(update={"policy": policy, "stages": (*trace.stages[:-1], kept), "answer": None})


class _Watch:
    """Lays the stages that follow one another on the run's time line. Milliseconds."""

    def __init__(self, clock: Clock, now_ms: float) -> None:
        self._clock = clock
        self._now_ms = now_ms
        self._mark = clock()

    def lap(self) -> Timing:
        """The time since the last lap, as a stage that begins where the one before it ended."""
        return self.add((self._clock() - self._mark) * 1000)

    def add(self, took_ms: float) -> Timing:
        """A stage that took so long when it was measured."""
        timing = Timing(started_ms=self._now_ms, took_ms=max(0.0, took_ms))
        self._now_ms = timing.ended_ms
        self._mark = self._clock()
        return timing


def _searched(name: StageName, space: ScoreSpace, search: Search, measurement: Measurement, policy: Policy) -> Stage:
    if policy.depth > measurement.depth:
        raise BadInput(f"This query was measured to depth {measurement.depth}; measure it again for {policy.depth}.")
    found = search.found[: policy.depth]
    hits = tuple(Hit(chunk_id=c, rank=rank, score=score) for rank, (c, score) in enumerate(found, start=1))
    warnings = (*search.warnings, *health.ties(hits))
    if name is StageName.LEXICAL:
        warnings = (*health.lexical(len(hits), search.terms), *warnings)
    else:
        warnings = (*health.outside(hits), *warnings)
    return Stage(
        name=name,
        space=space,
        hits=hits,
        inputs=measurement.collection.chunks,
        timing=search.timing,
        warnings=warnings,
    )


def _fused(measurement: Measurement, policy: Policy, watch: _Watch) -> Stage:
    """All lists fused; `inputs` counts a chunk as often as a list holds it."""
    ranked = lists(measurement, policy)
    fused = rrf(ranked, weights(measurement, policy), policy.fusion.k)
    hits = tuple(Hit(chunk_id=h.id, rank=r, score=h.score, parts=h.parts) for r, h in enumerate(fused, start=1))
    return Stage(
        name=StageName.FUSED,
        space=ScoreSpace.RRF,
        hits=hits,
        inputs=sum(map(len, ranked.values())),
        timing=watch.lap(),
    )


def _screened(head: Sequence[Hit], measurement: Measurement, policy: Policy, watch: _Watch) -> Passed | None:
    """The first pass over the head of the fused order, all of it; None where the policy has none."""
    if policy.screen is None:
        return None
    ids = [hit.chunk_id for hit in head]
    known = measurement.rerankings.get(policy.screen.reranker)
    reach = Extent(len(ids), missing=tuple(unread(ids, known)))
    came = Order(head, ScoreSpace.RRF, "the fused order")
    cost = known if reach.missing else own_share(known, ids)
    return rerank_stage(StageName.SCREENED, policy.screen.reranker, came, cost, reach, policy.pool, watch.add)


def _reranked(
    head: Sequence[Hit], screened: Passed | None, measurement: Measurement, policy: Policy, watch: _Watch
) -> Passed:
    """The policy's reranker over its pool: the head of the fused order, or the best of the first pass."""
    came = Order(head, ScoreSpace.RRF, "the fused order")
    known = measurement.rerankings.get(policy.reranker)
    if screened:
        stage = screened.stage
        called = came.called if screened.report.status == "failed" else "the first pass's order"
        came = Order(stage.hits[: policy.pool], stage.space, called)
    ids = [hit.chunk_id for hit in came.hits]
    reach = extent_of(ids, known, policy)
    if policy.screen and not reach.missing:
        once = policy.screen.reranker == policy.reranker
        known = paid_before(known) if once else own_share(known, ids[: reach.read])
    return rerank_stage(StageName.RERANKED, policy.reranker, came, known, reach, policy.top_k, watch.add)


def _adjusted(fused: Stage, reranked: Stage, measurement: Measurement, policy: Policy, watch: _Watch) -> Stage:
    """Relevance, and signals beside it where they are on."""
    relevance = judged(reranked.hits, reranked.space)
    space = judged_space(reranked.space)
    warnings: tuple[StageWarning, ...] = ()
    if policy.signals.on:
        as_of = policy.signals.as_of or measurement.measured_at.date()
        total = sum(weights(measurement, policy).values())
        scaled = [(chunk_id, _unit(score, space, policy.fusion.k, total)) for chunk_id, score in relevance.items()]
        search = {hit.chunk_id: _unit(hit.score, ScoreSpace.RRF, policy.fusion.k, total) for hit in fused.hits}
        hits = tuple(adjust(scaled, search, measurement.chunks, policy.signals, as_of))
        warnings = _undated(hits, measurement.chunks) if policy.signals.freshness else ()
        space = ScoreSpace.COMBINED
    else:
        hits = tuple(
            Hit(chunk_id=chunk_id, rank=rank, score=score)
            for rank, (chunk_id, score) in enumerate(relevance.items(), start=1)
        )
    return Stage(
        name=StageName.ADJUSTED,
        space=space,
        hits=hits,
        inputs=len(reranked.hits),
        timing=watch.lap(),
        warnings=warnings,
    )


def _unit(score: float, space: ScoreSpace, k: int, total: float) -> float:
    """Relevance on 0..1 for the weighted sum. RRF becomes its share of the best sum; `total`: all weights."""
    if space is ScoreSpace.RRF:
        return score * (k + 1) / max(total, 1e-9)
    return min(1.0, max(0.0, score))


def _undated(hits: Sequence[Hit], chunks: dict[str, Chunk]) -> tuple[StageWarning, ...]:
    undated = sum(chunks[hit.chunk_id].updated_at is None for hit in hits)
    if not undated:
        return ()
    message = f"{undated} of {len(hits)} candidates have no date; their freshness counts as 0."
    return (StageWarning(code="undated", message=message),)


def _kept(adjusted: Stage, reranked: Stage, chunks: Mapping[str, Chunk], policy: Policy, watch: _Watch) -> Stage:
    """What is at or over the threshold, cut to the top k, with the adjusted stage's scores."""
    relevance, space = judged(reranked.hits, reranked.space), judged_space(reranked.space)
    over = [hit for hit in adjusted.hits if passes(policy.threshold, space, relevance[hit.chunk_id])]
    hits = tuple(hit.model_copy(update={"rank": rank}) for rank, hit in enumerate(over[: policy.top_k], start=1))
    warnings = (
        *health.threshold(policy.threshold, reranked.space),
        *health.near_duplicates([chunks[hit.chunk_id].text for hit in hits]),
    )
    return Stage(
        name=StageName.KEPT,
        space=adjusted.space,
        hits=hits,
        inputs=len(adjusted.hits),
        timing=watch.lap(),
        warnings=warnings,
    )
