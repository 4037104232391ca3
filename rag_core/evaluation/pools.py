"""The candidates of all queries as arrays, so that a sweep over hundreds of policies takes milliseconds.

Built once, from measurements (or, in `runs.py`, from rankings made elsewhere). `orders.py` computes on them what
`replay` computes on one measurement; a test holds the two equal.

Axis 0 is the query, axis 1 the candidate. A query's candidates stand in the order of their ids, so that "the smaller
id" is "the smaller column"; rows are padded to the longest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import numpy.typing as npt

from rag_core.errors import BadInput
from rag_core.evaluation.sets import LabelledSet
from rag_core.threshold import judged_space, sigmoid
from rag_core.trace import Measurement
from rag_core.types import Chunk, ScoreSpace, StageName

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

ABSENT = 2**31
"""Rank of a candidate that a list does not hold."""
UNJUDGED = -1
"""Grade of a candidate that nobody judged."""
UNDATED = -1


@dataclass(frozen=True, eq=False)
class Scores:
    """One reranker's verdicts, each array of shape (queries, candidates), NaN where no pair was scored.

    key: what the order goes by, highest first. relevance: what the threshold cuts, in `space` (judged).
    """

    key: Floats
    relevance: Floats
    space: ScoreSpace


@dataclass(frozen=True, eq=False)
class Facts:
    """What the signals read, (Q, C) but for `measured` (Q,). updated: ordinal day or UNDATED; source: index into
    `sources`; document: which document of its query; measured: ordinal day of measurement."""

    updated: Ints
    document: Ints
    source: Ints
    sources: tuple[str, ...]
    measured: Ints


@dataclass(frozen=True, eq=False)
class Pools:
    """Every query's candidates. C is the widest row's count of candidates, R the most judgments of a query.

    ids: candidate ids, sorted, by query. ranks: list name -> (Q, C), ABSENT where not in the list.
    scores: reranker -> Scores. unit: (Q, C), which document of its query (or which chunk, where chunks are judged)
    a candidate belongs to. grades: (Q, C), UNJUDGED where nobody judged. ideal: (Q, R), all grades of the query,
    highest first, padded with 0. depth: how deep the lists were measured. repeats: a document has several chunks.
    """

    query_ids: tuple[str, ...]
    ids: tuple[tuple[str, ...], ...]
    units: tuple[tuple[str, ...], ...]
    ranks: dict[str, Ints]
    scores: dict[str, Scores]
    unit: Ints
    grades: Ints
    ideal: Ints
    depth: int
    repeats: bool
    facts: Facts | None = None
    titles: dict[str, str] = field(default_factory=dict)

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


def build(measurements: Mapping[str, Measurement], labelled: LabelledSet) -> Pools:
    """Arrays of what was measured for the set's queries, by query id, in the set's order.

    Raises BadInput for a measurement of a query that the set does not have, for lists measured to different depths,
    and for a reranker that failed on a query: an evaluation with holes would not be one.
    """
    strange = [one for one in measurements if one not in labelled.by_id]
    if strange:
        raise BadInput(f"The set {labelled.name} has no query {strange[0]!r}.")
    query_ids = tuple(query.id for query in labelled.queries if query.id in measurements)
    rows = [measurements[one] for one in query_ids]
    if len({row.depth for row in rows}) > 1:
        raise BadInput("These queries were measured to different depths. Measure them again.")
    ids = tuple(tuple(sorted({c for c, _ in (*row.dense.found, *row.lexical.found)})) for row in rows)
    units = tuple(tuple(_unit(row.chunks[c], labelled) for c in of_row) for row, of_row in zip(rows, ids, strict=True))
    columns = [{c: at for at, c in enumerate(of_row)} for of_row in ids]
    return assemble(
        labelled,
        query_ids,
        ids,
        units,
        ranks={
            StageName.DENSE: [_ranks(row.dense.found, at) for row, at in zip(rows, columns, strict=True)],
            StageName.LEXICAL: [_ranks(row.lexical.found, at) for row, at in zip(rows, columns, strict=True)],
        },
        scores=_scores(rows, ids),
        depth=rows[0].depth if rows else 0,
        facts=_facts(rows, ids),
        titles={c.document_id: c.title for row in rows for c in row.chunks.values() if c.title},
    )


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


def _unit(chunk: Chunk, labelled: LabelledSet) -> str:
    return chunk.id if labelled.level == "chunk" else chunk.document_id


def _ranks(found: Sequence[tuple[str, float]], columns: Mapping[str, int]) -> list[int]:
    """Rank by column; ABSENT where the list does not hold the candidate."""
    out = [ABSENT] * len(columns)
    for rank, (chunk_id, _) in enumerate(found, start=1):
        out[columns[chunk_id]] = min(rank, out[columns[chunk_id]])
    return out


def _scores(rows: Sequence[Measurement], ids: Sequence[Sequence[str]]) -> dict[str, Scores]:
    names = dict.fromkeys(name for row in rows for name in row.rerankings)
    return {name: _scores_of(name, rows, ids) for name in names}


def _scores_of(name: str, rows: Sequence[Measurement], ids: Sequence[Sequence[str]]) -> Scores:
    width = max((len(of_row) for of_row in ids), default=0)
    key = np.full((len(rows), width), np.nan)
    relevance = key.copy()
    spaces = {row.rerankings[name].space for row in rows if name in row.rerankings}
    failed = next((row for row in rows if name in row.rerankings and row.rerankings[name].failure), None)
    if failed is not None:
        raise BadInput(f"{name} failed on “{failed.query}”: {failed.rerankings[name].failure} Score that query again.")
    if len(spaces) > 1:
        raise BadInput(
            f"{name} gave scores in different spaces ({', '.join(sorted(spaces))}). Score all queries again."
        )
    space = spaces.pop()
    read = sigmoid if space is ScoreSpace.LOGIT else float
    for at, (row, of_row) in enumerate(zip(rows, ids, strict=True)):
        pairs = row.rerankings[name].pairs if name in row.rerankings else {}
        for column, chunk_id in enumerate(of_row):
            if chunk_id in pairs:
                key[at, column] = pairs[chunk_id].score
                relevance[at, column] = read(pairs[chunk_id].score)
    return Scores(key=key, relevance=relevance, space=judged_space(space))


def _facts(rows: Sequence[Measurement], ids: Sequence[Sequence[str]]) -> Facts:
    width = max((len(of_row) for of_row in ids), default=0)
    sources: dict[str, int] = {}
    updated, source, document = [], [], []
    for row, of_row in zip(rows, ids, strict=True):
        chunks = [row.chunks[c] for c in of_row]
        updated.append([_ordinal(chunk.updated_at) for chunk in chunks])
        numbers: dict[str, int] = {}
        document.append([numbers.setdefault(chunk.document_id, len(numbers)) for chunk in chunks])
        source.append([sources.setdefault(chunk.source, len(sources)) for chunk in chunks])
    return Facts(
        updated=padded(updated, width, UNDATED),
        document=padded(document, width, -1),
        source=padded(source, width, 0),
        sources=tuple(sources),
        measured=np.array([row.measured_at.date().toordinal() for row in rows], dtype=np.int64),
    )


def _ordinal(day: date | None) -> int:
    return UNDATED if day is None else day.toordinal()
