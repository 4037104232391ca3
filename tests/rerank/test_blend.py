"""A blend: two models' scores, weighed and added."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rag_core.errors import ModelError
from rag_core.rerank.blend import BlendReranker
from rag_core.rerank.blend_weights import BlendWeights
from rag_core.rerank.fixed import FixedReranker
from rag_core.rerank.platt import PlattScaling
from rag_core.schema.spaces import ScoreSpace

WEIGHTS = BlendWeights(cross_encoder=0.5, late_interaction=8, bias=-4)


def parts(**options: int) -> tuple[FixedReranker, FixedReranker]:
    return FixedReranker({"a": 3.0, "b": -1.0}, **options), FixedReranker(
        {"a": 0.5, "b": 0.25}, space=ScoreSpace.MAXSIM
    )


def test_scores_are_the_weighted_sum() -> None:
    pairs = BlendReranker(*parts(), WEIGHTS).score("q", ["a", "b"]).pairs
    assert [pair.score for pair in pairs] == [0.5 * 3 + 8 * 0.5 - 4, 0.5 * -1 + 8 * 0.25 - 4]


def test_both_parts_run_once_and_load() -> None:
    both = parts()
    blend = BlendReranker(*both, WEIGHTS)
    assert blend.load_ms == 0
    blend.load()
    assert blend.load_ms == 2.0
    blend.score("q", ["a", "b"])
    assert [part.scored for part in both] == [2, 2]


def test_half_a_sum_is_no_score() -> None:
    with pytest.raises(ModelError):
        BlendReranker(*parts(fail_after=1), WEIGHTS).score("q", ["a", "b"])


def test_the_identity_changes_with_the_weights_and_with_either_part() -> None:
    one, other = parts()
    names = {
        BlendReranker(one, other, WEIGHTS).model,
        BlendReranker(one, other, WEIGHTS.model_copy(update={"bias": -3.0})).model,
        BlendReranker(FixedReranker({"a": 1.0}), other, WEIGHTS).model,
        BlendReranker(one, FixedReranker({"a": 1.0}), WEIGHTS).model,
    }
    assert len(names) == 4


def test_it_says_once_what_computes_it() -> None:
    class Placed(FixedReranker):
        def __init__(self, runs_on: str) -> None:
            super().__init__({})
            self.runs_on = runs_on

    def said(one: str, other: str) -> str:
        return BlendReranker(Placed(one), Placed(other), WEIGHTS).runs_on

    assert said("OpenVINO, bf16", "OpenVINO, fp32") == "OpenVINO, bf16 and fp32"
    assert said("OpenVINO, fp32", "OpenVINO, fp32") == "OpenVINO, fp32"
    assert said("ONNX Runtime", "OpenVINO, fp32") == "ONNX Runtime; OpenVINO, fp32"
    assert BlendReranker(*parts(), WEIGHTS).runs_on == ""


def test_what_was_cut_is_the_cross_encoders_to_say() -> None:
    cut, whole = FixedReranker(max_tokens=1), FixedReranker()
    alone = cut.score("q", ["two words"]).pairs[0]
    pair = BlendReranker(cut, whole, WEIGHTS).score("q", ["two words"]).pairs[0]
    assert pair.unseen_tokens == alone.unseen_tokens > 0


def write(folder: Path, said: object) -> Path:
    (folder / "config.json").write_text(json.dumps({"second_pass": {"temperature": 2.0, "blend": said}}))
    return folder


def test_weights_stand_beside_the_calibration(tmp_path: Path) -> None:
    folder = write(tmp_path, WEIGHTS.model_dump())
    assert BlendWeights.of(folder) == WEIGHTS
    assert PlattScaling.of(folder) == PlattScaling(temperature=2.0)


def test_a_model_without_a_blend_has_none(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    assert BlendWeights.of(tmp_path) is None


@pytest.mark.parametrize("said", [{}, {"cross_encoder": 1, "late_interaction": -1, "bias": 0}, [1, 2]])
def test_nonsense_is_refused(tmp_path: Path, said: object) -> None:
    with pytest.raises(ModelError, match="blend"):
        BlendWeights.of(write(tmp_path, said))
