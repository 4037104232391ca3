"""The times of recorded runs as tables: one run's by step, many runs' as percentiles. A missing time stays missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rag_core.analysis.latency_of_runs import percentiles
from rag_core.schema.steps import Evidence
from rag_core.schema.trace import Trace

if TYPE_CHECKING:
    import pandas as pd

EVIDENCE = {
    Evidence.RECORDED: "no time recorded",
    Evidence.INFERRED: "worked out, not recorded",
    Evidence.UNAVAILABLE: "not recorded",
}
"""Why a step has no time."""

WHOLE = "Whole run"


def times_table(trace: Trace) -> pd.DataFrame:
    """A row per step, in order: step, kind, started_ms and took_ms (empty without a time), note, passages, model."""
    import pandas as pd

    rows = [
        {
            "step": one.name,
            "kind": str(one.kind),
            "started_ms": one.timing.started_ms if one.timed else None,
            "took_ms": one.timing.took_ms if one.timed else None,
            "note": "" if one.timed else EVIDENCE[one.evidence],
            "passages": len(one.hits),
            "model": one.model,
        }
        for one in trace.steps
    ]
    return pd.DataFrame(rows).astype({"started_ms": "Float64", "took_ms": "Float64"})


def times_of_many(traces: Sequence[Trace]) -> pd.DataFrame:
    """`percentiles` of the runs, at the end the whole run's over those that record every step's time."""
    import pandas as pd

    table = percentiles(traces)
    timed = [one for one in traces if one.timed and any(step.timed for step in one.steps)]
    whole = pd.Series([one.took_ms for one in timed], dtype=float)
    if whole.empty:
        return table
    last = {
        "step": WHOLE,
        "runs": len(whole),
        "p50": whole.quantile(0.5),
        "p95": whole.quantile(0.95),
        "max": whole.max(),
    }
    return pd.concat([table, pd.DataFrame([last])], ignore_index=True)
