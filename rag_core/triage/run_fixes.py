"""What would have kept a document in a recorded run: each setting that can be replayed, changed as little as needed.

Every fix was replayed: under it the document is kept. No model runs here; rerankers count whose scores are known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from rag_core.diagnosis import Location
from rag_core.diagnosis.counterfactuals import Place, exchanged
from rag_core.runs.replaying import Control, RunChange, candidates_of, obstacles, replay_run
from rag_core.runs.replaying.obstacles import lists_of
from rag_core.schema.base import Frozen
from rag_core.schema.measurement import RerankerScores
from rag_core.schema.policy import MOST_KEPT, NO_RERANKER
from rag_core.schema.steps import StepKind
from rag_core.schema.trace import Trace

WEIGHTS = tuple(number / 10 for number in range(31))
"""The weights of a search that are tried."""


class RunFix(Frozen):
    """A change under which the document is kept, its rank then, and what else enters or leaves the kept passages.

    size: how large the change is, from 0 to 1; another reranker counts 1, a larger top-k beside it more.
    """

    change: RunChange
    size: float
    rank: int
    entered: tuple[Place, ...] = ()
    left: tuple[Place, ...] = ()


def fixes_in_run(
    trace: Trace, location: Location, scores: Mapping[str, RerankerScores] | None = None
) -> tuple[RunFix, ...]:
    """The changes that keep the document, the smallest first; none where it is kept already, or none is found.

    scores: of other rerankers, by their keys in the catalogue.
    """
    known = scores or {}
    wanted = location.passage_ids
    if not wanted or wanted & trace.kept_step.by_passage.keys():
        return ()
    tries: list[Iterable[tuple[RunChange, float]]] = [
        _top_k(trace, wanted),
        _pools(trace, wanted),
        *_weights(trace),
        *([(change, size)] for change, size in _rerankers(trace, wanted, known)),
    ]
    found = (_first(trace, wanted, one, known) for one in tries)
    return tuple(sorted((one for one in found if one), key=lambda one: one.size))


def _first(
    trace: Trace, wanted: frozenset[str], tries: Iterable[tuple[RunChange, float]], scores: Mapping[str, RerankerScores]
) -> RunFix | None:
    """The first of these changes under which one of the wanted passages is kept."""
    for change, size in tries:
        other = replay_run(trace, change, scores.get(change.reranker or ""))
        kept = next((hit for hit in other.kept_step.hits if hit.passage_id in wanted), None)
        if kept:
            entered = tuple(one for one in exchanged(other, trace) if one.passage_id not in wanted)
            return RunFix(change=change, size=size, rank=kept.rank, entered=entered, left=exchanged(trace, other))
    return None


def _rank(hits: Iterable[str], wanted: frozenset[str]) -> int | None:
    """The best rank of a wanted passage in a list of ids."""
    return next((rank for rank, one in enumerate(hits, start=1) if one in wanted), None)


def _top_k(trace: Trace, wanted: frozenset[str]) -> Iterator[tuple[RunChange, float]]:
    """Keeping the list that was cut down to the document."""
    rank = _rank((hit.passage_id for hit in trace.final_step.hits), wanted)
    if Control.TOP_K not in obstacles(trace) and rank and len(trace.kept_step.hits) < rank <= MOST_KEPT:
        yield RunChange(top_k=rank), (rank - len(trace.kept_step.hits)) / MOST_KEPT


def _pools(trace: Trace, wanted: frozenset[str]) -> Iterator[tuple[RunChange, float]]:
    """The largest pool that still has the document and leaves out enough of what the reranker put ahead of it."""
    ids = [hit.passage_id for hit in candidates_of(trace).hits]
    place = {one: number for number, one in enumerate(ids, start=1)}
    order = [hit.passage_id for hit in trace.final_step.hits]
    rank, kept = _rank(order, wanted), len(trace.kept_step.hits)
    if Control.POOL in obstacles(trace) or not rank or rank <= kept:
        return
    ahead = sorted(place.get(one, 1) for one in order[: rank - 1])
    size = ahead[kept - 1] - 1
    if size >= place.get(order[rank - 1], len(ids)):
        yield RunChange(pool=size), (len(ids) - size) / len(ids)


def _weights(trace: Trace) -> Iterator[Iterator[tuple[RunChange, float]]]:
    """For each recorded search other weights of it, from the nearest to 1."""
    if Control.FUSION in obstacles(trace):
        return
    nearest = sorted(WEIGHTS, key=lambda one: abs(one - 1))
    for one in lists_of(trace):
        yield ((RunChange(weights={one.name: weight}), abs(weight - 1) / 3) for weight in nearest)


def _rerankers(
    trace: Trace, wanted: frozenset[str], scores: Mapping[str, RerankerScores]
) -> Iterator[tuple[RunChange, float]]:
    """No reranker, and each one whose scores are known; with the top-k that the document needs there."""
    if not candidates_of(trace).hits:
        return
    off = [NO_RERANKER] if trace.reranked_step.kind is StepKind.RERANK else []
    for key in (*off, *scores):
        if key != NO_RERANKER and Control.RERANKER in obstacles(trace, key):
            continue
        kept = max(len(trace.kept_step.hits), 1)
        order = replay_run(trace, RunChange(reranker=key, top_k=MOST_KEPT), scores.get(key))
        rank = _rank((hit.passage_id for hit in order.final_step.hits), wanted)
        if rank and rank <= max(kept, MOST_KEPT):
            more = rank if rank > kept else (None if trace.kept_step.hits else kept)
            yield RunChange(reranker=key, top_k=more), 1 + max(rank - kept, 0) / MOST_KEPT
