"""Would this policy keep the expected document? Answered by replay, after cheap tests that settle most policies.

A policy is settled without a replay where the document is not in the pool (or the first pass or a stopped reranker does
not read it), or where so many that are read score higher that it cannot be among the kept. Pairs that no one has scored
leave it open.
"""

from __future__ import annotations

from collections.abc import Sequence

from rag_core.diagnosis.expected import Location
from rag_core.pipeline.cascade import first_read, fused_order, read_depth, survivors, unread
from rag_core.pipeline.early_stopping import ReadDepth
from rag_core.pipeline.replay import replay
from rag_core.schema.documents import Passage
from rag_core.schema.measurement import Measurement
from rag_core.schema.policy import NO_RERANKER, Policy
from rag_core.schema.threshold import clearing, relevance_of_score, relevance_space
from rag_core.schema.trace import Trace


class Probe:
    """Asks many policies about one measurement and one location."""

    def __init__(self, measurement: Measurement, location: Location) -> None:
        self.measurement = measurement
        self.wanted = location.passage_ids
        self._all = not location.whole

    def fused_rank(self, policy: Policy) -> int | None:
        """The best rank of an expected passage among the candidates; None where it is none of them."""
        return next(
            (rank for rank, c in enumerate(fused_order(self.measurement, policy), start=1) if c in self.wanted), None
        )

    def head(self, policy: Policy) -> list[str]:
        """The candidates that are read at all: by the first pass where there is one, else by the reranker."""
        return first_read(self.measurement, policy)

    def reached(self, policy: Policy) -> bool:
        """True where enough of what is expected is read at all."""
        return self._enough(self.head(policy))

    def missing(self, policy: Policy) -> tuple[str, set[str]]:
        """The reranker that must score next, and the passages that it has not scored; none of them where the policy can
        be replayed, or where what the first pass scored settles it."""
        head = self.head(policy)
        if policy.first_pass and (open_ := self._unscored(policy.first_pass.reranker, head)):
            return policy.first_pass.reranker, open_
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
        """True where the trace kept what is expected: any of the passages, or all parts of a quote that was cut."""
        return self._enough(list(trace.kept_step.by_passage))

    def scored(self, reranker: str) -> set[str]:
        """The passages that a reranker has scored."""
        known = self.measurement.rerankings.get(reranker)
        return set(known.pairs) if known else set()

    def passages(self, ids: set[str]) -> list[Passage]:
        """The passages of these ids, in order of id."""
        return [self.measurement.passages[passage_id] for passage_id in sorted(ids)]

    def _enough(self, passage_ids: Sequence[str]) -> bool:
        there = self.wanted & set(passage_ids)
        return there == self.wanted if self._all else bool(there)

    def _unscored(self, reranker: str, passage_ids: Sequence[str]) -> set[str]:
        known = self.measurement.rerankings.get(reranker)
        if reranker == NO_RERANKER or (known and known.failure):
            return set()
        return set(unread(passage_ids, known))

    def _extent(self, policy: Policy, pool: Sequence[str]) -> ReadDepth:
        """How far the reranker reads into the pool; all of it where it is off or failed, as in a replay."""
        known = self.measurement.rerankings.get(policy.reranker)
        reach = read_depth(pool, known, policy)
        if policy.reranker == NO_RERANKER or (known and known.failure and reach.missing):
            return ReadDepth(len(pool))
        return reach

    def _ruled_out(self, policy: Policy, read: Sequence[str]) -> bool:
        """No expected passage that is read is over the threshold; or relevance alone decides, and top-k of the others
        are more relevant. Sound, not complete: what it leaves open is replayed."""
        known = self.measurement.rerankings.get(policy.reranker)
        if self._all or known is None or known.failure:
            return False
        calibration = policy.calibration_of(known.model)
        relevance = {one: relevance_of_score(known.pairs[one].score, known.space, calibration) for one in read}
        if not self.wanted & clearing(policy.threshold, relevance_space(known.space, calibration), relevance):
            return True
        best = max(known.pairs[passage_id].score for passage_id in read if passage_id in self.wanted)
        return not policy.signals.on and sum(known.pairs[c].score > best for c in read) >= policy.top_k
