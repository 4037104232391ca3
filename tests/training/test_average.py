"""The mean of two runs' weights, by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from training.average import average


def saved(folder: Path, **tensors: torch.Tensor) -> Path:
    folder.mkdir()
    save_file(tensors, folder / "model.safetensors")
    (folder / "config.json").write_text("{}")
    return folder


def test_weights_are_the_mean_and_the_rest_is_the_first_folders(tmp_path: Path) -> None:
    one = saved(tmp_path / "a", w=torch.tensor([1.0, 2.0]))
    other = saved(tmp_path / "b", w=torch.tensor([3.0, 6.0]))
    average([one, other], tmp_path / "out")
    assert load_file(tmp_path / "out" / "model.safetensors")["w"].tolist() == [2.0, 4.0]
    assert (tmp_path / "out" / "config.json").read_text() == "{}"


def test_models_of_different_shapes_are_refused(tmp_path: Path) -> None:
    one, other = saved(tmp_path / "a", w=torch.zeros(2)), saved(tmp_path / "b", w=torch.zeros(3))
    with pytest.raises(ValueError, match="began with the same model"):
        average([one, other], tmp_path / "out")
