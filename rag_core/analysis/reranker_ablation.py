"""What reranking does to the answer: the same question, searches and answerer, once without the reranker.

    plain = without_reranking(measurement, trace.policy)      a replay: no model runs
    difference(plain, trace, its_answer, answer)              one sentence

Which passages reach the answer is all that differs; making the two answers is the caller's.
"""

from __future__ import annotations

from collections.abc import Sequence

from rag_core.generation.citations import uncited
from rag_core.pipeline.replay import replay
from rag_core.schema.answers import Answer
from rag_core.schema.measurement import Measurement
from rag_core.schema.policy import Policy
from rag_core.schema.trace import Trace
from rag_core.wording.numbers import count_of, title_of

NAMED = 2
"""Passages named in the sentence at most; the others are counted."""


def without_reranking(measurement: Measurement, policy: Policy) -> Trace:
    """The trace of the same policy in fused order."""
    return replay(measurement, policy.unranked)


def only_in(one: Trace, other: Trace) -> list[str]:
    """Passage ids that the one kept and the other did not, in the order of the one."""
    there = other.kept_step.by_passage
    return [hit.passage_id for hit in one.kept_step.hits if hit.passage_id not in there]


def difference(plain: Trace, reranked: Trace, before: Answer, after: Answer) -> str:
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
    return uncited(answer.text), frozenset(citation.passage_id for citation in answer.citations)


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
