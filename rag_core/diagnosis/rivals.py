"""What took the place of an expected passage at the step where it was lost, or is cited instead of it, and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rag_core.diagnosis.facts import Score
from rag_core.diagnosis.passage_ranks import PassageRanks
from rag_core.diagnosis.reasons import ByPlace, ByScore, BySearch, BySignal, Reason, SearchRank
from rag_core.diagnosis.verdicts import Rival, Verdict
from rag_core.schema.steps import Hit, Step, StepName
from rag_core.schema.trace import Trace
from rag_core.schema.trace_record import RankAtStep
from rag_core.wording.numbers import title_of

FIRST = 5
"""How many rivals a diagnosis names."""


def rivals(verdict: Verdict, trace: Trace, standing: PassageRanks) -> tuple[Rival, ...]:
    """At most `FIRST` candidates that took the places or are cited instead, best first; none where none is to blame."""
    if verdict not in _WHO:
        return ()
    step, who, why = _WHO[verdict]
    found = who(standing)[:FIRST]
    return tuple(
        Rival(passage_id=hit.passage_id, title=title_of(trace.passages[hit.passage_id]), step=_step(trace, step, hit),
              why=why(standing, hit))
        for hit in found
    )  # fmt: skip


def _step(trace: Trace, step: str, hit: Hit) -> RankAtStep:
    return RankAtStep(step=step, space=trace[step].space, rank=hit.rank, score=hit.score, of=len(trace[step].hits))


def _head(step: str) -> Callable[[PassageRanks], Sequence[Hit]]:
    """The first hits of the step."""
    return lambda s: s.trace[step].hits


def _last_in_pool(s: PassageRanks) -> Sequence[Hit]:
    """The candidates that held the last places of what was read: of the pool, or by the first pass, where the passage
    did not come that far. With their fused ranks."""
    if s.trace.first_pass_summary and not s.from_first_pass:
        return s.trace.head[-FIRST:]
    fused = s.trace.fused_step.by_passage
    return [fused[hit.passage_id] for hit in s.trace.pool_read[-FIRST:]]


def _last_handed_on(s: PassageRanks) -> Sequence[Hit]:
    """The candidates that the first pass handed on last."""
    return s.trace.pool[-FIRST:]


def _overtakers(step: str) -> Callable[[PassageRanks], Sequence[Hit]]:
    """Those that stood behind it before the step and before it after."""

    def who(s: PassageRanks) -> Sequence[Hit]:
        before = s.trace.before(step)
        ours = s.rank(before.name)
        return [h for h in s.trace[step].hits[: s.rank(step) - 1] if before.by_passage[h.passage_id].rank > ours]

    return who


def _above(s: PassageRanks) -> Sequence[Hit]:
    """The kept ones that stood before it."""
    return [hit for hit in s.trace.kept_step.hits if hit.passage_id != s.passage.id]


def _cited(s: PassageRanks) -> Sequence[Hit]:
    """The kept ones that the answer cites."""
    cited = {one.passage_id for one in s.trace.recorded_answer.citations} if s.trace.recorded_answer else set()
    return [hit for hit in s.trace.kept_step.hits if hit.passage_id in cited]


def _by_search(s: PassageRanks, hit: Hit) -> Reason:
    """Its search ranks against ours."""
    return BySearch(theirs=_search_ranks(s.trace, hit.passage_id), ours=_search_ranks(s.trace, s.passage.id))


def _search_ranks(trace: Trace, passage_id: str) -> tuple[SearchRank, ...]:
    """In both lists of the main search, and in those of extra searches that have it."""
    main = [SearchRank(step=step, rank=_rank(trace[step], passage_id)) for step in (StepName.DENSE, StepName.LEXICAL)]
    extra = [
        SearchRank(search=run.name, step=step.name, rank=_rank(step, passage_id))
        for run in trace.extra_searches
        for step in run.steps
        if passage_id in step.by_passage
    ]
    return (*main, *extra)


def _rank(step: Step, passage_id: str) -> int | None:
    hit = step.by_passage.get(passage_id)
    return hit.rank if hit else None


def _by_score(step: str) -> Callable[[PassageRanks, Hit], ByScore]:
    """Its score against ours."""

    def why(s: PassageRanks, hit: Hit) -> ByScore:
        ours, theirs = s.hit(step), s.trace[step].by_passage[hit.passage_id]
        return ByScore(theirs=Score(score=theirs.score, space=s.trace[step].space), ours=ours.score if ours else None)

    return why


def _by_place(s: PassageRanks, hit: Hit) -> Reason:
    """Where it was given to the answer, and where ours was."""
    return ByPlace(theirs=hit.rank, ours=s.rank(StepName.KEPT))


def _by_parts(s: PassageRanks, hit: Hit) -> Reason:
    """The signal whose weighted part put it ahead most."""
    ours = s.hit(StepName.ADJUSTED)
    if ours is None or not hit.parts:
        return _by_score(StepName.ADJUSTED)(s, hit)
    weights = s.trace.policy.signals
    lead = {name: getattr(weights, name) * (part - ours.parts[name]) for name, part in hit.parts.items()}
    name = max(lead, key=lambda key: lead[key])
    return BySignal(signal=name, theirs=hit.parts[name], ours=ours.parts[name], weight=getattr(weights, name))


def _by_reranker(step: str) -> Callable[[PassageRanks, Hit], Reason]:
    """Its score against ours, and where it came from."""

    def why(s: PassageRanks, hit: Hit) -> Reason:
        before = s.trace.before(step).by_passage[hit.passage_id].rank
        return _by_score(step)(s, hit).with_(came_from=before)

    return why


Who = Callable[[PassageRanks], Sequence[Hit]]
Why = Callable[[PassageRanks, Hit], Reason]

_WHO: dict[Verdict, tuple[str, Who, Why]] = {
    Verdict.MISSED_BY_BOTH: (StepName.DENSE, _head(StepName.DENSE), _by_score(StepName.DENSE)),
    Verdict.MISSED_BY_DENSE: (StepName.DENSE, _head(StepName.DENSE), _by_score(StepName.DENSE)),
    Verdict.MISSED_BY_LEXICAL: (StepName.LEXICAL, _head(StepName.LEXICAL), _by_score(StepName.LEXICAL)),
    Verdict.FUSED_OUT: (StepName.FUSED, _last_in_pool, _by_search),
    Verdict.CUT_BY_FIRST_PASS: (StepName.FIRST_PASS, _last_handed_on, _by_reranker(StepName.FIRST_PASS)),
    Verdict.UNREAD: (StepName.KEPT, _above, _by_score(StepName.RERANKED)),
    Verdict.DEMOTED: (StepName.RERANKED, _overtakers(StepName.RERANKED), _by_reranker(StepName.RERANKED)),
    Verdict.PUSHED_DOWN: (StepName.ADJUSTED, _overtakers(StepName.ADJUSTED), _by_parts),
    Verdict.CUT_BY_TOP_K: (StepName.KEPT, _above, _by_parts),
    Verdict.NOT_CITED: (StepName.KEPT, _cited, _by_place),
}
