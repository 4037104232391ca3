"""Small measurements made by hand, so that expectations can be worked out by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime

from rag_core.evaluation.calibrating import CalibrationFit, ThresholdCheck
from rag_core.evaluation.reliability import Reliability
from rag_core.schema.base import Scalar
from rag_core.schema.calibration import Calibration
from rag_core.schema.documents import CollectionRef, Passage
from rag_core.schema.measurement import Measurement, RankedList, RerankerScores
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import PairScore, Timing

MEASURED_AT = datetime(2026, 10, 1, 12, tzinfo=UTC)


def passage(
    passage_id: str,
    text: str = "",
    *,
    document_id: str = "",
    source: str = "",
    updated_at: date | None = None,
    tenant: str | None = None,
    metadata: Mapping[str, Scalar] | None = None,
) -> Passage:
    """A passage whose document is itself unless told."""
    text = text or f"text of {passage_id}"
    return Passage(
        id=passage_id,
        document_id=document_id or f"doc-{passage_id}",
        start=0,
        end=len(text),
        text=text,
        title=f"Title {passage_id}",
        source=source,
        updated_at=updated_at,
        tenant=tenant,
        metadata=metadata or {},
    )


def scored_too(
    measured: Measurement,
    reranker: str,
    scores: Mapping[str, float],
    *,
    space: ScoreSpace = ScoreSpace.MAXSIM,
    took_ms: float = 10.0,
    failure: str | None = None,
) -> Measurement:
    """The measurement with another reranker's pair scores beside those that it has."""
    pairs = {name: PairScore(score=score, tokens=3) for name, score in scores.items()}
    timing = Timing(took_ms=took_ms)
    other = RerankerScores(model=f"{reranker}@1", space=space, pairs=pairs, timing=timing, failure=failure)
    return measured.model_copy(update={"rerankings": {**measured.rerankings, reranker: other}})


def measurement(
    dense: Sequence[str] | str,
    lexical: Sequence[str] | str,
    scores: Mapping[str, float] | None = None,
    *,
    space: ScoreSpace = ScoreSpace.LOGIT,
    reranker: str = "ce",
    failure: str | None = None,
    passages: Sequence[Passage] = (),
    query: str = "question",
) -> Measurement:
    """Ranked lists of passage ids (a string is one id a letter) and pair scores of one reranker.

    The n-th dense hit has cosine 1 - n/100, the n-th lexical hit BM25 100 - n.
    """
    given = {one.id: one for one in passages}
    ids = dict.fromkeys([*dense, *lexical])
    rerankings = {}
    if scores is not None or failure:
        pairs = {name: PairScore(score=score, tokens=3) for name, score in (scores or {}).items()}
        rerankings[reranker] = RerankerScores(
            model=f"{reranker}@1", space=space, pairs=pairs, timing=Timing(took_ms=40), failure=failure
        )
    return Measurement(
        query=query,
        collection=CollectionRef(name="toy", fingerprint="f" * 8, embedding_model="toy@1", documents=9, passages=9),
        measured_at=MEASURED_AT,
        depth=200,
        embed=Timing(took_ms=5),
        dense=RankedList(
            found=tuple((c, 1 - rank / 100) for rank, c in enumerate(dense, start=1)),
            timing=Timing(started_ms=5, took_ms=2),
        ),
        lexical=RankedList(
            found=tuple((c, 100.0 - rank) for rank, c in enumerate(lexical, start=1)),
            timing=Timing(took_ms=3),
            terms=("question",),
        ),
        passages={c: given.get(c) or passage(c) for c in ids},
        rerankings=rerankings,
    )


def calibration_fit(reranker: str, model: str = "model") -> CalibrationFit:
    """A fit that keeps logits as they are, with a threshold of 0.5."""
    exact = Reliability(count=0, brier=0.0, error=0.0, mean=0.0, right=0.0, bins=())
    return CalibrationFit(
        calibration=Calibration(reranker=reranker, model=model, space=ScoreSpace.LOGIT, slope=1.0, bias=0.0),
        set_name="made",
        questions=40,
        unanswerable=10,
        relevant_from=1,
        pairs=exact,
        best=exact,
        parted=None,
        threshold=ThresholdCheck(minimum=0.5, passing=None, held_back=None),
    )
