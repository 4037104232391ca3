"""Which linear layers of a BERT are multiplied in eight bits, and how their weights are rounded to it.

The inputs of such a layer are rounded as they come, every 128 of a token by a step of their own (OpenVINO's dynamic
quantization); the weights once, in groups as wide. `int8.safetensors` beside the weights holds for each such layer, by
its name among them:

    <name>.divisor   what each input is divided by first, shape (inputs,), so that no few of them decide the steps; the
                     weights are multiplied by it (SmoothQuant, Xiao et al., arXiv:2211.10438)

`training.quantise` chooses the layers and measures the divisors.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rag_core.errors import ModelError
from rag_core.inference.weights import read_weights

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[np.float32]

FILE = "int8.safetensors"
DIVISOR = ".divisor"
GROUP = 128
"""Inputs that share a step. Fewer are finer and slower: 64 take a tenth longer for the whole model."""
ZERO = 128
"""What stands for 0 in eight bits without a sign, which OpenVINO wants for weights."""


def group_of(inputs: int) -> int:
    """How many of a layer's inputs share a step: group_of(384) -> 128. All of them where they cannot be so divided:
    group_of(32) -> 32; OpenVINO then rounds the weights alone."""
    return GROUP if inputs % GROUP == 0 else inputs


def rounded(weights: Array) -> tuple[npt.NDArray[np.uint8], Array]:
    """Weights, shape (outputs, inputs), in eight bits, (outputs, groups, inputs of a group), and each group's step,
    (outputs, groups, 1): a weight is about (eight bits - `ZERO`) x step."""
    outputs, inputs = weights.shape
    grouped = weights.reshape(outputs, -1, group_of(inputs))
    steps = np.maximum(np.abs(grouped).max(axis=2, keepdims=True) / np.float32(ZERO - 1), np.finfo(np.float32).tiny)
    return (np.rint(grouped / steps) + ZERO).astype(np.uint8), steps


def read_smoothing_scales(folder: Path) -> dict[str, Array]:
    """By layer, of the folder's file; empty where it has none. Raises ModelError."""
    file = folder / FILE
    if not file.is_file():
        return {}
    found = read_weights(file)
    if not all(name.endswith(DIVISOR) and one.ndim == 1 and np.all(one > 0) for name, one in found.items()):
        raise ModelError(f"{file} holds something else than layers' divisors, all over 0. Make it again.")
    return {name.removesuffix(DIVISOR): one for name, one in found.items()}


def write_smoothing_scales(folder: Path, divisors: Mapping[str, Array]) -> None:
    """The folder's file, from these."""
    from safetensors.numpy import save

    tensors = {name + DIVISOR: one.astype(np.float32) for name, one in divisors.items()}
    (folder / FILE).write_bytes(save(tensors))
