"""What reranking does to the answer: the same question, searches and answerer, once without the reranker.

    plain = without_reranking(measurement, trace.policy)      a replay: no model runs
    difference(plain, trace, its_answer, answer)              one sentence

Which passages reach the answer is all that differs; making the two answers is the caller's.
"""

from __future__ import annotations

from rag_core.pipeline.replay import replay
from rag_core.schema.measurement import Measurement
from rag_core.schema.policy import Policy
from rag_core.schema.trace import Trace


def without_reranking(measurement: Measurement, policy: Policy) -> Trace:
    """The trace of the same policy in fused order."""
    return replay(measurement, policy.unranked)


def only_in(one: Trace, other: Trace) -> list[str]:
    """Passage ids that the one kept and the other did not, in the order of the one."""
    there = other.kept_step.by_passage
    return [hit.passage_id for hit in one.kept_step.hits if hit.passage_id not in there]
