"""The steps of a trace by name, by kind and by the part that they play, whatever they are called."""

from __future__ import annotations

from functools import cached_property

from rag_core.schema.policy import MAIN
from rag_core.schema.steps import Step, StepKind, StepName
from rag_core.schema.trace_record import TraceRecord


class TraceSteps(TraceRecord):
    """What can be asked of a trace's steps.

    The parts that steps play do not depend on names: `fused_step` holds every candidate, `reranked_step` is the last
    reranker's order, `final_step` the order that is cut, `kept_step` what is left. Where a run has no step of that
    kind, the step before it plays the part too.
    """

    def __getitem__(self, name: str) -> Step:
        """The step of that name. KeyError where this run has none, as `first_pass` in a run without a first pass."""
        return {step.name: step for step in self.steps}[name]

    def before(self, name: str) -> Step:
        """The step before that one in this run: before `reranked`, `first_pass` where there is a first pass."""
        return self.steps[self.steps.index(self[name]) - 1]

    def of_kind(self, kind: StepKind) -> tuple[Step, ...]:
        """The steps of that kind, in order; those of the extra searches are not among them."""
        return tuple(step for step in self.steps if step.kind is kind)

    @cached_property
    def searches(self) -> dict[str, tuple[Step, Step]]:
        """The dense and the lexical list of every search by its name, the main one first."""
        own = (self[StepName.DENSE], self[StepName.LEXICAL])
        return {MAIN: own, **{run.name: run.steps for run in self.extra_searches}}

    @cached_property
    def fused_step(self) -> Step:
        """Every candidate in one order: the last fusion, or the last search where nothing was fused."""
        return (*self.of_kind(StepKind.SEARCH), *self.of_kind(StepKind.FUSION))[-1]

    @cached_property
    def reranked_step(self) -> Step:
        """The last reranker's order; `fused_step` where there is no reranker."""
        return (self.fused_step, *self.of_kind(StepKind.RERANK))[-1]

    @cached_property
    def final_step(self) -> Step:
        """The order that the threshold and the top-k cut: after signals, or else `reranked_step`."""
        return (self.reranked_step, *self.of_kind(StepKind.ADJUST))[-1]

    @cached_property
    def kept_step(self) -> Step:
        """What is kept for the answer."""
        return self.of_kind(StepKind.SELECT)[-1]
