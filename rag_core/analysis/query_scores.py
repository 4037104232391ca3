"""A labelled set as its scores: what each query's best, right, relevant and irrelevant candidates score, and what
every threshold makes of that. Which threshold to take is in `rag_core.analysis.threshold_choice`; ranking metrics are
in `rag_core.evaluation`.

A query is *answered* at threshold t if its best score is at or over t; *right* if one of the first k at or over t is
relevant. Scores are in the space that the threshold cuts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from pydantic import FiniteFloat

from rag_core.schema.base import Frozen
from rag_core.schema.threshold import Threshold
from rag_core.schema.trace import Trace

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    Floats = npt.NDArray[np.float64]
    Flags = npt.NDArray[np.bool_]


class QueryScores(Frozen):
    """One query of a labelled set, as scored.

    best: its highest score, None where nothing was found. right: the highest score of a relevant passage among the
    first k, None where there is none. relevant, irrelevant: scores of all candidates of the pool; a passage without
    a grade counts as irrelevant.
    """

    query: str
    answerable: bool
    best: FiniteFloat | None
    right: FiniteFloat | None
    relevant: tuple[FiniteFloat, ...] = ()
    irrelevant: tuple[FiniteFloat, ...] = ()


def score_query(trace: Trace, grades: Mapping[str, int]) -> QueryScores:
    """What a trace says about one query whose relevant documents are known: grade by document id, 1 and up is
    relevant, none at all means that the collection does not answer it."""
    relevant = {document for document, grade in grades.items() if grade > 0}
    scores: dict[bool, list[float]] = {True: [], False: []}
    for passage_id, score in trace.relevance.items():
        scores[trace.passages[passage_id].document_id in relevant].append(score)
    head = [hit.passage_id for hit in trace.final_step.hits[: trace.policy.top_k]]
    right = [trace.relevance[one] for one in head if trace.passages[one].document_id in relevant]
    return QueryScores(
        query=trace.query,
        answerable=bool(relevant),
        best=max(trace.relevance.values(), default=None),
        right=max(right, default=None),
        relevant=tuple(scores[True]),
        irrelevant=tuple(scores[False]),
    )


def outcomes(queries: Sequence[QueryScores], thresholds: Sequence[float]) -> pd.DataFrame:
    """A row per threshold: threshold, answered, right, wrong, refused (answerable ones) as counts; answered_share,
    precision (right of answered), recall (right of answerable), risk (wrong of answered). Empty shares are None."""
    import pandas as pd

    table = ScoreColumns(queries)
    answered, right = table.over(thresholds)
    refused = (~answered & table.answerable).sum(axis=0)
    frame = pd.DataFrame({"threshold": thresholds, "answered": answered.sum(axis=0), "right": right.sum(axis=0)})
    frame["wrong"] = frame["answered"] - frame["right"]
    frame["refused"] = refused
    frame["answered_share"] = frame["answered"] / len(queries)
    over = frame["answered"].where(frame["answered"] > 0)
    frame["precision"] = frame["right"] / over
    frame["recall"] = frame["right"] / max(1, int(table.answerable.sum()))
    frame["risk"] = frame["wrong"] / over
    return frame


def risk_coverage(queries: Sequence[QueryScores]) -> pd.DataFrame:
    """Risk against coverage as the threshold falls: threshold, coverage (answered share), risk; one row per score."""
    scores = sorted({query.best for query in queries if query.best is not None}, reverse=True)
    frame = outcomes(queries, scores)
    return frame.rename(columns={"answered_share": "coverage"})[["threshold", "coverage", "risk"]]


def auroc(queries: Iterable[QueryScores]) -> float | None:
    """How often an answerable question's best score is over an unanswerable one's (ties count half): 1 parted
    wholly, 0.5 not at all. None where one kind is missing. A query without candidates scores below all."""
    import numpy as np

    best: dict[bool, list[float]] = {True: [], False: []}
    for query in queries:
        best[query.answerable].append(float("-inf") if query.best is None else query.best)
    if not best[True] or not best[False]:
        return None
    answerable, unanswerable = np.array(best[True])[:, None], np.array(best[False])[None, :]
    return float(((answerable > unanswerable) + 0.5 * (answerable == unanswerable)).mean())


class ScoreColumns:
    """The labelled queries as columns, shape (queries, 1); what is missing scores minus infinity."""

    def __init__(self, queries: Sequence[QueryScores]) -> None:
        import numpy as np

        def column(values: Iterable[float | None]) -> Floats:
            return np.array([-np.inf if value is None else value for value in values], dtype=float)[:, None]

        self.best = column(query.best for query in queries)
        self.right = column(query.right for query in queries)
        self.answerable = np.array([query.answerable for query in queries], dtype=bool)[:, None]

    def over(self, thresholds: Sequence[float] | Floats) -> tuple[Flags, Flags]:
        """Which queries are answered, and which rightly, at each threshold: twice (queries, thresholds)."""
        import numpy as np

        best = np.where(np.isfinite(self.best), self.best, 0.0)  # the rule is asked about scores that there are
        lowest = [Threshold(minimum=float(value)).lowest(best) for value in thresholds]
        columns = [(self.best >= least, self.right >= least) for least in lowest]
        none = np.zeros((len(self.best), 0), dtype=bool)
        answered, right = (np.hstack([none, *(column[at] for column in columns)]) for at in (0, 1))
        return answered, right

    def costs(self, thresholds: Floats, wrong_cost: float) -> Floats:
        """Cost of each query at each threshold, shape (queries, thresholds)."""
        answered, right = self.over(thresholds)
        costs: Floats = wrong_cost * (answered & ~right) + 1.0 * (~answered & self.answerable)
        return costs
