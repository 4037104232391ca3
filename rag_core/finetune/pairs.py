"""What a cross-encoder is taught with: pairs from a set's judgments, and questions kept apart to examine it on.

Positives are judged passages; hard negatives are passages of the same pool that the reranker ranks high and that are
judged not relevant, or that nobody judged. Training is in `learn.py`.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rag_core.errors import BadInput
from rag_core.evaluation.sets import LabelledSet, Query
from rag_core.pipeline.cascade import pool_of
from rag_core.schema.measurement import Measurement
from rag_core.schema.policy import Policy

LEAST = 50
"""Fewer questions whose answer is in the pool teach nothing that could be measured on the ones kept apart."""
KEPT_APART = 0.35
NEGATIVES = 5
"""Hard negatives a positive."""


@dataclass(frozen=True)
class Pair:
    """A question, a passage as the model reads it, and whether it is relevant (1.0) or not (0.0)."""

    query: str
    passage: str
    label: float


@dataclass(frozen=True)
class Sides:
    """Query ids to train on, and those kept apart."""

    train: tuple[str, ...]
    held_out: tuple[str, ...]


def trainable_queries(labelled: LabelledSet, measurements: Mapping[str, Measurement], policy: Policy) -> list[Query]:
    """The judged queries that have a relevant passage in their pool: no other can be learned from or got right."""
    return [
        query
        for query in labelled.judged
        if query.id in measurements and any(_graded(labelled, query, measurements[query.id], policy).values())
    ]


def sides(queries: Sequence[Query], seed: int = 0, least: int = LEAST) -> Sides:
    """Split by question, every kind on both sides in the same proportion. Documents may stand on both.

    Raises BadInput below `least` questions, with how many are missing.
    """
    if len(queries) < least:
        raise BadInput(
            f"Fine-tuning needs {least} labelled questions whose answer is in the pool; there are {len(queries)}. "
            f"Grade passages of {least - len(queries)} more."
        )
    rng = random.Random(seed)
    by_kind: dict[str, list[str]] = {}
    for query in queries:
        by_kind.setdefault(query.kind, []).append(query.id)
    shuffled = [one for kind in sorted(by_kind) for one in rng.sample(by_kind[kind], len(by_kind[kind]))]
    held = [one for place, one in enumerate(shuffled) if int((place + 1) * KEPT_APART) > int(place * KEPT_APART)]
    return Sides(train=tuple(one for one in shuffled if one not in set(held)), held_out=tuple(held))


def pairs(
    labelled: LabelledSet,
    measurements: Mapping[str, Measurement],
    policy: Policy,
    query_ids: Sequence[str],
    seed: int = 0,
) -> list[Pair]:
    """Every relevant passage of the pools, and for each up to five hard negatives of the same pool.

    A negative is judged 0, or unjudged and scored under the query's best relevant passage, so that an answer that
    nobody has judged yet is not taught as wrong. Unanswerable queries teach with their best five alone.
    """
    rng = random.Random(seed)
    found: list[Pair] = []
    for query_id in query_ids:
        query, row = labelled.by_id[query_id], measurements[query_id]
        grades = _graded(labelled, query, row, policy)
        scores = row.rerankings[policy.reranker].pairs
        positives = [one for one, grade in grades.items() if grade]
        best = max((scores[one].score for one in positives), default=float("inf"))
        wrong = [one for one, grade in grades.items() if grade == 0 or (grade is None and scores[one].score < best)]
        hardest = sorted(wrong, key=lambda one: -scores[one].score)[: NEGATIVES * max(1, len(positives))]
        chosen = [(one, 1.0) for one in positives] + [(one, 0.0) for one in hardest]
        found += [Pair(query.text, row.passages[one].model_text, label) for one, label in chosen]
    rng.shuffle(found)
    return found


def _graded(labelled: LabelledSet, query: Query, row: Measurement, policy: Policy) -> dict[str, int | None]:
    """Grade of every passage of the pool, None where nobody judged it."""
    grades = labelled.qrels.get(query.id, {})
    names = {one: one if labelled.level == "passage" else row.passages[one].document_id for one in pool_of(row, policy)}
    return {one: grades.get(name) for one, name in names.items()}
