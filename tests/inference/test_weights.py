"""Safetensors to float32, held against torch's own reading."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from rag_core.errors import ModelError
from rag_core.inference.weights import read_weights


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.float64])
def test_every_floating_point_width_is_read(dtype: torch.dtype, tmp_path: Path) -> None:
    saved = torch.tensor([[1.0, -2.5], [3.1415926, 1e-3]]).to(dtype)
    save_file({"a": saved, "places": torch.arange(3)}, tmp_path / "w.safetensors")
    read = read_weights(tmp_path / "w.safetensors")
    assert list(read) == ["a"]
    assert read["a"].dtype == np.float32
    np.testing.assert_array_equal(read["a"], saved.float().numpy())


@pytest.mark.parametrize("content", [b"", b"not weights", b"\xff" * 64])
def test_damaged_weights_are_a_sentence(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "w.safetensors").write_bytes(content)
    with pytest.raises(ModelError, match="cannot be read"):
        read_weights(tmp_path / "w.safetensors")


def test_a_missing_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        read_weights(tmp_path / "w.safetensors")
