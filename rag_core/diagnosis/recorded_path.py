"""Where one passage was lost on its way through the steps of any pipeline, told by their kinds and inputs.

Walks back from what was kept: the passage was lost at the first step that does not have it and reads one that does.
Where nothing before a step is recorded, it cannot be told, and the gaps say what is missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rag_core.diagnosis.run_facts import Gap, Missing
from rag_core.diagnosis.verdicts import Verdict
from rag_core.schema.steps import Evidence, Step, StepKind
from rag_core.schema.trace import Trace
from rag_core.schema.trace_steps import complete, first_of


@dataclass(frozen=True)
class Ending:
    """What became of a passage: the step that settles it, the one before that still had it, and what is missing."""

    verdict: Verdict
    step: Step | None = None
    before: Step | None = None
    gaps: tuple[Gap, ...] = ()


LOST_AT: dict[StepKind, Verdict] = {
    StepKind.SEARCH: Verdict.MISSED,
    StepKind.FUSION: Verdict.FUSED_OUT,
    StepKind.RERANK: Verdict.NOT_RETURNED,
    StepKind.ADJUST: Verdict.PUSHED_DOWN,
    StepKind.SELECT: Verdict.NOT_SELECTED,
}
"""The verdict where a step of this kind reads the passage and does not have it."""


def ending(trace: Trace, passage_id: str | None) -> Ending:
    """What became of a passage; None for one that no step has."""
    kept = trace.kept_step
    if passage_id in kept.by_passage:
        before = next((one for one in trace.reads(kept) if passage_id in one.by_passage), None)
        if kept.evidence is Evidence.RECORDED:
            return Ending(Verdict.KEPT, kept, before)
        return Ending(Verdict.CANNOT_TELL, kept, before, (Gap(missing=Missing.KEPT),))
    found = _lost(trace, passage_id)
    aside = next((one for one in reversed(trace.steps) if passage_id in one.by_passage), None)
    if found.verdict is Verdict.MISSED and not found.before and aside:
        return Ending(Verdict.CANNOT_TELL, aside, gaps=(Gap(missing=Missing.READER, step=aside.name),))
    return _moved(trace, passage_id, found) if found.step is kept and passage_id else found


def _lost(trace: Trace, passage_id: str | None) -> Ending:
    """Where the passage was lost on the way to what was kept, which does not have it.

    Settles every step once, in their order: where two steps read the same one, a walk back would pass it twice.
    """
    endings: dict[str, Ending] = {}
    for step in trace.steps[: trace.steps.index(trace.kept_step) + 1]:
        endings[step.name] = _lost_at(trace, passage_id, step, endings)
    return endings[trace.kept_step.name]


def _lost_at(trace: Trace, passage_id: str | None, step: Step, earlier: Mapping[str, Ending]) -> Ending:
    """Where it was lost, at this step that does not have it or before."""
    reads = trace.reads(step)
    holding = [one for one in reads if passage_id in one.by_passage]
    if passage_id and holding:
        before = min(holding, key=lambda one: one.by_passage[passage_id].rank)
        last = trace.reranked_step
        first_pass = step.kind is StepKind.RERANK and last.kind is StepKind.RERANK and step is not last
        return Ending(Verdict.CUT_BY_FIRST_PASS if first_pass else LOST_AT[step.kind], step, before)
    if not reads:
        return _at_the_start(step)
    endings = [earlier[one.name] for one in reads]
    if lost := next((one for one in endings if one.before), None):
        return lost
    gaps = [gap for one in endings for gap in one.gaps]
    if not complete(step, reads):
        gaps.append(_gap_before(step))
    if gaps:
        told = next((one.step for one in endings if one.gaps), step)
        return Ending(Verdict.CANNOT_TELL, told, gaps=tuple(dict.fromkeys(gaps)))
    return endings[0]


def _at_the_start(step: Step) -> Ending:
    """A step before which nothing is recorded: a search has missed it, of any other it cannot be told."""
    if step.kind is StepKind.SEARCH and step.evidence is Evidence.RECORDED:
        return Ending(Verdict.MISSED, step)
    return Ending(Verdict.CANNOT_TELL, step, gaps=(_gap_before(step),))


def _gap_before(step: Step) -> Gap:
    finding = step.kind in (StepKind.SEARCH, StepKind.FUSION)
    return Gap(missing=Missing.SEARCHES if finding else Missing.INPUT, step=step.name)


def in_order(trace: Trace) -> bool:
    """True where the kept passages are the first of the list that they were selected from."""
    return any(first_of(trace.kept_step, one) for one in trace.reads(trace.kept_step))


MOVES: dict[StepKind, Verdict] = {StepKind.RERANK: Verdict.DEMOTED, StepKind.ADJUST: Verdict.PUSHED_DOWN}
"""The verdict where a step of this kind moved the passage behind the first k."""


def _moved(trace: Trace, passage_id: str, found: Ending) -> Ending:
    """The last reranker or rule that moved it from the first k to behind them, where one did. What stood behind them
    already was not lost there, however much further down it went."""
    k = len(trace.kept_step.hits)
    if not k or not in_order(trace):
        return found
    for step in _backwards(trace):
        after = step.by_passage.get(passage_id)
        ranked = [one for one in trace.reads(step) if passage_id in one.by_passage]
        if after is None or len(ranked) != 1 or step.kind not in MOVES:
            continue
        if ranked[0].by_passage[passage_id].rank <= k < after.rank:
            return Ending(MOVES[step.kind], step, ranked[0])
    return found


def _backwards(trace: Trace) -> Iterator[Step]:
    """The steps from what was kept back to the list that several were made into: before it, ranks are of branches."""
    step = trace.kept_step
    yield step
    while len(reads := trace.reads(step)) == 1:
        step = reads[0]
        yield step
