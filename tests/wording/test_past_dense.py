"""What is said of a passage past the end of the dense list: only what was measured, and never a rank that was not."""

from __future__ import annotations

import pytest

from rag_core.diagnosis.facts import Score
from rag_core.diagnosis.reasons import Deeper, PastDense
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.trace_record import RankAtStep
from rag_core.wording.rivals import note_text

HNSW = "HNSW, breadth 400"


def past(how: str, own: float | None, end: float | None, returned: int = 200, **more: object) -> PastDense:
    """Of 200 that were asked for, in cosines unless told."""
    space = more.pop("space", ScoreSpace.COSINE)
    own_score, end_score = (None if one is None else Score(score=one, space=space) for one in (own, end))  # type: ignore[arg-type]
    return PastDense(how=how, asked=200, returned=returned, own=own_score, end=end_score, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("note", "missed", "told"),
    [
        (
            past(HNSW, 0.71, 0.64, nearer=37),
            True,
            "The passage's own cosine 0.71 is above that of rank 200, 0.64: the approximate index missed it (HNSW, "
            "breadth 400). 37 of the 200 returned are nearer.",
        ),
        (
            past(HNSW, 0.5, 0.64, nearer=200),
            False,
            "Dense search is approximate here (HNSW, breadth 400), but the passage's own cosine 0.50 is below that of "
            "rank 200, 0.64: it is below rank 200 of an exact search too.",
        ),
        (
            past(HNSW, 0.6403, 0.64),
            None,
            "Dense search is approximate here (HNSW, breadth 400). The passage's own cosine 0.64 is that of rank "
            "200, 0.64, to within rounding: whether the index missed it cannot be told.",
        ),
        (
            past(HNSW, None, 0.64, unread="The index gives no vector of it."),
            None,
            "Dense search is approximate here (HNSW, breadth 400): it may have missed this passage, which cannot be "
            "told. The index gives no vector of it.",
        ),
        (
            past("IVFFlat, 10 probes", 0.2, 0.64, returned=37),
            True,
            "The approximate index missed it: the passage's own cosine 0.20 counts, but dense search returned only "
            "37 of the 200 that it was asked for (IVFFlat, 10 probes).",
        ),
        (
            past("", 0.21, 0.35),
            False,
            "It is below rank 200 of dense search, the deepest that is asked for. The list ends at cosine "
            "0.35, the passage's own score is 0.21.",
        ),
        (past("", None, 0.35), False, "It is below rank 200 of dense search, the deepest that is asked for."),
        (
            past(HNSW, 1.25, 1.5, nearer=3, space=ScoreSpace.DISTANCE),
            True,
            "The passage's own distance 1.25 is below that of rank 200, 1.50: the approximate index missed it (HNSW, "
            "breadth 400). 3 of the 200 returned are nearer.",
        ),
        (
            past(HNSW, 1.75, 1.5, nearer=200, space=ScoreSpace.DISTANCE),
            False,
            "Dense search is approximate here (HNSW, breadth 400), but the passage's own distance 1.75 is above that "
            "of rank 200, 1.50: it is below rank 200 of an exact search too.",
        ),
    ],
)
def test_a_passage_past_the_end(note: PastDense, missed: bool | None, told: str) -> None:
    assert note.missed is missed
    assert note_text(note) == told


def test_an_exact_list_that_holds_all_there_is_needs_no_words() -> None:
    assert not past("", None, 0.35, returned=12).tells
    assert past("", None, 0.35).tells and past(HNSW, None, 0.35, returned=12).tells


def test_a_rank_that_was_measured() -> None:
    at = RankAtStep(step="lexical", rank=130, of=200, score=2.1, space=ScoreSpace.BM25)
    assert (
        note_text(Deeper(at=at, depth=100)) == "Lexical search has it 130th (bm25 2.1); this run takes its first 100."
    )
    assert note_text(Deeper(at=at, depth=None)) == (
        "Lexical search has it 130th (bm25 2.1); the index's own fusion reads no list of this run."
    )
