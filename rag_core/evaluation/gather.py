"""Measurements as `Pools`: ranks, scores, dates and sources of every query's candidates, gathered once, with those
extra searches that were run for every query.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

import numpy as np

from rag_core.errors import BadInput
from rag_core.evaluation.pools import (
    ABSENT,
    UNDATED,
    ExtraSearchArrays,
    Facts,
    Floats,
    Ints,
    Pools,
    Scores,
    assemble,
    padded,
)
from rag_core.evaluation.sets import LabelledSet
from rag_core.pipeline.extra_searches import main_lists
from rag_core.pipeline.search_scores import search_parts
from rag_core.schema.documents import Passage
from rag_core.schema.measurement import Measurement, SearchRun
from rag_core.schema.sigmoid import sigmoid
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import StepName
from rag_core.schema.threshold import relevance_space


def build(measurements: Mapping[str, Measurement], labelled: LabelledSet) -> Pools:
    """Arrays of what was measured for the set's queries, by query id, in the set's order.

    Raises BadInput for a measurement of a query that the set does not have, for lists measured to different depths,
    or under different filters, and for a reranker that failed on a query: an evaluation with holes would not be one.
    """
    strange = [one for one in measurements if one not in labelled.by_id]
    if strange:
        raise BadInput(f"The set {labelled.name} has no query {strange[0]!r}.")
    query_ids = tuple(query.id for query in labelled.queries if query.id in measurements)
    rows = [measurements[one] for one in query_ids]
    if len({row.depth for row in rows}) > 1:
        raise BadInput("These queries were measured to different depths. Measure them again.")
    if len({row.where for row in rows}) > 1:
        raise BadInput("These queries were measured under different filters. Measure them again.")
    searches = [_searches(row) for row in rows]
    everywhere = [asked for asked in (searches[0] if searches else ()) if all(asked in each for each in searches)]
    extra_searches = {asked: [each[asked] for each in searches] for asked in everywhere}
    lists: list[tuple[Measurement | SearchRun, ...]] = [
        (row, *(found[at] for found in extra_searches.values())) for at, row in enumerate(rows)
    ]
    ids = tuple(
        tuple(sorted({c for one in of_row for c, _ in (*one.dense.found, *one.lexical.found)})) for of_row in lists
    )
    units = tuple(
        tuple(_unit(row.passages[c], labelled) for c in of_row) for row, of_row in zip(rows, ids, strict=True)
    )
    columns = [{c: at for at, c in enumerate(of_row)} for of_row in ids]
    pools = assemble(
        labelled,
        query_ids,
        ids,
        units,
        ranks=_lists(rows, columns),
        scores=_scores(rows, ids),
        depth=rows[0].depth if rows else 0,
        facts=_facts(rows, ids),
        titles={c.document_id: c.title for row in rows for c in row.passages.values() if c.title},
    )
    beside = {asked: _padded(_lists(found, columns), pools.shape[1]) for asked, found in extra_searches.items()}
    dense, lexical = _search_parts(rows, ids)
    where = rows[0].where if rows else None
    return replace(pools, extra_searches=beside, where=where, dense=dense, lexical=lexical)


def _search_parts(rows: Sequence[Measurement], ids: Sequence[Sequence[str]]) -> tuple[Floats, Floats]:
    """What the searches add to a first pass, of every candidate; 0 where there is none."""
    dense, lexical = (np.zeros((len(rows), max(map(len, ids), default=0))) for _ in range(2))
    for at, (row, of_row) in enumerate(zip(rows, ids, strict=True)):
        parts = search_parts(row.dense, row.lexical, row.depth, of_row)
        for column, passage_id in enumerate(of_row):
            dense[at, column], lexical[at, column] = parts[passage_id]
    return dense, lexical


def _searches(row: Measurement) -> dict[ExtraSearchArrays, SearchRun]:
    """A query's extra searches by what they look for. One with the query's own words stands there under both names."""
    own: dict[ExtraSearchArrays, SearchRun] = {
        (None, one.where): one for one in row.extra_searches if one.query == row.query
    }
    return own | {(one.query, one.where): one for one in row.extra_searches}


def _lists(rows: Sequence[Measurement | SearchRun], columns: Sequence[Mapping[str, int]]) -> dict[str, list[list[int]]]:
    """The ranks in both lists of every query, by the list's name; a list that the engine cannot search is left out."""
    searched = [main_lists(row) for row in rows]
    there = [name for name in (StepName.DENSE, StepName.LEXICAL) if all(name in lists for lists in searched)]
    return {
        name: [_ranks(lists[name].found, at) for lists, at in zip(searched, columns, strict=True)] for name in there
    }


def _padded(lists: Mapping[str, list[list[int]]], width: int) -> dict[str, Ints]:
    return {name: padded(rows, width, ABSENT) for name, rows in lists.items()}


def _unit(passage: Passage, labelled: LabelledSet) -> str:
    return passage.id if labelled.level == "passage" else passage.document_id


def _ranks(found: Sequence[tuple[str, float]], columns: Mapping[str, int]) -> list[int]:
    """Rank by column; ABSENT where the list does not hold the candidate."""
    out = [ABSENT] * len(columns)
    for rank, (passage_id, _) in enumerate(found, start=1):
        out[columns[passage_id]] = min(rank, out[columns[passage_id]])
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
        for column, passage_id in enumerate(of_row):
            if passage_id in pairs:
                key[at, column] = pairs[passage_id].score
                relevance[at, column] = read(pairs[passage_id].score)
    models = {row.rerankings[name].model for row in rows if name in row.rerankings}
    model = models.pop() if len(models) == 1 else ""
    return Scores(key=key, relevance=relevance, space=relevance_space(space), scored=space, model=model)


def _facts(rows: Sequence[Measurement], ids: Sequence[Sequence[str]]) -> Facts:
    width = max((len(of_row) for of_row in ids), default=0)
    sources: dict[str, int] = {}
    updated, source, document = [], [], []
    stated = np.full((len(rows), width), np.nan)
    for at, (row, of_row) in enumerate(zip(rows, ids, strict=True)):
        passages = [row.passages[c] for c in of_row]
        stated[at, : len(passages)] = [np.nan if one.authority is None else one.authority for one in passages]
        updated.append([_ordinal(passage.updated_at) for passage in passages])
        numbers: dict[str, int] = {}
        document.append([numbers.setdefault(passage.document_id, len(numbers)) for passage in passages])
        source.append([sources.setdefault(passage.source, len(sources)) for passage in passages])
    return Facts(
        updated=padded(updated, width, UNDATED),
        authority=stated,
        document=padded(document, width, -1),
        source=padded(source, width, 0),
        sources=tuple(sources),
        measured=np.array([row.measured_at.date().toordinal() for row in rows], dtype=np.int64),
    )


def _ordinal(day: date | None) -> int:
    return UNDATED if day is None else day.toordinal()
