"""What makes a trace consistent: its steps belong together, and every passage that they name is there.

`check(trace)` raises ValueError with the first thing that is wrong, in words that follow "This is not a trace that can
be read:".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag_core.schema.policy import rewritten_name
from rag_core.schema.steps import Step, StepKind, StepName

if TYPE_CHECKING:
    from rag_core.schema.trace import Trace


def check(trace: Trace) -> None:
    """Raises ValueError for the first thing that is wrong."""
    (_check_recorded_steps if trace.origin else _check_steps)(trace)
    for step in trace.steps:
        _check_hits(trace, step, f"step {step.name}")
    _check_passages(trace)
    if not trace.origin:
        _check_extra_searches(trace)
        _check_flow(trace)
    _check_citations(trace)


def _check_recorded_steps(trace: Trace) -> None:
    """Another pipeline's steps: each reads earlier ones, one of them finds passages, the last selects."""
    known: set[str] = set()
    for step in trace.steps:
        if step.name in known:
            raise ValueError(f"two of its steps are called {step.name}")
        if missing := next((name for name in step.inputs if name not in known), None):
            raise ValueError(f"step {step.name} reads {missing}, which is no earlier step")
        known.add(step.name)
    kinds = [step.kind for step in trace.steps]
    if StepKind.SEARCH not in kinds and StepKind.FUSION not in kinds:
        raise ValueError("it has no step that finds passages")
    if kinds[-1] is not StepKind.SELECT:
        raise ValueError("its last step is not the one that selects what is kept")


def _check_steps(trace: Trace) -> None:
    """The steps are those of the policy, in order."""
    names = [name for name in StepName if name != StepName.FIRST_PASS or trace.policy.first_pass]
    if [step.name for step in trace.steps] != names:
        raise ValueError(f"its steps are not {', '.join(names)}, in this order")
    if (trace.policy.first_pass is None) != (trace.first_pass_summary is None):
        raise ValueError("“first_pass_summary” must be set exactly when the policy has a first pass")


def _check_hits(trace: Trace, step: Step, called: str) -> None:
    """Ranks count from 1, every hit has a passage, none stands there twice."""
    for place, hit in enumerate(step.hits, start=1):
        if hit.rank != place:
            raise ValueError(f"{called} has rank {hit.rank} at place {place}")
        if hit.passage_id not in trace.passages:
            raise ValueError(f"{called} names {hit.passage_id!r}, which is not among its passages")
    if len(step.by_passage) != len(step.hits):
        raise ValueError(f"{called} names a passage twice")


def _check_extra_searches(trace: Trace) -> None:
    """The extra searches are the policy's, in its order, then those of the rewritten queries."""
    if trace.policy.rewrite.on != (trace.rewriting is not None):
        raise ValueError("“rewriting” must be set exactly when the policy asks for it")
    queries = trace.rewriting.queries if trace.rewriting else ()
    rewritten = [rewritten_name(number) for number in range(1, len(queries) + 1)]
    named = [one.name for one in trace.policy.extra_searches]
    if [run.name for run in trace.extra_searches] != [*named, *rewritten]:
        raise ValueError("its “extra_searches” are not those of its policy")
    if [run.query for run in trace.extra_searches[len(named) :]] != list(queries):
        raise ValueError("the queries of its “rewriting” are not those that were searched")
    for run in trace.extra_searches:
        if [step.name for step in run.steps] != [StepName.DENSE, StepName.LEXICAL]:
            raise ValueError(f"the steps of extra search {run.name} are not dense, lexical, in this order")
        for step in run.steps:
            _check_hits(trace, step, f"extra search {run.name}, {step.name},")
            if run.where and not all(run.where.matches(trace.passages[hit.passage_id]) for hit in step.hits):
                raise ValueError(f"extra search {run.name} has a candidate that its filter excludes")


def _check_passages(trace: Trace) -> None:
    """Every passage stands under its own id and under the run's filter."""
    if any(key != passage.id for key, passage in trace.passages.items()):
        raise ValueError("a passage has the id of another")
    if trace.where and not all(trace.where.matches(passage) for passage in trace.passages.values()):
        raise ValueError("it has a candidate that the run's filter excludes")


def _check_flow(trace: Trace) -> None:
    """What comes out of a step went into it."""
    ids = {step.name: set(step.by_passage) for step in trace.steps}
    found = {passage_id for lists in trace.searches.values() for step in lists for passage_id in step.by_passage}
    if not trace.policy.fused_by_engine and not ids[StepName.FUSED] <= found:
        raise ValueError("step fused has a passage that no search found")
    if ids.get(StepName.FIRST_PASS, set()) != {hit.passage_id for hit in trace.head if trace.first_pass_summary}:
        raise ValueError("step first_pass does not have the passages that the first pass reads")
    if not set(trace.first_pass_pairs) <= ids.get(StepName.FIRST_PASS, set()):
        raise ValueError("“first_pass_pairs” names a passage that the first pass did not read")
    read = {hit.passage_id for hit in trace.pool_read}
    if ids[StepName.RERANKED] != read or ids[StepName.ADJUSTED] != read:
        raise ValueError("steps reranked and adjusted do not have the passages of the pool that were read")
    if not ids[StepName.KEPT] <= read:
        raise ValueError("step kept has a passage that is not in the pool or was not read")
    if not set(trace.pairs) <= read:
        raise ValueError("“pairs” names a passage that is not in the pool or was not read")


def _check_citations(trace: Trace) -> None:
    """The answer cites what was kept."""
    if trace.recorded_answer is None:
        return
    cited = {citation.passage_id for citation in trace.recorded_answer.citations}
    cited |= {one.passage_id for one in trace.recorded_answer.checks if one.passage_id}
    if not cited <= set(trace.kept_step.by_passage):
        raise ValueError("its answer has a citation of a passage that was not kept")
