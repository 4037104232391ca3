"""What would have kept a document in another pipeline's run, as far as its recorded lists say."""

from __future__ import annotations

from rag_core.diagnosis.counterfactuals import Change, Counterfactual, Place, WhatIf
from rag_core.diagnosis.recorded_path import in_order, reads_of
from rag_core.diagnosis.verdicts import Diagnosis, Verdict
from rag_core.schema.steps import Step
from rag_core.schema.trace import Trace
from rag_core.wording.numbers import count_of, ordinal, title_of

MOST = 100
"""The largest top-k of a policy."""


def what_would_keep_in_run(trace: Trace, diagnosis: Diagnosis) -> WhatIf:
    """A larger top-k where the document is further down the list that was cut; else why it cannot be told.

    Nothing is found where its place in that list is not known: a score that nobody recorded is not made up.
    """
    if diagnosis.verdict is Verdict.KEPT:
        return WhatIf(found=(), unscored=0, sentence="It is kept already.")
    lists = reads_of(trace, trace.kept_step)
    hits = {one.name: one.by_passage[diagnosis.passage_id] for one in lists if diagnosis.passage_id in one.by_passage}
    if not diagnosis.lost or not diagnosis.passage_id or not hits:
        return WhatIf(found=(), unscored=0, sentence=_unknown(trace, diagnosis))
    name, rank = min(((name, hit.rank) for name, hit in hits.items()), key=lambda one: one[1])
    if not in_order(trace) or rank > MOST:
        return WhatIf(found=(), unscored=0, sentence=f"What is kept is not simply the first of {name}.")
    found = _larger_top_k(trace, next(one for one in lists if one.name == name), rank)
    return WhatIf(found=(found,), unscored=0, sentence=found.sentence)


def _larger_top_k(trace: Trace, listed: Step, rank: int) -> Counterfactual:
    """Keeping the list down to that rank."""
    kept = len(trace.kept_step.hits)
    between = listed.hits[kept : rank - 1]
    others = f" It also brings in {count_of(len(between), 'other passage')}." if between else ""
    return Counterfactual(
        changes=(Change(setting="top_k", label="Top-k", before=str(kept), after=str(rank)),),
        policy=trace.policy.with_(top_k=rank),
        size=(rank - kept) / MOST,
        rank=rank,
        entered=tuple(
            Place(passage_id=hit.passage_id, title=title_of(trace.passages[hit.passage_id]), rank=hit.rank)
            for hit in between
        ),
        sentence=f"Keeping the first {rank} of {listed.name} instead of {kept} keeps it, {ordinal(rank)}.{others}",
    )


def _unknown(trace: Trace, diagnosis: Diagnosis) -> str:
    """Why no change is known that keeps it."""
    if not diagnosis.lost:
        return "That cannot be told from this run."
    if diagnosis.verdict is Verdict.MISSED:
        return "No later step can keep what no search finds."
    if diagnosis.after and diagnosis.after.step == trace.reranked_step.name and not diagnosis.after.rank:
        return f"Its score by {diagnosis.after.step} was not recorded; another reranker can score it."
    return "That cannot be told from this run: it is not in the list that was cut."
