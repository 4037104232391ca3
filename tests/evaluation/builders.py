"""Small labelled sets and pools made by hand, so that expectations can be worked out by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rag_core.evaluation.gather import build
from rag_core.evaluation.pools import Pools
from rag_core.evaluation.sets import LabelledSet, Query
from rag_core.schema.measurement import Measurement
from tests.builders import measurement, passage


def labelled(
    qrels: Mapping[str, Mapping[str, int]], *extra: str, kinds: Mapping[str, str] | None = None
) -> LabelledSet:
    """A set whose query ids are the qrels' keys and `extra`; documents are named as `passage` names them."""
    ids = dict.fromkeys((*qrels, *extra))
    kinds = kinds or {}
    return LabelledSet(
        name="toy",
        queries=tuple(Query(id=one, text=f"question {one}", kind=kinds.get(one, "")) for one in ids),
        qrels={one: dict(grades) for one, grades in qrels.items()},
    )


def plain(dense: str, lexical: str = "", scores: Mapping[str, float] | None = None) -> Measurement:
    """A measurement in which every passage is its own document of the same one-letter id."""
    passages = [passage(one, document_id=one) for one in sorted({*dense, *lexical})]
    return measurement(dense, lexical, scores, passages=passages)


def pools_of(qrels: Mapping[str, Mapping[str, int]], measured: Sequence[Measurement]) -> Pools:
    """Pools of measurements in the order of the qrels' queries."""
    return build(dict(zip(qrels, measured, strict=True)), labelled(qrels))
