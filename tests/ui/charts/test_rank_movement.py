"""The marks of the rank movement are explained, and the chosen line has its title."""

from __future__ import annotations

from itertools import pairwise

import pytest

from rag_core.pipeline.replay import replay
from rag_core.schema.policy import Policy
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.threshold import Threshold
from tests.builders import measurement
from ui.charts import rank_movement
from ui.charts.palette import LIGHT

SCORES = {"a": 3.0, "b": 2.0, "c": 1.0, "d": -4.0}
TRACE = replay(
    measurement("abcd", "", SCORES),
    Policy(reranker="ce", top_k=1, threshold=Threshold(minimum=0.5, space=ScoreSpace.PROBABILITY)),
)


def titles(chosen: str | None) -> str:
    """All that is written beside the lines."""
    fig = rank_movement.figure(TRACE, LIGHT, chosen)
    return " ".join(str(text) for drawn in fig.data if drawn.mode == "text" for text in drawn.text)


def test_the_chosen_line_has_its_title_at_both_ends() -> None:
    assert "<b>4</b>" not in titles(None)
    assert titles("d").count("<b>4</b>") == 2


def test_the_key_names_the_marks_that_are_drawn() -> None:
    told = rank_movement.key(TRACE)
    assert "▲ moved up" in told and "○ cut by top-k" in told and "× under the threshold" in told
    assert "first pass" not in told


def test_ranks_without_a_title_stand_closer_alike_on_both_sides() -> None:
    names = "abcdefghij"
    scores = {name: float(-place) for place, name in enumerate(names)}
    trace = replay(measurement(names, "", scores), Policy(reranker="ce", top_k=2))
    fig = rank_movement.figure(trace, LIGHT, "i")
    ends = {line.customdata[0]: line.y for line in fig.data if line.customdata is not None}
    assert all(before == after for before, after in ends.values())  # nothing moved, so every line is level
    place = {name: y[0] for name, y in ends.items()}
    gaps = {name: place[name] - place[before] for before, name in pairwise(names)}
    titled = {"b", "i"}  # the second is kept, "i" is chosen; the others have no title
    assert gaps == pytest.approx({name: 1.0 if name in titled else rank_movement.CLOSE for name in gaps})
