"""Two runs in words: what differs on one question, on many, and what reranking does to the answer.

The figures come from `rag_core.analysis`; nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Sequence

from rag_core.analysis.latency import duration
from rag_core.analysis.rank_agreement import Agreement, compare_rankings
from rag_core.analysis.reranker_ablation import only_in
from rag_core.analysis.run_comparison import Tally
from rag_core.generation.citations import marks_of, without
from rag_core.schema.answers import Answer
from rag_core.schema.trace import Trace
from rag_core.wording.numbers import count_of, ordinal, title_of

NAMED = 2
"""Passages named in the sentence at most; the others are counted."""


def difference(left: Trace, right: Trace, names: tuple[str, str] = ("A", "B")) -> str:
    """What differs, in plain sentences that name passages, ranks and times; every figure is read from the traces."""
    agreement = compare_rankings(left, right)
    sentences = [
        _overlap(agreement, names),
        _newcomer(agreement, left, right, names),
        _leaver(agreement, left, right, names),
    ]
    pace = "" if left.origin else _pace(left, right, names)  # another machine took the recorded time
    sentences += [_answers(left, right, names), pace]
    return " ".join(sentence for sentence in sentences if sentence)


def _overlap(agreement: Agreement, names: tuple[str, str]) -> str:
    if not agreement.pool:
        return "Neither side found anything."
    if not agreement.moved and not agreement.only_left and not agreement.only_right:
        return f"{names[0]} and {names[1]} give the same {agreement.pool} places and keep the same passages."
    both, left, right = (len(ids) for ids in (agreement.common, agreement.only_left, agreement.only_right))
    return f"Both keep {both} of the same passages; {left} only {names[0]}, {right} only {names[1]}."


def _newcomer(agreement: Agreement, left: Trace, right: Trace, names: tuple[str, str]) -> str:
    """The best placed passage that only the right side keeps, and how many more there are."""
    if not agreement.only_right:
        return ""
    return f"{names[1]} brings in {_moved(agreement.only_right[0], left, right, names)}{_more(agreement.only_right)}."


def _leaver(agreement: Agreement, left: Trace, right: Trace, names: tuple[str, str]) -> str:
    if not agreement.only_left:
        return ""
    return f"{names[1]} drops {_moved(agreement.only_left[0], left, right, names)}{_more(agreement.only_left)}."


def _more(ids: Sequence[str]) -> str:
    return f", and {len(ids) - 1} more" if len(ids) > 1 else ""


def _moved(passage_id: str, left: Trace, right: Trace, names: tuple[str, str]) -> str:
    before, after = (trace.places[passage_id] for trace in (left, right))
    title = f"“{title_of(left.passages[passage_id])}”"
    if before == after:
        return f"{title}, {ordinal(after)} on both sides"
    return f"{title}, {ordinal(before)} in {names[0]} and {ordinal(after)} in {names[1]}"


def _answers(left: Trace, right: Trace, names: tuple[str, str]) -> str:
    """Who says "I don't know", where only one does."""
    if left.unknown == right.unknown:
        return "Both answer “I don't know”." if left.unknown else ""
    return f"{names[0 if left.unknown else 1]} answers “I don't know”, {names[1 if left.unknown else 0]} does not."


def _pace(left: Trace, right: Trace, names: tuple[str, str]) -> str:
    gap = right.took_ms - left.took_ms
    if abs(gap) < 1:
        return "They take the same time."
    more = "more" if gap > 0 else "less"
    return f"{names[1]} takes {duration(abs(gap))} {more} ({duration(left.took_ms)} and {duration(right.took_ms)})."


def comparison_verdict(found: Tally, names: tuple[str, str] = ("A", "B")) -> str:
    """What changes over many queries, and for the labelled ones which side ranks the first relevant passage higher."""
    told = f"{names[0]} and {names[1]} keep different passages for {found.changed} of {found.queries} queries."
    if not found.labelled:
        return f"{told} Without grades the better side is unknown."
    return (
        f"{told} Of {found.labelled} labelled ones, {names[1]} ranks the first relevant passage higher for "
        f"{found.right_wins}, {names[0]} for {found.left_wins}, {found.ties} are equal; mean reciprocal rank "
        f"{found.left_mean:.3f} and {found.right_mean:.3f}."
    )


def reranking_difference(plain: Trace, reranked: Trace, before: Answer, after: Answer) -> str:
    """What reranking changed for the answer, in one or two sentences; says so where it changed nothing."""
    new, gone = only_in(reranked, plain), only_in(plain, reranked)
    if reranked.unknown:
        return "Nothing passes the threshold after reranking: the answer is “I don't know”. Without it nothing is cut."
    if not new and not gone:
        return _same_passages(plain, reranked, before, after)
    if not new:
        return f"{_fewer(plain, reranked, gone, before, after)}{_lost(plain, gone, before)}"
    size = len(plain.kept_step.hits)
    more = len(gone) - len(new)
    left = f" and left {more} more out" if more > 0 else ""
    cited = {citation.passage_id for citation in after.citations}
    resting = [passage_id for passage_id in new if passage_id in cited]
    first = f"Reranking replaced {len(new)} of the {count_of(size, 'passage')} that the answer is made from{left}"
    if resting:
        rest = f"the reranked answer rests on {_named(reranked, resting)}, which the other side never saw."
    else:
        rest = f"it brought in {_named(reranked, new)}, but the answer does not rest on what is new."
    return f"{first}: {rest}{_lost(plain, gone, before)}"


def _fewer(plain: Trace, reranked: Trace, gone: Sequence[str], before: Answer, after: Answer) -> str:
    """Where the reranked answer is made from some of the same passages; names the threshold where that took them."""
    cut = all(reranked.outcome(passage_id) == "under the threshold" for passage_id in gone)
    cause = "Reranking, with the threshold on its scores," if cut else "Reranking"
    sizes = [len(trace.kept_step.hits) for trace in (reranked, plain)]
    kept = f"{cause} leaves {sizes[0]} of the {count_of(sizes[1], 'passage')} that the answer without it is made from"
    return f"{kept}, and brings in nothing new; {_alike(before, after)}."


def _same_passages(plain: Trace, reranked: Trace, before: Answer, after: Answer) -> str:
    orders = [[hit.passage_id for hit in trace.kept_step.hits] for trace in (plain, reranked)]
    order = "in the same order" if orders[0] == orders[1] else "in another order"
    return (
        f"Both answers are made from the same {count_of(len(orders[1]), 'passage')}, {order}; {_alike(before, after)}."
    )


def _alike(before: Answer, after: Answer) -> str:
    return "the answers are the same" if _content(before) == _content(after) else "the answers differ"


def _content(answer: Answer) -> tuple[str, frozenset[str]]:
    """What is said and on which passages, whatever their numbers are."""
    return without(answer.text, marks_of(answer)), frozenset(citation.passage_id for citation in answer.citations)


def _lost(plain: Trace, gone: Sequence[str], before: Answer) -> str:
    """What the answer without reranking rests on and the reranked one was not given."""
    cited = {citation.passage_id for citation in before.citations}
    lost = [passage_id for passage_id in gone if passage_id in cited]
    if not lost:
        return ""
    return f" Without reranking the answer rests on {_named(plain, lost)}, which the reranked one was not given."


def _named(trace: Trace, passage_ids: Sequence[str]) -> str:
    """`“Title” (fused rank 23)`, two at most and a count of the others."""
    fused = trace.fused_step.by_passage
    names = [f"“{title_of(trace.passages[one])}” (fused rank {fused[one].rank})" for one in passage_ids[:NAMED]]
    others = len(passage_ids) - NAMED
    return " and ".join(names) + (f" and {count_of(others, 'other')}" if others > 0 else "")
