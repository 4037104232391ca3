"""The graph that is built from weights, held against transformers' BERT on the same folder."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from rag_core.errors import ModelError
from rag_core.inference.bert import INPUTS, bert, can_build
from rag_core.inference.engine import CompiledModel
from rag_core.inference.weights import read_weights
from tests.installing import needs

needs("openvino")

CLASSIFIER = "BertForSequenceClassification"


def padded() -> dict[str, np.ndarray]:
    """Three sequences of 5, 9 and 2 tokens in a width of 9, the second part of each of type 1."""
    lengths = np.array([[5], [9], [2]])
    places = np.arange(9)[None, :]
    mask = (places < lengths).astype(np.int64)
    ids = np.random.default_rng(1).integers(5, 40, mask.shape) * mask
    return dict(zip(INPUTS, (ids, mask, (places >= lengths // 2).astype(np.int64) * mask), strict=True))


def hidden(folder: Path, first_only: bool, inputs: dict[str, np.ndarray]) -> np.ndarray:
    config = json.loads((folder / "config.json").read_text())
    graph = bert(read_weights(folder / "model.safetensors"), config, "bert.", first_only)
    return CompiledModel(graph, "fp32").run(inputs)


def test_hidden_states_are_those_of_transformers(tiny: Path) -> None:
    import torch
    from transformers import BertModel

    inputs = padded()
    with torch.inference_mode():
        reference = BertModel.from_pretrained(tiny)(**{k: torch.from_numpy(v) for k, v in inputs.items()})
    expected = reference.last_hidden_state.numpy()
    seen = inputs["attention_mask"].astype(bool)
    np.testing.assert_allclose(hidden(tiny, False, inputs)[seen], expected[seen], atol=1e-5)
    np.testing.assert_allclose(hidden(tiny, True, inputs), expected[:, :1], atol=1e-5)


def test_padding_and_company_change_nothing(tiny: Path) -> None:
    inputs = padded()
    whole = hidden(tiny, False, inputs)
    alone = hidden(tiny, False, {name: value[:1, :5] for name, value in inputs.items()})
    np.testing.assert_allclose(whole[:1, :5], alone, atol=1e-5)


def test_a_missing_weight_is_named(tiny: Path) -> None:
    weights = read_weights(tiny / "model.safetensors")
    del weights["bert.encoder.layer.1.output.dense.bias"]
    with pytest.raises(ModelError, match=r"have no bert\.encoder\.layer\.1\.output\.dense\.bias"):
        bert(weights, json.loads((tiny / "config.json").read_text()), "bert.")


def test_what_can_be_built(tiny: Path, tmp_path: Path) -> None:
    assert can_build(tiny, CLASSIFIER)
    assert not can_build(tiny, "BertModel")
    assert not can_build(tmp_path, CLASSIFIER)


@pytest.mark.parametrize(
    "change",
    [
        {"hidden_act": "relu"},
        {"position_embedding_type": "relative_key"},
        {"is_decoder": True},
        {"model_type": "roberta"},
        {"auto_map": {"AutoModel": "own.Model"}},
    ],
)
def test_what_is_not_a_plain_bert_is_left_to_torch(change: dict[str, object], tiny: Path, tmp_path: Path) -> None:
    config = json.loads((tiny / "config.json").read_text()) | change
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "model.safetensors").write_bytes((tiny / "model.safetensors").read_bytes())
    assert not can_build(tmp_path, CLASSIFIER)
