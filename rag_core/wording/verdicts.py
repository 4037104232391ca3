"""A verdict in one or two plain sentences, for somebody who does not know the pipeline.

Every rank and score is read from the trace, and each score names its space.
"""

from __future__ import annotations

from collections.abc import Callable

from rag_core.diagnosis.expected import Location
from rag_core.diagnosis.passage_ranks import PassageRanks
from rag_core.diagnosis.verdicts import Verdict
from rag_core.schema.steps import StepName
from rag_core.schema.trace import Trace
from rag_core.wording.numbers import cut_text, ordinal, score_text, title_of

SEARCHES: dict[str, str] = {StepName.DENSE: "dense search", StepName.LEXICAL: "lexical search"}
WEIGHTS: dict[str, str] = {StepName.DENSE: "dense_weight", StepName.LEXICAL: "lexical_weight"}


def sentence(verdict: Verdict, trace: Trace, location: Location, standing: PassageRanks | None) -> str:
    """The verdict in words. `standing` is None only where the location has no passages."""
    if standing is None:
        return _absent(trace, location)
    if verdict in _OF_LOCATION:
        return _OF_LOCATION[verdict](trace, location)
    return f"“{title_of(standing.passage)}” {_OF_STANDING[verdict](standing)}"


def _absent(trace: Trace, location: Location) -> str:
    if location.in_corpus:
        return f"{trace.collection.name} has “{location.title}”, but no passage was cut from it: it has no text."
    near = ", ".join(f"“{one.title}”" for one in location.nearest[:3])
    asked = f"{trace.collection.name} has no document “{location.expected.document}”."
    return f"{asked} The nearest titles are {near}." if near else f"{asked} No title resembles it."


def _filtered(trace: Trace, location: Location) -> str:
    conditions = trace.where.conditions if trace.where else ()
    failing = [c.field for c in conditions if not any(c.matches(passage) for passage in location.passages)]
    fields = ", ".join(dict.fromkeys(failing or [c.field for c in conditions]))
    return f"“{location.title}” does not match the filter of this question ({fields}), so no search could find it."


def _cut(trace: Trace, location: Location) -> str:
    pieces = len(location.passages)
    kept = sum(passage.id in trace.kept_step.by_passage for passage in location.passages)
    return (
        f"Chunking split the words that answer into {pieces} passages of “{location.title}”. None of them contains "
        f"all of the words, and {kept} of the {pieces} {'was' if kept == 1 else 'were'} kept."
    )


def _missed_by_both(s: PassageRanks) -> str:
    ends = " and ".join(_end_of(s.trace, step) for step in SEARCHES)
    extra_searches = [f"“{run.name}”" for run in s.trace.extra_searches]
    nor = (
        f", nor by the extra {'search' if len(extra_searches) == 1 else 'searches'} {', '.join(extra_searches)}"
        * bool(extra_searches)
    )
    return f"was found by neither search in the first {s.trace.policy.depth} of each: {ends}{nor}."


def _end_of(trace: Trace, step: str) -> str:
    hits = trace[step].hits
    if not hits:
        return f"the {step} list is empty"
    return f"the {step} list ends at {score_text(hits[-1].score, trace[step].space)}"


def _missed_by(missing: str, other: str) -> Callable[[PassageRanks], str]:
    def words(s: PassageRanks) -> str:
        return (
            f"was not found by {SEARCHES[missing]} ({_end_of(s.trace, missing)}). {SEARCHES[other].capitalize()} "
            f"alone had it {_at(s, other)}, too far down for {_read_at_most(s.trace)}."
        )

    return words


def _fused_out(s: PassageRanks) -> str:
    found = [f"{_at(s, step)} in {name}" for step, name in SEARCHES.items() if s.hit(step)]
    found += [
        f"{ordinal(hit.rank)} ({score_text(hit.score, step.space)}) in the extra search “{name}”, {step.name}"
        for name, step, hit in s.extra_hits
    ]
    idle = [name for step, name in SEARCHES.items() if s.hit(step) and not _weight(s.trace, step)]
    fused = s.hit(StepName.FUSED)
    if fused is None:
        return f"was {' and '.join(found)}, but the weight of {idle[0]} is 0, so it was no candidate."
    if s.passage.id in {hit.passage_id for hit in s.trace.pool_unread}:
        read, size = len(s.trace.pool_read), len(s.trace.pool)
        return (
            f"was {' and '.join(found)}; fused it was {_at(s, StepName.FUSED)}, but the reranker stopped "
            f"after {read} of {size} candidates and never read it."
        )
    last = score_text(s.trace.head[-1].score, s.trace.fused_step.space)
    first_pass, pool = s.trace.policy.first_pass, s.trace.policy.pool
    reads = f"the {first_pass.pool} that the first pass" if first_pass else f"the pool of {pool} that the reranker"
    return (
        f"was {' and '.join(found)}; fused it was {_at(s, StepName.FUSED)}, outside {reads} reads "
        f"(the last in it has {last})."
    )


def _read_at_most(trace: Trace) -> str:
    """What a candidate had to reach to be read at all."""
    first_pass = trace.policy.first_pass
    return f"a first pass that reads {first_pass.pool}" if first_pass else f"a pool of {trace.policy.pool}"


def _cut_by_first_pass(s: PassageRanks) -> str:
    trace = s.trace
    from_first_pass, last = trace[StepName.FIRST_PASS], trace.pool[-1].score
    first, ran = (
        (trace.first_pass_summary.name, trace.first_pass_summary.status != "failed")
        if trace.first_pass_summary
        else ("", False)
    )
    if not ran:
        return (
            f"was {_at(s, StepName.FUSED)} after fusion; the first pass ({first}) did not run, so only the first "
            f"{len(trace.pool)} went on to {trace.policy.reranker}."
        )
    return (
        f"was {_at(s, StepName.FUSED)} after fusion; the first pass ({first}) put it {_at(s, StepName.FIRST_PASS)} of "
        f"{len(from_first_pass.hits)}, and only its best {len(trace.pool)} went on to {trace.policy.reranker} (the "
        f"last of them has {score_text(last, from_first_pass.space)})."
    )


def _weight(trace: Trace, step: str) -> float:
    return float(getattr(trace.policy.fusion, WEIGHTS[step]))


def _unread(s: PassageRanks) -> str:
    pair = s.pair
    unread, tokens = (pair.unseen_tokens, pair.tokens) if pair else (0, 0)
    telling = "the words that answer are" if s.span else "most of the question's words in it are"
    return (
        f"was in the pool, but {telling} beyond the reranker's limit: it did not read the last {unread} of {tokens} "
        f"tokens and put the passage {_at(s, StepName.RERANKED)}."
    )


def _moved(step: str, mover: str) -> Callable[[PassageRanks], str]:
    def words(s: PassageRanks) -> str:
        return (
            f"was {_at(s, s.trace.before(step).name)} before; {mover} moved it to {_at(s, step)}, "
            f"and only {_first(s.trace.policy.top_k)} kept."
        )

    return words


def _under(s: PassageRanks) -> str:
    trace = s.trace
    score = score_text(trace.relevance[s.passage.id], trace.relevance_space)
    least = cut_text(trace)
    return f"was ranked {ordinal(s.rank(StepName.ADJUSTED))}, but its {score} is under the threshold of {least}."


def _cut_by_top_k(s: PassageRanks) -> str:
    kept = s.trace.kept_step
    last = score_text(kept.hits[-1].score, kept.space)
    return (
        f"was {_at(s, StepName.FUSED)} after fusion and {_at(s, StepName.ADJUSTED)} in the end; "
        f"only {_first(s.trace.policy.top_k)} kept, {'with' if s.trace.policy.top_k == 1 else 'the last with'} {last}."
    )


def _not_cited(s: PassageRanks) -> str:
    answer = s.trace.recorded_answer
    said = "the answer was “I don't know”" if answer and answer.kind == "unknown" else "the answer does not cite it"
    return f"was given to the answer as passage {s.rank(StepName.KEPT)} ({_score(s, StepName.KEPT)}), but {said}."


def _kept(s: PassageRanks) -> str:
    cited = " and the answer cites it" if s.cited else ""
    return f"was not lost: it was kept {_at(s, StepName.KEPT)}{cited}."


def _first(top_k: int) -> str:
    return "the first is" if top_k == 1 else f"the first {top_k} are"


def _at(s: PassageRanks, step: str) -> str:
    """`3rd (logit 1.20)`."""
    return f"{ordinal(s.rank(step))} ({_score(s, step)})"


def _score(s: PassageRanks, step: str) -> str:
    hit = s.hit(step)
    return score_text(hit.score, s.trace[step].space) if hit else "not ranked"


_OF_LOCATION: dict[Verdict, Callable[[Trace, Location], str]] = {
    Verdict.FILTERED_OUT: _filtered,
    Verdict.CUT_BY_CHUNKING: _cut,
}
_OF_STANDING: dict[Verdict, Callable[[PassageRanks], str]] = {
    Verdict.MISSED_BY_BOTH: _missed_by_both,
    Verdict.MISSED_BY_DENSE: _missed_by(StepName.DENSE, StepName.LEXICAL),
    Verdict.MISSED_BY_LEXICAL: _missed_by(StepName.LEXICAL, StepName.DENSE),
    Verdict.FUSED_OUT: _fused_out,
    Verdict.CUT_BY_FIRST_PASS: _cut_by_first_pass,
    Verdict.UNREAD: _unread,
    Verdict.DEMOTED: _moved(StepName.RERANKED, "the reranker"),
    Verdict.PUSHED_DOWN: _moved(StepName.ADJUSTED, "the signals"),
    Verdict.UNDER_THRESHOLD: _under,
    Verdict.CUT_BY_TOP_K: _cut_by_top_k,
    Verdict.NOT_CITED: _not_cited,
    Verdict.KEPT: _kept,
}
