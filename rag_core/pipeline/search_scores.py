"""What the searches add to the first pass's scores: late interaction compares words, a search reads whole passages.

    order by  score of the first pass + dense * cosine + lexical * share        (weights: `FirstPass`)

`share` is the lexical score over that of the question's best, so that the weight means the same for a long question as
for a short one. Both are of the main search, at its full depth: a passage that only an extra search found, or that
ranks below it, has no more than the last of the list.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from rag_core.pipeline.step_warnings import SEARCH_SCORES_IDLE
from rag_core.schema.first_pass import FirstPass
from rag_core.schema.measurement import Measurement, RankedList
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import StepWarning
from rag_core.wording import step_warnings as words

SHARED = (None, ScoreSpace.BM25, ScoreSpace.TS_RANK_CD)
"""What a lexical list's scores may mean to count as shares of its best; None: our own BM25."""
COSINES = (None, ScoreSpace.COSINE)


class SearchParts(NamedTuple):
    """What the searches say of one passage: the cosine, and the share of the best lexical score."""

    dense: float
    lexical: float


class AddedScores(NamedTuple):
    """The parts of every passage, the first pass that weighs them, and what a reader must know of them."""

    first_pass: FirstPass
    parts: Mapping[str, SearchParts]
    notes: tuple[StepWarning, ...]

    def totals(self, scores: Mapping[str, float]) -> dict[str, float]:
        """The reranker's scores, by passage id, with their parts."""
        return {one: self.first_pass.total(score, *self.parts[one]) for one, score in scores.items()}


def added_scores(measurement: Measurement, first_pass: FirstPass, passage_ids: Iterable[str]) -> AddedScores | None:
    """What the searches add to the scores of these passages; None where the first pass adds nothing."""
    if not first_pass.adds_searches:
        return None
    parts = search_parts(measurement.dense, measurement.lexical, measurement.depth, passage_ids)
    return AddedScores(first_pass, parts, _idle(measurement, first_pass))


def search_parts(
    dense: RankedList, lexical: RankedList, depth: int, passage_ids: Iterable[str]
) -> dict[str, SearchParts]:
    """Both parts of each passage, 0 of a search that has no list or whose scores mean something else. depth: how deep
    both were measured; a shorter lexical list holds all that has a word of the question."""
    near, last = _scores(dense, dense.space in COSINES), dense.found[-1][1] if dense.found else 0.0
    shares = _scores(lexical, lexical.space in SHARED)
    best = max(shares.values(), default=0.0)
    share = 1 / best if best > 0 else 0.0
    least = lexical.found[-1][1] if len(lexical.found) >= depth else 0.0
    return {
        one: SearchParts(near.get(one, last) if near else 0.0, shares.get(one, least) * share) for one in passage_ids
    }


def _idle(measurement: Measurement, first_pass: FirstPass) -> tuple[StepWarning, ...]:
    """A note for each search whose weight is idle: its scores are neither cosines nor lexical scores."""
    asked = (
        ("dense", first_pass.dense, measurement.dense, COSINES),
        ("lexical", first_pass.lexical, measurement.lexical, SHARED),
    )
    return tuple(
        StepWarning(code=SEARCH_SCORES_IDLE, message=words.search_scores_idle(name, found.space))
        for name, weight, found, spaces in asked
        if weight and found.found and found.space is not None and found.space not in spaces
    )


def _scores(found: RankedList, counts: bool) -> dict[str, float]:
    return dict(found.found) if counts and not found.unavailable else {}
