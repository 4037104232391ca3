"""What is known of a passage past the ends of the search lists, in words."""

from __future__ import annotations

from rag_core.diagnosis.reasons import Deeper, PastDense
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import StepName
from rag_core.wording.numbers import ordinal, score_number, score_text


def deeper(note: Deeper) -> str:
    """`Lexical search has it 130th (bm25 2.1); this run takes its first 100.`"""
    at, score = note.at, ""
    if at.score is not None and at.space is not ScoreSpace.UNKNOWN:
        score = f" ({score_text(at.score, at.space)})"
    name = "The index's own fusion" if at.step == StepName.FUSED else f"{at.step.capitalize()} search"
    taken = (
        "the index's own fusion reads no list of this run"
        if note.depth is None
        else f"this run takes its first {note.depth}"
    )
    return f"{name} has it {ordinal(at.rank or 0)}{score}; {taken}."


def past_dense(note: PastDense) -> str:
    """Whether dense search may have missed it, and what its own score says of that."""
    if not note.how:
        return f"It is below rank {note.asked} of dense search, the deepest that is asked for.{_beside(note)}"
    approximate = f"Dense search is approximate here ({note.how})"
    if note.own is None:
        return f"{approximate}: it may have missed this passage, which cannot be told. {note.unread}".strip()
    if note.end is None or note.returned < note.asked:
        return (
            f"The approximate index missed it: the passage's own {_own(note)} counts, but dense search returned only "
            f"{note.returned} of the {note.asked} that it was asked for ({note.how})."
        )
    above, under = ("below", "above") if note.end.space.lower_is_better else ("above", "below")
    last = score_number(note.end.score, note.end.space)
    if note.missed is None:
        return (
            f"{approximate}. The passage's own {_own(note)} is that of rank {note.returned}, {last}, to within "
            "rounding: whether the index missed it cannot be told."
        )
    if note.missed:
        return (
            f"The passage's own {_own(note)} is {above} that of rank {note.returned}, {last}: the approximate index "
            f"missed it ({note.how}). {note.nearer} of the {note.returned} returned are nearer."
        )
    return (
        f"{approximate}, but the passage's own {_own(note)} is {under} that of rank {note.returned}, {last}: it is "
        f"below rank {note.asked} of an exact search too."
    )


def _own(note: PastDense) -> str:
    return score_text(note.own.score, note.own.space) if note.own else ""


def _beside(note: PastDense) -> str:
    if note.own is None or note.end is None:
        return ""
    end = score_text(note.end.score, note.end.space)
    return f" The list ends at {end}, the passage's own score is {score_number(note.own.score, note.own.space)}."
