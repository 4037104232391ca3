"""What happened to a query, in one generated sentence. Every figure in it is read from the trace."""

from __future__ import annotations

from collections.abc import Callable

from rag_core.analysis.latency import time_text
from rag_core.pipeline.early_stopping import settled
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import Hit, StepName
from rag_core.schema.trace import Trace
from rag_core.wording.first_pass import added_text
from rag_core.wording.numbers import count_of, cut_text, ordinal, score_number, score_text, threshold_text, title_of
from rag_core.wording.recorded_headline import recorded_headline


def headline(trace: Trace) -> str:
    """What the run did, as plain text: the biggest move of what is kept, how much of it is new, the best score with its
    space, the answer probability of the best passage where one was fitted, and the time; where nothing was kept,
    that, with the best score. Titles are quoted in typographic quotes, not in markup."""
    if trace.origin:
        return recorded_headline(trace)
    if trace.passages and not trace.fused_step.hits:
        return f"Both fusion weights are 0, so nothing reached the pool. {_time(trace)}"
    if not trace.passages:
        where = f" with {trace.where}" if trace.where else ""
        return f"Nothing in {trace.collection.name}{where} matched this question. {_time(trace)}"
    if trace.unknown:  # that alone: what moved among candidates that nobody gets says nothing
        sentences = [_best(trace), _stopped(trace), _time(trace)]
    else:
        moved = [_movement(trace), _stopped(trace), _news(trace)]
        sentences = [*moved, _best(trace), _time(trace)]
    return " ".join(sentence for sentence in sentences if sentence)


def whole_headline(trace: Trace) -> str:
    """The headline with what it says of the best passage, where there is no picture beside it."""
    return f"{headline(trace)} {best_answers(trace)}".strip()


def so_far(trace: Trace) -> str:
    """What a run that is still being read can say of its first places: `8 of 50 candidates read; the other 42 ...`."""
    read, rest = len(trace.pool_read), len(trace.pool_unread)
    places = min(trace.policy.top_k, read)
    scores = {hit.passage_id: hit.score for hit in trace.reranked_step.hits}
    space = trace.reranked_step.space
    fixed = 0 if trace.policy.signals.on else settled(list(scores), scores, places, space)
    told = f"{read} of {count_of(len(trace.pool), 'candidate')} read"
    if fixed == trace.policy.top_k:
        return f"{told}; the first {places} have the highest score there is, so no other can take their places."
    sure = f" but the {fixed} with the highest score there is" if fixed else ""
    return f"{told}; the other {rest} can still take any of the first {places} places{sure}."


def so_far_by_first_pass(handed_on: int) -> str:
    """The same before the reranker has read anything: `the first pass's order; the reranker reads its best 10.`"""
    return f"the first pass's order; the reranker reads its best {handed_on}."


def first_pass(trace: Trace, named: Callable[[str], str] = str) -> str:
    """`First pass: late-interaction + 0.3 cosine + 0.1 lexical share read 100, the best 20 went on to
    second-pass-minilm-v3.`; empty without one, and where there was nothing to read.

    named: what a reranker's key is called.
    """
    report = trace.first_pass_summary
    if report is None or not trace.head:
        return ""
    read, handed_on, last = len(trace.head), len(trace.pool), named(trace.policy.reranker)
    if report.status == "failed":
        return f"First pass: {named(report.name)} did not run; the first {handed_on} in fused order went on to {last}."
    added = added_text(trace.policy.first_pass) if trace.policy.first_pass else ""
    if handed_on == read:
        return f"First pass: {named(report.name)}{added} read {read}, and all of them went on to {last}."
    return f"First pass: {named(report.name)}{added} read {read}, the best {handed_on} went on to {last}."


def _movement(trace: Trace) -> str:
    """What the reranker did to what is kept, never crediting it with what signals did."""
    idle = {
        "off": "No reranker: this is the fused order.",
        "failed": f"The reranker did not run: this is {_order_before(trace)}.",
    }
    if trace.rerank.status in idle:
        said = idle[trace.rerank.status]
    else:
        said = _climb(trace, StepName.FUSED, StepName.RERANKED, "Reranking")
    if not trace.policy.signals.on:
        return said
    signals = _climb(trace, StepName.RERANKED, StepName.ADJUSTED, "Signals")
    return f"{said.replace('this is the', 'signals reorder the')} {signals}"


def _order_before(trace: Trace) -> str:
    """What the order that came to the reranker is called."""
    first = trace.first_pass_summary
    return "the first pass's order" if first and first.status != "failed" else "the fused order"


def _climb(trace: Trace, before: StepName, after: StepName, step: str) -> str:
    """The climb of a step that mattered most: of what is kept, the candidate that came from furthest down."""
    kept = trace.kept_step.by_passage
    head = [hit for hit in trace[after].hits if hit.passage_id in kept]
    ranks = trace[before].by_passage
    climbs = [(ranks[hit.passage_id].rank - hit.rank, hit) for hit in head]
    climb, hit = max(climbs, key=lambda pair: (pair[0], -pair[1].rank), default=(0, None))
    if hit is None:
        return ""
    if climb <= 0:
        return f"{step} {'moved none of the kept passages' if len(head) > 1 else 'did not move the kept passage'} up."
    title = title_of(trace.passages[hit.passage_id])
    return f"{step} moved “{title}” from {ordinal(ranks[hit.passage_id].rank)} to {ordinal(hit.rank)}."


def _stopped(trace: Trace) -> str:
    """How far the reranker read, where it did not read the whole pool."""
    if not trace.rerank.stopped:
        return ""
    said = "was stopped" if trace.rerank.stopped == "asked" else "stopped by its rule"
    return f"Reranking {said} after {len(trace.pool_read)} of {count_of(len(trace.pool), 'candidate')}."


def _news(trace: Trace) -> str:
    """How many of what is kept were not among the first k of the fused order."""
    if trace.rerank.status in ("off", "failed") and not trace.policy.signals.on:
        return ""
    k = trace.policy.top_k
    kept = trace.kept_step.hits
    before = {hit.passage_id for hit in trace.fused_step.hits[:k]}
    new = sum(hit.passage_id not in before for hit in kept)
    if len(kept) == 1:
        return "The kept passage is new." if new else ""
    return f"{new} of the {len(kept)} kept {'is' if new == 1 else 'are'} new." if new else ""


def _best(trace: Trace) -> str:
    best = trace.best
    if best is None:
        return ""
    shown = score_text(*_judged(trace, best))
    if trace.unknown:
        least = cut_text(trace)
        return f"Nothing reached the threshold ({least}), so the answer is “I don't know”; the best score was {shown}."
    head = trace.final_step.hits[: trace.policy.top_k]
    under = sum(trace.outcome(hit.passage_id) == "under the threshold" for hit in head)
    if trace.lowest_kept is None:
        return f"Best score: {shown}."
    cut = f"; {under} of the top {len(head)} {'is' if under == 1 else 'are'} under it" if under else ""
    return f"Best score: {shown}, over the threshold of {threshold_text(trace.lowest_kept)}{cut}."


def best_answers(trace: Trace) -> str:
    """`The best passage answers with probability 0.78. That counts its lead over the next passage, which its own score
    does not, and holds for questions like the sample's.`; empty where nothing was kept, since the answer is then “I
    don't know”, and where none was fitted."""
    if trace.best_probability is None or trace.unknown:
        return ""
    shown = score_number(trace.best_probability, ScoreSpace.PROBABILITY)
    which = "first passage of the reranker" if trace.policy.signals.on else "best passage"
    own = trace.policy.calibration_of(trace.rerank.model)
    like = "those of the calibration" if own and own.space is trace.reranked_step.space else "the sample's"
    return (
        f"The {which} answers with probability {shown}. That counts its lead over the next passage, which its own "
        f"score does not, and holds for questions like {like}."
    )


def closest(trace: Trace) -> str:
    """Where nothing was kept: `Closest: “Refunds: EU” with maxsim 0.31, under the threshold of 0.40.`; else empty.

    The candidate is the one with the highest relevance, which is what the threshold cuts.
    """
    lowest, relevance = trace.lowest_kept, trace.relevance
    if not trace.unknown or lowest is None:
        return ""
    best = max(relevance, key=relevance.__getitem__)
    space = trace.relevance_space
    shown, least = score_text(relevance[best], space), threshold_text(lowest)
    return f"Closest: “{title_of(trace.passages[best])}” with {shown}, under the threshold of {least}."


def _judged(trace: Trace, best: Hit) -> tuple[float, ScoreSpace]:
    """The highest relevance among the candidates, in the space that the threshold cuts."""
    relevance = trace.relevance
    return max(relevance.values(), default=best.score), trace.relevance_space


def _time(trace: Trace) -> str:
    loading = trace.loading_ms
    extra = f" (and {loading / 1000:.1f} s to load models, once)" if loading >= 50 else ""
    shown = time_text(trace.took)
    return f"{shown[0].upper()}{shown[1:]}{extra}."
