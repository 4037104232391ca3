"""How far each candidate of a trace went: read, handed on, left unread, not returned."""

from __future__ import annotations

from functools import cached_property

from rag_core.schema.steps import Hit, Step, StepKind, StepName
from rag_core.schema.trace_steps import TraceSteps


class TracePool(TraceSteps):
    """The candidates of a trace by how far they went."""

    @cached_property
    def pool_step(self) -> Step:
        """The step that the last reranker reads; without a reranker, the one that plays its part."""
        last = self.reranked_step
        return self.before(last.name) if last.kind is StepKind.RERANK else last

    @cached_property
    def pool(self) -> tuple[Hit, ...]:
        """The candidates that went on to the reranker, with rank and score of the step before it: the first fused
        ones, or the first pass's best."""
        return self.pool_step.hits if self.origin else self.pool_step.hits[: self.policy.pool]

    @cached_property
    def head(self) -> tuple[Hit, ...]:
        """The fused candidates that were read at all: by the first pass where there is one, else the pool."""
        if self.origin:
            return self.fused_step.hits
        return self.fused_step.hits[: self.policy.reads]

    @cached_property
    def cut_by_first_pass(self) -> tuple[Hit, ...]:
        """The candidates that the first pass read and did not hand on, in its order; none without one."""
        return self[StepName.FIRST_PASS].hits[self.policy.pool :] if self.first_pass_summary else ()

    @cached_property
    def pool_read(self) -> tuple[Hit, ...]:
        """The part of the pool that came out of the reranker: all of it, unless the reranker was stopped."""
        return self.pool[: max(0, len(self.pool) - self.rerank.pairs_unread)]

    @cached_property
    def pool_unread(self) -> tuple[Hit, ...]:
        """The rest of the pool: without the reranker's score, in the order before behind all that was read."""
        return self.pool[len(self.pool_read) :]

    @cached_property
    def not_returned(self) -> tuple[Hit, ...]:
        """The candidates that were given to another pipeline's reranker and did not come out of it, in their order
        before it; none in our own runs."""
        out = self.reranked_step.by_passage
        return tuple(hit for hit in self.pool if hit.passage_id not in out) if self.origin else ()
