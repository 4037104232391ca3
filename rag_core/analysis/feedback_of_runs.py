"""What runs with the same feedback have in common. Feedback is about an answer: no passage gets a grade from it."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import TYPE_CHECKING

from rag_core.runs.store.overview import feedback_key
from rag_core.runs.store.summary import RunSummary

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("feedback", "runs", "nothing_kept", "checks", "took_ms")


def runs_by_feedback(runs: Sequence[RunSummary]) -> dict[str, list[RunSummary]]:
    """The runs of each feedback, by its key; under an empty key those without any."""
    found: dict[str, list[RunSummary]] = {}
    for run in runs:
        for key in dict.fromkeys(map(feedback_key, run.feedback)) or {"": None}:
            found.setdefault(key, []).append(run)
    return found


def feedback_table(runs: Sequence[RunSummary]) -> pd.DataFrame:
    """A row per feedback: its key, how many runs, in how many nothing was kept, in how many a health check found
    something, and the median time in milliseconds."""
    import pandas as pd

    rows = []
    for key, some in runs_by_feedback(runs).items():
        took = [one.took_ms for one in some if one.took_ms is not None]
        nothing, checks = sum(not one.kept for one in some), sum(bool(one.notes) for one in some)
        rows.append((key, len(some), nothing, checks, median(took) if took else None))
    return pd.DataFrame(rows, columns=list(COLUMNS))
