"""What is said of a live retriever: what it returned, and how its results were read."""

from __future__ import annotations

from typing import Any

from rag_core.analysis.latency import duration
from rag_core.runs.run import Run
from rag_core.runs.values import StepKind
from rag_core.wording.numbers import count_of

TEXT_SHOWN = 300
"""Characters of a text in the table of results."""


def answered_sentence(run: Run, place: str) -> str:
    """`localhost:8000/search returned 20 results in 12 ms.`; of a run with steps of its own, how many these are."""
    took = f" in {duration(run.took_ms)}" if run.took_ms is not None else ""
    if [one.kind for one in run.steps] != [StepKind.SEARCH, StepKind.SELECT]:
        return f"{place} recorded {count_of(len(run.steps), 'step')}{took}."
    return f"{place} returned {count_of(len(run.steps[0].hits), 'result')}{took}."


def result_rows(run: Run, most: int) -> list[dict[str, Any]]:
    """The first results as they were read, a row each; of a run with steps of its own, those of the last one."""
    last = run.last
    return [
        {
            "Rank": hit.rank,
            "Score": hit.score,
            "Id": hit.passage_id,
            "Title": run.passage(hit.passage_id).title,
            "Text": (run.passage(hit.passage_id).text or "")[:TEXT_SHOWN],
            "Metadata": ", ".join(f"{name}: {one}" for name, one in run.passage(hit.passage_id).metadata.items()),
        }
        for hit in (last.hits[:most] if last else ())
    ]
