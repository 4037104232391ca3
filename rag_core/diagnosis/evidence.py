"""`facts_of(verdict, trace, location, standing)`: what a verdict rests on, read from the trace."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from rag_core.diagnosis.expected import Location
from rag_core.diagnosis.facts import (
    BeyondLimit,
    CutByTopK,
    Facts,
    FilteredOut,
    FoundAt,
    Kept,
    MissedByBoth,
    MissedByOne,
    Moved,
    NoCandidate,
    NotCited,
    NoText,
    NotHandedOn,
    NotInCorpus,
    NotReached,
    OutsidePool,
    Reads,
    Score,
    Split,
    UnderThreshold,
)
from rag_core.diagnosis.passage_ranks import PassageRanks
from rag_core.diagnosis.verdicts import Verdict
from rag_core.schema.filters import fields_in
from rag_core.schema.steps import Evidence, StepName
from rag_core.schema.trace import Trace
from rag_core.schema.trace_record import RankAtStep
from rag_core.wording.numbers import title_of

Search = Literal["dense", "lexical"]
SEARCHES: tuple[Search, Search] = ("dense", "lexical")


def facts_of(verdict: Verdict, trace: Trace, location: Location, standing: PassageRanks | None) -> Facts:
    """The facts of a verdict. `standing` is None only where the location has no passages.

    Raises LookupError where the trace does not hold them, which no trace of that verdict does.
    """
    if standing is None:
        return _absent(trace, location)
    if verdict in _OF_LOCATION:
        return _OF_LOCATION[verdict](trace, location)
    return _OF_STANDING[verdict](standing)


def _absent(trace: Trace, location: Location) -> Facts:
    collection = trace.collection.name
    if location.in_corpus:
        return NoText(collection=collection, title=location.title)
    nearest = tuple(one.title for one in location.nearest[:3])
    return NotInCorpus(collection=collection, asked=location.expected.document, nearest=nearest)


def _filtered(trace: Trace, location: Location) -> Facts:
    conditions = trace.where.conditions if trace.where else ()
    failing = [c for c in conditions if not any(c.matches(passage) for passage in location.passages)]
    fields = dict.fromkeys(field for condition in failing or conditions for field in fields_in(condition))
    return FilteredOut(title=location.title, fields=tuple(fields))


def _split(trace: Trace, location: Location) -> Facts:
    kept = sum(passage.id in trace.kept_step.by_passage for passage in location.passages)
    return Split(title=location.title, pieces=len(location.passages), kept=kept)


def _only(trace: Trace) -> Search | None:
    """The one search that there is, where the engine lacks the other."""
    there = [name for name in SEARCHES if trace[name].evidence is not Evidence.UNAVAILABLE]
    return there[0] if len(there) == 1 else None


def _missed_by_both(s: PassageRanks) -> Facts:
    return MissedByBoth(
        title=title_of(s.passage),
        depth=s.trace.policy.depth,
        dense_end=_end_of(s.trace, "dense"),
        lexical_end=_end_of(s.trace, "lexical"),
        extra_searches=tuple(run.name for run in s.trace.extra_searches),
        only=_only(s.trace),
    )


def _end_of(trace: Trace, step: str) -> Score | None:
    hits = trace[step].hits
    return Score(score=hits[-1].score, space=trace[step].space) if hits else None


def _missed_by(missing: Search, other: Search) -> Callable[[PassageRanks], Facts]:
    def facts(s: PassageRanks) -> Facts:
        end, reads = _end_of(s.trace, missing), _reads(s.trace)
        return MissedByOne(title=title_of(s.passage), missing=missing, end=end, other=_at(s, other), reads=reads)

    return facts


def _fused_out(s: PassageRanks) -> Facts:
    title, found = title_of(s.passage), _found_at(s)
    if s.hit(StepName.FUSED) is None:
        return NoCandidate(title=title, found=found)
    fused = _at(s, StepName.FUSED)
    if s.passage.id in {hit.passage_id for hit in s.trace.pool_unread}:
        read, pool = len(s.trace.pool_read), len(s.trace.pool)
        return NotReached(title=title, found=found, fused=fused, read=read, pool=pool)
    last = Score(score=s.trace.head[-1].score, space=s.trace.fused_step.space)
    return OutsidePool(title=title, found=found, fused=fused, reads=_reads(s.trace), last=last)


def _found_at(s: PassageRanks) -> tuple[FoundAt, ...]:
    main = [FoundAt(at=_at(s, step)) for step in SEARCHES if s.hit(step)]
    extra = [FoundAt(search=name, at=RankAtStep.of_passage(step, s.passage.id)) for name, step, _ in s.extra_hits]
    return (*main, *extra)


def _reads(trace: Trace) -> Reads:
    """What a candidate had to reach to be read at all."""
    first_pass = trace.policy.first_pass
    return (
        Reads(by="first pass", count=first_pass.pool) if first_pass else Reads(by="reranker", count=trace.policy.pool)
    )


def _not_handed_on(s: PassageRanks) -> Facts:
    trace, ran = s.trace, s.trace.first_pass_summary
    did = ran is not None and ran.status != "failed"
    last = Score(score=trace.pool[-1].score, space=trace[StepName.FIRST_PASS].space) if did else None
    return NotHandedOn(
        title=title_of(s.passage),
        fused=_at(s, StepName.FUSED),
        first_pass=ran.name if ran else "",
        placed=_at(s, StepName.FIRST_PASS) if did else None,
        handed_on=len(trace.pool),
        reranker=trace.policy.reranker,
        last=last,
    )


def _beyond_limit(s: PassageRanks) -> Facts:
    unseen, tokens = (s.pair.unseen_tokens, s.pair.tokens) if s.pair else (0, 0)
    return BeyondLimit(
        title=title_of(s.passage),
        unseen_tokens=unseen,
        tokens=tokens,
        quoted=s.span is not None,
        reranked=_at(s, StepName.RERANKED),
    )


def _moved(step: str, by: Literal["reranker", "signals"]) -> Callable[[PassageRanks], Facts]:
    def facts(s: PassageRanks) -> Facts:
        before, after = _at(s, s.trace.before(step).name), _at(s, step)
        return Moved(title=title_of(s.passage), by=by, before=before, after=after, top_k=s.trace.policy.top_k)

    return facts


def _under_threshold(s: PassageRanks) -> Facts:
    trace = s.trace
    return UnderThreshold(
        title=title_of(s.passage),
        rank=s.rank(StepName.ADJUSTED),
        relevance=Score(score=trace.relevance[s.passage.id], space=trace.relevance_space),
        threshold=trace.lowest_kept or 0.0,
    )


def _cut_by_top_k(s: PassageRanks) -> Facts:
    kept = s.trace.kept_step
    return CutByTopK(
        title=title_of(s.passage),
        fused=_at(s, StepName.FUSED),
        final=_at(s, StepName.ADJUSTED),
        top_k=s.trace.policy.top_k,
        last=Score(score=kept.hits[-1].score, space=kept.space),
    )


def _not_cited(s: PassageRanks) -> Facts:
    answer = s.trace.recorded_answer
    unknown = answer is not None and answer.kind == "unknown"
    return NotCited(title=title_of(s.passage), kept=_at(s, StepName.KEPT), unknown=unknown)


def _kept(s: PassageRanks) -> Facts:
    return Kept(title=title_of(s.passage), kept=_at(s, StepName.KEPT), cited=s.cited)


def _at(s: PassageRanks, step: str) -> RankAtStep:
    return RankAtStep.of_passage(s.trace[step], s.passage.id)


_OF_LOCATION: dict[Verdict, Callable[[Trace, Location], Facts]] = {
    Verdict.FILTERED_OUT: _filtered,
    Verdict.CUT_BY_CHUNKING: _split,
}
_OF_STANDING: dict[Verdict, Callable[[PassageRanks], Facts]] = {
    Verdict.MISSED_BY_BOTH: _missed_by_both,
    Verdict.MISSED_BY_DENSE: _missed_by("dense", "lexical"),
    Verdict.MISSED_BY_LEXICAL: _missed_by("lexical", "dense"),
    Verdict.FUSED_OUT: _fused_out,
    Verdict.CUT_BY_FIRST_PASS: _not_handed_on,
    Verdict.UNREAD: _beyond_limit,
    Verdict.DEMOTED: _moved(StepName.RERANKED, "reranker"),
    Verdict.PUSHED_DOWN: _moved(StepName.ADJUSTED, "signals"),
    Verdict.UNDER_THRESHOLD: _under_threshold,
    Verdict.CUT_BY_TOP_K: _cut_by_top_k,
    Verdict.NOT_CITED: _not_cited,
    Verdict.KEPT: _kept,
}
