"""Right or wrong by the known grades, with the places that the document had."""

from __future__ import annotations

import re

import pytest

from rag_core.pipeline.replay import replay
from rag_core.schema.policy import Policy
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.threshold import Threshold
from rag_core.wording.known_answer import known_answer
from tests.evaluation.builders import plain

HALF = Threshold(minimum=0.5, space=ScoreSpace.PROBABILITY)
SCORES = {"a": -3.0, "b": -2.0, "c": 4.0}


@pytest.mark.parametrize(
    ("grades", "policy", "told"),
    [
        ({"c": 3}, {}, "Right: .* answers it and is kept 1st .3rd before reranking.[.]"),
        ({"a": 3, "c": 1}, {"threshold": HALF}, "Wrong: .* 1st before reranking, 3rd after, under the threshold[.]"),
        ({"b": 3}, {"top_k": 1}, "Wrong: .* 2nd before reranking, 2nd after, cut by top-k[.]"),
        ({"b": 3}, {"pool": 1}, "Wrong: .* 2nd before reranking, outside the pool[.]"),
        ({"z": 3}, {}, "Wrong: no search found the document that answers this question[.]"),
        ({}, {}, "Wrong: no document answers this question, but 3 passages passed the threshold[.]"),
        ({}, {"threshold": Threshold(minimum=0.99, space=ScoreSpace.PROBABILITY)}, "Right: no document .* is kept[.]"),
    ],
)
def test_the_verdict(grades, policy, told) -> None:
    trace = replay(plain("abc", "", SCORES), Policy(reranker="ce", **policy))
    known = known_answer(trace, grades)
    assert re.fullmatch(told, known.sentence) and known.right is told.startswith("Right")
    assert known.lost == ("" if known.right or not grades else max(grades, key=lambda document: grades[document]))
