"""The candidates of all queries as arrays, so that a sweep over hundreds of policies takes milliseconds.

Built once, from measurements (`gather.py`) or from rankings made elsewhere (`elsewhere.py`). `orders.py` computes on
them what `replay` computes on one measurement; a test holds the two equal.

Axis 0 is the query, axis 1 the candidate. A query's candidates stand in the order of their ids, so that "the smaller
id" is "the smaller column"; rows are padded to the longest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from rag_core.errors import BadInput
from rag_core.evaluation.sets import LabelledSet
from rag_core.schema.filters import Filter, intersect
from rag_core.schema.policy import ExtraSearch
from rag_core.schema.spaces import ScoreSpace

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

ABSENT = 2**31
"""Rank of a candidate that a list does not hold."""
UNJUDGED = -1
"""Grade of a candidate that nobody judged."""
UNDATED = -1

ExtraSearchArrays = tuple[str | None, Filter | None]
"""What an extra search looks for in every query: its own words (None: the query's), and its filter with the run's."""


@dataclass(frozen=True, eq=False)
class Scores:
    """One reranker's verdicts, each array of shape (queries, candidates), NaN where no pair was scored.

    key: what the order goes by, highest first: the scores as they came. relevance: what the threshold cuts, in `space`
    (judged). scored: what `key` means. model: the identity of what gave them, "" where it is not known or not the same
    for all.
    """

    key: Floats
    relevance: Floats
    space: ScoreSpace
    scored: ScoreSpace = ScoreSpace.UNKNOWN
    model: str = ""


@dataclass(frozen=True, eq=False)
class Facts:
    """What the signals read, (Q, C) but for `measured` (Q,). updated: ordinal day or UNDATED; authority: what the
    document states, NaN where it states none; source: index into `sources`; document: which document of its query;
    measured: ordinal day of measurement."""

    updated: Ints
    authority: Floats
    document: Ints
    source: Ints
    sources: tuple[str, ...]
    measured: Ints


@dataclass(frozen=True, eq=False)
class Pools:
    """Every query's candidates. C is the widest row's count of candidates, R the most judgments of a query.

    ids: candidate ids, sorted, by query. ranks: list name -> (Q, C), ABSENT where not in the list.
    scores: reranker -> Scores. unit: (Q, C), which document of its query (or which passage, where passages are judged)
    a candidate belongs to, `units` names it. grades: (Q, C), UNJUDGED where nobody judged. ideal: (Q, R), all grades
    of the query, highest first, padded with 0. judged: (Q,), whether the query has any judgment, and so counts in a
    mean. depth: how deep the lists were measured. repeats: whether any document has several passages here. extras: the
    lists of the extra searches that were run for every query, by what they look for, then list name; like `ranks`.
    where: the run's filter. dense, lexical: what the searches add in a first pass (Q, C), as `search_parts` gives it;
    None where no search was measured.
    """

    query_ids: tuple[str, ...]
    ids: tuple[tuple[str, ...], ...]
    units: tuple[tuple[str, ...], ...]
    ranks: dict[str, Ints]
    scores: dict[str, Scores]
    unit: Ints
    grades: Ints
    ideal: Ints
    judged: Flags
    depth: int
    repeats: bool
    facts: Facts | None = None
    titles: dict[str, str] = field(default_factory=dict)
    extra_searches: dict[ExtraSearchArrays, dict[str, Ints]] = field(default_factory=dict)
    where: Filter | None = None
    dense: Floats | None = None
    lexical: Floats | None = None

    def beside(self, one: ExtraSearch) -> dict[str, Ints]:
        """The ranks that an extra search gave, by list name. Raises BadInput where it was not run for every query."""
        found = self.extra_searches.get((one.query, intersect(self.where, one.where)))
        if found is None:
            raise BadInput(f"The extra search “{one.name}” was not run for all of these queries. Measure them with it.")
        return found

    @property
    def shape(self) -> tuple[int, int]:
        """(queries, candidates of the widest row)."""
        return self.unit.shape[0], self.unit.shape[1]

    @property
    def relevant(self) -> Ints:
        """How many documents of grade 1 and up each query has, found or not. Shape (Q,)."""
        found: Ints = (self.ideal > 0).sum(axis=1)
        return found

    def row(self, query_id: str) -> int:
        """Which row a query stands in. KeyError if it is not here."""
        try:
            return self.query_ids.index(query_id)
        except ValueError:
            raise KeyError(query_id) from None


def assemble(
    labelled: LabelledSet,
    query_ids: tuple[str, ...],
    ids: tuple[tuple[str, ...], ...],
    units: tuple[tuple[str, ...], ...],
    ranks: Mapping[str, Sequence[Sequence[int]]],
    scores: dict[str, Scores],
    depth: int,
    facts: Facts | None = None,
    titles: dict[str, str] | None = None,
) -> Pools:
    """Pools of ragged rows: candidate ids, the unit that each belongs to, and its rank in every list."""
    width = max((len(of_row) for of_row in ids), default=0)
    numbers = [{name: n for n, name in enumerate(dict.fromkeys(of_row))} for of_row in units]
    grades = [labelled.qrels.get(one, {}) for one in query_ids]
    ideals = [sorted(of_row.values(), reverse=True) for of_row in grades]
    return Pools(
        query_ids=query_ids,
        ids=ids,
        units=units,
        ranks={name: padded(rows, width, ABSENT) for name, rows in ranks.items()},
        scores=scores,
        unit=padded([[n[u] for u in row] for n, row in zip(numbers, units, strict=True)], width, -1),
        grades=padded(
            [[g.get(u, UNJUDGED) for u in row] for g, row in zip(grades, units, strict=True)], width, UNJUDGED
        ),
        ideal=padded(ideals, max((len(row) for row in ideals), default=0), 0),
        judged=np.array([bool(of_row) for of_row in grades], dtype=bool),
        depth=depth,
        repeats=any(len(n) < len(row) for n, row in zip(numbers, units, strict=True)),
        facts=facts,
        titles=titles or {},
    )


def padded(rows: Sequence[Sequence[int]], width: int, fill: int) -> Ints:
    """Ragged rows as one array of shape (rows, width)."""
    out = np.full((len(rows), width), fill, dtype=np.int64)
    for at, row in enumerate(rows):
        out[at, : len(row)] = row
    return out
