"""8-bit linear layers of a BERT: which layers, their smoothing scales, and how weights are quantised.

OpenVINO quantises the inputs of such a layer at run time, each token in groups of 128 with a scale per group (dynamic
quantization). Weights are quantised once, in groups of the same size. Inputs are first divided by smoothing scales and
weights multiplied by them (SmoothQuant, Xiao et al., arXiv:2211.10438), so that a few large inputs do not decide the
scale of a whole group.

`int8.safetensors`, next to a model's weights, lists the layers:

    <name of the layer>.divisor   its smoothing scales, shape (inputs,), all over 0

`training.quantise` chooses the layers and measures the scales.
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
SUFFIX = ".divisor"
"""What a layer's name ends with in the file."""

GROUP = 128
"""Inputs that share a scale. Smaller groups are more precise and slower: 64 make the whole model 10% slower."""

ZERO = 128
"""The unsigned 8-bit value that stands for 0. OpenVINO wants unsigned weights."""


def group_size(inputs: int) -> int:
    """How many of a layer's inputs share a scale: group_size(384) -> 128, group_size(32) -> 32.

    A layer whose inputs cannot be divided into groups of 128 is one group; OpenVINO then quantises its weights only.
    """
    return GROUP if inputs % GROUP == 0 else inputs


def quantise(weights: Array) -> tuple[npt.NDArray[np.uint8], Array]:
    """Quantise weights of shape (outputs, inputs) to 8 bits.

    Returns the values, (outputs, groups, inputs of a group), and the scale of each group, (outputs, groups, 1):
    weight = (value - ZERO) * scale, within half a scale.
    """
    outputs, inputs = weights.shape
    grouped = weights.reshape(outputs, -1, group_size(inputs))
    scales = np.maximum(np.abs(grouped).max(axis=2, keepdims=True) / np.float32(ZERO - 1), np.finfo(np.float32).tiny)
    return (np.rint(grouped / scales) + ZERO).astype(np.uint8), scales


def read_smoothing_scales(folder: Path) -> dict[str, Array]:
    """Read the smoothing scales by layer; empty if the folder has no file. Raises ModelError."""
    file = folder / FILE
    if not file.is_file():
        return {}
    found = read_weights(file)
    if not all(name.endswith(SUFFIX) and scales.ndim == 1 and np.all(scales > 0) for name, scales in found.items()):
        raise ModelError(f"{file} must hold one vector of positive smoothing scales per layer. Write it again.")
    return {name.removesuffix(SUFFIX): scales for name, scales in found.items()}


def write_smoothing_scales(folder: Path, smoothing_scales: Mapping[str, Array]) -> None:
    """Write the folder's file."""
    from safetensors.numpy import save

    tensors = {name + SUFFIX: scales.astype(np.float32) for name, scales in smoothing_scales.items()}
    (folder / FILE).write_bytes(save(tensors))
