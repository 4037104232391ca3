"""One pass over a labelled set: measure every query, score its pools once. Everything after it is replay.

Pair scores go into the pipeline's cache as they are made, so a pass that was stopped, or killed, scores only the rest
when it is started again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from rag_core.errors import ModelError
from rag_core.evaluation.sets import LabelledSet, Query
from rag_core.pipeline.extra_searches import missing_searches
from rag_core.pipeline.pipeline import Pipeline
from rag_core.schema.filters import Filter
from rag_core.schema.measurement import Measurement
from rag_core.schema.policy import Policy
from rag_core.schema.progress import Progress


def measured(
    pipeline: Pipeline,
    queries: Sequence[Query],
    policies: Sequence[Policy],
    known: Mapping[str, Measurement] | None = None,
    where: Filter | None = None,
) -> Iterator[tuple[str, Measurement]]:
    """(query id, measurement) one by one, with every search run and every pair scored that a policy asks for.

    `known` measurements are not measured again; `where` filters every search. Whoever reads this may stop at any time
    and lose nothing. Raises ModelError at the first query on which a reranker fails: a set with holes would be
    measured on other queries than it says.
    """
    extra_searches = tuple(dict.fromkeys(one for policy in policies for one in policy.extra_searches))
    for query in queries:
        measurement = (known or {}).get(query.id) or pipeline.measure(query.text, where, extra_searches)
        for policy in policies:
            measurement = pipeline.score(measurement, policy)
            _check(query, measurement, policy)
        yield query.id, measurement


def score_set(
    pipeline: Pipeline,
    labelled: LabelledSet,
    policies: Sequence[Policy],
    progress: Progress | None = None,
    stopped: Callable[[], bool] = lambda: False,
    where: Filter | None = None,
) -> dict[str, Measurement]:
    """Measurements of every query that is asked, by query id; fewer where `stopped` said so between two queries.
    `where` filters every search."""
    found: dict[str, Measurement] = {}
    for query_id, measurement in measured(pipeline, labelled.asked, policies, where=where):
        found[query_id] = measurement
        if progress:
            progress(len(found), len(labelled.asked))
        if stopped():
            break
    return found


def unsearched_queries(measurements: Mapping[str, Measurement], policy: Policy) -> list[str]:
    """The ids of the queries for which an extra search of the policy was not run yet."""
    return [query_id for query_id, measurement in measurements.items() if missing_searches(measurement, policy)]


def _check(query: Query, measurement: Measurement, policy: Policy) -> None:
    for reranker in ([policy.first_pass.reranker] if policy.first_pass else []) + [policy.reranker]:
        scored = measurement.rerankings.get(reranker)
        if scored and scored.failure:
            raise ModelError(
                f"The reranker {reranker} stopped at “{query.text[:80]}”: {scored.failure} "
                "What was scored is kept; start again and only the rest is scored."
            )
