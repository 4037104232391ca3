"""Ranking metrics: by `ir_measures` for every table, and by arrays for sweeps. A test holds the two equal to 1e-9.

Names are those of ir_measures: `nDCG@10`, `RR@10`, `P@5`, `R@100`, `AP@100`, `Success@5`, `Judged@10`. Relevant is
grade 1 and up; the gain of nDCG is the grade itself, its discount 1 / log2(1 + rank) (Järvelin and Kekäläinen 2002, as
in trec_eval). A ranking of passages becomes one of documents at each document's first passage.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rag_core.errors import BadInput
from rag_core.evaluation.pools import UNJUDGED, Flags, Floats, Ints, Pools
from rag_core.evaluation.rankings import Rankings
from rag_core.evaluation.sets import Qrels

DEFAULT = ("nDCG@10", "nDCG@5", "RR@10", "P@5", "R@100", "AP@100", "Success@5", "Judged@10")
"""The metrics of a table, where nobody asked for others."""
DEEPEST = 1000
PASSAGES_A_DOCUMENT = 4
"""How far past a cutoff the first look goes, where documents have several passages."""


@dataclass(frozen=True)
class Metric:
    """A metric with its cutoff: `nDCG@10`."""

    kind: str
    cutoff: int

    def __str__(self) -> str:
        return f"{self.kind}@{self.cutoff}"


def parse(name: str) -> Metric:
    """`nDCG@10` as a metric. Raises BadInput for one that is not known, with those that are."""
    kind, at, cutoff = name.strip().partition("@")
    known = {one.lower(): one for one in _ON_ARRAYS} | {"mrr": "RR", "map": "AP", "recall": "R", "precision": "P"}
    if kind.lower() not in known or not at or not cutoff.isdecimal() or not 1 <= int(cutoff) <= DEEPEST:
        names = ", ".join(f"{one}@k" for one in _ON_ARRAYS)
        raise BadInput(f"{name!r} is not a metric. Use one of {names}, with k from 1 to {DEEPEST}.")
    return Metric(known[kind.lower()], int(cutoff))


def by_ir_measures(
    names: Sequence[str], qrels: Qrels, ranking: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, float]]:
    """Value by metric and query id, computed by ir_measures, for every query of the qrels.

    ranking: document ids by query id, best first, none twice; read as far as the deepest cutoff. A query of the qrels
    that has no ranking gets 0.
    """
    import ir_measures

    metrics = {str(parse(name)): ir_measures.parse_measure(str(parse(name))) for name in names}
    deepest = max((parse(name).cutoff for name in metrics), default=0)
    heads = {one: items[:deepest] for one, items in ranking.items() if items}
    run = {one: {item: float(len(items) - at) for at, item in enumerate(items)} for one, items in heads.items()}
    out: dict[str, dict[str, float]] = {name: {} for name in metrics}
    judged = {one: dict(grades) for one, grades in qrels.items() if grades}
    if judged:
        for found in ir_measures.iter_calc(list(metrics.values()), judged, run):
            out[str(found.measure)][found.query_id] = float(found.value)
    return out


def documents(pools: Pools, order: Rankings, deepest: int = DEEPEST) -> dict[str, list[str]]:
    """The ranking of documents (or passages, where passages are judged) by query id, each at its first passage."""
    found = {}
    for at, query_id in enumerate(pools.query_ids):
        columns = order.columns[at, : order.lengths[at]]
        found[query_id] = list(dict.fromkeys(pools.units[at][column] for column in columns))[:deepest]
    return found


@dataclass(frozen=True, eq=False)
class Graded:
    """An order as the grades that a metric reads, (Q, L): `grade` of the document at each place, `rank` (from 1) of
    that document among the documents, `counts` False where the place is empty or repeats a document."""

    grade: Ints
    rank: Ints
    counts: Flags
    pools: Pools

    def within(self, k: int) -> Flags:
        """The places that hold one of the first k documents."""
        return self.counts & (self.rank <= k)


def mean(pools: Pools, name: str, order: Rankings) -> float:
    """Mean of a metric over the judged queries; 0 where there are none."""
    return mean_of(by_query(pools, name, order))


def mean_of(values: Floats) -> float:
    """The mean of a metric's values; 0 where there are none."""
    return float(values.mean()) if values.size else 0.0


def by_query(pools: Pools, name: str, order: Rankings) -> Floats:
    """A metric of each judged query, in the order of the pools."""
    return on_arrays(name, graded(pools, _head(pools, order, parse(name).cutoff)))[pools.judged]


def _head(pools: Pools, order: Rankings, cutoff: int) -> Rankings:
    """As much of the order as holds its first `cutoff` documents: what comes after cannot change the metric."""
    head = order.first(cutoff if not pools.repeats else PASSAGES_A_DOCUMENT * cutoff)
    if not pools.repeats or head.columns.shape == order.columns.shape:
        return head
    enough = graded(pools, head).counts.sum(axis=1) >= np.minimum(cutoff, order.lengths)
    return head if (enough | (order.lengths <= head.columns.shape[1])).all() else order


def graded(pools: Pools, order: Rankings) -> Graded:
    """The grades of an order's documents."""
    counts = order.valid
    if pools.repeats:
        counts = counts & _first(np.where(order.valid, order.take(pools.unit), -1))
    return Graded(order.take(pools.grades), np.cumsum(counts, axis=1), counts, pools)


def ideal(pools: Pools) -> Graded:
    """The grades of the best order of everything that is judged, found or not: what a metric allows at most."""
    rank = np.broadcast_to(np.arange(1, pools.ideal.shape[1] + 1), pools.ideal.shape)
    return Graded(pools.ideal, rank, pools.ideal > 0, pools)


def on_arrays(name: str, of: Graded) -> Floats:
    """One metric of every query, shape (Q,). The same figures as ir_measures gives, in microseconds a query."""
    metric = parse(name)
    return _ON_ARRAYS[metric.kind](of, metric.cutoff)


def _first(unit: Ints) -> Flags:
    """True at the first place of each value in a row. [[4, 7, 4]] -> [[True, True, False]]."""
    small = unit.astype(np.int16) if unit.size == 0 or unit.max() < 2**15 else unit
    order = np.argsort(small, axis=1, kind="stable")
    ordered = np.take_along_axis(small, order, axis=1)
    new = np.ones(unit.shape, dtype=bool)
    new[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    out = np.empty_like(new)
    np.put_along_axis(out, order, new, axis=1)
    return out


def _share(part: Any, whole: Any) -> Floats:
    """part / whole, 0 where whole is 0."""
    part = np.asarray(part, dtype=np.float64)
    share: Floats = np.divide(part, whole, out=np.zeros_like(part), where=np.asarray(whole) > 0)
    return share


def _ndcg(of: Graded, k: int) -> Floats:
    gains = np.where(of.within(k), np.maximum(of.grade, 0) / np.log2(1 + np.maximum(of.rank, 1)), 0.0).sum(axis=1)
    ideal = of.pools.ideal[:, :k]
    best = (ideal / np.log2(2 + np.arange(ideal.shape[1]))).sum(axis=1)
    return _share(gains, best)


def _rr(of: Graded, k: int) -> Floats:
    hit = of.within(k) & (of.grade > 0)
    best: Floats = np.where(hit, 1.0 / np.maximum(of.rank, 1), 0.0).max(axis=1, initial=0.0)
    return best


def _p(of: Graded, k: int) -> Floats:
    return np.asarray((of.within(k) & (of.grade > 0)).sum(axis=1) / k, dtype=np.float64)


def _r(of: Graded, k: int) -> Floats:
    return _share((of.within(k) & (of.grade > 0)).sum(axis=1), of.pools.relevant)


def _ap(of: Graded, k: int) -> Floats:
    hit = of.within(k) & (of.grade > 0)
    precision = np.where(hit, np.cumsum(hit, axis=1) / np.maximum(of.rank, 1), 0.0)
    return _share(precision.sum(axis=1), of.pools.relevant)


def _success(of: Graded, k: int) -> Floats:
    return np.asarray((of.within(k) & (of.grade > 0)).any(axis=1), dtype=np.float64)


def _judged(of: Graded, k: int) -> Floats:
    inside = of.within(k)
    return _share((inside & (of.grade > UNJUDGED)).sum(axis=1), inside.sum(axis=1))


_ON_ARRAYS: dict[str, Callable[[Graded, int], Floats]] = {
    "nDCG": _ndcg,
    "RR": _rr,
    "P": _p,
    "R": _r,
    "AP": _ap,
    "Success": _success,
    "Judged": _judged,
}
