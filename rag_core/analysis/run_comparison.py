"""Two ways over many queries: a row per query, those that differ most first, and what the labels say where there are
any. One query's comparison is in `rag_core.analysis.rank_agreement`; ranking metrics with intervals are in
`rag_core.evaluation`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rag_core.analysis.rank_agreement import compare_rankings
from rag_core.schema.base import Frozen
from rag_core.schema.trace import Trace

if TYPE_CHECKING:
    import pandas as pd


class QueryRow(Frozen):
    """One query both ways. `left_first`, `right_first`: rank of the first relevant document's passage before the cut,
    None where none was read. `labelled`: whether any document is known to be relevant."""

    query: str
    kind: str = ""
    rbo: float
    tau: float | None
    common: int
    only_left: int
    only_right: int
    labelled: bool = False
    left_first: int | None = None
    right_first: int | None = None


def row(left: Trace, right: Trace, grades: Mapping[str, int] | None = None, kind: str = "") -> QueryRow:
    """The two ways of one query. `grades` by document id, 1 and up is relevant."""
    agreement = compare_rankings(left, right)
    relevant = {document for document, grade in (grades or {}).items() if grade > 0}
    return QueryRow(
        query=left.query,
        kind=kind,
        rbo=agreement.rbo,
        tau=agreement.tau,
        common=len(agreement.common),
        only_left=len(agreement.only_left),
        only_right=len(agreement.only_right),
        labelled=bool(relevant),
        left_first=_first(left, relevant),
        right_first=_first(right, relevant),
    )


def _first(trace: Trace, relevant: set[str]) -> int | None:
    ranks = (place for one, place in trace.places.items() if trace.passages[one].document_id in relevant)
    return min(ranks, default=None)


def table(rows: Sequence[QueryRow]) -> pd.DataFrame:
    """A row per query, first the one with most passages that one side alone keeps, then the one of lowest RBO."""
    import pandas as pd

    ordered = sorted(rows, key=lambda one: (-(one.only_left + one.only_right), one.rbo, one.query))
    frame = pd.DataFrame([one.model_dump() for one in ordered], columns=list(QueryRow.model_fields))
    return frame.astype({"left_first": "Int64", "right_first": "Int64"})


class Tally(Frozen):
    """Many queries counted. `changed`: the two sides keep different passages. The others count labelled queries only:
    which side ranks the first relevant passage higher, and the mean of its reciprocal rank."""

    queries: int
    changed: int
    labelled: int
    left_wins: int
    right_wins: int
    left_mean: float = 0.0
    right_mean: float = 0.0

    @property
    def ties(self) -> int:
        """Labelled queries whose first relevant passage has the same rank on both sides."""
        return self.labelled - self.left_wins - self.right_wins


def tally(rows: Sequence[QueryRow]) -> Tally:
    """What changes over the queries, counted."""
    known = [one for one in rows if one.labelled]
    total = max(len(known), 1)
    return Tally(
        queries=len(rows),
        changed=sum(one.only_left + one.only_right > 0 for one in rows),
        labelled=len(known),
        left_wins=sum(_gain(one, -1) > 0 for one in known),
        right_wins=sum(_gain(one, 1) > 0 for one in known),
        left_mean=sum(_reciprocal(one.left_first) for one in known) / total,
        right_mean=sum(_reciprocal(one.right_first) for one in known) / total,
    )


def _gain(one: QueryRow, side: int) -> float:
    """How much higher the right side (1) or the left side (-1) ranks it, in reciprocal ranks."""
    return side * (_reciprocal(one.right_first) - _reciprocal(one.left_first))


def _reciprocal(rank: int | None) -> float:
    return 1 / rank if rank else 0.0
