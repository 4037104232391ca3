"""The warnings of a run with the step that each is about, as every page and command names it."""

from __future__ import annotations

from collections.abc import Callable

from rag_core.schema.steps import StepWarning
from rag_core.schema.trace import Trace
from rag_core.wording.step_names import label_in


def noted(trace: Trace, named: Callable[[Trace, str], str] = label_in) -> list[tuple[str, StepWarning]]:
    """What each warning is about and the warning, as `Trace.warnings` orders them: `("Rerank", ...)`.

    named: what a step of the trace is called.
    """
    steps = [(named(trace, step.name), step) for step in trace.steps]
    steps += [(f"Extra search {run.name}", step) for run in trace.extra_searches for step in run.steps]
    of_steps = [(place, warning) for place, step in steps for warning in step.warnings]
    return [*of_steps, *(("Rewriting", warning) for warning in trace.warnings[len(of_steps) :])]


def note_lines(trace: Trace) -> list[str]:
    """`Note on Rerank: 2 of the first 10 places are tied ...`, one for each warning."""
    return [f"Note on {place}: {warning.message}" for place, warning in noted(trace)]
