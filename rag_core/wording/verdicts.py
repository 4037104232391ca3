"""A verdict in one or two plain sentences, for somebody who does not know the pipeline; each score names its space."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

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
    Recorded,
    Score,
    Split,
    UnderThreshold,
)
from rag_core.diagnosis.verdicts import Diagnosis, Verdict
from rag_core.schema.trace_record import RankAtStep
from rag_core.wording.numbers import nearest_titles, ordinal, score_text, threshold_text
from rag_core.wording.recorded_verdicts import RUN_WORDS

VERDICT_LABELS = {
    Verdict.NOT_IN_CORPUS: "Not in the corpus",
    Verdict.FILTERED_OUT: "Excluded by the filter",
    Verdict.CUT_BY_CHUNKING: "Cut by chunking",
    Verdict.MISSED_BY_BOTH: "Missed by both searches",
    Verdict.MISSED_BY_DENSE: "Missed by dense search",
    Verdict.MISSED_BY_LEXICAL: "Missed by lexical search",
    Verdict.MISSED: "Missed by every search",
    Verdict.FUSED_OUT: "Fused out of the pool",
    Verdict.CUT_BY_FIRST_PASS: "Cut by the first pass",
    Verdict.UNREAD: "Beyond the reranker's token limit",
    Verdict.NOT_RETURNED: "Not returned by the reranker",
    Verdict.DEMOTED: "Demoted by the reranker",
    Verdict.PUSHED_DOWN: "Pushed down by a signal",
    Verdict.UNDER_THRESHOLD: "Under the threshold",
    Verdict.CUT_BY_TOP_K: "Cut by top-k",
    Verdict.NOT_SELECTED: "Not selected",
    Verdict.NOT_CITED: "Lost in the answer (not cited)",
    Verdict.KEPT: "Kept",
    Verdict.CANNOT_TELL: "Cannot be told from this run",
}
"""The name of each verdict, as badges and lists show it."""

SEARCHES = {"dense": "dense search", "lexical": "lexical search"}
OTHER = {"dense": "lexical", "lexical": "dense"}


def sentence(diagnosis: Diagnosis) -> str:
    """The verdict in words."""
    facts: Facts = diagnosis.facts
    return _WORDS[type(facts)](facts)


def _not_in_corpus(facts: NotInCorpus) -> str:
    near = nearest_titles(facts.nearest) or "No title resembles it."
    return f"{facts.collection} has no document “{facts.asked}”. {near}"


def _no_text(facts: NoText) -> str:
    return f"{facts.collection} has “{facts.title}”, but no passage was cut from it: it has no text."


def _filtered_out(facts: FilteredOut) -> str:
    fields = ", ".join(facts.fields)
    return f"“{facts.title}” does not match the filter of this question ({fields}), so no search could find it."


def _split(facts: Split) -> str:
    pieces, kept = facts.pieces, facts.kept
    return (
        f"Chunking split the words that answer into {pieces} passages of “{facts.title}”. None of them contains "
        f"all of the words, and {kept} of the {pieces} {'was' if kept == 1 else 'were'} kept."
    )


def _missed_by_both(facts: MissedByBoth) -> str:
    ends = f"{_end('dense', facts.dense_end)} and {_end('lexical', facts.lexical_end)}"
    extra = [f"“{name}”" for name in facts.extra_searches]
    nor = f", nor by the extra {'search' if len(extra) == 1 else 'searches'} {', '.join(extra)}" if extra else ""
    if facts.only:
        end = _end(facts.only, facts.dense_end if facts.only == "dense" else facts.lexical_end)
        by = f"{SEARCHES[facts.only]}, the only one of this index,"
        return f"“{facts.title}” was not found by {by} in its first {facts.depth}: {end}{nor}."
    return f"“{facts.title}” was found by neither search in the first {facts.depth} of each: {ends}{nor}."


def _end(step: str, end: Score | None) -> str:
    return f"the {step} list ends at {_score(end)}" if end else f"the {step} list is empty"


def _missed_by_one(facts: MissedByOne) -> str:
    missed, other = SEARCHES[facts.missing], SEARCHES[OTHER[facts.missing]].capitalize()
    by, count = facts.reads.by, facts.reads.count
    reads = f"a first pass that reads {count}" if by == "first pass" else f"a pool of {count}"
    return (
        f"“{facts.title}” was not found by {missed} ({_end(facts.missing, facts.end)}). {other} "
        f"alone had it {_at(facts.other)}, too far down for {reads}."
    )


def _no_candidate(facts: NoCandidate) -> str:
    idle = SEARCHES[facts.found[0].at.step]
    return f"“{facts.title}” was {_found(facts.found)}, but the weight of {idle} is 0, so it was no candidate."


def _not_reached(facts: NotReached) -> str:
    return (
        f"“{facts.title}” was {_found(facts.found)}; fused it was {_at(facts.fused)}, but the reranker stopped "
        f"after {facts.read} of {facts.pool} candidates and never read it."
    )


def _outside_pool(facts: OutsidePool) -> str:
    return (
        f"“{facts.title}” was {_found(facts.found)}; fused it was {_at(facts.fused)}, outside {_read_by(facts.reads)} "
        f"reads (the last in it has {_score(facts.last)})."
    )


def _read_by(reads: Reads) -> str:
    if reads.by == "first pass":
        return f"the {reads.count} that the first pass"
    return f"the pool of {reads.count} that the reranker"


def _found(found: Sequence[FoundAt]) -> str:
    """`1st (cosine 0.90) in dense search and 2nd (bm25 1.2) in the extra search “acme”, lexical`."""
    return " and ".join(
        f"{_at(one.at)} in the extra search “{one.search}”, {one.at.step}"
        if one.search
        else f"{_at(one.at)} in {SEARCHES[one.at.step]}"
        for one in found
    )


def _not_handed_on(facts: NotHandedOn) -> str:
    start = f"“{facts.title}” was {_at(facts.fused)} after fusion; the first pass ({facts.first_pass})"
    if facts.placed is None or facts.last is None:
        return f"{start} did not run, so only the first {facts.handed_on} went on to {facts.reranker}."
    return (
        f"{start} put it {_at(facts.placed)} of {facts.placed.of}, and only its best {facts.handed_on} went on to "
        f"{facts.reranker} (the last of them has {_score(facts.last)})."
    )


def _beyond_limit(facts: BeyondLimit) -> str:
    telling = "the words that answer are" if facts.quoted else "most of the question's words in it are"
    return (
        f"“{facts.title}” was in the pool, but {telling} beyond the reranker's limit: it did not read the last "
        f"{facts.unseen_tokens} of {facts.tokens} tokens and put the passage {_at(facts.reranked)}."
    )


def _moved(facts: Moved) -> str:
    return (
        f"“{facts.title}” was {_at(facts.before)} before; the {facts.by} moved it to {_at(facts.after)}, "
        f"and only {_first(facts.top_k)} kept."
    )


def _under_threshold(facts: UnderThreshold) -> str:
    least = f"{facts.relevance.space} {threshold_text(facts.threshold)}"
    score = _score(facts.relevance)
    return f"“{facts.title}” was ranked {ordinal(facts.rank)}, but its {score} is under the threshold of {least}."


def _cut_by_top_k(facts: CutByTopK) -> str:
    last = f"{'with' if facts.top_k == 1 else 'the last with'} {_score(facts.last)}"
    return (
        f"“{facts.title}” was {_at(facts.fused)} after fusion and {_at(facts.final)} in the end; "
        f"only {_first(facts.top_k)} kept, {last}."
    )


def _not_cited(facts: NotCited) -> str:
    at = facts.kept
    said = "the answer was “I don't know”" if facts.unknown else "the answer does not cite it"
    return f"“{facts.title}” was given to the answer as passage {at.rank} ({_score_at(at)}), but {said}."


def _kept(facts: Kept) -> str:
    cited = " and the answer cites it" if facts.cited else ""
    return f"“{facts.title}” was not lost: it was kept {_at(facts.kept)}{cited}."


def _recorded(facts: Recorded) -> str:
    return facts.recorded_sentence


def _first(top_k: int) -> str:
    return "the first is" if top_k == 1 else f"the first {top_k} are"


def _at(at: RankAtStep) -> str:
    """`3rd (logit 1.20)`."""
    return "not ranked" if at.rank is None else f"{ordinal(at.rank)} ({_score_at(at)})"


def _score_at(at: RankAtStep) -> str:
    return "not ranked" if at.score is None else score_text(at.score, at.space)


def _score(of: Score) -> str:
    return score_text(of.score, of.space)


_WORDS: dict[type, Callable[[Any], str]] = {
    NotInCorpus: _not_in_corpus,
    NoText: _no_text,
    FilteredOut: _filtered_out,
    Split: _split,
    MissedByBoth: _missed_by_both,
    MissedByOne: _missed_by_one,
    NoCandidate: _no_candidate,
    NotReached: _not_reached,
    OutsidePool: _outside_pool,
    NotHandedOn: _not_handed_on,
    BeyondLimit: _beyond_limit,
    Moved: _moved,
    UnderThreshold: _under_threshold,
    CutByTopK: _cut_by_top_k,
    NotCited: _not_cited,
    Kept: _kept,
    Recorded: _recorded,
    **RUN_WORDS,
}
