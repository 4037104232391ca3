"""Many recorded runs under the same change: each replayed as far as it was recorded, the others with the reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rag_core.errors import SecondPassError
from rag_core.runs.replaying.changes import RunChange
from rag_core.runs.replaying.replay_run import replay_run
from rag_core.runs.replaying.score_run import RunScorer
from rag_core.schema.trace import Trace


@dataclass(frozen=True)
class Replay:
    """A recorded run and its replay; `why` there is none, in words."""

    recorded: Trace
    replayed: Trace | None = None
    why: str = ""


def replay_many(
    traces: Sequence[Trace],
    change: RunChange,
    scorer: RunScorer,
    progress: Callable[[int], None] | None = None,
) -> list[Replay]:
    """Every run under the change, in their order; `progress` is told how many are done. A run that cannot be replayed
    with the change, or whose scoring fails, says why and stops no other."""
    made = []
    for done, trace in enumerate(traces):
        if progress:
            progress(done)
        try:
            made.append(Replay(trace, replay_run(trace, change, scorer(trace, change))))
        except SecondPassError as exc:
            made.append(Replay(trace, why=str(exc)))
    return made
