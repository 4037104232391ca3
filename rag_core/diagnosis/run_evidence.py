"""What the verdict on another pipeline's run rests on, read from its trace."""

from __future__ import annotations

from collections.abc import Callable

from rag_core.diagnosis.expected import Location
from rag_core.diagnosis.recorded_path import Ending, in_order
from rag_core.diagnosis.run_facts import (
    Absence,
    Doubt,
    OpenQuestion,
    Returned,
    RunFacts,
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
from rag_core.diagnosis.verdicts import Verdict
from rag_core.schema.steps import Step, StepKind
from rag_core.schema.trace import Trace
from rag_core.schema.trace_record import RankAtStep
from rag_core.wording.numbers import title_of


def run_facts(found: Ending, trace: Trace, location: Location, passage_id: str | None) -> RunFacts:
    """The facts of a verdict. passage_id: the expected passage that came furthest; None where the run has none."""
    if passage_id is not None:
        return _OF_PASSAGE[found.verdict](found, trace, passage_id)
    absence = _absence(trace, location)
    if found.verdict is Verdict.CANNOT_TELL:
        return RunUnknown(absence=absence, gaps=found.gaps)
    searches = trace.of_kind(StepKind.SEARCH) or ((found.step,) if found.step else ())
    return RunMissed(absence=absence, searches=tuple(map(_returned, searches)))


def doubts(found: Ending, trace: Trace, location: Location, passage_id: str | None) -> tuple[OpenQuestion, ...]:
    """What else a reader must know of the verdict."""
    verdict = found.verdict
    open_ = {
        Doubt.INDEX: verdict is Verdict.MISSED and passage_id is None,
        Doubt.SPLIT: verdict is Verdict.MISSED and bool(location.expected.quote) and location.in_corpus,
        Doubt.READ: verdict in (Verdict.NOT_RETURNED, Verdict.CUT_BY_FIRST_PASS) and _only_the_first(found),
        Doubt.CUT: verdict is Verdict.NOT_SELECTED and bool(trace.kept_step.hits) and in_order(trace),
    }
    return tuple(OpenQuestion(doubt=doubt) for doubt, there in open_.items() if there)


def _absence(trace: Trace, location: Location) -> Absence:
    recorded = len(trace.passages)
    if location.passages:
        return Absence(kind="no-list", name=location.title, passages=recorded)
    if location.in_corpus:
        return Absence(kind="no-words", name=location.title, passages=recorded)
    nearest = tuple(one.title for one in location.nearest[:3])
    return Absence(kind="no-document", name=location.expected.document, passages=recorded, nearest=nearest)


def _only_the_first(found: Ending) -> bool:
    """True where exactly the first passages of the list before came out."""
    if found.step is None or found.before is None or len(found.step.hits) < 2:
        return False
    first = found.before.hits[: len(found.step.hits)]
    return {hit.passage_id for hit in first} == set(found.step.by_passage)


def _kept(found: Ending, trace: Trace, passage_id: str) -> RunFacts:
    return RunKept(title=_title(trace, passage_id), kept=RankAtStep.of_passage(_step(found), passage_id))


def _not_cited(found: Ending, trace: Trace, passage_id: str) -> RunFacts:
    return RunNotCited(title=_title(trace, passage_id), rank=_step(found).by_passage[passage_id].rank)


def _reached(found: Ending, trace: Trace, passage_id: str) -> RunFacts:
    last = found.before or [step for step in trace.steps if passage_id in step.by_passage][-1]
    at = RankAtStep.of_passage(last, passage_id)
    return RunReached(title=_title(trace, passage_id), last=at, gaps=found.gaps)


def _left_out(found: Ending, trace: Trace, passage_id: str) -> RunFacts:
    before = _before(found, passage_id)
    return RunLeftOut(title=_title(trace, passage_id), before=before, by=_returned(_step(found)))


def _not_returned(found: Ending, trace: Trace, passage_id: str) -> RunFacts:
    step = _step(found)
    after = next((one.name for one in trace.steps if step in trace.reads(one)), "")
    return RunNotReturned(
        title=_title(trace, passage_id),
        before=_before(found, passage_id),
        by=_returned(step),
        unread_by=after if found.verdict is Verdict.CUT_BY_FIRST_PASS else "",
    )


def _moved(found: Ending, trace: Trace, passage_id: str) -> RunFacts:
    step = _step(found)
    if passage_id not in step.by_passage:
        return _left_out(found, trace, passage_id)
    return RunMoved(
        title=_title(trace, passage_id),
        before=_before(found, passage_id),
        after=RankAtStep.of_passage(step, passage_id),
        kept=len(trace.kept_step.hits),
    )


def _not_selected(found: Ending, trace: Trace, passage_id: str) -> RunFacts:
    step = _step(found)
    return RunNotSelected(
        title=_title(trace, passage_id),
        before=_before(found, passage_id),
        by=_returned(step),
        first=step is trace.kept_step and in_order(trace),
    )


def _title(trace: Trace, passage_id: str) -> str:
    return title_of(trace.passages[passage_id])


def _step(found: Ending) -> Step:
    assert found.step is not None
    return found.step


def _before(found: Ending, passage_id: str) -> RankAtStep:
    assert found.before is not None
    return RankAtStep.of_passage(found.before, passage_id)


def _returned(step: Step) -> Returned:
    return Returned(step=step.name, passages=len(step.hits))


_OF_PASSAGE: dict[Verdict, Callable[[Ending, Trace, str], RunFacts]] = {
    Verdict.KEPT: _kept,
    Verdict.NOT_CITED: _not_cited,
    Verdict.CANNOT_TELL: _reached,
    Verdict.MISSED: _left_out,
    Verdict.FUSED_OUT: _left_out,
    Verdict.NOT_RETURNED: _not_returned,
    Verdict.CUT_BY_FIRST_PASS: _not_returned,
    Verdict.DEMOTED: _moved,
    Verdict.PUSHED_DOWN: _moved,
    Verdict.NOT_SELECTED: _not_selected,
}
