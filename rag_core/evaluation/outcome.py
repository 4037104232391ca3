"""From what was measured, or ranked elsewhere, to the report and the arrays that curves are drawn from.

The command and the page both go through here, so that they say the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rag_core.evaluation import metrics
from rag_core.evaluation.external_runs import policy_of, pools_of_candidates, pools_of_runs
from rag_core.evaluation.files import File
from rag_core.evaluation.gather import build
from rag_core.evaluation.pools import Pools
from rag_core.evaluation.report import AFTER, BEFORE, Report, rankings_of, report
from rag_core.evaluation.runs import read_candidates, read_run
from rag_core.evaluation.sets import LabelledSet
from rag_core.schema.measurement import Measurement
from rag_core.schema.policy import NO_RERANKER, Policy

RankingsByStep = Mapping[str, Mapping[str, Sequence[str]]]


SEVERAL_MODELS = (
    "The model of the reranker changed while the questions were scored: {}. These figures are of no single model. "
    "Evaluate the questions once more."
)


@dataclass(frozen=True, eq=False)
class EvaluationResult:
    """What was asked, what was ranked, what was found; `pools` and `policy` are what curves are drawn from. unknown:
    what the report's notices say of graded documents that the collection does not have."""

    labelled: LabelledSet
    rankings: RankingsByStep
    pools: Pools
    policy: Policy
    report: Report
    unknown: tuple[str, ...] = ()


def of_measurements(
    labelled: LabelledSet,
    measurements: Mapping[str, Measurement],
    policy: Policy,
    names: Sequence[str] = metrics.DEFAULT,
    unknown: Sequence[str] = (),
    pools: Pools | None = None,
) -> EvaluationResult:
    """The outcome of a scoring pass, over the queries that were measured. unknown: what `unknown_documents` says of the
    collection, a notice of the report; so is a model that changed between two queries. `pools`: those of the same
    measurements, where they are at hand. Raises BadInput where pairs of the policy's pools have no score."""
    asked = labelled.only(measurements)
    pools = build(measurements, asked) if pools is None else pools
    rankings = rankings_of(pools, policy)
    rows = list(measurements.values())
    scored = (row.rerankings[policy.reranker] for row in rows if policy.reranker in row.rerankings)
    models = sorted({one.model for one in scored if one.model})
    found = report(
        asked,
        rankings,
        names,
        pools=pools,
        policy=policy,
        collection=rows[0].collection if rows else None,
        reranker_model=", ".join(models) or NO_RERANKER,
        notices=[*unknown, *([SEVERAL_MODELS.format(", ".join(models))] if len(models) > 1 else [])],
    )
    return EvaluationResult(asked, rankings, pools, policy, found, tuple(unknown))


def of_runs(
    labelled: LabelledSet, before: File, after: File | None, names: Sequence[str] = metrics.DEFAULT
) -> EvaluationResult:
    """The outcome of one or two TREC runs. A judged query that a run does not have counts as 0, as in trec_eval -c.

    Raises BadInput with every fault of the files.
    """
    first = read_run(before, labelled)
    second = read_run(after, labelled) if after else None
    pools, told = pools_of_runs(labelled, first, second)
    policy = policy_of(pools)
    rankings: RankingsByStep = {BEFORE: first.documents, AFTER: (second or first).documents}
    notices = (*first.notices, *(second.notices if second else ()), *told)
    found = report(labelled, rankings, names, pools=pools, policy=policy, notices=notices)
    return EvaluationResult(labelled, rankings, pools, policy, found)


def of_candidates(labelled: LabelledSet, file: File, names: Sequence[str] = metrics.DEFAULT) -> EvaluationResult:
    """The outcome of another stack's candidates. Raises BadInput with every fault of the file."""
    candidates, notices = read_candidates(file, labelled)
    pools = pools_of_candidates(labelled, candidates)
    policy = policy_of(pools)
    rankings = rankings_of(pools, policy)
    found = report(labelled, rankings, names, pools=pools, policy=policy, notices=notices)
    return EvaluationResult(labelled, rankings, pools, policy, found)
