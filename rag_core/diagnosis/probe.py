"""Would this policy keep the expected document? Answered by replay, after cheap tests that settle most policies.

A policy is settled without a replay where the document is not in the pool (or the first pass or a stopped reranker does
not read it), or where so many that are read score higher that it cannot be among the kept. Pairs that no one has scored
leave it open.
"""

from __future__ import annotations

from collections.abc import Sequence

from rag_core.config import FULL_DEPTH, NO_RERANKER, Policy
from rag_core.diagnosis.expected import Location
from rag_core.passes import extent_of, head_of, survivors, unread
from rag_core.replay import replay
from rag_core.stopping import Extent
from rag_core.threshold import judged_space, passes, sigmoid
from rag_core.trace import Measurement, Trace
from rag_core.types import Chunk, ScoreSpace, StageName


class Probe:
    """Asks many policies about one measurement and one location."""

    def __init__(self, measurement: Measurement, location: Location) -> None:
        self.measurement = measurement
        self.wanted = location.chunk_ids
        self._all = not location.whole
        self._fused: dict[tuple[object, ...], list[str]] = {}

    def fused(self, policy: Policy) -> list[str]:
        """All candidates of the policy in fused order; its pool is the beginning of them."""
        key = (policy.depth, policy.fusion, policy.extras, policy.rewrite)
        if key not in self._fused:
            most = 2 * FULL_DEPTH * (1 + len(self.measurement.extras))
            self._fused[key] = head_of(self.measurement, policy.model_copy(update={"screen": None, "pool": most}))
        return self._fused[key]

    def fused_rank(self, policy: Policy) -> int | None:
        """The best rank of an expected chunk among the candidates; None where it is none of them."""
        return next((rank for rank, c in enumerate(self.fused(policy), start=1) if c in self.wanted), None)

    def head(self, policy: Policy) -> list[str]:
        """The candidates that are read at all: by the first pass where there is one, else by the reranker."""
        return self.fused(policy)[: policy.screen.pool if policy.screen else policy.pool]

    def reached(self, policy: Policy) -> bool:
        """True where enough of what is expected is read at all."""
        return self._enough(self.head(policy))

    def missing(self, policy: Policy) -> tuple[str, set[str]]:
        """The reranker that must score next, and the chunks that it has not scored; none of them where the policy can
        be replayed, or where what the first pass scored settles it."""
        head = self.head(policy)
        if policy.screen and (open_ := self._unscored(policy.screen.reranker, head)):
            return policy.screen.reranker, open_
        pool = survivors(head, self.measurement, policy)
        readable = self._enough(pool[: policy.stopping.limit])
        return policy.reranker, set(self._extent(policy, pool).missing) if readable else set()

    def kept(self, policy: Policy) -> bool | None:
        """True where the policy keeps what is expected; None where scores are missing that would tell."""
        if not self.reached(policy):
            return False
        if self.missing(policy)[1]:
            return None
        pool = survivors(self.head(policy), self.measurement, policy)
        read = pool[: self._extent(policy, pool).read]
        return self._enough(read) and not self._ruled_out(policy, read) and self.keeps(self.trace(policy))

    def trace(self, policy: Policy) -> Trace:
        """The replay."""
        return replay(self.measurement, policy)

    def keeps(self, trace: Trace) -> bool:
        """True where the trace kept what is expected: any of the chunks, or all parts of a quote that was cut."""
        return self._enough(list(trace[StageName.KEPT].by_chunk))

    def scored(self, reranker: str) -> set[str]:
        """The chunks that a reranker has scored."""
        known = self.measurement.rerankings.get(reranker)
        return set(known.pairs) if known else set()

    def chunks(self, ids: set[str]) -> list[Chunk]:
        """The chunks of these ids, in order of id."""
        return [self.measurement.chunks[chunk_id] for chunk_id in sorted(ids)]

    def _enough(self, chunk_ids: Sequence[str]) -> bool:
        there = self.wanted & set(chunk_ids)
        return there == self.wanted if self._all else bool(there)

    def _unscored(self, reranker: str, chunk_ids: Sequence[str]) -> set[str]:
        known = self.measurement.rerankings.get(reranker)
        if reranker == NO_RERANKER or (known and known.failure):
            return set()
        return set(unread(chunk_ids, known))

    def _extent(self, policy: Policy, pool: Sequence[str]) -> Extent:
        """How far the reranker reads into the pool; all of it where it is off or failed, as in a replay."""
        known = self.measurement.rerankings.get(policy.reranker)
        reach = extent_of(pool, known, policy)
        if policy.reranker == NO_RERANKER or (known and known.failure and reach.missing):
            return Extent(len(pool))
        return reach

    def _ruled_out(self, policy: Policy, read: Sequence[str]) -> bool:
        """No expected chunk that is read is over the threshold; or relevance alone decides, and top-k of the others
        are more relevant. Sound, not complete: what it leaves open is replayed."""
        known = self.measurement.rerankings.get(policy.reranker)
        if self._all or known is None or known.failure:
            return False
        best = max(known.pairs[chunk_id].score for chunk_id in read if chunk_id in self.wanted)
        relevance = sigmoid(best) if known.space is ScoreSpace.LOGIT else best
        if not passes(policy.threshold, judged_space(known.space), relevance):
            return True
        return not policy.signals.on and sum(known.pairs[c].score > best for c in read) >= policy.top_k
