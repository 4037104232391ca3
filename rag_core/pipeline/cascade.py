"""The passes of reranking: which candidates each one reads, in which order, and which of them have no score yet.

Without a screen there is one pass, over the pool. With one there are two: the first reads the wide head of the fused
order, and its best go on to the policy's reranker, so that what the second reads follows from the first's scores.
Pure arithmetic on a measurement: `rag_core.pipeline.pipeline` scores, `rag_core.pipeline.replay` makes the steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rag_core.errors import UnscoredPairs
from rag_core.pipeline.early_stopping import ReadDepth, measured_depth
from rag_core.pipeline.extra_searches import list_weights, named_lists
from rag_core.retrieval.fusion import rrf
from rag_core.schema.documents import Passage
from rag_core.schema.measurement import Measurement, RerankerScores
from rag_core.schema.policy import NO_RERANKER, Policy


class PendingPass(NamedTuple):
    """A pass that must still score: its reranker's key, and the passages in the order in which it reads them.

    No passages: it has nothing to score and was never asked, so that nobody knows its model yet.
    """

    reranker: str
    passages: list[Passage]


def fused_order(measurement: Measurement, policy: Policy) -> list[str]:
    """The passage ids of all candidates in fused order."""
    fused = rrf(named_lists(measurement, policy), list_weights(measurement, policy), policy.fusion.k)
    return [hit.id for hit in fused]


def first_read(measurement: Measurement, policy: Policy) -> list[str]:
    """The passage ids that go on from fusion, in fused order: to the first pass where there is one, else to the
    reranker.

    No reranker needs to have scored them.
    """
    return fused_order(measurement, policy)[: policy.first_pass.pool if policy.first_pass else policy.pool]


def pool_of(measurement: Measurement, policy: Policy) -> list[str]:
    """The passage ids that the policy's reranker reads, in the order in which it reads them: the fused order, or the
    first pass's, which must be scored: raises UnscoredPairs where it is not. A first pass that failed leaves the fused
    order as it is.
    """
    head = first_read(measurement, policy)
    return head if policy.first_pass is None else survivors(head, measurement, policy)


def survivors(head: Sequence[str], measurement: Measurement, policy: Policy) -> list[str]:
    """The best of a head by the first pass's scores, ties in fused order; what goes on to the reranker."""
    if policy.first_pass is None:
        return list(head[: policy.pool])
    known = measurement.rerankings.get(policy.first_pass.reranker)
    missing = unread(head, known)
    if missing and (known is None or not known.failure):
        raise UnscoredPairs(policy.first_pass.reranker, tuple(missing))
    if known is None or missing:
        return list(head[: policy.pool])
    return sorted(head, key=lambda passage_id: -known.pairs[passage_id].score)[: policy.pool]


def pending_passes(measurement: Measurement, policy: Policy) -> list[PendingPass]:
    """The passes of a policy that have something to score, in order; none where it can be replayed.

    While the first has not scored all that it reads, it stands alone: what the second reads is not known before. One
    that failed is named, to be tried again, and the second beside it. Where a rule may stop the reranker, its passages
    are those up to the end of the next slice: their scores decide what comes after.
    """
    if policy.reranker == NO_RERANKER:
        return []
    passes = []
    head = first_read(measurement, policy)
    if policy.first_pass:
        known = measurement.rerankings.get(policy.first_pass.reranker)
        missing = unread(head, known)
        if known is None or missing:
            passes.append(PendingPass(policy.first_pass.reranker, _passages(measurement, missing)))
        if known is None or (missing and not known.failure):
            return passes
    known = measurement.rerankings.get(policy.reranker)
    reach = read_depth(survivors(head, measurement, policy), known, policy)
    if known is None or reach.missing:
        passes.append(PendingPass(policy.reranker, _passages(measurement, reach.missing)))
    return passes


def unscored_passages(measurement: Measurement, policy: Policy) -> list[Passage]:
    """The passages that the next pass of the policy has not scored yet, in the order in which it reads them."""
    return next((one.passages for one in pending_passes(measurement, policy)), [])


def read_so_far(measurement: Measurement, policy: Policy) -> int:
    """How many of the policy's pool, from the first one without a gap, its reranker has scored; 0 while the first pass
    has not scored its own."""
    known = measurement.rerankings.get(policy.reranker)
    try:
        pool = pool_of(measurement, policy)
    except UnscoredPairs:
        return 0
    return next((at for at, one in enumerate(pool) if known is None or one not in known.pairs), len(pool))


def has_first_pass(measurement: Measurement, policy: Policy) -> bool:
    """True where what the policy's reranker reads is known: its first pass has scored all that it reads, or failed, or
    there is none."""
    try:
        pool_of(measurement, policy)
    except UnscoredPairs:
        return False
    return True


def read_depth(pool: Sequence[str], known: RerankerScores | None, policy: Policy) -> ReadDepth:
    """How far the policy's reranker reads into the pool, by what it has scored."""
    if known is None:
        return measured_depth(pool, {}, None, policy)
    return measured_depth(
        pool, {passage_id: pair.score for passage_id, pair in known.pairs.items()}, known.space, policy
    )


def unread(passage_ids: Sequence[str], known: RerankerScores | None) -> list[str]:
    """Those without a score."""
    return [passage_id for passage_id in passage_ids if known is None or passage_id not in known.pairs]


def _passages(measurement: Measurement, passage_ids: Sequence[str]) -> list[Passage]:
    return [measurement.passages[passage_id] for passage_id in passage_ids]
