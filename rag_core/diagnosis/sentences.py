"""A verdict in one or two plain sentences, for somebody who does not know the pipeline.

Every rank and score is read from the trace, and each score names its space.
"""

from __future__ import annotations

from collections.abc import Callable

from rag_core.diagnosis.expected import Location
from rag_core.diagnosis.standing import Standing
from rag_core.diagnosis.verdicts import Verdict
from rag_core.narrative import cut_text, ordinal, score_text, title_of
from rag_core.trace import Trace
from rag_core.types import StageName

SEARCHES = {StageName.DENSE: "dense search", StageName.LEXICAL: "lexical search"}
WEIGHTS = {StageName.DENSE: "dense_weight", StageName.LEXICAL: "lexical_weight"}


def sentence(verdict: Verdict, trace: Trace, location: Location, standing: Standing | None) -> str:
    """The verdict in words. `standing` is None only where the location has no chunks."""
    if standing is None:
        return _absent(trace, location)
    if verdict in _OF_LOCATION:
        return _OF_LOCATION[verdict](trace, location)
    return f"“{title_of(standing.chunk)}” {_OF_STANDING[verdict](standing)}"


def _absent(trace: Trace, location: Location) -> str:
    if location.in_corpus:
        return f"{trace.collection.name} has “{location.title}”, but no passage was cut from it: it has no text."
    near = ", ".join(f"“{one.title}”" for one in location.nearest[:3])
    asked = f"{trace.collection.name} has no document “{location.expected.document}”."
    return f"{asked} The nearest titles are {near}." if near else f"{asked} No title resembles it."


def _filtered(trace: Trace, location: Location) -> str:
    conditions = trace.where.conditions if trace.where else ()
    failing = [c.field for c in conditions if not any(c.matches(chunk) for chunk in location.chunks)]
    fields = ", ".join(dict.fromkeys(failing or [c.field for c in conditions]))
    return f"“{location.title}” does not match the filter of this question ({fields}), so no search could find it."


def _cut(trace: Trace, location: Location) -> str:
    pieces = len(location.chunks)
    kept = sum(chunk.id in trace[StageName.KEPT].by_chunk for chunk in location.chunks)
    return (
        f"The words that answer were cut apart: they stand in {pieces} passages of “{location.title}”, none of which "
        f"holds them whole, and {kept} of the {pieces} {'was' if kept == 1 else 'were'} kept."
    )


def _missed_by_both(s: Standing) -> str:
    ends = " and ".join(_end_of(s.trace, stage) for stage in SEARCHES)
    extras = [f"“{run.name}”" for run in s.trace.extras]
    nor = f", nor by the extra {'search' if len(extras) == 1 else 'searches'} {', '.join(extras)}" * bool(extras)
    return f"was found by neither search in the first {s.trace.policy.depth} of each: {ends}{nor}."


def _end_of(trace: Trace, stage: StageName) -> str:
    hits = trace[stage].hits
    if not hits:
        return f"the {stage} list is empty"
    return f"the {stage} list ends at {score_text(hits[-1].score, trace[stage].space)}"


def _missed_by(missing: StageName, other: StageName) -> Callable[[Standing], str]:
    def words(s: Standing) -> str:
        return (
            f"was not found by {SEARCHES[missing]} ({_end_of(s.trace, missing)}). {SEARCHES[other].capitalize()} "
            f"alone had it {_at(s, other)}, too far down for {_read_at_most(s.trace)}."
        )

    return words


def _fused_out(s: Standing) -> str:
    found = [f"{_at(s, stage)} in {name}" for stage, name in SEARCHES.items() if s.hit(stage)]
    found += [
        f"{ordinal(hit.rank)} ({score_text(hit.score, stage.space)}) in the extra search “{name}”, {stage.name}"
        for name, stage, hit in s.extra_hits
    ]
    idle = [name for stage, name in SEARCHES.items() if s.hit(stage) and not _weight(s.trace, stage)]
    fused = s.hit(StageName.FUSED)
    if fused is None:
        return f"was {' and '.join(found)}, but the weight of {idle[0]} is 0, so it was no candidate."
    if s.chunk.id in {hit.chunk_id for hit in s.trace.pool_unread}:
        read, size = len(s.trace.pool_read), len(s.trace.pool)
        return (
            f"was {' and '.join(found)}; fused it was {_at(s, StageName.FUSED)}, but the reranker stopped "
            f"after {read} of {size} candidates and never read it."
        )
    last = score_text(s.trace.head[-1].score, s.trace[StageName.FUSED].space)
    screen, pool = s.trace.policy.screen, s.trace.policy.pool
    reads = f"the {screen.pool} that the first pass" if screen else f"the pool of {pool} that the reranker"
    return (
        f"was {' and '.join(found)}; fused it was {_at(s, StageName.FUSED)}, outside {reads} reads "
        f"(the last in it has {last})."
    )


def _read_at_most(trace: Trace) -> str:
    """What a candidate had to reach to be read at all."""
    screen = trace.policy.screen
    return f"a first pass that reads {screen.pool}" if screen else f"a pool of {trace.policy.pool}"


def _screened_out(s: Standing) -> str:
    trace = s.trace
    screened, last = trace[StageName.SCREENED], trace.pool[-1].score
    first, ran = (trace.screening.name, trace.screening.status != "failed") if trace.screening else ("", False)
    if not ran:
        return (
            f"was {_at(s, StageName.FUSED)} after fusion; the first pass ({first}) did not run, so only the first "
            f"{len(trace.pool)} went on to {trace.policy.reranker}."
        )
    return (
        f"was {_at(s, StageName.FUSED)} after fusion; the first pass ({first}) put it {_at(s, StageName.SCREENED)} of "
        f"{len(screened.hits)}, and only its best {len(trace.pool)} went on to {trace.policy.reranker} (the last of "
        f"them has {score_text(last, screened.space)})."
    )


def _weight(trace: Trace, stage: StageName) -> float:
    return float(getattr(trace.policy.fusion, WEIGHTS[stage]))


def _unread(s: Standing) -> str:
    pair = s.pair
    unread, tokens = (pair.unseen_tokens, pair.tokens) if pair else (0, 0)
    telling = "the words that answer stand" if s.span else "most of the question's words in it stand"
    return (
        f"was in the pool, but {telling} past the reranker's limit: it did not read the last {unread} of {tokens} "
        f"tokens and put the passage {_at(s, StageName.RERANKED)}."
    )


def _moved(stage: StageName, mover: str) -> Callable[[Standing], str]:
    def words(s: Standing) -> str:
        return (
            f"stood {_at(s, s.trace.before(stage).name)} before; {mover} moved it to {_at(s, stage)}, "
            f"and only {_first(s.trace.policy.top_k)} kept."
        )

    return words


def _under(s: Standing) -> str:
    trace = s.trace
    score = score_text(trace.relevance[s.chunk.id], trace.relevance_space)
    least = cut_text(trace.policy.threshold)
    return f"was ranked {ordinal(s.rank(StageName.ADJUSTED))}, but its {score} is under the threshold of {least}."


def _cut_by_top_k(s: Standing) -> str:
    kept = s.trace[StageName.KEPT]
    last = score_text(kept.hits[-1].score, kept.space)
    return (
        f"was {_at(s, StageName.FUSED)} after fusion and {_at(s, StageName.ADJUSTED)} in the end; "
        f"only {_first(s.trace.policy.top_k)} kept, {'with' if s.trace.policy.top_k == 1 else 'the last with'} {last}."
    )


def _not_cited(s: Standing) -> str:
    answer = s.trace.answer
    said = "the answer was “I don't know”" if answer and answer.kind == "unknown" else "the answer does not cite it"
    return f"was given to the answer as passage {s.rank(StageName.KEPT)} ({_score(s, StageName.KEPT)}), but {said}."


def _kept(s: Standing) -> str:
    cited = " and the answer cites it" if s.cited else ""
    return f"was not lost: it was kept {_at(s, StageName.KEPT)}{cited}."


def _first(top_k: int) -> str:
    return "the first is" if top_k == 1 else f"the first {top_k} are"


def _at(s: Standing, stage: StageName) -> str:
    """`3rd (logit 1.20)`."""
    return f"{ordinal(s.rank(stage))} ({_score(s, stage)})"


def _score(s: Standing, stage: StageName) -> str:
    hit = s.hit(stage)
    return score_text(hit.score, s.trace[stage].space) if hit else "not there"


_OF_LOCATION: dict[Verdict, Callable[[Trace, Location], str]] = {
    Verdict.FILTERED_OUT: _filtered,
    Verdict.CUT_BY_CHUNKING: _cut,
}
_OF_STANDING: dict[Verdict, Callable[[Standing], str]] = {
    Verdict.MISSED_BY_BOTH: _missed_by_both,
    Verdict.MISSED_BY_DENSE: _missed_by(StageName.DENSE, StageName.LEXICAL),
    Verdict.MISSED_BY_LEXICAL: _missed_by(StageName.LEXICAL, StageName.DENSE),
    Verdict.FUSED_OUT: _fused_out,
    Verdict.CUT_BY_SCREEN: _screened_out,
    Verdict.UNREAD: _unread,
    Verdict.DEMOTED: _moved(StageName.RERANKED, "the reranker"),
    Verdict.PUSHED_DOWN: _moved(StageName.ADJUSTED, "the signals"),
    Verdict.UNDER_THRESHOLD: _under,
    Verdict.CUT_BY_TOP_K: _cut_by_top_k,
    Verdict.NOT_CITED: _not_cited,
    Verdict.KEPT: _kept,
}
