"""The verdict on a run of another pipeline, in plain sentences; its steps have the names that they have there."""

from __future__ import annotations

from collections.abc import Callable

from rag_core.diagnosis.expected import Location
from rag_core.diagnosis.recorded_path import Ending, Gap, Missing, in_order, reads_of
from rag_core.diagnosis.verdicts import Verdict
from rag_core.schema.steps import Hit, Step, StepKind
from rag_core.schema.trace import Trace
from rag_core.wording.numbers import count_of, ordinal, score_number, score_text, title_of
from rag_core.wording.recorded_headline import NAMELESS


def recorded_sentence(found: Ending, trace: Trace, location: Location, passage_id: str | None) -> str:
    """The verdict in words. passage_id: the expected passage that came furthest; None where the run has none."""
    if passage_id is None:
        return f"{_absent(trace, location)} {_WITHOUT_A_PASSAGE[found.verdict](found, trace)}".strip()
    return f"“{title_of(trace.passages[passage_id])}” {_OF_PASSAGE[found.verdict](found, trace, passage_id)}"


def to_record(gap: Gap) -> str:
    """What the pipeline has to record, in words that say how."""
    return _TO_RECORD[gap.missing].format(step=gap.step)


def notes_on(found: Ending, trace: Trace, location: Location, passage_id: str | None) -> tuple[str, ...]:
    """What else a reader must know of the verdict."""
    notes = []
    if found.verdict is Verdict.MISSED and passage_id is None:
        notes.append("Whether the index of that pipeline has it cannot be told from a run.")
    if found.verdict is Verdict.MISSED and location.expected.quote and location.in_corpus:
        notes.append("Chunking may have split these words between two passages.")
    if found.verdict in (Verdict.NOT_RETURNED, Verdict.CUT_BY_FIRST_PASS) and _only_the_first(found):
        notes.append("It returned exactly the first passages of that list, so it may not have read this one.")
    if found.verdict is Verdict.NOT_SELECTED and in_order(trace) and trace.kept_step.hits:
        notes.append("Whether a top-k or a threshold cut it was not recorded.")
    return tuple(notes)


def why_above(found: Ending, hit: Hit, passage_id: str) -> str:
    """A rival's score against ours where both have one, and where it came from."""
    assert found.step is not None and found.before is not None
    ours, came = found.step.by_passage.get(passage_id), found.before.by_passage.get(hit.passage_id)
    score = "" if found.step.space in NAMELESS else score_text(hit.score, found.step.space)
    if score and ours:
        score += f" against {score_number(ours.score, found.step.space)}"
    parts = [score, f"{ordinal(came.rank)} in {found.before.name}" if came else f"not in {found.before.name}"]
    return "; ".join(part for part in parts if part)


def _absent(trace: Trace, location: Location) -> str:
    recorded = count_of(len(trace.passages), "passage")
    if location.passages:
        return f"“{location.title}” is in no list of this run."
    if location.in_corpus:
        return f"No recorded passage of “{location.title}” has these words."
    near = ", ".join(f"“{one.title}”" for one in location.nearest[:3])
    said = f"None of the {recorded} of this run belongs to “{location.expected.document}”."
    return f"{said} The nearest titles are {near}." if near else said


def _sizes(found: Ending, trace: Trace) -> str:
    """What each search returned."""
    searches = trace.of_kind(StepKind.SEARCH) or ((found.step,) if found.step else ())
    return ", ".join(f"{one.name} returned {count_of(len(one.hits), 'passage')}" for one in searches)


def _missed(found: Ending, trace: Trace) -> str:
    return f"No search of this run found it: {_sizes(found, trace)}."


def _cannot_tell(found: Ending, _trace: Trace) -> str:
    return " ".join(f"{_UNRECORDED[gap.missing].format(step=gap.step)}" for gap in found.gaps)


def _kept(found: Ending, _trace: Trace, passage_id: str) -> str:
    assert found.step is not None
    return f"was not lost: it was kept {_at(found.step, passage_id)} of {len(found.step.hits)}."


def _not_cited(found: Ending, _trace: Trace, passage_id: str) -> str:
    assert found.step is not None
    return (
        f"was given to the answer as passage {found.step.by_passage[passage_id].rank}, but the answer does not cite it."
    )


def _reached(found: Ending, trace: Trace, passage_id: str) -> str:
    last = [step for step in trace.steps if passage_id in step.by_passage][-1]
    last = found.before or last
    return f"was {_at(last, passage_id)} of {len(last.hits)} in {last.name}. {_cannot_tell(found, trace)}"


def _dropped(found: Ending, _trace: Trace, passage_id: str) -> str:
    assert found.step is not None and found.before is not None
    kept = count_of(len(found.step.hits), "passage")
    return f"was {_at(found.before, passage_id)} in {found.before.name}; {found.step.name} left it out of its {kept}."


def _not_returned(found: Ending, trace: Trace, passage_id: str) -> str:
    assert found.step is not None and found.before is not None
    after = next((one.name for one in trace.steps if found.step in reads_of(trace, one)), "")
    read = f", so {after} did not read it" if found.verdict is Verdict.CUT_BY_FIRST_PASS and after else ""
    return (
        f"was {_at(found.before, passage_id)} of {len(found.before.hits)} in {found.before.name}; {found.step.name} "
        f"returned {count_of(len(found.step.hits), 'passage')} and not this one{read}."
    )


def _moved(found: Ending, trace: Trace, passage_id: str) -> str:
    assert found.step is not None and found.before is not None
    if passage_id not in found.step.by_passage:
        return _dropped(found, trace, passage_id)
    return (
        f"was {_at(found.before, passage_id)} in {found.before.name}; {found.step.name} moved it to "
        f"{_at(found.step, passage_id)}, and only {_first(len(trace.kept_step.hits))} kept."
    )


def _not_selected(found: Ending, trace: Trace, passage_id: str) -> str:
    assert found.step is not None and found.before is not None
    place = f"was {_at(found.before, passage_id)} of {len(found.before.hits)} in {found.before.name}"
    if not found.step.hits:
        return f"{place}; {found.step.name} kept nothing."
    if found.step is trace.kept_step and in_order(trace):
        return f"{place}; only {_first(len(found.step.hits))} kept."
    return f"{place}; {found.step.name} kept {count_of(len(found.step.hits), 'passage')} and not this one."


def _only_the_first(found: Ending) -> bool:
    if found.step is None or found.before is None or len(found.step.hits) < 2:
        return False
    first = found.before.hits[: len(found.step.hits)]
    return {hit.passage_id for hit in first} == set(found.step.by_passage)


def _first(k: int) -> str:
    return "the first was" if k == 1 else f"the first {k} were"


def _at(step: Step, passage_id: str) -> str:
    """`3rd (logit 1.20)`; the rank alone where the score's kind is not known."""
    hit = step.by_passage[passage_id]
    return ordinal(hit.rank) if step.space in NAMELESS else f"{ordinal(hit.rank)} ({score_text(hit.score, step.space)})"


_WITHOUT_A_PASSAGE: dict[Verdict, Callable[[Ending, Trace], str]] = {
    Verdict.MISSED: _missed,
    Verdict.CANNOT_TELL: _cannot_tell,
}
_OF_PASSAGE: dict[Verdict, Callable[[Ending, Trace, str], str]] = {
    Verdict.KEPT: _kept,
    Verdict.NOT_CITED: _not_cited,
    Verdict.CANNOT_TELL: _reached,
    Verdict.MISSED: _dropped,
    Verdict.FUSED_OUT: _dropped,
    Verdict.NOT_RETURNED: _not_returned,
    Verdict.CUT_BY_FIRST_PASS: _not_returned,
    Verdict.DEMOTED: _moved,
    Verdict.PUSHED_DOWN: _moved,
    Verdict.NOT_SELECTED: _not_selected,
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
