"""The packaged bi-encoder in memory: its token states give passage vectors and token vectors alike.

Questions are read in fp32. Passages are read in bf16 where the processor multiplies that, which takes little more than
half the time and moves their vectors by less than 1 - cos = 0.0001 (`python -m benchmarks.embed_quality` measures what
that does to an order). So vectors that were made in either may lie side by side, under one identity.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from rag_core.inference import engine
from rag_core.inference.encoder import on_openvino
from rag_core.inference.texts import TextEncoder
from rag_core.inference.token_codes import VERSION
from rag_core.retrieval.embedders.packaged import PACKAGED_NAME, packaged_folder, weights_sha256

if TYPE_CHECKING:
    from rag_core.inference.engine import Precision

MAX_TOKENS = 256
"""What all-MiniLM-L6-v2 reads of a text, [CLS] and [SEP] included."""

_loading = threading.Lock()
_loaded: dict[tuple[str, bool, Precision], TextEncoder] = {}


def packaged_encoder(device: str, precision: Precision = "fp32") -> TextEncoder:
    """The encoder in that precision, loaded when first asked for. Raises ModelError or MissingPackage."""
    folder = packaged_folder()
    key = (device, on_openvino(folder, device), precision)
    with _loading:
        if key not in _loaded:
            _loaded[key] = TextEncoder(folder, device, MAX_TOKENS, precision)
        return _loaded[key]


def passage_encoder(device: str) -> TextEncoder:
    """The encoder that reads passages here. Raises ModelError or MissingPackage."""
    return packaged_encoder(device, passage_precision(device))


def passage_precision(device: str) -> Precision:
    """What passages are read in on this machine."""
    return engine.best_precision() if on_openvino(packaged_folder(), device) else "fp32"


def runs_packaged_on(device: str) -> str:
    """What runs the encoder on this machine: OpenVINO or torch."""
    return "OpenVINO" if on_openvino(packaged_folder(), device) else "torch"


def token_model(device: str) -> str:
    """The identity of the token vectors that it makes here: weights, how they are stored, what computes them."""
    made_by = f"{PACKAGED_NAME}@{weights_sha256(packaged_folder())[:12]}"
    return f"{made_by}/{VERSION}/{runs_packaged_on(device).lower()}"
