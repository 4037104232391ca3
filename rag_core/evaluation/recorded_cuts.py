"""What recorded runs would have kept with another top-k, threshold, pool or weight of a search, by judgments. Each is a
replay, in which no model runs.

for cut in cuts_of(traces, labelled, Setting.TOP_K).points:
    cut.value, cut.answered, cut.relevant, cut.others
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Annotated

import numpy as np
from pydantic import Field

from rag_core.errors import BadInput
from rag_core.evaluation.compare import fewer_than_best
from rag_core.evaluation.recorded_runs import documents_of, grades_by_text, same_text
from rag_core.evaluation.sets import LabelledSet
from rag_core.runs.replaying import Control, RunChange, obstacles, replay_run
from rag_core.runs.replaying.obstacles import lists_of
from rag_core.schema.base import Frozen
from rag_core.schema.scale import scale_of
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.threshold import Threshold, can_cut, can_cut_recorded
from rag_core.schema.trace import Trace

Share = Annotated[float, Field(ge=0, le=1)]


class Setting(StrEnum):
    """What is changed."""

    TOP_K = "top_k"
    THRESHOLD = "threshold"
    POOL = "pool"
    WEIGHT = "weight"


class Cut(Frozen):
    """All runs with one value of the setting.

    answered  share of the runs that keep a relevant document
    relevant  share of the relevant documents that are kept, the mean over the runs
    others    documents kept that are not judged relevant, the mean over the runs
    fewer     whether surely fewer runs keep a relevant document than with the best value
    """

    value: float
    answered: Share
    relevant: Share
    others: Annotated[float, Field(ge=0)]
    fewer: bool = False


class Cuts(Frozen):
    """The runs with each value. runs: how many; reasons: why others with judgments cannot be replayed so; space: of
    the scores that a threshold cuts."""

    points: tuple[Cut, ...]
    runs: int
    reasons: tuple[str, ...] = ()
    space: ScoreSpace = ScoreSpace.PROBABILITY


VALUES: dict[Setting, tuple[float, ...]] = {
    Setting.TOP_K: (1, 2, 3, 4, 5, 6, 8, 10, 15, 20),
    Setting.THRESHOLD: (0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9),
    Setting.POOL: (1, 2, 3, 5, 10, 20, 30, 50, 100),
    Setting.WEIGHT: (0, 0.25, 0.5, 1, 2, 4),
}


CHANGES: dict[Setting, Callable[[ScoreSpace, float, str], RunChange]] = {
    Setting.TOP_K: lambda _, value, __: RunChange(top_k=int(value)),
    Setting.THRESHOLD: lambda space, value, _: RunChange(threshold=Threshold(minimum=value, space=space)),
    Setting.POOL: lambda _, value, __: RunChange(pool=int(value)),
    Setting.WEIGHT: lambda _, value, search: RunChange(weights={search: value}),
}
"""What a value of each setting changes, of runs whose scores are in this space."""


def searches_of(traces: Sequence[Trace]) -> tuple[str, ...]:
    """The names of the searches whose lists are there to be fused again in any of the runs."""
    there = [trace for trace in traces if Control.FUSION not in obstacles(trace)]
    return tuple(dict.fromkeys(step.name for trace in there for step in lists_of(trace)))


def cuts_of(traces: Sequence[Trace], labelled: LabelledSet, setting: Setting, search: str = "") -> Cuts:
    """The judged runs with a relevant document, with each value of the setting; every value over the same runs.

    search: whose weight it is (`searches_of`), beside 1 for all others.
    """
    by_text = grades_by_text(labelled)
    graded = [(trace, grades) for trace in traces if any((grades := by_text.get(same_text(trace.query), {})).values())]
    space, values = _values([trace for trace, _ in graded], setting)
    kept: list[list[tuple[float, float, float]]] = []
    reasons: dict[str, int] = {}
    for trace, grades in graded:
        own = trace.relevance_space if can_cut(trace.relevance_space) and can_cut(space) else space
        try:
            kept.append([_kept(trace, CHANGES[setting](own, value, search), labelled, grades) for value in values])
        except BadInput as exc:
            reasons[str(exc)] = reasons.get(str(exc), 0) + 1
    table = np.array(kept, dtype=float).reshape(len(kept), len(values), 3)
    means = table.mean(axis=0).tolist() if kept else ()
    points = [
        Cut(value=value, answered=mean[0], relevant=mean[1], others=mean[2], fewer=fewer)
        for value, mean, fewer in zip(values, means, fewer_than_best([*(table[:, :, 0] > 0).T]), strict=bool(kept))
    ]
    reasons_told = tuple(f"{why} ({n})" for why, n in reasons.items())
    return Cuts(points=tuple(points), runs=len(kept), reasons=reasons_told, space=space)


def _values(traces: Sequence[Trace], setting: Setting) -> tuple[ScoreSpace, tuple[float, ...]]:
    """The values that are tried; of a threshold, with the space of most of these runs' scores. In a unit of its own
    they lie at equal steps from the lowest of those scores to the highest."""
    counts = Counter(trace.relevance_space for trace in traces if can_cut_recorded(trace.relevance_space))
    space = counts.most_common(1)[0][0] if counts else ScoreSpace.PROBABILITY
    if setting is not Setting.THRESHOLD or can_cut(space):
        return space, VALUES[setting]
    scale = scale_of(space, [one for run in traces if run.relevance_space is space for one in run.relevance.values()])
    step = (scale.high - scale.low) / (len(VALUES[setting]) - 1)
    return space, tuple(round(scale.low + step * at, scale.decimals + 1) for at in range(len(VALUES[setting])))


def _kept(
    trace: Trace, change: RunChange, labelled: LabelledSet, grades: Mapping[str, int]
) -> tuple[float, float, float]:
    """Whether a relevant document is kept, the share of them that is, and how many others are."""
    replayed = replay_run(trace, change)
    relevant = {item for item, grade in grades.items() if grade > 0}
    there = set(documents_of(replayed, replayed.kept_step, labelled))
    return float(bool(there & relevant)), len(there & relevant) / len(relevant), float(len(there - relevant))
