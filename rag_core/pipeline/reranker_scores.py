"""A measurement's pair scores over time: added up as more are scored, dropped once the reranker is another model."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rag_core.errors import SecondPassError
from rag_core.pipeline.rerank_step import own_share
from rag_core.rerank.base import Reranker
from rag_core.schema.measurement import Measurement, RerankerScores
from rag_core.schema.policy import Policy
from rag_core.schema.steps import Timing


def merge_scores(known: RerankerScores | None, fresh: RerankerScores) -> RerankerScores:
    """What one reranker has measured so far, added up. A failure stays until a later call succeeds, a note for good.

    Scores of another model are not added: they replace what was known. A failure without any leaves the pairs that are
    known to the model that scored them; model, space and `runs_on` are the failed call's only where there are none.
    """
    if known is None:
        return fresh
    failed = bool(fresh.failure) and not fresh.pairs
    if known.pairs and fresh.model != known.model and not failed:
        return fresh
    scored_by = known if failed and (known.pairs or not fresh.model) else fresh
    return scored_by.model_copy(
        update={
            "pairs": {**known.pairs, **fresh.pairs},
            "timing": Timing(
                started_ms=known.timing.started_ms,
                took_ms=known.timing.took_ms + fresh.timing.took_ms,
                estimated=known.timing.estimated or fresh.timing.estimated,
            ),
            "load_ms": known.load_ms + fresh.load_ms,
            "tokenise_ms": known.tokenise_ms + fresh.tokenise_ms,
            "tokens": known.tokens + fresh.tokens,
            "batches": known.batches + fresh.batches,
            "units": known.units + fresh.units,
            "requests": known.requests + fresh.requests,
            "failure": fresh.failure,
            "notes": tuple({note.code: note for note in (*known.notes, *fresh.notes)}.values()),
        }
    )


def with_scores(measurement: Measurement, reranker: str, fresh: RerankerScores) -> Measurement:
    """The measurement with what this reranker has scored now."""
    merged = merge_scores(measurement.rerankings.get(reranker), fresh)
    return measurement.model_copy(update={"rerankings": {**measurement.rerankings, reranker: merged}})


def with_failures(measurement: Measurement, failures: Mapping[str, str]) -> Measurement:
    """The measurement in which these rerankers have failed and no others, by what each said. One that failed and is not
    among them is as if nobody had asked it, where it has no pairs."""
    known = measurement.rerankings
    asked = {one: scores for one, scores in known.items() if scores.pairs or one in failures or not scores.failure}
    told = {
        one: scores if scores.failure == failures.get(one) else scores.model_copy(update={"failure": failures.get(one)})
        for one, scores in asked.items()
    }
    return measurement.model_copy(update={"rerankings": told})


def join_scores(known: RerankerScores, other: RerankerScores) -> RerankerScores:
    """What two have measured of one reranker at the same time: the pairs of both, those that both have as in `known`.

    Of the other's cost the share of the pairs that only it has is added, an estimate. Of two models as `merge_scores`.
    """
    if known.model != other.model:
        return merge_scores(known, other)
    only = [passage_id for passage_id in other.pairs if passage_id not in known.pairs]
    return merge_scores(known, own_share(other, only) or other) if only else known


def drop_outdated(measurement: Measurement, policy: Policy, rerankers: Callable[[str], Reranker]) -> Measurement:
    """The measurement without the scores of a policy's reranker whose model is another one by now.

    A server may have been restarted with another model, or weights replaced; the same measurement if nothing changed.
    A reranker that cannot be had keeps its scores: they are what its model said.
    """
    used = {policy.reranker, *([policy.first_pass.reranker] if policy.first_pass else [])}
    outdated = {
        key for key in used & set(measurement.rerankings) if _is_outdated(measurement.rerankings[key], key, rerankers)
    }
    if not outdated:
        return measurement
    kept = {key: scores for key, scores in measurement.rerankings.items() if key not in outdated}
    return measurement.model_copy(update={"rerankings": kept})


def _is_outdated(scores: RerankerScores, key: str, rerankers: Callable[[str], Reranker]) -> bool:
    if not scores.pairs:
        return False
    try:
        return rerankers(key).model != scores.model
    except SecondPassError:
        return False
