"""One pass of reranking as a stage of a trace: the candidates in the reranker's order, and the report on what it did.

The same for the first pass and for the reranker; what each of them reads is `rag_core.passes`'s.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from rag_core import health
from rag_core.config import NO_RERANKER
from rag_core.errors import UnscoredPairs
from rag_core.stopping import Extent
from rag_core.threshold import judged, judged_space
from rag_core.trace import Reranking, RerankReport, RerankStatus
from rag_core.types import Hit, PairScore, ScoreSpace, Stage, StageName, StageWarning, Timing


class Order(NamedTuple):
    """Candidates in the order in which they come to a pass: hits, their score space, and what the order is called."""

    hits: Sequence[Hit]
    space: ScoreSpace
    called: str


class Passed(NamedTuple):
    """What a pass made of them: its stage, its report, and its verdicts by chunk id."""

    stage: Stage
    report: RerankReport
    pairs: dict[str, PairScore]


def rerank_stage(
    name: StageName,
    reranker: str,
    came: Order,
    known: Reranking | None,
    reach: Extent,
    keeps: int,
    lap: Callable[[float], Timing],
) -> Passed:
    """Highest score first, ties in the order in which they came; that order itself where no reranker ran or it failed.

    reach: how far it reads; `known` may be of more pairs. keeps: how many of them the run hands on. lap: lays
    milliseconds on the run's time line. Raises UnscoredPairs where pairs have no score and nothing says why.
    """
    if known and not reach.missing:
        known = known.model_copy(update={"failure": None})
    if reach.missing and reranker != NO_RERANKER and (known is None or not known.failure):
        raise UnscoredPairs(reranker, reach.missing)
    if known is None or known.failure:
        reach = Extent(len(came.hits))
        hits, space, pairs = _as_they_came(came.hits), came.space, dict[str, PairScore]()
    else:
        read = came.hits[: reach.read]
        pairs = {hit.chunk_id: known.pairs[hit.chunk_id] for hit in read}
        hits, space = _by_score(read, pairs), known.space
    report = _report(reranker, known, came.hits, hits, pairs, reach)
    who = "first pass" if name is StageName.SCREENED else "reranker"
    stage = Stage(
        name=name,
        space=space,
        hits=hits,
        inputs=len(came.hits),
        timing=lap(known.timing.took_ms if known else 0.0),
        warnings=(
            *health.rerank(report, reach.read, who, came.called),
            *(known.notes if known else ()),
            *(_score_health(hits, space, keeps) if pairs else ()),
        ),
    )
    return Passed(stage, report, pairs)


def own_share(known: Reranking | None, chunk_ids: Sequence[str]) -> Reranking | None:
    """What these pairs alone cost, of a reranker that has scored others too: their share of its time and tokens.

    An estimate: pairs scored together are not timed one by one. Where all came from the cache, their share of looking
    them up. A failure stays as it is.
    """
    if known is None or known.failure:
        return known
    pairs = {chunk_id: known.pairs[chunk_id] for chunk_id in chunk_ids if chunk_id in known.pairs}
    paid, own = (sum(not pair.cached for pair in of.values()) for of in (known.pairs, pairs))
    share = own / paid if paid else len(pairs) / max(len(known.pairs), 1)
    if share == 1.0:
        return known
    return known.model_copy(
        update={
            "pairs": pairs,
            "timing": Timing(started_ms=known.timing.started_ms, took_ms=known.timing.took_ms * share),
            "tokenise_ms": known.tokenise_ms * share,
            "tokens": round(known.tokens * share),
            "batches": math.ceil(known.batches * share),
            "units": known.units * share,
        }
    )


def paid_before(known: Reranking | None) -> Reranking | None:
    """A reranker's verdicts where an earlier pass of the same run has paid for them."""
    if known is None or known.failure:
        return known
    pairs = {chunk_id: pair.model_copy(update={"cached": True}) for chunk_id, pair in known.pairs.items()}
    return Reranking(model=known.model, space=known.space, runs_on=known.runs_on, pairs=pairs, notes=known.notes)


def _as_they_came(came: Sequence[Hit]) -> tuple[Hit, ...]:
    return tuple(Hit(chunk_id=hit.chunk_id, rank=rank, score=hit.score) for rank, hit in enumerate(came, start=1))


def _by_score(came: Sequence[Hit], pairs: Mapping[str, PairScore]) -> tuple[Hit, ...]:
    """Highest score first; ties keep the order in which they came."""
    order = sorted(came, key=lambda hit: -pairs[hit.chunk_id].score)
    return tuple(
        Hit(chunk_id=hit.chunk_id, rank=rank, score=pairs[hit.chunk_id].score)
        for rank, hit in enumerate(order, start=1)
    )


def _score_health(hits: Sequence[Hit], space: ScoreSpace, keeps: int) -> tuple[StageWarning, ...]:
    probabilities = list(judged(hits, space).values()) if judged_space(space) is ScoreSpace.PROBABILITY else []
    return (*health.ties(hits), *health.saturated(probabilities, keeps))


def _report(
    reranker: str,
    known: Reranking | None,
    came: Sequence[Hit],
    hits: Sequence[Hit],
    pairs: Mapping[str, PairScore],
    reach: Extent,
) -> RerankReport:
    cached = sum(pair.cached for pair in pairs.values())
    unseen = [pair.unseen_tokens for pair in pairs.values() if pair.unseen_tokens]
    cost = known or Reranking(model="", space=ScoreSpace.RRF)
    return RerankReport(
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
        order_changed=[hit.chunk_id for hit in hits] != [hit.chunk_id for hit in came[: reach.read]],
        passages_cut=len(unseen),
        unseen_tokens=sum(unseen),
        load_ms=cost.load_ms,
        tokenise_ms=cost.tokenise_ms,
        tokens=cost.tokens,
        batches=cost.batches,
        units=cost.units,
    )


def _status(reranker: str, cost: Reranking, pairs: int, cached: int) -> RerankStatus:
    if reranker == NO_RERANKER:
        return "off"
    if cost.failure:
        return "failed"
    if not pairs:
        return "idle"
    return "cached" if cached == pairs else "ran"
