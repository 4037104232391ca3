"""Rankings made elsewhere as `Pools`, so that another stack's retrieval and reranking get the same pictures as ours.

Two run files, before and after, are one list and one reranker; a candidates file may have several of each. Signals
cannot be weighed here: there are no dates and sources.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from rag_core.evaluation.pools import ABSENT, Pools, Scores, assemble
from rag_core.evaluation.runs import Candidates, TrecRun
from rag_core.evaluation.sets import LabelledSet
from rag_core.evaluation.vectorised_replay import fused_rankings
from rag_core.schema.policy import FULL_DEPTH, NO_RERANKER, Policy
from rag_core.schema.sigmoid import sigmoid
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.threshold import relevance_space

RETRIEVED = "retrieved"


def pools_of_runs(labelled: LabelledSet, before: TrecRun, after: TrecRun | None = None) -> tuple[Pools, list[str]]:
    """Pools of a run before reranking and, where there is one, the run after; and what a reader must know.

    The first 200 documents of each list count here. Documents of the after run that the before run does not have
    are no candidates of its reranking and are left out of these pools (not of the after run's own figures).
    """
    query_ids = tuple(query.id for query in labelled.queries if query.id in before.ranking)
    kept = [before.ranking[one][:FULL_DEPTH] for one in query_ids]
    ids = tuple(tuple(sorted(item for item, _ in items)) for items in kept)
    places = [{item: rank for rank, (item, _) in enumerate(items, start=1)} for items in kept]
    ranks = [[at[item] for item in of_row] for at, of_row in zip(places, ids, strict=True)]
    scores = {after.name: _of_run(after, query_ids, ids)} if after else {}
    pools = assemble(labelled, query_ids, ids, ids, {RETRIEVED: ranks}, scores, FULL_DEPTH)
    return pools, _notices(before, after, query_ids)


def policy_of(pools: Pools) -> Policy:
    """The policy under which these pools rank as they were ranked elsewhere: whole lists, the first reranker, the
    largest pool that it has scored for every query."""
    reranker = next(iter(pools.scores), NO_RERANKER)
    deepest = max((len(of_row) for of_row in pools.ids), default=1) or 1
    pool = min(_scored_head(pools, reranker), 2 * FULL_DEPTH) if pools.scores else deepest
    return Policy(depth=FULL_DEPTH, pool=max(1, min(pool, 2 * FULL_DEPTH)), reranker=reranker)


def _scored_head(pools: Pools, reranker: str) -> int:
    """How many of the fused candidates are scored in every query that has that many."""

    order, _ = fused_rankings(pools, Policy(depth=FULL_DEPTH))
    missing = np.isnan(order.take(pools.scores[reranker].key)) & order.valid
    heads = np.where(missing.any(axis=1), missing.argmax(axis=1), pools.shape[1])
    return int(heads.min()) if heads.size else 0


def pools_of_candidates(labelled: LabelledSet, found: Mapping[str, Candidates]) -> Pools:
    """Pools of a candidates file. A list's ranks come from its scores, highest first, ties in the file's order."""
    query_ids = tuple(query.id for query in labelled.queries if query.id in found)
    rows = [sorted(found[one].candidates, key=lambda candidate: candidate.id) for one in query_ids]
    ids = tuple(tuple(candidate.id for candidate in row) for row in rows)
    units = tuple(tuple(_unit(c.id, c.document_id, labelled) for c in row) for row in rows)
    lists = dict.fromkeys(name for row in rows for candidate in row for name in candidate.found)
    ranks = {name: [_ranks(found[one], ids_, name) for one, ids_ in zip(query_ids, ids, strict=True)] for name in lists}
    rerankers = dict.fromkeys(name for row in rows for candidate in row for name in candidate.scores)
    scores = {name: _of_candidates(name, [found[one] for one in query_ids], ids) for name in rerankers}
    titles = {c.document_id or c.id: c.title for row in rows for c in row if c.title}
    return assemble(labelled, query_ids, ids, units, ranks, scores, FULL_DEPTH, titles=titles)


def to_candidates(pools: Pools, spaces: Mapping[str, ScoreSpace]) -> list[Candidates]:
    """Pools as lines of a candidates file. A list's score is 1 / rank: ranks are what it is read for."""
    out = []
    for row, query_id in enumerate(pools.query_ids):
        candidates = []
        for column, (item, unit) in enumerate(zip(pools.ids[row], pools.units[row], strict=True)):
            ranks = {name: int(ranks[row, column]) for name, ranks in pools.ranks.items()}
            keys = {name: float(scores.key[row, column]) for name, scores in pools.scores.items()}
            candidates.append(
                {
                    "id": item,
                    "document_id": unit,
                    "title": pools.titles.get(unit, ""),
                    "found": {name: 1 / rank for name, rank in ranks.items() if rank < ABSENT},
                    "scores": {name: key for name, key in keys.items() if not np.isnan(key)},
                }
            )
        out.append(Candidates.model_validate({"query_id": query_id, "spaces": dict(spaces), "candidates": candidates}))
    return out


def _unit(item: str, document_id: str, labelled: LabelledSet) -> str:
    return item if labelled.level == "passage" else document_id or item


def _of_run(run: TrecRun, query_ids: Sequence[str], ids: Sequence[Sequence[str]]) -> Scores:
    """The order of a run as scores: minus the rank orders as the run does, ties and all; its scores are relevance."""
    key = np.full((len(ids), max((len(of_row) for of_row in ids), default=0)), np.nan)
    relevance = key.copy()
    for row, (query_id, of_row) in enumerate(zip(query_ids, ids, strict=True)):
        place = {item: (rank, score) for rank, (item, score) in enumerate(run.ranking.get(query_id, ()), start=1)}
        for column, item in enumerate(of_row):
            if item in place:
                key[row, column], relevance[row, column] = -place[item][0], place[item][1]
    return Scores(key=key, relevance=relevance, space=ScoreSpace.COMBINED)


def _of_candidates(name: str, rows: Sequence[Candidates], ids: Sequence[Sequence[str]]) -> Scores:
    key = np.full((len(ids), max((len(of_row) for of_row in ids), default=0)), np.nan)
    relevance = key.copy()
    space = next((row.spaces[name] for row in rows if name in row.spaces), ScoreSpace.COMBINED)
    read = sigmoid if space is ScoreSpace.LOGIT else float
    for at, (row, of_row) in enumerate(zip(rows, ids, strict=True)):
        scored = {candidate.id: candidate.scores[name] for candidate in row.candidates if name in candidate.scores}
        for column, item in enumerate(of_row):
            if item in scored:
                key[at, column], relevance[at, column] = scored[item], read(scored[item])
    return Scores(key=key, relevance=relevance, space=relevance_space(space))


def _ranks(row: Candidates, ids: Sequence[str], name: str) -> list[int]:
    scored = [(candidate.id, candidate.found[name]) for candidate in row.candidates if name in candidate.found]
    order = sorted(scored, key=lambda pair: -pair[1])[:FULL_DEPTH]
    place = {item: rank for rank, (item, _) in enumerate(order, start=1)}
    return [place.get(item, ABSENT) for item in ids]


def _notices(before: TrecRun, after: TrecRun | None, query_ids: Sequence[str]) -> list[str]:
    told = []
    if any(len(before.ranking[one]) > FULL_DEPTH for one in query_ids):
        told.append(f"{before.name} is longer than {FULL_DEPTH}; curves and the split of the loss use its first part.")
    if after is None:
        return told
    lacking = [one for one in query_ids if one not in after.ranking]
    if lacking:
        told.append(f"{after.name} has no ranking for {len(lacking)} queries of {before.name}, {lacking[0]!r} first.")
    new = sum(
        len({item for item, _ in after.ranking.get(one, ())} - {item for item, _ in before.ranking[one]})
        for one in query_ids
    )
    if new:
        told.append(
            f"{new} documents of {after.name} are not in {before.name}, so it reranks more than that run. "
            "Curves and the split of the loss leave them out."
        )
    return told
