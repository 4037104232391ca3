"""Would this policy keep the expected document? Answered by replay, after cheap tests that settle most policies.

A policy is settled without a replay where the document is not in the pool, or where so many of the pool score
higher that it cannot be among the kept. Pairs that no one has scored leave the question open.
"""

from __future__ import annotations

from rag_core.config import FULL_DEPTH, Policy
from rag_core.diagnosis.expected import Location
from rag_core.replay import NO_RERANKER, pool_of, replay
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
            self._fused[key] = pool_of(self.measurement, policy.model_copy(update={"pool": most}))
        return self._fused[key]

    def fused_rank(self, policy: Policy) -> int | None:
        """The best rank of an expected chunk among the candidates; None where it is none of them."""
        return next((rank for rank, c in enumerate(self.fused(policy), start=1) if c in self.wanted), None)

    def pooled(self, policy: Policy) -> bool:
        """True where enough of what is expected is in the pool."""
        there = self.wanted & set(self.fused(policy)[: policy.pool])
        return there == self.wanted if self._all else bool(there)

    def missing(self, policy: Policy) -> set[str]:
        """The chunks of the pool that the policy's reranker has not scored."""
        known = self.measurement.rerankings.get(policy.reranker)
        if policy.reranker == NO_RERANKER or (known and known.failure):
            return set()
        return set(self.fused(policy)[: policy.pool]) - set(known.pairs if known else ())

    def kept(self, policy: Policy) -> bool | None:
        """True where the policy keeps what is expected; None where scores are missing that would tell."""
        if not self.pooled(policy):
            return False
        if self.missing(policy):
            return None
        return not self._ruled_out(policy) and self.keeps(self.trace(policy))

    def trace(self, policy: Policy) -> Trace:
        """The replay."""
        return replay(self.measurement, policy)

    def keeps(self, trace: Trace) -> bool:
        """True where the trace kept what is expected: any of the chunks, or all parts of a quote that was cut."""
        kept = self.wanted & set(trace[StageName.KEPT].by_chunk)
        return kept == self.wanted if self._all else bool(kept)

    def chunks(self, ids: set[str]) -> list[Chunk]:
        """The chunks of these ids, in order of id."""
        return [self.measurement.chunks[chunk_id] for chunk_id in sorted(ids)]

    def _ruled_out(self, policy: Policy) -> bool:
        """No expected chunk of the pool is over the threshold; or relevance alone decides, and top-k of the others
        are more relevant. Sound, not complete: what it leaves open is replayed."""
        known = self.measurement.rerankings.get(policy.reranker)
        if self._all or known is None or known.failure:
            return False
        pool = self.fused(policy)[: policy.pool]
        best = max(known.pairs[chunk_id].score for chunk_id in pool if chunk_id in self.wanted)
        relevance = sigmoid(best) if known.space is ScoreSpace.LOGIT else best
        if not passes(policy.threshold, judged_space(known.space), relevance):
            return True
        return not policy.signals.on and sum(known.pairs[c].score > best for c in pool) >= policy.top_k
