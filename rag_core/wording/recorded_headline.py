"""What happened in another pipeline's run, in one generated sentence. Every figure in it was recorded."""

from __future__ import annotations

from rag_core.analysis.latency import duration
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import Evidence, StepKind, StepName
from rag_core.schema.trace import Trace
from rag_core.wording.numbers import count_of, ordinal, score_text, title_of

NAMELESS = (ScoreSpace.RANK, ScoreSpace.UNKNOWN)
"""Spaces whose scores say nothing by themselves."""


def recorded_headline(trace: Trace) -> str:
    """What its reranker moved, how many passages were kept, the first one's score where its kind is known, the time."""
    if not trace.passages:
        return " ".join(
            filter(None, (f"{trace.collection.name} recorded no passages for this question.", _time(trace)))
        )
    return " ".join(filter(None, (_movement(trace), _kept(trace), _time(trace))))


def _movement(trace: Trace) -> str:
    """The biggest climb of what is kept, from the first list that has all candidates to the last reranker's."""
    last = trace.reranked_step
    if last.kind is not StepKind.RERANK:
        rerankers = [one.name for one in trace.of_kind(StepKind.RERANK)]
        if rerankers:
            return f"This is the order of {last.name}; before it or beside it, {' and '.join(rerankers)} reranked."
        return f"No reranker was recorded: this is the order of {last.name}."
    before = trace.fused_step.by_passage
    kept = [hit for hit in last.hits if hit.passage_id in trace.kept_step.by_passage]
    climbs = [(before[hit.passage_id].rank - hit.rank, hit) for hit in kept if hit.passage_id in before]
    if last is trace.fused_step or not climbs:
        by = "was reranked" if last.name == StepName.RERANKED else f"{last.name} reranked"
        return f"What {by} was not recorded."
    name = "Reranking" if last.name == StepName.RERANKED else f"{last.name[:1].upper()}{last.name[1:]}"
    climb, hit = max(climbs, key=lambda pair: (pair[0], -pair[1].rank))
    if climb <= 0:
        return f"{name} moved none of the kept passages up."
    was = ordinal(before[hit.passage_id].rank)
    return f"{name} moved “{title_of(trace.passages[hit.passage_id])}” from {was} to {ordinal(hit.rank)}."


def _kept(trace: Trace) -> str:
    """How many passages were kept, and the first one's score."""
    hits, space = trace.kept_step.hits, trace.kept_step.space
    replayed = trace.origin is not None and trace.origin.replayed
    told = f"{count_of(len(hits), 'passage')} {'would be kept' if replayed else 'kept'}"
    if trace.kept_step.evidence is Evidence.INFERRED:
        told += " (worked out, not recorded)"
    return (
        f"{told}." if not hits or space in NAMELESS else f"{told}, the first with {score_text(hits[0].score, space)}."
    )


def _time(trace: Trace) -> str:
    return f"{duration(trace.took_ms)}." if trace.timed else ""
