"""Signals on `Pools`: the weighted sum of `rag_core.pipeline.signals` for all queries at once, ties included."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from rag_core.errors import BadInput
from rag_core.evaluation.pools import UNDATED, Floats, Ints, Pools
from rag_core.evaluation.rankings import Rankings, taken
from rag_core.schema.policy import Signals


def adjusted_rankings(pools: Pools, order: Rankings, relevance: Floats, search: Floats, signals: Signals) -> Rankings:
    """A reranked order by the combined score, where signals are on.

    relevance: (Q, C), 0..1; search: the fused scores likewise (`to_unit_interval`). The n-th best passage of a
    document gets diversity 1/n whatever the others do, so placing one by one (`rag_core.pipeline.signals.adjust`)
    comes to one sort.
    """
    if not signals.on:
        return order
    base = np.where(order.valid, order.take(_base(pools, relevance, search, signals)), -np.inf)
    key = -base - signals.diversity / (1 + _turns(pools, order, base))
    return replace(order, columns=taken(order.columns, np.argsort(key, axis=1, kind="stable")))


def _base(pools: Pools, relevance: Floats, search: Floats, signals: Signals) -> Floats:
    """The combined score without diversity, summed in the order that `signals.adjust` sums in. Shape (Q, C)."""
    facts = pools.facts
    if facts is None:
        raise BadInput("Rankings of another system have no dates and sources, so signals do not apply.")
    as_of = facts.measured[:, None] if signals.as_of is None else signals.as_of.toordinal()
    fresh = 1.0 / (1.0 + np.maximum(0, as_of - facts.updated) / 30.0)
    fresh = np.where(facts.updated == UNDATED, 0.0, fresh)
    table = dict(signals.sources)
    of_source = np.array([table.get(name, signals.default_authority) for name in facts.sources] or [0.0])[facts.source]
    authority = np.where(np.isnan(facts.authority), of_source, facts.authority)
    beside = signals.relevance * relevance + signals.freshness * fresh + signals.authority * authority
    return beside + signals.search * search


def _turns(pools: Pools, order: Rankings, base: Floats) -> Ints:
    """How many passages of the same document come before each place's, by base score, ties by place. Shape (Q, L).

    Documents are counted whatever level is judged. [d, e, d] with base [1, 3, 2] -> [1, 0, 0].
    """
    facts = pools.facts
    document = order.take(pools.unit if facts is None else facts.document)
    by_base = np.argsort(-base, axis=1, kind="stable")
    small = np.where(order.valid, document, -1).astype(np.int16)
    by_document = np.argsort(np.take_along_axis(small, by_base, axis=1), axis=1, kind="stable")
    within = taken(by_base, by_document)
    turns = np.empty(document.shape, dtype=np.int64)
    np.put_along_axis(turns, within, _run_places(np.take_along_axis(small, within, axis=1)), axis=1)
    return turns


def _run_places(values: npt.NDArray[np.int16]) -> Ints:
    """0, 1, 2 ... within each run of equal values. [[4, 4, 7]] -> [[0, 1, 0]]."""
    at = np.broadcast_to(np.arange(values.shape[1]), values.shape)
    new = np.ones(values.shape, dtype=bool)
    new[:, 1:] = values[:, 1:] != values[:, :-1]
    return at - np.maximum.accumulate(np.where(new, at, 0), axis=1)
