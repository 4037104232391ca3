"""`diagnose` for a run of another pipeline: the step of loss among its own steps, or what is missing to tell it."""

from __future__ import annotations

from collections.abc import Sequence

from rag_core.diagnosis.expected import Location
from rag_core.diagnosis.expected_in_run import made_up
from rag_core.diagnosis.recorded_path import Ending, ending
from rag_core.diagnosis.run_evidence import doubts, run_facts
from rag_core.diagnosis.run_facts import ByStep, Gap, Missing
from rag_core.diagnosis.verdicts import Diagnosis, Rival, Verdict
from rag_core.schema.steps import Hit
from rag_core.schema.trace import Trace
from rag_core.schema.trace_record import RankAtStep
from rag_core.wording.numbers import title_of

FIRST = 5
"""How many rivals a diagnosis names."""


def diagnose_run(trace: Trace, location: Location) -> Diagnosis:
    """Where the expected document was lost in this run. Of several expected passages the one that came furthest counts.

    A run that records too little to tell gives `cannot-tell`, with `needs` saying what to record.
    """
    passage_id = _furthest(trace, location)
    found = _unknown(trace, location) if passage_id is None else None
    found = found or _not_cited(trace, passage_id, ending(trace, passage_id))
    way = trace.ranks_by_step(passage_id) if passage_id else ()
    return Diagnosis(
        verdict=found.verdict,
        facts=run_facts(found, trace, location, passage_id),
        passage_id=passage_id,
        way=way,
        before=_at(found.before.name if found.before else None, way),
        after=_at(found.step.name if found.step else None, way),
        rivals=_rivals(trace, passage_id, found) if passage_id else (),
        notes=doubts(found, trace, location, passage_id),
        recorded=True,
        needs=found.gaps,
    )


def _at(name: str | None, way: Sequence[RankAtStep]) -> RankAtStep | None:
    return next((one for one in way if one.step == name), None)


def _furthest(trace: Trace, location: Location) -> str | None:
    """The expected passage that the latest step has, at the best rank there; None where the run has none."""
    for step in reversed(trace.steps):
        ranked = [one.rank for one in (step.by_passage.get(passage.id) for passage in location.passages) if one]
        if ranked:
            return step.hits[min(ranked) - 1].passage_id
    return None


def _unknown(trace: Trace, location: Location) -> Ending | None:
    """What cannot be told without ids, or without the texts that the words that answer are looked for in."""
    passages = trace.passages.values()
    if location.document_id is None:
        nameless = bool(passages) and all(made_up(one.document_id) and not one.title for one in passages)
        return Ending(Verdict.CANNOT_TELL, gaps=(Gap(missing=Missing.IDS),)) if nameless else None
    textless = any(not one.text for one in passages if one.document_id == location.document_id)
    if textless and location.expected.quote:
        return Ending(Verdict.CANNOT_TELL, gaps=(Gap(missing=Missing.TEXTS),))
    return None


def _not_cited(trace: Trace, passage_id: str | None, found: Ending) -> Ending:
    """Kept, but not cited by an answer that does cite passages."""
    answer = trace.recorded_answer
    cited = {one.passage_id for one in answer.citations} if answer else set()
    if found.verdict is Verdict.KEPT and cited and passage_id not in cited:
        return Ending(Verdict.NOT_CITED, found.step, found.before)
    return found


def _rivals(trace: Trace, passage_id: str, found: Ending) -> tuple[Rival, ...]:
    """What came out of the step of loss ahead of it: those that were behind it before, else all; best first."""
    if not found.verdict.lost or found.step is None or found.before is None:
        return ()
    before = found.before.by_passage
    ours, after = before[passage_id].rank, found.step.by_passage.get(passage_id)
    ahead = [
        hit for hit in found.step.hits if (after is None or hit.rank < after.rank) and hit.passage_id != passage_id
    ]
    overtook = [hit for hit in ahead if hit.passage_id in before and before[hit.passage_id].rank > ours]
    return tuple(_rival(trace, found, hit, passage_id) for hit in (overtook or ahead)[:FIRST])


def _rival(trace: Trace, found: Ending, hit: Hit, passage_id: str) -> Rival:
    assert found.step is not None and found.before is not None
    ours, came = found.step.by_passage.get(passage_id), found.before.by_passage.get(hit.passage_id)
    return Rival(
        passage_id=hit.passage_id,
        title=title_of(trace.passages[hit.passage_id]),
        step=RankAtStep.of_passage(found.step, hit.passage_id),
        why=ByStep(
            space=found.step.space,
            theirs=hit.score,
            ours=ours.score if ours else None,
            before=found.before.name,
            came_from=came.rank if came else None,
        ),
    )
