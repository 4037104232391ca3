"""The verdict on a run of another pipeline, in plain sentences; its steps have the names that they have there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rag_core.diagnosis.run_facts import (
    Absence,
    ByStep,
    Doubt,
    Gap,
    Missing,
    OpenQuestion,
    Returned,
    RunKept,
    RunLeftOut,
    RunMissed,
    RunMoved,
    RunNotCited,
    RunNotReturned,
    RunNotSelected,
    RunReached,
    RunUnknown,
)
from rag_core.schema.trace_record import RankAtStep
from rag_core.wording.numbers import count_of, nearest_titles, ordinal, score_number, score_text
from rag_core.wording.recorded_headline import NAMELESS


def to_record(gap: Gap) -> str:
    """What the pipeline has to record, in words that say how."""
    return _TO_RECORD[gap.missing].format(step=gap.step)


def why_above(reason: ByStep) -> str:
    """A rival's score against ours where both have one, and where it came from."""
    score = "" if reason.space in NAMELESS else score_text(reason.theirs, reason.space)
    if score and reason.ours is not None:
        score += f" against {score_number(reason.ours, reason.space)}"
    came = f"not in {reason.before}" if reason.came_from is None else f"{ordinal(reason.came_from)} in {reason.before}"
    return "; ".join(part for part in (score, came) if part)


def left_open(note: OpenQuestion) -> str:
    """What the run leaves open."""
    return _OPEN[note.doubt]


def _absent(absence: Absence) -> str:
    return _ABSENT[absence.kind](absence)


def _no_document(absence: Absence) -> str:
    said = f"None of the {count_of(absence.passages, 'passage')} of this run belongs to “{absence.name}”."
    return " ".join(filter(None, (said, nearest_titles(absence.nearest))))


def _missed(facts: RunMissed) -> str:
    sizes = ", ".join(f"{one.step} returned {_passages(one)}" for one in facts.searches)
    return f"{_absent(facts.absence)} No search of this run found it: {sizes}."


def _unknown(facts: RunUnknown) -> str:
    return f"{_absent(facts.absence)} {_unrecorded(facts.gaps)}"


def _unrecorded(gaps: Sequence[Gap]) -> str:
    return " ".join(_UNRECORDED[gap.missing].format(step=gap.step) for gap in gaps)


def _reached(facts: RunReached) -> str:
    return f"“{facts.title}” was {_of(facts.last)}. {_unrecorded(facts.gaps)}"


def _left_out(facts: RunLeftOut) -> str:
    before, by = facts.before, facts.by
    return f"“{facts.title}” was {_at(before)} in {before.step}; {by.step} left it out of its {_passages(by)}."


def _not_returned(facts: RunNotReturned) -> str:
    read = f", so {facts.unread_by} did not read it" if facts.unread_by else ""
    return (
        f"“{facts.title}” was {_of(facts.before)}; {facts.by.step} returned {_passages(facts.by)} and not this one"
        f"{read}."
    )


def _moved(facts: RunMoved) -> str:
    before, after = facts.before, facts.after
    return (
        f"“{facts.title}” was {_at(before)} in {before.step}; {after.step} moved it to {_at(after)}, "
        f"and only {_first(facts.kept)} kept."
    )


def _not_selected(facts: RunNotSelected) -> str:
    place = f"“{facts.title}” was {_of(facts.before)}"
    if not facts.by.passages:
        return f"{place}; {facts.by.step} kept nothing."
    if facts.first:
        return f"{place}; only {_first(facts.by.passages)} kept."
    return f"{place}; {facts.by.step} kept {_passages(facts.by)} and not this one."


def _not_cited(facts: RunNotCited) -> str:
    return f"“{facts.title}” was given to the answer as passage {facts.rank}, but the answer does not cite it."


def _kept(facts: RunKept) -> str:
    return f"“{facts.title}” was not lost: it was kept {_at(facts.kept)} of {facts.kept.of}."


def _passages(returned: Returned) -> str:
    return count_of(returned.passages, "passage")


def _first(k: int) -> str:
    return "the first was" if k == 1 else f"the first {k} were"


def _of(at: RankAtStep) -> str:
    """`3rd (logit 1.20) of 7 in fusion`."""
    return f"{_at(at)} of {at.of} in {at.step}"


def _at(at: RankAtStep) -> str:
    """`3rd (logit 1.20)`; the rank alone where the score's kind is not known."""
    if at.rank is None or at.score is None:
        return "not ranked"
    return ordinal(at.rank) if at.space in NAMELESS else f"{ordinal(at.rank)} ({score_text(at.score, at.space)})"


_ABSENT: dict[str, Callable[[Absence], str]] = {
    "no-list": lambda absence: f"“{absence.name}” is in no list of this run.",
    "no-words": lambda absence: f"No recorded passage of “{absence.name}” has these words.",
    "no-document": _no_document,
}
RUN_WORDS: dict[type, Callable[[Any], str]] = {
    RunMissed: _missed,
    RunUnknown: _unknown,
    RunReached: _reached,
    RunLeftOut: _left_out,
    RunNotReturned: _not_returned,
    RunMoved: _moved,
    RunNotSelected: _not_selected,
    RunNotCited: _not_cited,
    RunKept: _kept,
}
"""The sentence of each kind of facts."""

_OPEN: dict[Doubt, str] = {
    Doubt.INDEX: "Whether the index of that pipeline has it cannot be told from a run.",
    Doubt.SPLIT: "Chunking may have split these words between two passages.",
    Doubt.READ: "It returned exactly the first passages of that list, so it may not have read this one.",
    Doubt.CUT: "Whether a top-k or a threshold cut it was not recorded.",
}
_UNRECORDED: dict[Missing, str] = {
    Missing.KEPT: "What was kept for the answer was not recorded, so whether it was used cannot be told.",
    Missing.SEARCHES: "The searches behind {step} were not all recorded, so which step lost it cannot be told.",
    Missing.INPUT: "What {step} read was not recorded, so which step lost it cannot be told.",
    Missing.READER: "Which step read {step} was not recorded, so what became of it cannot be told.",
    Missing.IDS: "The recorded passages have no ids and no titles, so whether one of them is of it cannot be told.",
    Missing.TEXTS: "Texts were not recorded, so which passage has these words cannot be told.",
}
_TO_RECORD: dict[Missing, str] = {
    Missing.KEPT: "Record the passages that go on to the answer: `run.keep(...)`, or a step of the kind `select`.",
    Missing.SEARCHES: "Record every search that {step} reads: `run.search(...)`, and name them in its `inputs`.",
    Missing.INPUT: "Record the list that {step} reads, and name it in its `inputs`.",
    Missing.READER: "Name {step} in the `inputs` of the step that reads it.",
    Missing.IDS: "Record a `document_id` or a `title` with each passage.",
    Missing.TEXTS: "Record the texts of the passages.",
}
