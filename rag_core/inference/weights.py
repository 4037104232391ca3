"""Read a safetensors file into numpy arrays."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rag_core.errors import ModelError, first_line

if TYPE_CHECKING:
    import numpy.typing as npt

Weights = dict[str, "npt.NDArray[np.float32]"]

WIDTHS = {"F32": np.float32, "F16": np.float16, "F64": np.float64}


def read_weights(file: Path) -> Weights:
    """Read the floating-point tensors by name, as float32; others are skipped. Raises ModelError."""
    from safetensors import SafetensorError, deserialize

    try:
        found = deserialize(file.read_bytes())  # type: ignore[no-untyped-call]
    except (OSError, SafetensorError) as exc:
        raise ModelError(f"The weights in {file} cannot be read: {first_line(exc)}") from exc
    return {name: _array(one["dtype"], one["data"], one["shape"]) for name, one in found if _is_float(one["dtype"])}


def _is_float(dtype: str) -> bool:
    return dtype in WIDTHS or dtype == "BF16"


def _array(dtype: str, data: bytes, shape: list[int]) -> npt.NDArray[np.float32]:
    if dtype == "BF16":  # the upper half of a float32
        return (np.frombuffer(data, np.uint16).astype(np.uint32) << 16).view(np.float32).reshape(shape)
    return np.frombuffer(data, WIDTHS[dtype]).astype(np.float32).reshape(shape)
