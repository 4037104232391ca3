"""Freshness, authority, diversity and the search's own score beside relevance: arithmetic on facts, no model.

final = w_r * relevance + w_f * freshness + w_a * authority + w_s * search + w_d * diversity, each part 0..1:

    freshness   1 / (1 + days / 30), days since the document was updated; 0 where the date is not known
    authority   what the document states of itself; without that, the policy's table per source
    search      the fused score as a share of the best possible, 1 where every list has it first
    diversity   1 / (1 + passages of the same document already placed), so it depends on the order so far
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from datetime import date

from rag_core.schema.documents import Passage
from rag_core.schema.policy import Signals
from rag_core.schema.steps import Hit


def freshness(updated_at: date | None, as_of: date) -> float:
    """1 on the day of the update, 1/2 after 30 days, 1/3 after 60; 0 without a date.

    >>> freshness(date(2026, 1, 1), date(2026, 1, 31))
    0.5
    """
    if updated_at is None:
        return 0.0
    return 1.0 / (1.0 + max(0, (as_of - updated_at).days) / 30.0)


def authority(passage: Passage, by_source: Mapping[str, float], default: float) -> float:
    """What the passage's document states, else what its source has, else the default."""
    stated = passage.authority
    return by_source.get(passage.source, default) if stated is None else stated


def adjust(
    relevance: Sequence[tuple[str, float]],
    search: Mapping[str, float],
    passages: Mapping[str, Passage],
    signals: Signals,
    as_of: date,
) -> list[Hit]:
    """Order candidates by the combined score.

    relevance: (passage id, relevance 0..1), best first. search: each passage's fused share, 0..1. Places are filled one
    by one; at each the candidate with the highest final score given what is placed already; ties go to the one that
    came first. Every part of a score is in `Hit.parts`, before its weight.
    """
    by_source = dict(signals.sources)
    queues: dict[str, list[tuple[float, int, str, dict[str, float]]]] = {}
    for place, (passage_id, value) in enumerate(relevance):
        passage = passages[passage_id]
        parts = {
            "relevance": value,
            "freshness": freshness(passage.updated_at, as_of),
            "authority": authority(passage, by_source, signals.default_authority),
            "search": search[passage_id],
        }
        base = 0.0
        for name, part in parts.items():  # rounded at each step, as the arrays do; `sum` is not from Python 3.12 on
            base += getattr(signals, name) * part
        queues.setdefault(passage.document_id, []).append((-base, place, passage_id, parts))
    return _place(queues, signals.diversity)


def _place(queues: dict[str, list[tuple[float, int, str, dict[str, float]]]], weight: float) -> list[Hit]:
    """Greedy placing. All passages of a document share one diversity, so only the best left of each competes."""
    for queue in queues.values():
        queue.sort(reverse=True)
    placed = dict.fromkeys(queues, 0)
    heads = [(queue[-1][0] - weight, queue[-1][1], document) for document, queue in queues.items()]
    heapq.heapify(heads)
    hits: list[Hit] = []
    while heads:
        negative, _, document = heapq.heappop(heads)
        _, _, passage_id, parts = queues[document].pop()
        diversity = 1.0 / (1 + placed[document])
        hits.append(
            Hit(passage_id=passage_id, rank=len(hits) + 1, score=-negative, parts={**parts, "diversity": diversity})
        )
        placed[document] += 1
        if queues[document]:
            base, place, *_ = queues[document][-1]
            heapq.heappush(heads, (base - weight / (1 + placed[document]), place, document))
    return hits
