"""Layers in eight bits: close to what they are without, refused where their scales are none."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from rag_core.errors import ModelError
from rag_core.inference import engine
from rag_core.inference.bert import bert
from rag_core.inference.engine import Engine
from rag_core.inference.int8 import FILE, Scales, read_scales, write_scales
from rag_core.inference.weights import read_weights
from rag_core.rerank.backends import chosen
from rag_core.rerank.cross_encoder import CrossEncoderReranker
from tests.inference.test_bert import padded

pytest.importorskip("openvino")

LAYER = "bert.encoder.layer.0.intermediate.dense"


@pytest.fixture
def scaled(tiny: Path, tmp_path: Path) -> Path:
    """The tiny cross-encoder with the scales of one layer."""
    folder = shutil.copytree(tiny, tmp_path / "scaled")
    write_scales(folder, {LAYER: Scales(np.linspace(0.5, 2, 32, dtype=np.float32), -8.0, 8.0)})
    return folder


def test_scales_come_back_as_they_were_written(scaled: Path, tiny: Path) -> None:
    (scales,) = read_scales(scaled).values()
    assert list(read_scales(scaled)) == [LAYER]
    assert (scales.low, scales.high) == (-8.0, 8.0)
    np.testing.assert_array_equal(scales.divisor, np.linspace(0.5, 2, 32, dtype=np.float32))
    assert read_scales(tiny) == {}


@pytest.mark.parametrize(
    "spoilt",
    [{".divisor": np.zeros(32)}, {".range": np.array([1.0, 1.0])}, {".range": np.array([1.0])}, {".range": None}],
)
def test_scales_that_are_none_are_a_sentence(spoilt: dict[str, np.ndarray | None], scaled: Path) -> None:
    from safetensors.numpy import load_file, save_file

    tensors = load_file(scaled / FILE) | {LAYER + end: value for end, value in spoilt.items()}
    save_file({name: np.float32(value) for name, value in tensors.items() if value is not None}, scaled / FILE)
    with pytest.raises(ModelError, match="Make it again"):
        CrossEncoderReranker(str(scaled), backend="int8").load()


def test_rounding_changes_a_little_and_scales_of_no_layer_are_a_sentence(scaled: Path) -> None:
    weights, config = read_weights(scaled / "model.safetensors"), json.loads((scaled / "config.json").read_text())

    def states(scales: dict[str, Scales]) -> np.ndarray:
        return Engine(bert(weights, config, "bert.", scales=scales), "fp32").run(padded())

    seen = padded()["attention_mask"].astype(bool)
    change = np.abs(states(read_scales(scaled)) - states({}))[seen].mean()
    assert 1e-4 < change < 0.1
    (scales,) = read_scales(scaled).values()
    with pytest.raises(ModelError, match=r"scales for bert\.of\.another, which"):
        states({LAYER: scales, "bert.of.another": scales})
    with pytest.raises(ModelError, match=r"layer\.0\.output\.dense are of 32 inputs"):
        states({"bert.encoder.layer.0.output.dense": scales})


def test_it_is_a_model_of_its_own(scaled: Path) -> None:
    narrow, wide = (CrossEncoderReranker(str(scaled), backend=one) for one in ("int8", "openvino"))
    assert narrow.model == f"{wide.model}-int8"
    assert narrow.runs_on == f"{wide.runs_on}/int8"
    passages = ["refunds take five days", "cats sleep long"]
    ours, theirs = (np.array([pair.score for pair in one.score("refund", passages).pairs]) for one in (narrow, wide))
    assert np.abs(ours - theirs).max() > 1e-4


def test_it_is_chosen_where_the_processor_multiplies_it_well(
    scaled: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "best_precision", lambda: "bf16")
    assert chosen("auto", str(scaled), "cpu") == "int8"
    assert chosen("auto", str(tiny), "cpu") == "openvino"
    assert chosen("auto", str(scaled), "cuda") == "torch"
    monkeypatch.setattr(engine, "best_precision", lambda: "fp32")
    assert chosen("auto", str(scaled), "cpu") == "openvino"


def test_a_model_without_scales_is_refused(tiny: Path) -> None:
    with pytest.raises(ModelError, match=r"holds no int8\.safetensors"):
        CrossEncoderReranker(str(tiny), backend="int8").load()
