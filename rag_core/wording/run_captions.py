"""What the tables of one run say, each in a sentence."""

from __future__ import annotations

from rag_core.analysis.latency import duration, time_text
from rag_core.analysis.run_tables import NOT_RETURNED, lanes, movement, score_places
from rag_core.analysis.score_distribution import widest_gap
from rag_core.generation.chat.price import dollars_text
from rag_core.schema.answers import Answer
from rag_core.schema.measurement import Rewriting
from rag_core.schema.once import once
from rag_core.schema.scale import Scale
from rag_core.schema.threshold import applies
from rag_core.schema.trace import Trace
from rag_core.wording.numbers import cut_text, ordinal, score_number, verb

ESTIMATED = " “About”: more candidates were scored than this run reads; it is their share of the time measured."


QUOTED = "Quoted word for word from the kept passages; no language model wrote this"


@once
def movement_caption(trace: Trace) -> str:
    """The chart in one sentence."""
    table = movement(trace)
    if table.empty:
        return "There was nothing to rank."
    up, down = (int((table["direction"] == name).sum()) for name in ("up", "down"))
    lost = table[(table["before"] <= trace.policy.top_k) & (table["outcome"] != "kept")]
    first = min(trace.policy.top_k, len(table))
    leavers = f" {len(lost)} of the first {first} before reranking {verb(len(lost))} not kept." * (len(lost) > 0)
    ended = len(trace.cut_by_first_pass)
    cut = f" {ended} ended at the first pass. Ranks past {len(trace.pool)} are drawn closer together."
    cut *= bool(trace.cut_by_first_pass)
    gone = int((table["outcome"] == NOT_RETURNED).sum())
    missing = f" {gone} {verb(gone, 'was', 'were')} not returned by the reranker." * bool(gone)
    rest = len(trace.pool_unread)
    unread = f" {rest} {verb(rest, 'was', 'were')} not read and {verb(rest)} not drawn." * bool(rest)
    return f"{up} of {len(table)} candidates moved up, {down} down.{cut}{missing}{leavers}{unread}"


@once
def score_caption(trace: Trace) -> str:
    """How many are over the threshold, and where the widest gap lies."""
    table = score_places(trace)
    if table.empty:
        return "There is nothing to keep or to drop."
    cut, space = trace.policy.threshold, trace.relevance_space
    if applies(cut, space):
        over = len(trace.over_threshold)
        first = f"{over} of {len(table)} candidates {verb(over)} at or over {cut_text(trace)}"
    else:
        first = f"No threshold cuts these {len(table)} candidates ({space} scores)"
    gap = widest_gap(list(table["score"]))
    if gap is None:
        return f"{first}; there is no gap between their scores."
    upper, lower = (score_number(score, space) for score in (gap.upper, gap.lower))
    if upper == lower:
        return f"{first}; their scores lie too close together for a gap to show."
    places_ = f"between the {ordinal(gap.after)} and the {ordinal(gap.after + 1)}"
    return f"{first}; the gap {places_} is the widest ({upper} to {lower})."


@once
def latency_caption(trace: Trace) -> str:
    """The slowest step and its share, what was spared by the cache, and model loading apart."""
    table = lanes(trace)
    steps = table[table["kind"] == "inference"]
    before = steps[steps["step"] != "Answer"]
    if before.empty:
        return "No step's time was recorded."
    slowest = before.sort_values("took_ms", ascending=False).iloc[0]
    total = max(trace.took_ms, 1e-9)
    whole = time_text(trace.took)
    share = f"{slowest['took_ms'] / total:.0%}"
    told = f"{whole[0].upper()}{whole[1:]} before the answer; {slowest['step']} took {share} of it."
    loads = table[table["kind"] == "load"]["took_ms"].sum()
    cached = sum(report.pairs_cached for _, report in trace.rerank_passes)
    spared = f" {cached} pair scores came from the cache." if cached else ""
    told += ESTIMATED if trace.took.estimated else ""
    return f"{told}{spared}" + (f" Loading models took {duration(loads)} on top, once." if loads else "")


def rewritten_by(one: Rewriting) -> str:
    """`2 queries written by llama3.2 in 1.2 s: 84 tokens sent, 20 written, $0.0002.`"""
    counts = (one.prompt_tokens, one.completion_tokens)
    tokens = "" if None in counts else f": {counts[0]} tokens sent, {counts[1]} written"
    price = "" if one.dollars is None else f", {dollars_text(one.dollars)}"
    wrote = f"{len(one.queries)} {'query' if len(one.queries) == 1 else 'queries'} written"
    said = wrote if one.queries else "The question was only repeated"
    return f"{said} by {one.model} in {duration(one.timing.took_ms)}{tokens}{price}."


def answer_cost(answer: Answer) -> str:
    """What a chat model's answer took: `812 tokens in, 60 out · $0.00016 · 1.2 s`; what is not known is said."""
    took = duration(answer.timing.took_ms)
    if answer.prompt_tokens is None or answer.completion_tokens is None:
        return f"The server reported no token counts, so its cost is not known · {took}"
    tokens = f"{answer.prompt_tokens:,} tokens in, {answer.completion_tokens:,} out"
    paid = "no price given" if answer.dollars is None else dollars_text(answer.dollars)
    return f"{tokens} · {paid} · {took}"


def uncuttable(trace: Trace) -> str:
    """Why no threshold can be tried on another pipeline's run."""
    return (
        "A threshold needs scores that say how relevant a passage is. The last scores of this run are of the kind "
        f"“{trace.relevance_space}”."
    )


def own_unit(scale: Scale) -> str:
    """What the unit of a threshold is where that is not from 0 to 1.

    `The threshold is a logit, as this run recorded its scores: from -3.2 to 8.2, not from 0 to 1.`
    """
    if not scale.own_unit:
        return ""
    low, high = (f"{one:.{scale.decimals}f}" for one in (scale.low, scale.high))
    return (
        f"The threshold is in the unit of the recorded scores ({scale.space}), here from {low} to {high}. It is no "
        f"probability. At {low} it keeps all."
    )
