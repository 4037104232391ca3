"""An encoder's states by OpenVINO, held against torch's on the packaged bi-encoder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rag_core.errors import ModelError
from rag_core.inference.bert import INPUTS
from rag_core.inference.encoder import load_encoder, on_openvino
from rag_core.inference.engine import CompiledModel
from rag_core.retrieval.embedders.packaged import packaged_folder
from tests.installing import needs
from tests.rerank.conftest import Make

needs("openvino")


def test_states_are_those_of_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = np.array([[101, 25416, 8630, 2015, 102, 0], [101, 3899, 3637, 2035, 2154, 102]])
    mask = (ids > 0).astype(np.int64)
    monkeypatch.setattr("rag_core.inference.engine.best_precision", lambda: "fp32")
    ours = load_encoder(packaged_folder(), "cpu")
    assert ours.max_concurrency >= 1
    monkeypatch.setattr("rag_core.inference.engine.find_spec", lambda name: None)
    assert not on_openvino(packaged_folder(), "cpu")
    reference = load_encoder(packaged_folder(), "cpu").states(ids, mask)
    seen = mask.astype(bool)
    np.testing.assert_allclose(ours.states(ids, mask)[seen], reference[seen], atol=1e-5)


def test_what_is_no_plain_encoder_is_torchs(tiny: Path) -> None:
    assert on_openvino(packaged_folder(), "cpu")
    assert not on_openvino(packaged_folder(), "cuda")
    assert not on_openvino(tiny, "cpu")


def test_an_encoder_without_a_prefix_is_built(make_model: Make) -> None:
    folder = make_model(head=False)
    ids = np.array([[2, 7, 8, 3]])
    assert load_encoder(folder, "cpu").states(ids, np.ones_like(ids)).shape == (1, 4, 32)


def test_damaged_weights_are_a_sentence(make_model: Make) -> None:
    folder = make_model(head=False)
    (folder / "model.safetensors").write_bytes(b"not weights")
    with pytest.raises(ModelError, match="cannot be read"):
        load_encoder(folder, "cpu")


def test_nothing_is_run_twice_for_the_same_passage(monkeypatch: pytest.MonkeyPatch) -> None:
    from rag_core.rerank.late_interaction import LateInteractionReranker

    ran: list[object] = []
    run = CompiledModel.run
    monkeypatch.setattr(CompiledModel, "run", lambda model, inputs: ran.append(set(inputs)) or run(model, inputs))
    LateInteractionReranker().score("refunds", ["a", "b", "a"])
    assert ran.count(set(INPUTS)) == 3  # the question and two passages
