"""What is listed of a run: a row of the table `runs`."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from pydantic import ValidationError

from rag_core.errors import UnreadableRecord
from rag_core.runs.run import Run, RunStep
from rag_core.runs.store.checks import checks
from rag_core.runs.values import Feedback, Space, StepKind
from rag_core.schema.base import Frozen
from rag_core.schema.validation import in_words


class RunSummary(Frozen):
    """A row of the list of runs.

    kept      passages that came out of the last step
    best      best score of the last step that ranks by relevance: the last reranker, else the last search or fusion
    space     what that score means
    notes     codes of what is suspicious about it, see `checks`
    """

    project: str
    id: str
    query: str
    started_at: datetime
    source: str
    steps: int
    kept: int
    took_ms: float | None
    best: float | None
    space: Space
    notes: tuple[str, ...]
    feedback: tuple[Feedback, ...]


def row_of(run: Run) -> dict[str, Any]:
    """The row of a run."""
    ranked = _ranked(run)
    return {
        "project": run.project,
        "id": run.id,
        "query": run.query.replace("\x00", "\ufffd"),
        "started_at": run.started_at,
        "source": run.source,
        "steps": len(run.steps),
        "kept": len(run.last.hits) if run.last else 0,
        "took_ms": run.took_ms,
        "best": ranked.best if ranked else None,
        "space": ranked.space.value if ranked else Space.UNKNOWN.value,
        "notes": json.dumps([note.code for note in checks(run)]),
        "feedback": json.dumps([one.model_dump() for one in run.feedback]),
    }


def summary_of(row: sa.RowMapping) -> RunSummary:
    """The summary of a row. Raises UnreadableRecord in words."""
    try:
        lists = {name: tuple(json.loads(row[name])) for name in ("notes", "feedback")}
        return RunSummary.model_validate(dict(row) | lists)
    except ValidationError as exc:
        raise UnreadableRecord(f"This is not a run that can be listed: {in_words(exc)}.") from exc
    except (TypeError, ValueError) as exc:
        raise UnreadableRecord("This is not a run that can be listed: its notes or feedback are no list.") from exc


def _ranked(run: Run) -> RunStep | None:
    """The last step that has scores of relevance."""
    for kinds in ((StepKind.RERANK,), (StepKind.SEARCH, StepKind.FUSION)):
        scored = [step for step in run.steps if step.kind in kinds and step.best is not None]
        if scored:
            return scored[-1]
    return None
