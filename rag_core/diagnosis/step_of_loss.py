"""`diagnose(trace, location) -> Diagnosis`: the first step that explains why the document was not used.

The checks are data, in the order of the steps; the first one that holds is the verdict. What would have kept the
document is `counterfactuals`'s business.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rag_core.diagnosis.evidence import facts_of
from rag_core.diagnosis.expected import Location
from rag_core.diagnosis.passage_ranks import LAST, PassageRanks, furthest_passage
from rag_core.diagnosis.reasons import DidNotRun, EndUnread, Note
from rag_core.diagnosis.recorded_run import diagnose_run
from rag_core.diagnosis.rivals import rivals
from rag_core.diagnosis.verdicts import STEPS, Diagnosis, Verdict
from rag_core.schema.steps import Evidence, StepName
from rag_core.schema.trace import Trace
from rag_core.schema.trace_record import RankAtStep


def diagnose(trace: Trace, location: Location) -> Diagnosis:
    """Where the expected document was lost in this run, with its evidence.

    Of several expected passages the one that came furthest counts. A document that was kept gives `kept`, or
    `not-cited` where the trace holds an answer that cites none of the expected passages. In a run of another pipeline,
    `locate_in_run` gives the location, and the verdict may be that it cannot be told.
    """
    if trace.origin:
        return diagnose_run(trace, location)
    if not location.passages:
        verdict = Verdict.CUT_BY_CHUNKING if location.in_corpus else Verdict.NOT_IN_CORPUS
        return told(verdict, trace, location, None)
    standing = furthest_passage(trace, location)
    return told(_verdict(standing, trace, location), trace, location, standing)


def told(verdict: Verdict, trace: Trace, location: Location, standing: PassageRanks | None) -> Diagnosis:
    """A verdict with its evidence. `standing` is None only where the location has no passages.

    Raises LookupError where the trace does not hold the evidence, which no trace of that verdict does.
    """
    facts = facts_of(verdict, trace, location, standing)
    if standing is None:
        return Diagnosis(verdict=verdict, facts=facts)
    way = {step.step: step for step in trace.ranks_by_step(standing.passage.id)}
    before, after = (way[step] if step else None for step in _steps_of(verdict, trace))
    return Diagnosis(
        verdict=verdict,
        facts=facts,
        passage_id=standing.passage.id,
        way=tuple(way.values()),
        before=_better_search(way) if verdict is Verdict.FUSED_OUT else before,
        after=after,
        rivals=rivals(verdict, trace, standing),
        notes=_notes(verdict, trace, standing),
    )


def _steps_of(verdict: Verdict, trace: Trace) -> tuple[str | None, str | None]:
    """The steps before and after the loss, as they are in this run."""
    before, after = STEPS[verdict]
    return (trace.before(after).name if after == StepName.RERANKED else before), after


def _verdict(standing: PassageRanks, trace: Trace, location: Location) -> Verdict:
    if trace.where and not any(trace.where.matches(passage) for passage in location.passages):
        return Verdict.FILTERED_OUT
    kept = trace.kept_step.by_passage
    if not location.whole and not all(passage.id in kept for passage in location.passages):
        return Verdict.CUT_BY_CHUNKING
    return next(verdict for verdict, holds in CHECKS if holds(standing))


def _missed_by(missing: str, other: str) -> Callable[[PassageRanks], bool]:
    """Not found by one search, too far down in the other to reach the pool by it alone, nor by an extra search."""

    def holds(s: PassageRanks) -> bool:
        there = s.trace[missing].evidence is not Evidence.UNAVAILABLE
        alone = there and s.rank(missing) == LAST and not s.extra_hits
        ours = not s.trace.policy.fused_by_engine  # how an engine weighs one list alone is not known
        return ours and not s.pooled and alone and _read_at_most(s.trace) < s.rank(other) < LAST

    return holds


def _read_at_most(trace: Trace) -> int:
    """How many fused candidates are read at all."""
    return trace.policy.reads


def _fell(step: str) -> Callable[[PassageRanks], bool]:
    """The step moved it out of the top-k, where it stood before, and it ended outside. What stood below the top-k
    already was not lost at this step, however much further down it went."""

    def holds(s: PassageRanks) -> bool:
        top_k, before = s.trace.policy.top_k, s.trace.before(step).name
        return s.rank(before) <= top_k < s.rank(step) and s.rank(StepName.ADJUSTED) > top_k

    return holds


CHECKS: tuple[tuple[Verdict, Callable[[PassageRanks], bool]], ...] = (
    (Verdict.NOT_CITED, lambda s: s.kept and s.trace.recorded_answer is not None and not s.cited),
    (Verdict.KEPT, lambda s: s.kept),
    (Verdict.MISSED_BY_BOTH, lambda s: s.searched_best == LAST and not s.pooled),
    (Verdict.CUT_BY_FIRST_PASS, lambda s: s.cut_by_first_pass),
    (Verdict.MISSED_BY_DENSE, _missed_by(StepName.DENSE, StepName.LEXICAL)),
    (Verdict.MISSED_BY_LEXICAL, _missed_by(StepName.LEXICAL, StepName.DENSE)),
    (Verdict.FUSED_OUT, lambda s: not s.pooled),
    (Verdict.UNREAD, lambda s: s.telling_part_unread()),
    (Verdict.DEMOTED, _fell(StepName.RERANKED)),
    (Verdict.PUSHED_DOWN, _fell(StepName.ADJUSTED)),
    (Verdict.UNDER_THRESHOLD, lambda s: not s.over_threshold),
    (Verdict.CUT_BY_TOP_K, lambda _: True),
)
"""What settles a verdict for the passage that came furthest; the first that holds."""


def _better_search(way: Mapping[str, RankAtStep]) -> RankAtStep:
    return min((way[StepName.DENSE], way[StepName.LEXICAL]), key=lambda step: step.rank or LAST)


def _notes(verdict: Verdict, trace: Trace, standing: PassageRanks) -> tuple[Note, ...]:
    notes: list[Note] = [
        DidNotRun(
            role="reranker" if step.name == StepName.RERANKED else "first pass", name=report.name, reason=report.reason
        )
        for step, report in trace.rerank_passes
        if report.status == "failed"
    ]
    pair = standing.pair
    if pair and pair.unseen_tokens and verdict is not Verdict.UNREAD and standing.span is None:
        notes.append(EndUnread(unseen_tokens=pair.unseen_tokens, tokens=pair.tokens))
    return tuple(notes)
