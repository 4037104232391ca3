"""8-bit layers: quantised as the docstrings say, refused where the file does not fit the model."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rag_core.errors import ModelError
from rag_core.inference import engine
from rag_core.inference.bert import bert
from rag_core.inference.engine import CompiledModel
from rag_core.inference.int8 import FILE, ZERO, group_size, quantise, read_smoothing_scales, write_smoothing_scales
from rag_core.inference.weights import read_weights
from rag_core.rerank.cross_encoder import CrossEncoderReranker
from rag_core.rerank.weights.backends import resolve_backend
from tests.inference.test_bert import padded
from tests.installing import needs

needs("openvino")

LAYER = "bert.encoder.layer.0.intermediate.dense"
SCALES = np.linspace(0.5, 2, 32, dtype=np.float32)


@pytest.fixture
def narrowed(tiny: Path, tmp_path: Path) -> Path:
    """The tiny cross-encoder with one layer in eight bits."""
    folder = shutil.copytree(tiny, tmp_path / "narrowed")
    write_smoothing_scales(folder, {LAYER: SCALES})
    return folder


def test_smoothing_scales_are_read_as_they_were_written(narrowed: Path, tiny: Path) -> None:
    assert list(read_smoothing_scales(narrowed)) == [LAYER]
    np.testing.assert_array_equal(read_smoothing_scales(narrowed)[LAYER], SCALES)
    assert read_smoothing_scales(tiny) == {}


@pytest.mark.parametrize(
    "spoilt", [{".divisor": np.zeros(32)}, {".divisor": np.ones((2, 16))}, {".range": np.array([1.0, 2.0])}]
)
def test_a_file_of_something_else_is_a_sentence(spoilt: dict[str, np.ndarray], narrowed: Path) -> None:
    from safetensors.numpy import load_file, save_file

    tensors = load_file(narrowed / FILE) | {LAYER + end: np.float32(value) for end, value in spoilt.items()}
    save_file(tensors, narrowed / FILE)
    with pytest.raises(ModelError, match="Write it again"):
        CrossEncoderReranker(str(narrowed), backend="int8").load()


def test_smoothing_scales_of_no_layer_are_refused(narrowed: Path) -> None:
    weights, config = read_weights(narrowed / "model.safetensors"), json.loads((narrowed / "config.json").read_text())
    with pytest.raises(ModelError, match=r"smoothing scales for bert\.of\.another, which"):
        bert(weights, config, "bert.", smoothing_scales={LAYER: SCALES, "bert.of.another": SCALES})
    with pytest.raises(ModelError, match=r"layer\.0\.output\.dense are for 32 inputs"):
        bert(weights, config, "bert.", smoothing_scales={"bert.encoder.layer.0.output.dense": SCALES})


def test_a_weight_is_within_half_a_step_and_each_group_has_its_own() -> None:
    weights = np.random.default_rng(2).normal(0, 1, (3, 384)).astype(np.float32)
    weights[:, :128] *= 50
    weights[1, 256:] = 0
    eight_bits, steps = quantise(weights)
    assert (eight_bits.shape, steps.shape) == ((3, 3, 128), (3, 3, 1))
    back = (eight_bits.astype(np.float32) - ZERO) * steps
    assert np.all(np.abs(back - weights.reshape(back.shape)) <= steps * 0.501)
    assert np.all(steps[:, 0] > 20 * steps[:, 1])
    assert np.all(back[1, 2] == 0)
    assert (group_size(1536), group_size(32)) == (128, 32)


def test_what_is_multiplied_is_rounded_128_of_a_token_at_a_time() -> None:
    """Held against transformers' BERT with the same rounding put before the layer."""
    if engine.best_precision() != "bf16":
        pytest.skip("OpenVINO does not multiply in eight bits on every processor.")
    import torch
    from transformers import BertConfig, BertModel

    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=50,
        hidden_size=256,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=256,
        initializer_range=0.2,
    )
    model = BertModel(config).eval()
    weights = {name: value.detach().numpy() for name, value in model.state_dict().items()}
    layer = model.encoder.layer[0].intermediate.dense
    scales = np.linspace(0.5, 2, 256, dtype=np.float32)
    graph = bert(weights, config.to_dict(), smoothing_scales={"encoder.layer.0.intermediate.dense": scales})
    ours = CompiledModel(graph, "fp32").run(padded())

    def states() -> np.ndarray:
        with torch.inference_mode():
            found = model(**{name: torch.from_numpy(value) for name, value in padded().items()})
        states: np.ndarray = found.last_hidden_state.numpy()
        return states

    def off(expected: np.ndarray) -> float:
        return float(np.abs(ours - expected)[padded()["attention_mask"].astype(bool)].mean())

    plain = states()
    eight_bits, steps = quantise(weights["encoder.layer.0.intermediate.dense.weight"] * scales)
    back = (eight_bits.astype(np.float32) - ZERO) * steps
    layer.weight.data = torch.from_numpy(back.reshape(256, 256) / scales)
    weights_only = states()

    def in_steps(_layer: Any, given: Any) -> Any:
        grouped = (given[0] / torch.from_numpy(scales)).unflatten(-1, (2, 128))
        step = grouped.abs().amax(-1, keepdim=True) / 127
        return ((grouped / step).round() * step).flatten(-2) * torch.from_numpy(scales)

    layer.register_forward_pre_hook(in_steps)
    assert off(states()) < 0.1 * min(off(plain), off(weights_only))


def test_it_is_a_model_of_its_own(narrowed: Path) -> None:
    narrow, wide = (CrossEncoderReranker(str(narrowed), backend=one) for one in ("int8", "openvino"))
    assert narrow.model == f"{wide.model}-int8"
    assert narrow.runs_on == f"{wide.runs_on}/int8"
    passages = ["refunds take five days", "cats sleep long"]
    ours, theirs = (np.array([pair.score for pair in one.score("refund", passages).pairs]) for one in (narrow, wide))
    assert 1e-4 < np.abs(ours - theirs).max() < 0.3


def test_it_is_chosen_where_the_processor_multiplies_it_well(
    narrowed: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "multiplies_int8", lambda: True)
    assert resolve_backend("auto", str(narrowed), "cpu") == "int8"
    assert resolve_backend("auto", str(tiny), "cpu") == "openvino"
    assert resolve_backend("auto", str(narrowed), "cuda") == "torch"
    monkeypatch.setattr(engine, "multiplies_int8", lambda: False)
    assert resolve_backend("auto", str(narrowed), "cpu") == "openvino"


def test_a_model_without_smoothing_scales_is_refused(tiny: Path) -> None:
    with pytest.raises(ModelError, match=r"has no int8\.safetensors"):
        CrossEncoderReranker(str(tiny), backend="int8").load()
