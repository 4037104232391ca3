"""Whether a run is right, where it is known which documents answer its question."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from rag_core.schema.trace import Trace
from rag_core.wording.numbers import count_of, ordinal, title_of
from rag_core.wording.outcomes import outcome_text


class KnownAnswer(NamedTuple):
    """Whether a run is right, and the sentence that says so. `lost`: the id of the document that answers the question
    and is not kept, "" for none."""

    right: bool
    sentence: str
    lost: str = ""


def known_answer(trace: Trace, grades: Mapping[str, int]) -> KnownAnswer:
    """Right or wrong by the grades of documents, and where the best graded document stood before and after reranking.

    grades: document id -> grade; empty for a question that no document answers. A document stands where its first
    passage stands.
    """
    if not any(grades.values()):
        kept = len(trace.kept_step.hits)
        if not kept:
            return KnownAnswer(True, "Right: no document answers this question, and nothing is kept.")
        passed = count_of(kept, "passage")
        return KnownAnswer(False, f"Wrong: no document answers this question, but {passed} passed the threshold.")
    best = {document for document, grade in grades.items() if grade == max(grades.values())}
    before = _first(trace, trace.fused_step.name, best)
    if before is None:
        return KnownAnswer(False, "Wrong: no search found the document that answers this question.", min(best))
    was = f"{ordinal(before[0])} before reranking"
    if kept_at := _first(trace, trace.kept_step.name, best):
        title = title_of(trace.passages[kept_at[1]])
        return KnownAnswer(True, f"Right: “{title}” answers it and is kept {ordinal(kept_at[0])} ({was}).")
    after = _first(trace, trace.final_step.name, best)
    rank, passage_id = after or before
    now = f", {ordinal(rank)} after" if after else ""
    outcome = outcome_text(trace, trace.outcome(passage_id))
    lost = trace.passages[passage_id]
    told = f"Wrong: “{title_of(lost)}” answers it, but is not kept: {was}{now}, {outcome}."
    return KnownAnswer(False, told, lost.document_id)


def _first(trace: Trace, step: str, documents: set[str]) -> tuple[int, str] | None:
    """Rank and id of a step's first passage of these documents."""
    hits = trace[step].hits
    return next(
        ((hit.rank, hit.passage_id) for hit in hits if trace.passages[hit.passage_id].document_id in documents), None
    )
