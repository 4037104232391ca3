"""`replay_run(trace, change) -> Trace`: a recorded run under other settings, as arithmetic on what it recorded.
The steps before the last reranker stay as they are (a new fusion takes the fused list's place); the reranked and the
kept list follow from them. No model runs here: the scores of another reranker are `score_run`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rag_core.errors import BadInput
from rag_core.pipeline import step_warnings
from rag_core.pipeline.early_stopping import ReadDepth
from rag_core.pipeline.rerank_step import IncomingOrder, own_share, rerank_step
from rag_core.rerank.catalogue import CATALOGUE
from rag_core.rerank.registry import listed_entries
from rag_core.retrieval.fusion import rrf
from rag_core.runs.replaying.changes import RunChange
from rag_core.runs.replaying.obstacles import Control, Obstacle, candidates_of, lists_of, obstacles
from rag_core.runs.sent import unique_name
from rag_core.schema.measurement import RerankerScores
from rag_core.schema.policy import FULL_DEPTH, MOST_KEPT, NO_RERANKER
from rag_core.schema.rerank_summary import RerankSummary
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import Hit, PairScore, Step, StepKind, StepName, StepWarning, Timing
from rag_core.schema.threshold import Threshold, can_cut_recorded, clearing, relevance_space, to_relevance
from rag_core.schema.trace import Trace
from rag_core.wording.run_replays import why_not


class _Order(NamedTuple):
    """The steps before the cut: all of them, the reranked one, the one that is cut, and the reranker's report."""

    steps: tuple[Step, ...]
    reranked: Step
    final: Step
    report: RerankSummary
    pairs: dict[str, PairScore]


def replay_run(trace: Trace, change: RunChange, scores: RerankerScores | None = None) -> Trace:
    """The run as it would have gone under the change; the run itself where nothing changes.

    scores: of the changed reranker, for every candidate with a text. Raises BadInput for a setting that cannot be
    replayed (`obstacles` names them), and where scores are missing.
    """
    _check(trace, change)
    if change == RunChange():
        return trace
    order = _reordered(trace, change, scores) if change.reorders else _as_recorded(trace)
    _check_threshold(trace, change.threshold, order)
    top_k = change.top_k or len(trace.kept_step.hits)
    kept = _kept(trace, order, change.threshold, top_k)
    policy = trace.policy.with_(
        reranker=change.reranker or trace.policy.reranker,
        pool=min(change.pool or trace.policy.pool, 2 * FULL_DEPTH),
        fusion=change.fusion() if change.fuses else trace.policy.fusion,
        threshold=change.threshold,
        top_k=min(top_k, MOST_KEPT),
    )
    return trace.model_copy(
        update={
            "policy": policy,
            "steps": (*order.steps, kept),
            "rerank": order.report,
            "pairs": order.pairs,
            "recorded_answer": None,
            "origin": trace.origin and trace.origin.with_(replayed=True),
        }
    )


def _check(trace: Trace, change: RunChange) -> None:
    if trace.origin is None:
        raise BadInput("This run is of Second Pass itself. Replay its measurement (`rag_core.pipeline.replay`).")
    asked = {
        Control.RERANKER: change.reranker,
        Control.POOL: change.pool,
        Control.FUSION: change.fuses or None,
        Control.THRESHOLD: change.threshold.minimum,
        Control.TOP_K: change.top_k,
    }
    found = obstacles(trace, change.reranker)
    for control, value in asked.items():
        if value is not None and control in found:
            raise BadInput(f"The setting {control} cannot be replayed. {why_not(found[control], trace)}")
    if not trace.kept_step.hits and not change.top_k and change != RunChange():
        raise BadInput("The recorded run kept nothing, so how many it would keep is not known. Choose a top-k.")


def _check_threshold(trace: Trace, threshold: Threshold, order: _Order) -> None:
    """Raises BadInput for a threshold that does not cut the scores of this order."""
    space = _space_of(order)
    if threshold.minimum is None or order.report.status == "failed":
        return
    if not can_cut_recorded(space):
        raise BadInput(f"The setting threshold cannot be replayed. {why_not(Obstacle.RANKS, trace)}")
    if threshold.space is not space:
        raise BadInput(
            f"The threshold is for {threshold.space} scores; these are {space}. Give one for {space} scores."
        )


def _check_scores(reranker: str, scores: RerankerScores | None) -> None:
    """Raises BadInput where the scores are missing, or of another kind than this reranker gives."""
    if reranker == NO_RERANKER:
        return
    if scores is None:
        raise BadInput(f"{reranker} has not scored this run. Score it first (`score_run`).")
    entry = CATALOGUE.get(reranker) or listed_entries().get(reranker)
    if entry and entry.space is not scores.space:
        raise BadInput(
            f"These scores are not of {reranker}: they are {scores.space}, and it gives {entry.space}. "
            "Give the scores that `score_run` returned for it."
        )


def _as_recorded(trace: Trace) -> _Order:
    return _Order(trace.steps[:-1], trace.reranked_step, trace.final_step, trace.rerank, trace.pairs)


def _reordered(trace: Trace, change: RunChange, scores: RerankerScores | None) -> _Order:
    """The order that the change makes of the recorded candidates."""
    candidates = candidates_of(trace)
    before = trace.steps[: trace.steps.index(candidates) + 1]
    if trace.reranked_step.kind is StepKind.RERANK and trace.reranked_step is not candidates:
        before = trace.steps[: trace.steps.index(trace.reranked_step)]
    came = candidates
    if change.fuses:
        came = _fused(trace, change)
        before = tuple(came if one is candidates else one for one in before)
    pool = came.hits[: change.pool or len(candidates.hits)]
    if change.reranker:
        return _scored(trace, change, before, came, pool, scores)
    if trace.reranked_step is candidates:  # nothing reranked them: the pool is the order
        cut = came.model_copy(update={"hits": tuple(pool)})
        return _Order((*before[:-1], cut), cut, cut, trace.rerank, {})
    reranked = _by_recorded_scores(trace, came, pool)
    return _Order((*before, reranked), reranked, reranked, trace.rerank, {})


def _fused(trace: Trace, change: RunChange) -> Step:
    """The recorded searches fused again."""
    lists = {one.name: [hit.passage_id for hit in one.hits] for one in lists_of(trace)}
    weights, k = dict.fromkeys(lists, 1.0) | (change.weights or {}), change.fusion().k
    if unknown := weights.keys() - lists.keys():
        raise BadInput(f"The fusion reads no search called {', '.join(sorted(unknown))}. It reads {', '.join(lists)}.")
    fused = rrf(lists, weights, k)
    said = ", ".join(f"{name} {weight:g}" for name, weight in weights.items())
    note = (
        f"These lists are fused here by reciprocal ranks (k {k}; weights {said}); the recorded fusion may have used "
        "another method."
    )
    return trace.fused_step.model_copy(
        update={
            "space": ScoreSpace.RRF,
            "hits": tuple(Hit(passage_id=h.id, rank=r, score=h.score, parts=h.parts) for r, h in enumerate(fused, 1)),
            "timed": False,
            "warnings": (StepWarning(code="fused-here", message=note),),
        }
    )


def _scored(
    trace: Trace, change: RunChange, before: Sequence[Step], came: Step, pool: Sequence[Hit],
    scores: RerankerScores | None,
) -> _Order:  # fmt: skip
    """The pool in the order of another reranker's scores; a candidate without a text is left out."""
    off = change.reranker == NO_RERANKER
    _check_scores(change.reranker or "", scores)
    read = [hit for hit in pool if off or trace.passages[hit.passage_id].text]
    missing = tuple(hit.passage_id for hit in read if scores and hit.passage_id not in scores.pairs)
    known = None if off else own_share(scores, [hit.passage_id for hit in read])
    incoming = IncomingOrder(came.name, read, came.space, f"the order of {came.name}")
    reach = ReadDepth(len(read) - len(missing), missing=missing)
    top_k = change.top_k or len(trace.kept_step.hits)
    step, report, pairs = rerank_step(
        StepName.RERANKED, change.reranker or "", incoming, known, reach, top_k, lambda timing: timing
    )
    notes = _left_out(len(pool) - len(read), "no recorded text")
    ended = max(one.timing.ended_ms for one in before)
    step = step.model_copy(
        update={
            "name": unique_name(change.reranker or "", {one.name for one in (*before, trace.kept_step)}),
            "model": report.model,
            "timing": step.timing.with_(started_ms=ended),
            "warnings": (*step.warnings, *notes, *_without_rules(trace)),
        }
    )
    return _Order((*before, step), step, step, report, pairs)


def _by_recorded_scores(trace: Trace, came: Step, pool: Sequence[Hit]) -> Step:
    """The recorded reranker's order of a smaller or another pool."""
    ids = {hit.passage_id for hit in pool}
    hits = _ranked([hit for hit in trace.reranked_step.hits if hit.passage_id in ids])
    notes = _left_out(len(ids) - len(hits), "no recorded score")
    recorded = trace.reranked_step
    return recorded.model_copy(
        update={"inputs": (came.name,), "hits": hits, "hits_in": len(pool), "warnings": (*recorded.warnings, *notes)}
    )


def _kept(trace: Trace, order: _Order, threshold: Threshold, top_k: int) -> Step:
    """What is at or over the threshold, cut to the top k."""
    space, reranked = _space_of(order), order.reranked
    judged = reranked.space if order.pairs else ScoreSpace.UNKNOWN  # whose scores are taken as they are
    left = clearing(threshold, space, to_relevance(reranked.hits, judged))
    hits = _ranked([hit for hit in order.final.hits if hit.passage_id in left])[:top_k]
    missing = tuple(one for one in trace.kept_step.warnings if one.code == "text-missing")
    return Step(
        name=trace.kept_step.name,
        kind=StepKind.SELECT,
        inputs=(order.final.name,),
        space=order.final.space,
        hits=hits,
        hits_in=len(order.final.hits),
        timing=Timing(started_ms=max(one.timing.ended_ms for one in order.steps)),
        timed=False,
        warnings=(
            *step_warnings.threshold(threshold, space),
            *step_warnings.near_duplicates([text for hit in hits if (text := trace.passages[hit.passage_id].text)]),
            *missing,
        ),
    )


def _space_of(order: _Order) -> ScoreSpace:
    """The space that a threshold cuts in: logits that were recorded stay what they are, those made here are judged."""
    return relevance_space(order.reranked.space) if order.pairs else order.reranked.space


def _ranked(hits: Sequence[Hit]) -> tuple[Hit, ...]:
    """The hits with their ranks counted again."""
    return tuple(hit.model_copy(update={"rank": rank}) for rank, hit in enumerate(hits, start=1))


def _left_out(number: int, why: str) -> tuple[StepWarning, ...]:
    if not number:
        return ()
    said = f"{number} of the candidates {'has' if number == 1 else 'have'} {why} and {'is' if number == 1 else 'are'}"
    return (StepWarning(code="left-out", message=f"{said} left out."),)


def _without_rules(trace: Trace) -> tuple[StepWarning, ...]:
    """A note where rules reordered the recorded run after its reranker."""
    if trace.final_step.kind is not StepKind.ADJUST:
        return ()
    said = f"{trace.final_step.name} is left out: the rules that it reorders by were not recorded."
    return (StepWarning(code="rules-left-out", message=said),)
