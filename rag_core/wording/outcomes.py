"""What became of a candidate, in words: of another pipeline's run, what was recorded, worked out, or would be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag_core.schema.steps import Evidence
from rag_core.schema.trace import Trace

if TYPE_CHECKING:
    import pandas as pd

WOULD = {
    "kept": "would be kept",
    "cut by top-k": "would be cut by top-k",
    "under the threshold": "would be under the threshold",
}
"""What a replay decides."""

NOT_KEPT = "not kept"
"""What another pipeline's run says of a candidate that its last list has and that was not kept: not by which rule."""


def outcome_text(trace: Trace, outcome: str) -> str:
    """An outcome of this trace as it is shown: `would be kept` of a replay, `kept (worked out)` where the run recorded
    no selection, `not kept` where it recorded one."""
    if trace.origin is None:
        return outcome
    if trace.origin.replayed:
        return WOULD.get(outcome, outcome)
    recorded = trace.kept_step.evidence is Evidence.RECORDED
    return {"kept": "kept" if recorded else "kept (worked out)", "cut by top-k": NOT_KEPT}.get(outcome, outcome)


def worded(trace: Trace, table: pd.DataFrame) -> pd.DataFrame:
    """The table with its outcomes as they are shown."""
    if trace.origin is None or "outcome" not in table:
        return table
    return table.assign(outcome=[outcome_text(trace, one) for one in table["outcome"]])
