"""What the steps of a run are called on screen, in commands and in reports."""

from __future__ import annotations

from rag_core.schema.steps import StepName
from rag_core.schema.trace import Trace

STEP_LABELS: dict[str, str] = {
    StepName.DENSE: "Dense search",
    StepName.LEXICAL: "Lexical search",
    StepName.FUSED: "Fusion",
    StepName.FIRST_PASS: "First pass",
    StepName.RERANKED: "Rerank",
    StepName.ADJUSTED: "Signals",
    StepName.KEPT: "Kept",
}


def step_label(name: str, recorded: bool = False) -> str:
    """What a step is called on screen; one of a recorded run by its own name, on every page and in every table.

    >>> step_label("dense"), step_label("dense", recorded=True)
    ('Dense search', 'dense')
    """
    return name if recorded else STEP_LABELS.get(name, name)


def label_in(trace: Trace, name: str) -> str:
    """What a step of this trace is called on screen."""
    return step_label(name, recorded=trace.origin is not None)
