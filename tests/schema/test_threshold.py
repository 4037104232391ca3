"""The threshold's rule stands once: another rule in its one place is followed wherever it is asked what is kept."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag_core.diagnosis import diagnose, what_would_keep
from rag_core.diagnosis.verdicts import Verdict
from rag_core.evaluation import vectorised_replay
from rag_core.evaluation.gather import build
from rag_core.pipeline.replay import recut, replay
from rag_core.schema.policy import Policy
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import StepName
from rag_core.schema.threshold import Threshold, clearing, clearing_rows
from rag_core.wording.headline import closest
from rag_core.wording.run_captions import score_caption
from rag_core.wording.verdicts import sentence
from tests.builders import measurement
from tests.diagnosis.promise import check
from tests.diagnosis.test_counterfactuals import expecting
from tests.evaluation.builders import labelled


class RelativeThreshold(Threshold):
    """Keeps what reaches this share of the query's best score."""

    def lowest(self, best):
        return super().lowest(best) * best


HALF = RelativeThreshold(minimum=0.5, space=ScoreSpace.MAXSIM)
SCORES = {"a": 0.8, "b": 0.5, "c": 0.39, "d": 0.1}
MEASURED = measurement("abcd", "", SCORES, space=ScoreSpace.MAXSIM)
POLICY = Policy(reranker="ce", threshold=HALF)


def test_a_run_keeps_what_the_rule_keeps_and_says_so() -> None:
    trace = replay(MEASURED, POLICY)
    assert list(trace[StepName.KEPT].by_passage) == ["a", "b"]  # 0.8 * 0.5 = 0.4
    assert [trace.outcome(one) for one in "abcd"] == ["kept", "kept", "under the threshold", "under the threshold"]
    assert trace.lowest_kept == 0.4
    assert score_caption(trace).startswith("2 of 4 candidates are at or over maxsim 0.40")
    assert list(recut(trace, HALF.with_(minimum=0.4))[StepName.KEPT].by_passage) == ["a", "b", "c"]  # 0.32
    assert closest(trace) == ""


def test_the_diagnosis_follows_it_and_finds_the_value_that_keeps() -> None:
    trace = replay(MEASURED, POLICY)
    verdict = diagnose(trace, expecting(MEASURED, "c"))
    assert verdict.verdict is Verdict.UNDER_THRESHOLD
    assert "maxsim 0.39 is under the threshold of maxsim 0.40" in sentence(verdict)
    found = what_would_keep(MEASURED, POLICY, expecting(MEASURED, "c"))
    assert found.found[0].policy.threshold.minimum == 0.485  # 0.8 * 0.485 = 0.388; 0.49 would ask for 0.392
    check(MEASURED, POLICY, found, "c")


@settings(max_examples=60)
@given(
    rows=st.lists(st.lists(st.sampled_from([0.1, 0.2, 0.3, 0.4, 0.8]), min_size=1, max_size=6), min_size=1, max_size=3),
    minimum=st.sampled_from([None, 0.25, 0.5, 1.0]),
    kind=st.sampled_from([Threshold, RelativeThreshold]),
)
def test_the_arrays_keep_what_a_replay_keeps(rows: list[list[float]], minimum: float | None, kind: type) -> None:
    policy = POLICY.with_(threshold=kind(minimum=minimum, space=ScoreSpace.MAXSIM))
    queries = {
        f"q{number}": measurement("abcdef"[: len(row)], "", dict(zip("abcdef", row, strict=False)), space=HALF.space)
        for number, row in enumerate(rows)
    }
    pools = build(queries, labelled({key: {"doc-a": 1} for key in queries}))
    kept = vectorised_replay.step_rankings(pools, policy)[StepName.KEPT]
    for at, row in enumerate(queries.values()):
        columns = kept.columns[at, : kept.lengths[at]]
        assert [pools.ids[at][column] for column in columns] == list(replay(row, policy)[StepName.KEPT].by_passage)


@pytest.mark.parametrize("space", [ScoreSpace.MAXSIM, ScoreSpace.PROBABILITY])
def test_both_forms_keep_what_is_at_the_minimum_in_its_own_space_alone(space: ScoreSpace) -> None:
    threshold = Threshold(minimum=0.5, space=ScoreSpace.MAXSIM)
    scores = {"a": 0.6, "b": 0.5, "c": 0.4}
    kept = {"a", "b"} if space is ScoreSpace.MAXSIM else {"a", "b", "c"}
    assert clearing(threshold, space, scores) == kept
    there = np.array([[True, True, True, False]])
    rows = clearing_rows(threshold, space, np.array([[0.6, 0.5, 0.4, 0.9]]), there)
    assert [name for name, over in zip("abc", rows[0], strict=False) if over] == sorted(kept)
    assert not rows[0, 3]  # holds no candidate


@pytest.mark.parametrize("minimum", [0.0, 0.5])
def test_nothing_found_is_nothing_kept(minimum: float) -> None:
    rule = HALF.with_(minimum=minimum)
    assert clearing(rule, HALF.space, {}) == frozenset()
    rows = clearing_rows(rule, HALF.space, np.array([[0.3, 0.2], [0.0, 0.0]]), np.array([[True, True], [False, False]]))
    assert rows.tolist() == [[True, True], [False, False]]
    assert clearing_rows(HALF, HALF.space, np.zeros((2, 0)), np.zeros((2, 0), dtype=bool)).shape == (2, 0)
