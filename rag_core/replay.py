"""`replay(measurement, policy) -> Trace`: every decision about a query, as arithmetic on what was measured.

Pure: no model, no index, no clock but the one that times its own stages. Together with `pipeline.py`, which
measures, the only module that knows the order of the stages.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from rag_core import health
from rag_core.config import Policy, Threshold
from rag_core.errors import BadInput, UnscoredPairs
from rag_core.extras import beside, lists, weights
from rag_core.retrieval.fusion import rrf
from rag_core.signals import adjust
from rag_core.stopping import Extent, extent
from rag_core.threshold import judged, judged_space, passes
from rag_core.trace import Measurement, Reranking, RerankReport, RerankStatus, Search, Trace
from rag_core.types import Chunk, Hit, PairScore, ScoreSpace, Stage, StageName, StageWarning, Timing

NO_RERANKER = "none"
Clock = Callable[[], float]


def replay(measurement: Measurement, policy: Policy, clock: Clock = time.perf_counter) -> Trace:
    """The trace that this policy makes of what was measured.

    Raises UnscoredPairs if the policy's pool holds candidates that its reranker has not scored (and did not
    fail on), UnmeasuredSearch if it has an extra search that was not run, BadInput if it asks for a greater depth than
    was measured. `clock` gives seconds.
    """
    dense = _searched(StageName.DENSE, ScoreSpace.COSINE, measurement.dense, measurement, policy)
    lexical = _searched(StageName.LEXICAL, ScoreSpace.BM25, measurement.lexical, measurement, policy)
    main_ended = max(dense.timing.ended_ms, lexical.timing.ended_ms)
    reworded, extras = beside(measurement, policy, main_ended)
    searches = (dense, lexical, *(stage for run in extras for stage in run.stages))
    rewritten = reworded.timing.ended_ms if reworded else 0.0
    watch = _Watch(clock, max(rewritten, *(stage.timing.ended_ms for stage in searches)))
    fused = _fused(measurement, policy, watch)
    pool = fused.hits[: policy.pool]
    reranked, report, pairs = _reranked(pool, measurement, policy, watch)
    adjusted = _adjusted(reranked, measurement, policy, watch)
    kept = _kept(adjusted, reranked, measurement.chunks, policy, watch)
    return Trace(
        query=measurement.query,
        where=measurement.where,
        policy=policy,
        collection=measurement.collection,
        measured_at=measurement.measured_at,
        embed=measurement.embed,
        model_load_ms=measurement.model_load_ms,
        stages=(dense, lexical, fused, reranked, adjusted, kept),
        rerank=report,
        terms=measurement.lexical.terms,
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


def unscored(measurement: Measurement, policy: Policy) -> list[Chunk]:
    """The chunks of the policy's pool that its reranker has not scored yet, in fused order.

    Where a rule may stop the reranker, those up to the end of the next slice: their scores decide what comes after.
    """
    if policy.reranker == NO_RERANKER:
        return []
    pool = pool_of(measurement, policy)
    reach = _extent(pool, measurement.rerankings.get(policy.reranker), policy)
    return [measurement.chunks[chunk_id] for chunk_id in reach.missing]


def read_so_far(measurement: Measurement, policy: Policy) -> int:
    """How many of the policy's pool, from the first one without a gap, its reranker has scored."""
    known = measurement.rerankings.get(policy.reranker)
    pool = pool_of(measurement, policy)
    return next((at for at, one in enumerate(pool) if known is None or one not in known.pairs), len(pool))


def pool_of(measurement: Measurement, policy: Policy) -> list[str]:
    """The chunk ids of the policy's pool, in fused order. No reranker needs to have scored them."""
    fused = rrf(lists(measurement, policy), weights(measurement, policy), policy.fusion.k)
    return [hit.id for hit in fused[: policy.pool]]


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


def _reranked(
    pool: Sequence[Hit], measurement: Measurement, policy: Policy, watch: _Watch
) -> tuple[Stage, RerankReport, dict[str, PairScore]]:
    """The pool in the reranker's order; in fused order where there is none or it failed, and the report says so."""
    known = measurement.rerankings.get(policy.reranker)
    reach = _extent([hit.chunk_id for hit in pool], known, policy)
    if known and not reach.missing:
        known = known.model_copy(update={"failure": None})
    if reach.missing and policy.reranker != NO_RERANKER and (known is None or not known.failure):
        raise UnscoredPairs(policy.reranker, reach.missing)
    if known is None or known.failure:
        reach = Extent(len(pool))
        hits, space, pairs = _in_order(pool), ScoreSpace.RRF, {}
    else:
        read = pool[: reach.read]
        pairs = {hit.chunk_id: known.pairs[hit.chunk_id] for hit in read}
        hits, space = _by_score(read, pairs), known.space
    report = _report(policy, known, pool, hits, pairs, reach)
    notes = known.notes if known else ()
    stage = Stage(
        name=StageName.RERANKED,
        space=space,
        hits=hits,
        inputs=len(pool),
        timing=watch.add(known.timing.took_ms if known else 0.0),
        warnings=(*health.rerank(report, reach.read), *notes, *_score_health(hits, space, policy)),
    )
    return stage, report, pairs


def _extent(pool: Sequence[str], known: Reranking | None, policy: Policy) -> Extent:
    """How far the policy's reranker reads into the pool, by what it has scored."""
    if known is None:
        return extent(pool, {}, None, policy)
    return extent(pool, {chunk_id: pair.score for chunk_id, pair in known.pairs.items()}, known.space, policy)


def _in_order(pool: Sequence[Hit]) -> tuple[Hit, ...]:
    return tuple(Hit(chunk_id=hit.chunk_id, rank=hit.rank, score=hit.score) for hit in pool)


def _by_score(pool: Sequence[Hit], pairs: dict[str, PairScore]) -> tuple[Hit, ...]:
    """Highest score first; ties keep the fused order."""
    order = sorted(pool, key=lambda hit: (-pairs[hit.chunk_id].score, hit.rank))
    return tuple(
        Hit(chunk_id=hit.chunk_id, rank=rank, score=pairs[hit.chunk_id].score)
        for rank, hit in enumerate(order, start=1)
    )


def _score_health(hits: Sequence[Hit], space: ScoreSpace, policy: Policy) -> tuple[StageWarning, ...]:
    if space is ScoreSpace.RRF:
        return ()
    probabilities = list(judged(hits, space).values()) if judged_space(space) is ScoreSpace.PROBABILITY else []
    return (*health.ties(hits), *health.saturated(probabilities, policy.top_k))


def _report(
    policy: Policy,
    known: Reranking | None,
    pool: Sequence[Hit],
    hits: Sequence[Hit],
    pairs: dict[str, PairScore],
    reach: Extent,
) -> RerankReport:
    cached = sum(pair.cached for pair in pairs.values())
    unseen = [pair.unseen_tokens for pair in pairs.values() if pair.unseen_tokens]
    cost = known or Reranking(model="", space=ScoreSpace.RRF)
    return RerankReport(
        name=policy.reranker,
        model=cost.model,
        status=_status(policy, cost, len(pairs), cached),
        reason=cost.failure or "",
        pairs_scored=len(pairs) - cached,
        pairs_cached=cached,
        pairs_timed=sum(not pair.cached for pair in cost.pairs.values()),
        pairs_unread=len(pool) - reach.read,
        stopped=reach.stopped,
        order_changed=[hit.chunk_id for hit in hits] != [hit.chunk_id for hit in pool[: reach.read]],
        passages_cut=len(unseen),
        unseen_tokens=sum(unseen),
        load_ms=cost.load_ms,
        tokenise_ms=cost.tokenise_ms,
        tokens=cost.tokens,
        batches=cost.batches,
        units=cost.units,
    )


def _status(policy: Policy, cost: Reranking, pairs: int, cached: int) -> RerankStatus:
    if policy.reranker == NO_RERANKER:
        return "off"
    if cost.failure:
        return "failed"
    if not pairs:
        return "idle"
    return "cached" if cached == pairs else "ran"


def _adjusted(reranked: Stage, measurement: Measurement, policy: Policy, watch: _Watch) -> Stage:
    """Relevance, and signals beside it where they are on."""
    relevance = judged(reranked.hits, reranked.space)
    space = judged_space(reranked.space)
    warnings: tuple[StageWarning, ...] = ()
    if policy.signals.on:
        as_of = policy.signals.as_of or measurement.measured_at.date()
        total = sum(weights(measurement, policy).values())
        scaled = [(chunk_id, _unit(score, space, policy.fusion.k, total)) for chunk_id, score in relevance.items()]
        hits = tuple(adjust(scaled, measurement.chunks, policy.signals, as_of))
        warnings = _undated(hits, measurement.chunks)
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
