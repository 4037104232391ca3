"""What an evaluation found, as one value: saved as JSON, compared with a later one, drawn and exported.

Every mean in it comes from the per-query values that it holds, and those from ir_measures.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Literal

from rag_core.errors import BadInput, UnreadableRecord
from rag_core.evaluation import metrics
from rag_core.evaluation.compare import Comparison, aligned, compare_metric
from rag_core.evaluation.headroom import Headroom, headroom
from rag_core.evaluation.pools import Pools
from rag_core.evaluation.sets import LabelledSet
from rag_core.evaluation.vectorised_replay import step_rankings
from rag_core.schema.base import Frozen
from rag_core.schema.documents import CollectionRef
from rag_core.schema.filters import Filter
from rag_core.schema.migrations import report_from_version_1, report_from_version_2
from rag_core.schema.policy import Policy
from rag_core.schema.records import RecordFormat
from rag_core.schema.steps import StepName

BEFORE, AFTER = StepName.FUSED, StepName.ADJUSTED
HEADLINE = ("P@5", "nDCG@5")
SPLIT = "nDCG@10"

Values = dict[str, dict[str, dict[str, float]]]
"""Value by step, metric and query id."""


class Report(Frozen):
    """One evaluation. `values` holds every judged query's value by step and metric; `before` and `after` name the two
    steps that are compared. `comparisons` are of the headline metrics and of the first one asked for. `where` is the
    filter of every search; where `says_filter` is false, the report is of a version that did not keep it.
    """

    version: Literal[3] = 3
    made_at: datetime
    set_name: str
    set_fingerprint: str
    queries: int
    judged: int
    unanswerable: int
    judgments: int
    collection: CollectionRef | None = None
    policy: Policy | None = None
    where: Filter | None = None
    says_filter: bool = True
    reranker_model: str = ""
    before: str = BEFORE
    after: str = AFTER
    metrics: tuple[str, ...]
    values: Values
    comparisons: dict[str, Comparison]
    groups: dict[str, dict[str, Comparison]] = {}
    headroom: Headroom | None = None
    texts: dict[str, str] = {}
    notices: tuple[str, ...] = ()

    @property
    def steps(self) -> tuple[str, ...]:
        """The steps that were measured, in order."""
        return tuple(self.values)

    def mean(self, step: str, metric: str) -> float:
        """Mean of a metric over the judged queries."""
        values = self.values[step][metric].values()
        return math.fsum(values) / max(len(values), 1)

    def changes(self, metric: str) -> list[tuple[str, float]]:
        """(query id, after minus before), the most harmed first."""
        ids, before, after = aligned(self.values[self.before][metric], self.values[self.after][metric])
        return sorted(
            ((one, new - old) for one, old, new in zip(ids, before, after, strict=True)), key=lambda pair: pair[1]
        )

    @cached_property
    def answered(self) -> dict[str, Comparison]:
        """The headline metrics of what reaches the answer, after threshold and top-k, against `before`. Empty where the
        cut was not measured."""
        kept = self.values.get(StepName.KEPT, {})
        return {name: between(self.values[self.before][name], kept[name]) for name in HEADLINE if name in kept}

    def to_json(self) -> str:
        """The report as JSON text; `Report.read` gives it back without loss."""
        return self.model_dump_json(indent=1)

    @classmethod
    def read(cls, text: str | bytes, name: str = "This file") -> Report:
        """A report of this version or an older one, from JSON that may come from anywhere. Raises UnreadableRecord,
        which says what is wrong."""
        try:
            return REPORT.read(text)
        except UnreadableRecord as exc:
            raise UnreadableRecord(f"{name}: {exc}", exc.newer) from exc


REPORT = RecordFormat(
    noun="saved evaluation",
    model=Report,
    version=3,
    upgrades={1: report_from_version_1, 2: report_from_version_2},
    accepts="Choose the file that “Report (JSON)” saves on the Evaluate page, or `second-pass evaluate --out` writes.",
)


def rankings_of(pools: Pools, policy: Policy, deepest: int = metrics.DEEPEST) -> dict[str, dict[str, list[str]]]:
    """The ranking of documents by step and query id, under one policy. Raises BadInput where pairs have no score."""
    orders = step_rankings(pools, policy)
    unscored = int(orders[StepName.RERANKED].unscored.sum())
    if unscored:
        raise BadInput(f"{unscored} pairs of these pools have no score from {policy.reranker} yet. Score them first.")
    return {name: metrics.documents(pools, order, deepest) for name, order in orders.items()}


def values_of(
    labelled: LabelledSet, rankings: Mapping[str, Mapping[str, Sequence[str]]], names: Sequence[str]
) -> Values:
    """Every metric of every step and judged query, by ir_measures. A query without a ranking counts as 0."""
    qrels = {query.id: labelled.qrels[query.id] for query in labelled.judged}
    values: Values = {}
    for step, ranking in rankings.items():
        same = next((one for one in values if rankings[one] == ranking), None)
        values[step] = values[same] if same else metrics.by_ir_measures(names, qrels, ranking)
    return values


def check_judged(labelled: LabelledSet) -> None:
    """Raises BadInput where no query is judged."""
    if not labelled.judged:
        raise BadInput(
            f"No question of {labelled.name} has a grade, so nothing can be measured. Grade some passages first."
        )


def report(
    labelled: LabelledSet,
    rankings: Mapping[str, Mapping[str, Sequence[str]]],
    names: Sequence[str] = metrics.DEFAULT,
    before: str = BEFORE,
    after: str = AFTER,
    *,
    pools: Pools | None = None,
    policy: Policy | None = None,
    collection: CollectionRef | None = None,
    reranker_model: str = "",
    notices: Sequence[str] = (),
) -> Report:
    """The report on rankings by step. A judged query without a ranking counts as 0: pass the set with those queries
    `only` that were asked. Raises BadInput where no query is judged, or a metric is not known.
    """
    check_judged(labelled)
    wanted = tuple(dict.fromkeys(str(metrics.parse(name)) for name in (*names, *HEADLINE)))
    values = values_of(labelled, rankings, wanted)
    return Report(
        made_at=datetime.now(UTC),
        set_name=labelled.name,
        set_fingerprint=labelled.fingerprint,
        queries=len(labelled.queries),
        judged=len(labelled.judged),
        unanswerable=len(labelled.unanswerable),
        judgments=labelled.judgments,
        collection=collection,
        policy=policy,
        where=pools.where if pools is not None else None,
        reranker_model=reranker_model,
        before=before,
        after=after,
        metrics=wanted,
        values=values,
        comparisons={
            name: between(values[before][name], values[after][name]) for name in dict.fromkeys((*HEADLINE, wanted[0]))
        },
        groups={field: by_group(labelled, field, values, before, after, HEADLINE[-1]) for field in labelled.groups},
        headroom=headroom(pools, policy, SPLIT) if pools is not None and policy is not None else None,
        texts={query.id: query.text for query in labelled.judged},
        notices=(*labelled.notices, *notices),
    )


def between(before: Mapping[str, float], after: Mapping[str, float]) -> Comparison:
    """The comparison over the queries that both sides have."""
    _, old, new = aligned(before, after)
    return compare_metric(old, new)


def by_group(
    labelled: LabelledSet, field: str, values: Values, before: str, after: str, metric: str
) -> dict[str, Comparison]:
    """Before and after by the value of a query field, the most harmed group first."""
    groups: dict[str, list[str]] = {}
    for query in labelled.judged:
        groups.setdefault(labelled.group_of(query.id, field) or "none", []).append(query.id)
    old, new = values[before][metric], values[after][metric]
    found = {
        group: compare_metric([old[one] for one in ids], [new[one] for one in ids])
        for group, ids in groups.items()
        if ids
    }
    return dict(sorted(found.items(), key=lambda item: item[1].difference))
