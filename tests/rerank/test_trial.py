"""The trial call: what it says of a reranker that works, of one that is wrong, of one that fails."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from rag_core.errors import ModelError
from rag_core.rerank.base import Scored
from rag_core.rerank.catalogue import get_reranker
from rag_core.rerank.cross_encoder import CrossEncoderReranker
from rag_core.rerank.trial import PASSAGES, try_out
from rag_core.schema.progress import Progress
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import PairScore


class Given:
    """Scores by passage, 3 units a call."""

    space = ScoreSpace.PROBABILITY
    runs_on = ""
    slice_size = 1
    identified = True
    model = "given"
    load_ms = 0.0

    def __init__(self, *scores: float) -> None:
        self._scores = dict(zip(PASSAGES, scores, strict=True)) if scores else {}

    def load(self) -> None:
        """Nothing to load."""

    def score(self, query: str, passages: Sequence[str], progress: Progress | None = None) -> Scored:
        if not self._scores:
            raise ModelError("The server is asleep.")
        return Scored(pairs=tuple(PairScore(score=self._scores[text]) for text in passages), units=3.0)


def test_a_reranker_that_works() -> None:
    trial = try_out(Given(0.9, 0.2, 0.1))
    assert (trial.scores, trial.units, trial.right_first, trial.failure) == ((0.9, 0.2, 0.1), 3.0, True, "")


@pytest.mark.parametrize("scores", [(0.1, 0.9, 0.2), (0.5, 0.5, 0.5)])
def test_a_wrong_order_and_scores_that_tie_are_said(scores: tuple[float, ...]) -> None:
    assert try_out(Given(*scores)).right_first is False


def test_a_failure_is_said() -> None:
    trial = try_out(Given())
    assert (trial.failure, trial.scores) == ("The server is asleep.", ())


def test_what_computes_is_said(fast: CrossEncoderReranker) -> None:
    assert try_out(fast).runs_on == fast.runs_on != ""


def test_late_interaction_passes() -> None:
    trial = try_out(get_reranker("late-interaction"))
    assert trial.right_first
    assert trial.space is ScoreSpace.MAXSIM
