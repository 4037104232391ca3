"""One pass of reranking as a step of a trace: the candidates in the reranker's order, and the report on what it did.

The same for the first pass and for the reranker; what each of them reads is `rag_core.pipeline.cascade`'s.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from rag_core.errors import UnscoredPairs
from rag_core.pipeline import step_warnings
from rag_core.pipeline.early_stopping import ReadDepth
from rag_core.pipeline.search_scores import AddedScores
from rag_core.rerank.shipped import best_probability
from rag_core.schema.measurement import RerankerScores
from rag_core.schema.policy import NO_RERANKER, Policy
from rag_core.schema.rerank_summary import RerankStatus, RerankSummary
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import Hit, PairScore, Step, StepKind, StepName, StepWarning, Timing
from rag_core.schema.threshold import relevance_space, to_relevance


class IncomingOrder(NamedTuple):
    """Candidates in the order in which they come to a pass: the step that they come from, their hits and score space,
    and what the order is called."""

    step: str
    hits: Sequence[Hit]
    space: ScoreSpace
    called: str


class RerankResult(NamedTuple):
    """What a pass made of them: its step, its report, and its verdicts by passage id."""

    step: Step
    report: RerankSummary
    pairs: dict[str, PairScore]


def rerank_step(
    name: StepName,
    reranker: str,
    came: IncomingOrder,
    known: RerankerScores | None,
    reach: ReadDepth,
    keeps: int,
    lap: Callable[[Timing], Timing],
    added: AddedScores | None = None,
) -> RerankResult:
    """Highest score first, ties in the order in which they came; that order itself where no reranker ran or it failed.

    reach: how far it reads; `known` may be of more pairs. keeps: how many of them the run hands on. lap: lays
    a measured time on the run's time line. added: what the searches add to its scores. Raises UnscoredPairs where pairs
    have no score and nothing says why.
    """
    if known and not reach.missing:
        known = known.model_copy(update={"failure": None})
    if reach.missing and reranker != NO_RERANKER and (known is None or not known.failure):
        raise UnscoredPairs(reranker, reach.missing)
    if known is None or known.failure:
        reach = ReadDepth(len(came.hits))
        hits, space, pairs = _as_they_came(came.hits), came.space, dict[str, PairScore]()
    else:
        read = came.hits[: reach.read]
        pairs = {hit.passage_id: known.pairs[hit.passage_id] for hit in read}
        hits, space = _by_score(read, pairs, known.space, added)
    report = _report(reranker, known, came.hits, hits, pairs, reach)
    who = "first pass" if name == StepName.FIRST_PASS else "reranker"
    step = Step(
        name=name,
        kind=StepKind.RERANK,
        inputs=(came.step,),
        space=space,
        hits=hits,
        hits_in=len(came.hits),
        timing=lap(known.timing if known else Timing()),
        warnings=(
            *step_warnings.rerank(report, reach.read, who, came.called),
            *(known.notes if known else ()),
            *(added.notes if added else ()),
            *(_score_health(hits, space, keeps) if pairs else ()),
        ),
    )
    return RerankResult(step, report, pairs)


def probability_of_best(reranked: Step, report: RerankSummary, policy: Policy) -> float | None:
    """That of the reranker's first passage: by the policy's calibration, else as the shipped reranker was fitted."""
    if report.status not in ("ran", "cached"):
        return None
    own = policy.calibration_of(report.model)
    fitted = own.best if own and own.space is reranked.space else best_probability(policy.reranker)
    return fitted.probability(reranked.space, [hit.score for hit in reranked.hits]) if fitted else None


def own_share(known: RerankerScores | None, passage_ids: Sequence[str]) -> RerankerScores | None:
    """What these pairs alone cost, of a reranker that has scored others too: their share of its time and tokens.

    An estimate: pairs scored together are not timed one by one. Where all came from the cache, their share of looking
    them up. A failure stays as it is.
    """
    if known is None or known.failure:
        return known
    pairs = {passage_id: known.pairs[passage_id] for passage_id in passage_ids if passage_id in known.pairs}
    paid, own = (sum(not pair.cached for pair in of.values()) for of in (known.pairs, pairs))
    if len(pairs) == len(known.pairs):
        return known
    share = own / paid if paid else len(pairs) / max(len(known.pairs), 1)
    return known.model_copy(
        update={
            "pairs": pairs,
            "timing": known.timing.with_(took_ms=known.timing.took_ms * share, estimated=share < 1),
            "tokenise_ms": known.tokenise_ms * share,
            "tokens": round(known.tokens * share),
            "batches": math.ceil(known.batches * share),
            "units": known.units * share,
            "requests": math.ceil(known.requests * share),
        }
    )


def paid_before(known: RerankerScores | None) -> RerankerScores | None:
    """A reranker's verdicts where an earlier pass of the same run has paid for them."""
    if known is None or known.failure:
        return known
    pairs = {passage_id: pair.model_copy(update={"cached": True}) for passage_id, pair in known.pairs.items()}
    return RerankerScores(model=known.model, space=known.space, runs_on=known.runs_on, pairs=pairs, notes=known.notes)


def _as_they_came(came: Sequence[Hit]) -> tuple[Hit, ...]:
    return tuple(Hit(passage_id=hit.passage_id, rank=rank, score=hit.score) for rank, hit in enumerate(came, start=1))


def _by_score(
    came: Sequence[Hit], pairs: Mapping[str, PairScore], space: ScoreSpace, added: AddedScores | None
) -> tuple[tuple[Hit, ...], ScoreSpace]:
    """Highest score first, and what the scores mean; ties keep the order in which they came."""
    own = {hit.passage_id: pairs[hit.passage_id].score for hit in came}
    if added:
        scored = added.totals(own)
        parts = {one: {space.value: score, **added.parts[one]._asdict()} for one, score in own.items()}
    else:
        scored, parts = own, {}
    order = sorted(own, key=lambda passage_id: -scored[passage_id])
    hits = tuple(
        Hit(passage_id=one, rank=rank, score=scored[one], parts=parts.get(one, {}))
        for rank, one in enumerate(order, start=1)
    )
    return hits, ScoreSpace.COMBINED if added else space


def _score_health(hits: Sequence[Hit], space: ScoreSpace, keeps: int) -> tuple[StepWarning, ...]:
    probabilities = list(to_relevance(hits, space).values()) if relevance_space(space) is ScoreSpace.PROBABILITY else []
    return (*step_warnings.ties(hits), *step_warnings.saturated(probabilities, keeps))


def _report(
    reranker: str,
    known: RerankerScores | None,
    came: Sequence[Hit],
    hits: Sequence[Hit],
    pairs: Mapping[str, PairScore],
    reach: ReadDepth,
) -> RerankSummary:
    cached = sum(pair.cached for pair in pairs.values())
    unseen = [pair.unseen_tokens for pair in pairs.values() if pair.unseen_tokens]
    cost = known or RerankerScores(model="", space=ScoreSpace.RRF)
    return RerankSummary(
        name=reranker,
        model=cost.model,
        runs_on=cost.runs_on,
        status=_status(reranker, cost, len(pairs), cached),
        reason=cost.failure or "",
        pairs_scored=len(pairs) - cached,
        pairs_cached=cached,
        pairs_timed=sum(not pair.cached for pair in cost.pairs.values()),
        pairs_unread=len(came) - reach.read,
        stopped=reach.stopped,
        order_changed=[hit.passage_id for hit in hits] != [hit.passage_id for hit in came[: reach.read]],
        passages_cut=len(unseen),
        unseen_tokens=sum(unseen),
        load_ms=cost.load_ms,
        tokenise_ms=cost.tokenise_ms,
        tokens=cost.tokens,
        batches=cost.batches,
        units=cost.units,
        requests=cost.requests,
    )


def _status(reranker: str, cost: RerankerScores, pairs: int, cached: int) -> RerankStatus:
    if reranker == NO_RERANKER:
        return "off"
    if cost.failure:
        return "failed"
    if not pairs:
        return "idle"
    return "cached" if cached == pairs else "ran"
