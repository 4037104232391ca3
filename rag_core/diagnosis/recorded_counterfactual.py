"""What would have kept a document in another pipeline's run, as far as its recorded lists say."""

from __future__ import annotations

from rag_core.diagnosis.counterfactuals import Change, Counterfactual, Obstacle, Place, WhatIf
from rag_core.diagnosis.verdicts import Diagnosis, Verdict
from rag_core.schema.policy import MOST_KEPT
from rag_core.schema.steps import Step
from rag_core.schema.trace import Trace
from rag_core.schema.trace_steps import first_of
from rag_core.wording.numbers import title_of


def what_would_keep_in_run(trace: Trace, diagnosis: Diagnosis) -> WhatIf:
    """A larger top-k where the document is further down the list that was cut; else why it cannot be told.

    Nothing is found where its place in that list is not known: a score that nobody recorded is not made up.
    """
    if diagnosis.verdict is Verdict.KEPT:
        return WhatIf(kept=True)
    lists = [one for one in trace.reads(trace.kept_step) if diagnosis.passage_id in one.by_passage]
    if not diagnosis.lost or not diagnosis.passage_id or not lists:
        return WhatIf(obstacle=_obstacle(trace, diagnosis))
    listed = min(lists, key=lambda one: one.by_passage[diagnosis.passage_id or ""].rank)
    rank = listed.by_passage[diagnosis.passage_id].rank
    if not first_of(trace.kept_step, listed) or not 0 < len(trace.kept_step.hits) < rank <= MOST_KEPT:
        return WhatIf(obstacle=Obstacle(kind="unordered", step=listed.name))
    return WhatIf(found=(_larger_top_k(trace, listed, rank),))


def _larger_top_k(trace: Trace, listed: Step, rank: int) -> Counterfactual:
    """Keeping the list down to that rank."""
    kept = len(trace.kept_step.hits)
    between = listed.hits[kept : rank - 1]
    return Counterfactual(
        changes=(Change(setting="top_k", before=kept, after=rank),),
        policy=trace.policy.with_(top_k=rank),
        size=(rank - kept) / MOST_KEPT,
        rank=rank,
        score=None,
        of=listed.name,
        entered=tuple(
            Place(passage_id=hit.passage_id, title=title_of(trace.passages[hit.passage_id]), rank=hit.rank)
            for hit in between
        ),
    )


def _obstacle(trace: Trace, diagnosis: Diagnosis) -> Obstacle:
    """Why no change is known that keeps it."""
    if not diagnosis.lost:
        return Obstacle(kind="unknown")
    if diagnosis.verdict is Verdict.MISSED:
        return Obstacle(kind="missed")
    if diagnosis.after and diagnosis.after.step == trace.reranked_step.name and not diagnosis.after.rank:
        return Obstacle(kind="unscored", step=diagnosis.after.step)
    return Obstacle(kind="not-listed")
