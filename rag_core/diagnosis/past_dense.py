"""Where an expected passage is not in the dense list: may the search have missed it, and what does its own score say?

The list is that of the measurement, deeper than what a policy takes of it. A passage's own score is worked out from its
stored vector and the question's, so it is known whether the search returned it or not. It counts only where
passages that were returned get the scores that the search gave them, worked out in the same way. Nothing here guesses a
rank.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rag_core.diagnosis.expected import Location
from rag_core.diagnosis.facts import Score
from rag_core.diagnosis.reasons import Deeper, PastDense
from rag_core.diagnosis.verdicts import Diagnosis, Verdict
from rag_core.errors import SecondPassError
from rag_core.retrieval.engines.nearness import ChecksNearness
from rag_core.schema.measurement import Measurement
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import StepName
from rag_core.schema.trace import Trace
from rag_core.schema.trace_record import RankAtStep

if TYPE_CHECKING:
    from rag_core.schema.vectors import Vectors

LOST_IN_SEARCH = frozenset(
    {Verdict.MISSED_BY_BOTH, Verdict.MISSED_BY_DENSE, Verdict.MISSED_BY_LEXICAL, Verdict.FUSED_OUT}
)
"""Verdicts for which it matters where a passage is past the ends of the lists."""
WORKED_OUT = frozenset({ScoreSpace.COSINE, ScoreSpace.DOT, ScoreSpace.DISTANCE})
"""Spaces whose scores can be worked out from two vectors. Not every distance is Euclidean."""
UNTOLD = "how is not known now"
NO_VECTOR = "The index gives no vector of it."
OTHER_SCORES = "The index scores in a way that cannot be worked out from its vectors."
ALIKE = 0.01
"""Within this share of 1, or of the score where that is larger, a score that is worked out is the one that was given:
an index may search shorter numbers than it gives."""
COMPARED = 3
"""Returned passages whose scores are worked out, to see that it is done as the search does it."""


def past_dense(engine: object, measurement: Measurement, location: Location) -> PastDense | None:
    """What is known of the expected passages past the end of the dense list; None where one of them is in it, where
    there is no such list, and where the engine gives no vectors. Raises nothing: what cannot be read is said."""
    dense, where = measurement.dense, measurement.where
    wanted = [one.id for one in location.passages if where is None or where.matches(one)]
    in_list = {passage_id for passage_id, _ in dense.found}
    if dense.unavailable or not wanted or in_list & location.passage_ids or not isinstance(engine, ChecksNearness):
        return None
    space = dense.space or ScoreSpace.COSINE
    how, unread, best = "", "", None
    try:
        how = engine.approximate(measurement.depth, where)
        best, unread = _own(engine, measurement.vectors[measurement.query], wanted, dense.found, space)
    except SecondPassError as exc:
        how, unread = how or UNTOLD, str(exc)
    end = dense.found[-1][1] if dense.found else None
    return PastDense(
        how=how,
        asked=measurement.depth,
        returned=len(dense.found),
        end=None if end is None else Score(score=end, space=space),
        own=None if best is None else Score(score=best, space=space),
        nearer=0 if best is None else sum(_ahead(score, best, space) > 0 for _, score in dense.found),
        unread=unread,
    )


def with_notes(
    found: Diagnosis, measurement: Measurement, trace: Trace, location: Location, past: PastDense | None
) -> Diagnosis:
    """The diagnosis of what was lost in the searches, with what is known of it past the ends of the lists."""
    if found.verdict not in LOST_IN_SEARCH:
        return found
    deeper = _deeper(measurement, trace, location)
    return found.model_copy(update={"notes": (*found.notes, *deeper, *([past] if past and past.tells else []))})


def _deeper(measurement: Measurement, trace: Trace, location: Location) -> Iterator[Deeper]:
    """Where a list that was measured has the first of the expected passages deeper than the run takes."""
    depth, by_engine = trace.policy.depth, trace.policy.fused_by_engine
    lists = [(StepName.DENSE, measurement.dense), (StepName.LEXICAL, measurement.lexical)]
    if by_engine and measurement.hybrid:
        lists.append((StepName.FUSED, measurement.hybrid))
    for step, of in lists:
        rank = next((at for at, (one, _) in enumerate(of.found, start=1) if one in location.passage_ids), 0)
        if rank > depth:
            score, space = of.found[rank - 1][1], trace[step].space
            at = RankAtStep(step=step, rank=rank, of=len(of.found), score=score, space=space)
            yield Deeper(at=at, depth=None if by_engine and step != StepName.FUSED else depth)


def _own(
    engine: ChecksNearness,
    vector: Sequence[float],
    wanted: Sequence[str],
    found: Sequence[tuple[str, float]],
    space: ScoreSpace,
) -> tuple[float | None, str]:
    """The best score of the wanted passages; else None, and why it cannot be told."""
    if space not in WORKED_OUT:
        return None, OTHER_SCORES
    given = dict([*found[: COMPARED - 1], *found[-1:]])
    vectors = engine.vectors_by_id([*wanted, *given])
    scores = {one: _score(vector, stored, space) for one, stored in vectors.items()}
    own = [scores[one] for one in wanted if one in scores and math.isfinite(scores[one])]
    if not own:
        return None, NO_VECTOR
    alike = [abs(scores[one] - score) <= ALIKE * max(1.0, abs(score)) for one, score in given.items() if one in scores]
    if not all(alike) or (not alike and (given or space is ScoreSpace.DISTANCE)):
        return None, OTHER_SCORES
    return (min if space.lower_is_better else max)(own), ""


def _ahead(score: float, other: float, space: ScoreSpace) -> float:
    return other - score if space.lower_is_better else score - other


def _score(vector: Sequence[float], stored: Vectors, space: ScoreSpace) -> float:
    """The cosine, the dot product, or the Euclidean distance."""
    import numpy as np

    asked, there = np.asarray(vector, np.float64), np.asarray(stored, np.float64)
    if space is ScoreSpace.DISTANCE:
        return float(np.linalg.norm(asked - there))
    product = float(asked @ there)
    lengths = float(np.linalg.norm(asked) * np.linalg.norm(there)) if space is ScoreSpace.COSINE else 1.0
    return product / lengths if lengths else 0.0
