"""Reading the pool slice by slice: where a slice ends, and when the rest need not be read.

Where there is a first pass, it reads all of its own at once; the rules are for the reranker after it.
Pure arithmetic on scores that are known. A cross-encoder's logits have no highest value, so for them nothing unread is
ever ruled out; only a space with an upper limit can make a stop certain. Patience is a heuristic and is named as one.
`rag_core.pipeline.pipeline` scores the slices, `rag_core.pipeline.replay` makes the order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rag_core.schema.policy import Policy
from rag_core.schema.rerank_summary import StopReason
from rag_core.schema.spaces import ScoreSpace

FIRST, LARGEST = 8, 32
"""Sizes of the first and of the largest slices."""

REST = 4
"""What is too little for a slice of its own."""

HIGHEST = {ScoreSpace.PROBABILITY: 1.0, ScoreSpace.MAXSIM: 1.0}
"""The score that nothing can exceed, where the space has one."""


@dataclass(frozen=True)
class ReadDepth:
    """How much of a pool is read: its first `read` candidates, of which `missing` have no score yet.

    `stopped` says why the rest stays unread; None where the pool is read to its end, or where `missing` must be scored
    before that is known.
    """

    read: int
    missing: tuple[str, ...] = ()
    stopped: StopReason | None = None


def slice_ends(size: int) -> list[int]:
    """Where the slices end: sizes 8, 8, 16, 32, 32 and so on, so that a first order comes soon. A rest of four or fewer
    is read with the slice before: alone it takes longer.

    >>> slice_ends(100), slice_ends(10)
    ([8, 16, 32, 64, 100], [10])
    """
    ends, end = [], FIRST
    while end < size - REST:
        ends.append(end)
        end += min(end, LARGEST)
    return [*ends, size] if size else []


def next_end(read: int, size: int, at_once: int = 1) -> int:
    """Where the slice after the first `read` of a pool of that size ends; whole requests of `at_once` where it is more.

    >>> next_end(8, 100), next_end(8, 100, at_once=10), next_end(96, 100)
    (16, 18, 100)
    """
    end = next((end for end in slice_ends(size) if end > read), size)
    requests = -(-(end - read) // at_once)
    return min(size, read + requests * at_once)


def measured_depth(
    pool: Sequence[str], scores: Mapping[str, float], space: ScoreSpace | None, policy: Policy
) -> ReadDepth:
    """How far the policy reads into the pool (passage ids, in the order in which they are read).

    `space`: the space of `scores`; None where nothing is scored yet. A rule is asked at the end of every slice.
    """
    stopping = policy.stopping
    limit = min(stopping.limit or len(pool), len(pool))
    ruled = stopping.certain or stopping.patience is not None
    for end in slice_ends(limit) if ruled else [limit]:
        missing = tuple(passage_id for passage_id in pool[:end] if passage_id not in scores)
        if missing or end == limit:
            return ReadDepth(end, missing, "asked" if end == limit < len(pool) and not missing else None)
        if space and (reason := _reason(pool[:end], scores, space, policy)):
            return ReadDepth(end, stopped=reason)
    return ReadDepth(limit)


def best(read: Sequence[str], scores: Mapping[str, float], k: int) -> list[str]:
    """The first k of what is read, highest score first; ties in the order of reading."""
    return sorted(read, key=lambda passage_id: -scores[passage_id])[:k]


def unchanged_for(read: Sequence[str], scores: Mapping[str, float], k: int) -> int:
    """Over how many of the last read the first k have stood as they do. 0 where fewer than k are read.

    A candidate that enters is overtaken by none that it displaced, so equal ends mean that nothing changed between.

    >>> unchanged_for("abcd", {"a": 3.0, "b": 9.0, "c": 1.0, "d": 2.0}, k=1)
    2
    """
    if len(read) < k:
        return 0
    places = {passage_id: place for place, passage_id in enumerate(read, start=1)}
    return len(read) - max(places[passage_id] for passage_id in best(read, scores, k))


def _reason(read: Sequence[str], scores: Mapping[str, float], space: ScoreSpace, policy: Policy) -> StopReason | None:
    if policy.stopping.certain and certain(read, scores, space, policy):
        return "certain"
    patience = policy.stopping.patience
    if patience is not None and unchanged_for(read, scores, policy.top_k) >= patience:
        return "patience"
    return None


def certain(read: Sequence[str], scores: Mapping[str, float], space: ScoreSpace, policy: Policy) -> bool:
    """True where nothing unread can enter the first k: the k-th has the highest score there is, and ties stay behind.

    Never with signals, which can lift a candidate of a lower score.
    """
    if policy.signals.on:
        return False
    return settled(read, scores, policy.top_k, space) == policy.top_k


def settled(read: Sequence[str], scores: Mapping[str, float], k: int, space: ScoreSpace) -> int:
    """How many of the first k places of what is read nothing unread can take: those with the highest score there is.

    >>> settled("abc", {"a": 0.4, "b": 1.0, "c": 0.9}, 2, ScoreSpace.PROBABILITY)
    1
    """
    highest = HIGHEST.get(space)
    return 0 if highest is None else sum(scores[passage_id] >= highest for passage_id in best(read, scores, k))
