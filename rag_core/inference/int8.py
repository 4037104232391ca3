"""Which linear layers of a BERT are multiplied in eight bits, and the scales of what goes into them.

`int8.safetensors` beside the weights holds for each such layer, by its name among the weights:

    <name>.divisor   what each input is divided by, shape (inputs,), so that no few of them take up the range; the
                     weights are multiplied by it (SmoothQuant, Xiao et al., arXiv:2211.10438)
    <name>.range     the least and the greatest divided input, shape (2,); what lies outside is clipped

`training.quantise` chooses the layers and measures the scales.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rag_core.errors import ModelError
from rag_core.inference.weights import read_weights

if TYPE_CHECKING:
    import numpy.typing as npt

FILE = "int8.safetensors"
DIVISOR, RANGE = ".divisor", ".range"


@dataclass(frozen=True)
class Scales:
    """A layer's. `divisor`: float32, shape (inputs,), all over 0. `low`, `high`: of the divided inputs."""

    divisor: npt.NDArray[np.float32]
    low: float
    high: float


def read_scales(folder: Path) -> dict[str, Scales]:
    """By layer, of the folder's file; empty where it has none. Raises ModelError."""
    file = folder / FILE
    if not file.is_file():
        return {}
    found = read_weights(file)
    names = [name.removesuffix(DIVISOR) for name in found if name.endswith(DIVISOR)]
    try:
        scales = {name: Scales(found[name + DIVISOR], *map(float, found[name + RANGE])) for name in names}
    except (KeyError, TypeError) as exc:
        raise ModelError(f"{file} lacks the range of a layer, or holds no two numbers as one. Make it again.") from exc
    if not all(one.low < one.high and np.all(one.divisor > 0) for one in scales.values()):
        raise ModelError(f"{file} holds a range or a divisor that is none. Make it again.")
    return scales


def write_scales(folder: Path, scales: Mapping[str, Scales]) -> None:
    """The folder's file, from these."""
    from safetensors.numpy import save

    tensors = {name + DIVISOR: one.divisor.astype(np.float32) for name, one in scales.items()}
    tensors |= {name + RANGE: np.array([one.low, one.high], np.float32) for name, one in scales.items()}
    (folder / FILE).write_bytes(save(tensors))
