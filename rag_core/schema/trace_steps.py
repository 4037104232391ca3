"""The steps of a trace by name, by kind and by the part that they play, whatever they are called."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from rag_core.schema.policy import MAIN
from rag_core.schema.steps import Evidence, Step, StepKind, StepName
from rag_core.schema.trace_record import TraceRecord


class TraceSteps(TraceRecord):
    """What can be asked of a trace's steps.

    The parts that steps play do not depend on names: `fused_step` holds every candidate, `reranked_step` is the last
    reranker's order, `final_step` the order that is cut, `kept_step` what is left. Where a run has no step of that
    kind, the step before it plays the part too. In a run of another pipeline, whose steps may branch, the last two are
    found on the way back from what was kept.
    """

    def __getitem__(self, name: str) -> Step:
        """The step of that name. KeyError where this run has none, as `first_pass` in a run without a first pass.

        In a run of another pipeline, `fused`, `reranked`, `adjusted` and `kept` are the steps that play these parts.
        """
        named = {step.name: step for step in self.steps}
        if self.origin and name not in named and name in PARTS:
            return PARTS[name](self)
        return named[name]

    def before(self, name: str) -> Step:
        """The step that this one reads, or the one before it where it reads none or several.

        Before `reranked` stands `first_pass` where there is a first pass.
        """
        step = self[name]
        return self[step.inputs[0]] if len(step.inputs) == 1 else self.steps[max(0, self.steps.index(step) - 1)]

    def of_kind(self, kind: StepKind) -> tuple[Step, ...]:
        """The steps of that kind, in order; those of the extra searches are not among them."""
        return tuple(step for step in self.steps if step.kind is kind)

    @cached_property
    def lists(self) -> dict[str, Step]:
        """Every search's list by its name, those of the extra searches as `recent dense`."""
        own = {step.name: step for step in self.of_kind(StepKind.SEARCH)}
        return own | {f"{run.name} {step.name}": step for run in self.extra_searches for step in run.steps}

    @cached_property
    def searches(self) -> dict[str, tuple[Step, ...]]:
        """The lists of every search by its name, the main one first: dense and lexical, or what was recorded."""
        if self.origin:
            return {name: (step,) for name, step in self.lists.items()}
        own = (self[StepName.DENSE], self[StepName.LEXICAL])
        return {MAIN: own, **{run.name: run.steps for run in self.extra_searches}}

    @cached_property
    def fused_step(self) -> Step:
        """Every candidate in one order: the last fusion, or the last search where nothing was fused; the first list
        that was recorded where no search was."""
        first = next((step for step in self.steps if step.evidence is not Evidence.UNAVAILABLE), self.steps[0])
        return (first, *self._known(StepKind.SEARCH), *self._known(StepKind.FUSION))[-1]

    @cached_property
    def reranked_step(self) -> Step:
        """The last reranker's order; `fused_step` where there is no reranker.

        Of another pipeline: the reranker that `final_step` comes from; the list itself where it was made otherwise.
        """
        found = self._back_from(self.final_step, StepKind.ADJUST, StepKind.SELECT) if self._cut_list else None
        return found or self._last_reranked

    @cached_property
    def final_step(self) -> Step:
        """The order that the threshold and the top-k cut: after signals, or else `reranked_step`.

        Of another pipeline: the one list that `kept_step` reads, where that is known.
        """
        return self._cut_list or (self._last_reranked, *self._known(StepKind.ADJUST))[-1]

    @cached_property
    def _cut_list(self) -> Step | None:
        """The one list that another pipeline's kept list comes from; None where it reads several, or nothing known."""
        reads = self.reads(self.kept_step) if self.origin else ()
        return self._back_from(reads[0], StepKind.SELECT) if len(reads) == 1 else None

    @property
    def _last_reranked(self) -> Step:
        return (self.fused_step, *self._known(StepKind.RERANK))[-1]

    def _back_from(self, step: Step, *kinds: StepKind) -> Step | None:
        """The first step that is of another kind, from this one back; None where one of them reads several or none."""
        while step.kind in kinds:
            reads = self.reads(step)
            if len(reads) != 1:
                return None
            step = reads[0]
        return step

    def reads(self, step: Step) -> tuple[Step, ...]:
        """The recorded steps that a step of another pipeline reads; none where that is not known.

        Where it names none, it is taken to read what no step has read before it: every open search for a fusion, else
        the only open step. Lists that lack a passage of its own cannot be all that it read.
        """
        earlier = [one for one in self.steps[: self.steps.index(step)] if one.evidence is not Evidence.UNAVAILABLE]
        if step.inputs:
            return tuple(one for one in earlier if one.name in step.inputs)
        read = {name for one in self.steps for name in one.inputs}
        unread = tuple(one for one in earlier if one.name not in read)
        if step.kind is StepKind.SEARCH or (step.kind is not StepKind.FUSION and len(unread) != 1):
            return ()
        return unread if complete(step, unread) else ()

    def _known(self, kind: StepKind) -> tuple[Step, ...]:
        return tuple(step for step in self.of_kind(kind) if step.evidence is not Evidence.UNAVAILABLE)

    @cached_property
    def kept_step(self) -> Step:
        """What is kept for the answer."""
        return self.of_kind(StepKind.SELECT)[-1]


def complete(step: Step, reads: tuple[Step, ...]) -> bool:
    """True where every passage of the step is in one of those lists."""
    return set(step.by_passage) <= {passage_id for one in reads for passage_id in one.by_passage}


def first_of(step: Step, listed: Step) -> bool:
    """True where the passages of the step are the first of that list, in its order."""
    first = listed.hits[: len(step.hits)]
    return [hit.passage_id for hit in step.hits] == [hit.passage_id for hit in first]


PARTS: dict[str, Callable[[TraceSteps], Step]] = {
    StepName.FUSED: lambda trace: trace.fused_step,
    StepName.RERANKED: lambda trace: trace.reranked_step,
    StepName.ADJUSTED: lambda trace: trace.final_step,
    StepName.KEPT: lambda trace: trace.kept_step,
}
"""The parts that steps play, under the names that they have in our pipeline."""
