"""The passes of reranking: which candidates each one reads, in which order, and which of them have no score yet.

Without a first pass there is one pass, over the pool. With one there are two: the first reads the wide head of the
fused order, and its best go on to the policy's reranker, so that what the second reads follows from the first's scores.
Pure arithmetic on a measurement: `rag_core.pipeline.pipeline` scores, `rag_core.pipeline.replay` makes the steps.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from functools import lru_cache
from typing import NamedTuple

from rag_core.errors import UnscoredPairs
from rag_core.pipeline.early_stopping import ReadDepth, measured_depth, next_end
from rag_core.pipeline.engine_fusion import engine_order
from rag_core.pipeline.extra_searches import list_weights, named_lists
from rag_core.pipeline.search_scores import added_scores
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


class Reading(NamedTuple):
    """How far the policy's passes have come: which of them reads now, how many it has scored, and of how many."""

    first_pass: bool
    read: int
    of: int


def fused_order(measurement: Measurement, policy: Policy) -> tuple[str, ...]:
    """The passage ids of all candidates in fused order; worked out once for the same lists, weights and k. The engine's
    own order where the policy asks for that."""
    if policy.fused_by_engine:
        return engine_order(measurement, policy)
    weights = list_weights(measurement, policy)
    lists = tuple((name, tuple(ids), weights[name]) for name, ids in named_lists(measurement, policy).items())
    return _fused(lists, policy.fusion.k)


@lru_cache(maxsize=512)
def _fused(lists: tuple[tuple[str, tuple[str, ...], float], ...], k: int) -> tuple[str, ...]:
    return tuple(hit.id for hit in rrf({name: ids for name, ids, _ in lists}, {name: w for name, _, w in lists}, k))


def first_read(measurement: Measurement, policy: Policy) -> list[str]:
    """The passage ids that go on from fusion, in fused order: to the first pass where there is one, else to the
    reranker.

    No reranker needs to have scored them.
    """
    return list(fused_order(measurement, policy)[: policy.reads])


def pool_of(measurement: Measurement, policy: Policy) -> list[str]:
    """The passage ids that the policy's reranker reads, in the order in which it reads them: the fused order, or the
    first pass's, which must be scored: raises UnscoredPairs where it is not. A first pass that failed leaves the fused
    order as it is.
    """
    head = first_read(measurement, policy)
    return head if policy.first_pass is None else survivors(head, measurement, policy)


def survivors(head: Sequence[str], measurement: Measurement, policy: Policy) -> list[str]:
    """The best of a head by the first pass's scores, with what the searches add to them, ties in fused order; what goes
    on to the reranker."""
    if policy.first_pass is None:
        return list(head[: policy.pool])
    known = measurement.rerankings.get(policy.first_pass.reranker)
    missing = unread(head, known)
    if missing and (known is None or not known.failure):
        raise UnscoredPairs(policy.first_pass.reranker, tuple(missing))
    if known is None or missing:
        return list(head[: policy.pool])
    scores = {passage_id: known.pairs[passage_id].score for passage_id in head}
    if added := added_scores(measurement, policy.first_pass, head):
        scores = added.totals(scores)
    return sorted(head, key=lambda passage_id: -scores[passage_id])[: policy.pool]


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


def next_slice(
    measurement: Measurement,
    policy: Policy,
    given_up: Container[str] = (),
    request_size: Callable[[str], int] = lambda _: 1,
) -> PendingPass | None:
    """What the next pass that goes on scores next: a few pairs, so that an order can be shown soon; None where nothing
    is left.

    given_up: rerankers that have failed and are not asked again. request_size: how many pairs a reranker takes in one
    request, which costs as much for fewer.
    """
    passes = (one for one in pending_passes(measurement, policy) if one.reranker not in given_up)
    pending = next(passes, None)
    if pending is None or not pending.passages:
        return pending
    in_first_pass = policy.first_pass is not None and pending.reranker == policy.first_pass.reranker
    order = first_read(measurement, policy) if in_first_pass else pool_of(measurement, policy)
    read = _without_gap(order, measurement.rerankings.get(pending.reranker))
    due = set(order[: next_end(read, len(order), request_size(pending.reranker))])
    return PendingPass(pending.reranker, [passage for passage in pending.passages if passage.id in due])


def reading(measurement: Measurement, policy: Policy) -> Reading:
    """How far the policy's passes have come."""
    try:
        pool = pool_of(measurement, policy)
    except UnscoredPairs as exc:
        head = first_read(measurement, policy)
        return Reading(True, len(head) - len(exc.passage_ids), len(head))
    return Reading(False, _without_gap(pool, measurement.rerankings.get(policy.reranker)), len(pool))


def read_so_far(measurement: Measurement, policy: Policy) -> int:
    """How many of the policy's pool, from the first one without a gap, its reranker has scored; 0 while the first pass
    has not scored its own."""
    first_pass, read, _ = reading(measurement, policy)
    return 0 if first_pass else read


def _without_gap(order: Sequence[str], known: RerankerScores | None) -> int:
    """How many of an order are scored before the first one that is not."""
    return next((at for at, one in enumerate(order) if known is None or one not in known.pairs), len(order))


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
