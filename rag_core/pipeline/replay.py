"""`replay(measurement, policy) -> Trace`: every decision about a query, as arithmetic on what was measured.

Pure: no model, no index, no clock but the one that times its own steps. Together with `pipeline.py`, which
measures, the only module that knows the order of the steps.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from rag_core.errors import BadInput
from rag_core.pipeline import step_warnings
from rag_core.pipeline.cascade import read_depth, unread
from rag_core.pipeline.early_stopping import ReadDepth
from rag_core.pipeline.engine_fusion import engine_list, engine_step
from rag_core.pipeline.extra_searches import embedding_calls, list_weights, named_lists, space_of, timeline, unavailable
from rag_core.pipeline.rerank_step import (
    IncomingOrder,
    RerankResult,
    own_share,
    paid_before,
    probability_of_best,
    rerank_step,
)
from rag_core.pipeline.search_scores import added_scores
from rag_core.pipeline.signals import adjust
from rag_core.pipeline.watch import Clock, Watch
from rag_core.retrieval.embedders.cutoffs import cutoffs_of
from rag_core.retrieval.fusion import rrf
from rag_core.schema.documents import Passage
from rag_core.schema.measurement import Measurement, RankedList
from rag_core.schema.once import once
from rag_core.schema.policy import Policy
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import Hit, Step, StepKind, StepName
from rag_core.schema.threshold import Threshold, clearing, relevance_space, to_relevance
from rag_core.schema.trace import Trace


def replay(measurement: Measurement, policy: Policy, clock: Clock = time.perf_counter) -> Trace:
    """The trace that this policy makes of what was measured.

    Raises UnscoredPairs if the policy's pool (or what its first pass reads) holds candidates that its reranker has not
    scored (and did not fail on), UnmeasuredSearch if it has an extra search that was not run, BadInput if it asks for
    a greater depth than was measured. `clock` gives seconds.
    """
    dense = _searched(StepName.DENSE, measurement.dense, measurement, policy)
    lexical = _searched(StepName.LEXICAL, measurement.lexical, measurement, policy)
    main_ended = max(dense.timing.ended_ms, lexical.timing.ended_ms)
    reworded, extra_searches = timeline(measurement, policy, main_ended)
    searches = (dense, lexical, *(step for run in extra_searches for step in run.steps))
    rewritten = reworded.timing.ended_ms if reworded else 0.0
    watch = Watch(clock, max(rewritten, *(step.timing.ended_ms for step in searches)))
    fused = _fused(measurement, policy, watch)
    from_first_pass = _from_first_pass(fused, measurement, policy, watch)
    reranked, report, pairs = _reranked(fused, from_first_pass, measurement, policy, watch)
    adjusted = _adjusted(fused, reranked, report.model, measurement, policy, watch)
    calibration = policy.calibration_of(report.model)
    relevance = to_relevance(reranked.hits, reranked.space, calibration)
    space = relevance_space(reranked.space, calibration)
    kept = _kept(adjusted, relevance, space, measurement.passages, policy, watch)
    return Trace(
        query=measurement.query,
        where=measurement.where,
        policy=policy,
        collection=measurement.collection,
        measured_at=measurement.measured_at,
        embed=measurement.embed,
        embedding=embedding_calls(measurement, policy),
        model_load_ms=measurement.model_load_ms,
        steps=(dense, lexical, fused, *([from_first_pass.step] if from_first_pass else []), reranked, adjusted, kept),
        first_pass_summary=from_first_pass.report if from_first_pass else None,
        rerank=report,
        terms=measurement.lexical.terms,
        first_pass_pairs=from_first_pass.pairs if from_first_pass else {},
        pairs=pairs,
        passages={
            hit.passage_id: measurement.passages[hit.passage_id] for step in (*searches, fused) for hit in step.hits
        },
        extra_searches=extra_searches,
        rewriting=reworded,
        best_probability=probability_of_best(reranked, report, policy),
    )


@once
def recut(trace: Trace, threshold: Threshold) -> Trace:
    """The trace under another threshold: only the last step is decided again, so no measurement is needed."""
    adjusted = trace.final_step
    policy = trace.policy.with_(threshold=threshold)
    watch = Watch(time.perf_counter, adjusted.timing.ended_ms)
    kept = _kept(adjusted, trace.relevance, trace.relevance_space, trace.passages, policy, watch)
    origin = trace.origin and trace.origin.with_(replayed=True)
    return trace.model_copy(
        update={"policy": policy, "steps": (*trace.steps[:-1], kept), "recorded_answer": None, "origin": origin}
    )


def _searched(name: StepName, search: RankedList, measurement: Measurement, policy: Policy) -> Step:
    if policy.depth > measurement.depth:
        raise BadInput(f"This query was measured to depth {measurement.depth}; measure it again for {policy.depth}.")
    if search.unavailable:
        return unavailable(name, search)
    space = space_of(name, search)
    found = search.found[: policy.depth]
    hits = tuple(Hit(passage_id=c, rank=rank, score=score) for rank, (c, score) in enumerate(found, start=1))
    nothing = (step_warnings.lexical if name == StepName.LEXICAL else step_warnings.dense)(search, measurement.where)
    warnings = (*nothing, *search.warnings, *step_warnings.ties(hits))
    if name != StepName.LEXICAL and space is ScoreSpace.COSINE:
        model = measurement.collection.embedding_model
        far = step_warnings.outside(hits, cutoffs_of(model), model)
        warnings = (*far, *warnings)
    return Step(
        name=name,
        kind=StepKind.SEARCH,
        space=space,
        hits=hits,
        hits_in=measurement.collection.passages,
        timing=search.timing,
        warnings=warnings,
    )


def _fused(measurement: Measurement, policy: Policy, watch: Watch) -> Step:
    """All lists fused; `hits_in` counts a passage as often as a list holds it. Or the engine's own list."""
    if policy.fused_by_engine:
        return engine_step(measurement, policy, watch.at(engine_list(measurement).timing))
    ranked = named_lists(measurement, policy)
    fused = rrf(ranked, list_weights(measurement, policy), policy.fusion.k)
    hits = tuple(Hit(passage_id=h.id, rank=r, score=h.score, parts=h.parts) for r, h in enumerate(fused, start=1))
    return Step(
        name=StepName.FUSED,
        kind=StepKind.FUSION,
        inputs=tuple(ranked),
        space=ScoreSpace.RRF,
        hits=hits,
        hits_in=sum(map(len, ranked.values())),
        timing=watch.lap(),
    )


def _head(fused: Step, policy: Policy) -> IncomingOrder:
    """What goes on from fusion."""
    return IncomingOrder(fused.name, fused.hits[: policy.reads], fused.space, "the fused order")


def _from_first_pass(fused: Step, measurement: Measurement, policy: Policy, watch: Watch) -> RerankResult | None:
    """The first pass over the head of the fused order, all of it; None where the policy has none."""
    first = policy.first_pass
    if first is None:
        return None
    came = _head(fused, policy)
    ids = [hit.passage_id for hit in came.hits]
    known = measurement.rerankings.get(first.reranker)
    reach = ReadDepth(len(ids), missing=tuple(unread(ids, known)))
    cost = known if reach.missing else own_share(known, ids)
    added = added_scores(measurement, first, ids)
    return rerank_step(StepName.FIRST_PASS, first.reranker, came, cost, reach, policy.pool, watch.add, added)


def _reranked(
    fused: Step, from_first_pass: RerankResult | None, measurement: Measurement, policy: Policy, watch: Watch
) -> RerankResult:
    """The policy's reranker over its pool: the head of the fused order, or the best of the first pass."""
    came = _head(fused, policy)
    known = measurement.rerankings.get(policy.reranker)
    if from_first_pass:
        step = from_first_pass.step
        called = came.called if from_first_pass.report.status == "failed" else "the first pass's order"
        came = IncomingOrder(step.name, step.hits[: policy.pool], step.space, called)
    ids = [hit.passage_id for hit in came.hits]
    reach = read_depth(ids, known, policy)
    if not reach.missing:
        once = policy.first_pass is not None and policy.first_pass.reranker == policy.reranker
        known = paid_before(known) if once else own_share(known, ids[: reach.read])
    return rerank_step(StepName.RERANKED, policy.reranker, came, known, reach, policy.top_k, watch.add)


def _adjusted(fused: Step, reranked: Step, model: str, measurement: Measurement, policy: Policy, watch: Watch) -> Step:
    """Relevance, calibrated where the policy says how, and signals beside it where they are on."""
    calibration = policy.calibration_of(model)
    relevance = to_relevance(reranked.hits, reranked.space, calibration)
    space = relevance_space(reranked.space, calibration)
    warnings = step_warnings.calibration(policy, model, bool(reranked.hits))
    if policy.signals.on:
        as_of = policy.signals.as_of or measurement.measured_at.date()
        total = sum(list_weights(measurement, policy).values())
        search = {hit.passage_id: _share(hit, policy, total) for hit in fused.hits}
        scaled = [(passage_id, _unit(score, space, policy.fusion.k, total)) for passage_id, score in relevance.items()]
        if policy.fused_by_engine and reranked.space is fused.space:  # no reranker ran
            scaled = [(passage_id, search[passage_id]) for passage_id in relevance]
        hits = tuple(adjust(scaled, search, measurement.passages, policy.signals, as_of))
        warnings = (*warnings, *(step_warnings.undated(hits, measurement.passages) if policy.signals.freshness else ()))
        space = ScoreSpace.COMBINED
    else:
        hits = tuple(
            Hit(passage_id=passage_id, rank=rank, score=score)
            for rank, (passage_id, score) in enumerate(relevance.items(), start=1)
        )
    return Step(
        name=StepName.ADJUSTED,
        kind=StepKind.ADJUST,
        inputs=(reranked.name,),
        space=space,
        hits=hits,
        hits_in=len(reranked.hits),
        timing=watch.lap(),
        warnings=warnings,
    )


def _share(hit: Hit, policy: Policy, total: float) -> float:
    """A fused score as a share of the best possible one. The engine's own scores have no best one: its list counts by
    its ranks, as one list alone would."""
    if policy.fused_by_engine:
        return (policy.fusion.k + 1) / (policy.fusion.k + hit.rank)
    return _unit(hit.score, ScoreSpace.RRF, policy.fusion.k, total)


def _unit(score: float, space: ScoreSpace, k: int, total: float) -> float:
    """Relevance on 0..1 for the weighted sum. RRF becomes its share of the best sum; `total`: all weights."""
    if space is ScoreSpace.RRF:
        return score * (k + 1) / max(total, 1e-9)
    return min(1.0, max(0.0, score))


def _kept(
    adjusted: Step, relevance: Mapping[str, float], space: ScoreSpace, passages: Mapping[str, Passage], policy: Policy,
    watch: Watch,
) -> Step:  # fmt: skip
    """What is at or over the threshold, cut to the top k, with the adjusted step's scores."""
    left = clearing(policy.threshold, space, relevance)
    over = [hit for hit in adjusted.hits if hit.passage_id in left]
    hits = tuple(hit.model_copy(update={"rank": rank}) for rank, hit in enumerate(over[: policy.top_k], start=1))
    warnings = (
        *step_warnings.threshold(policy.threshold, space),
        *step_warnings.near_duplicates([passages[hit.passage_id].text for hit in hits]),
    )
    return Step(
        name=StepName.KEPT,
        kind=StepKind.SELECT,
        inputs=(adjusted.name,),
        space=adjusted.space,
        hits=hits,
        hits_in=len(adjusted.hits),
        timing=watch.lap(),
        warnings=warnings,
    )
