"""The passes of reranking: which candidates each one reads, in which order, and which of them have no score yet.

Without a screen there is one pass, over the pool. With one there are two: the first reads the wide head of the fused
order, and its best go on to the policy's reranker, so that what the second reads follows from the first's scores.
Pure arithmetic on a measurement: `rag_core.pipeline` scores, `rag_core.replay` makes the stages.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rag_core.config import NO_RERANKER, Policy
from rag_core.errors import UnscoredPairs
from rag_core.extras import lists, weights
from rag_core.retrieval.fusion import rrf
from rag_core.stopping import Extent, extent
from rag_core.trace import Measurement, Reranking
from rag_core.types import Chunk


class Due(NamedTuple):
    """A pass that must still score: its reranker's key, and the chunks in the order in which it reads them.

    No chunks: it has nothing to score and was never asked, so that nobody knows its model yet.
    """

    reranker: str
    chunks: list[Chunk]


def head_of(measurement: Measurement, policy: Policy) -> list[str]:
    """The chunk ids that go on from fusion, in fused order: to the first pass where there is one, else to the reranker.

    No reranker needs to have scored them.
    """
    fused = rrf(lists(measurement, policy), weights(measurement, policy), policy.fusion.k)
    return [hit.id for hit in fused[: policy.screen.pool if policy.screen else policy.pool]]


def pool_of(measurement: Measurement, policy: Policy) -> list[str]:
    """The chunk ids that the policy's reranker reads, in the order in which it reads them: the fused order, or the
    first pass's, which must be scored: raises UnscoredPairs where it is not. A first pass that failed leaves the fused
    order as it is.
    """
    head = head_of(measurement, policy)
    return head if policy.screen is None else survivors(head, measurement, policy)


def survivors(head: Sequence[str], measurement: Measurement, policy: Policy) -> list[str]:
    """The best of a head by the first pass's scores, ties in fused order; what goes on to the reranker."""
    if policy.screen is None:
        return list(head[: policy.pool])
    known = measurement.rerankings.get(policy.screen.reranker)
    missing = unread(head, known)
    if missing and (known is None or not known.failure):
        raise UnscoredPairs(policy.screen.reranker, tuple(missing))
    if known is None or missing:
        return list(head[: policy.pool])
    return sorted(head, key=lambda chunk_id: -known.pairs[chunk_id].score)[: policy.pool]


def due(measurement: Measurement, policy: Policy) -> list[Due]:
    """The passes of a policy that have something to score, in order; none where it can be replayed.

    While the first has not scored all that it reads, it stands alone: what the second reads is not known before. One
    that failed is named, to be tried again, and the second beside it. Where a rule may stop the reranker, its chunks
    are those up to the end of the next slice: their scores decide what comes after.
    """
    if policy.reranker == NO_RERANKER:
        return []
    passes = []
    head = head_of(measurement, policy)
    if policy.screen:
        known = measurement.rerankings.get(policy.screen.reranker)
        missing = unread(head, known)
        if known is None or missing:
            passes.append(Due(policy.screen.reranker, _chunks(measurement, missing)))
        if known is None or (missing and not known.failure):
            return passes
    known = measurement.rerankings.get(policy.reranker)
    reach = extent_of(survivors(head, measurement, policy), known, policy)
    if known is None or reach.missing:
        passes.append(Due(policy.reranker, _chunks(measurement, reach.missing)))
    return passes


def unscored(measurement: Measurement, policy: Policy) -> list[Chunk]:
    """The chunks that the next pass of the policy has not scored yet, in the order in which it reads them."""
    return next((one.chunks for one in due(measurement, policy)), [])


def read_so_far(measurement: Measurement, policy: Policy) -> int:
    """How many of the policy's pool, from the first one without a gap, its reranker has scored; 0 while the first pass
    has not scored its own."""
    known = measurement.rerankings.get(policy.reranker)
    try:
        pool = pool_of(measurement, policy)
    except UnscoredPairs:
        return 0
    return next((at for at, one in enumerate(pool) if known is None or one not in known.pairs), len(pool))


def is_screened(measurement: Measurement, policy: Policy) -> bool:
    """True where what the policy's reranker reads is known: its first pass has scored all that it reads, or failed, or
    there is none."""
    try:
        pool_of(measurement, policy)
    except UnscoredPairs:
        return False
    return True


def extent_of(pool: Sequence[str], known: Reranking | None, policy: Policy) -> Extent:
    """How far the policy's reranker reads into the pool, by what it has scored."""
    if known is None:
        return extent(pool, {}, None, policy)
    return extent(pool, {chunk_id: pair.score for chunk_id, pair in known.pairs.items()}, known.space, policy)


def unread(chunk_ids: Sequence[str], known: Reranking | None) -> list[str]:
    """Those without a score."""
    return [chunk_id for chunk_id in chunk_ids if known is None or chunk_id not in known.pairs]


def _chunks(measurement: Measurement, chunk_ids: Sequence[str]) -> list[Chunk]:
    return [measurement.chunks[chunk_id] for chunk_id in chunk_ids]
