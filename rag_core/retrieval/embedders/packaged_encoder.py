"""The packaged bi-encoder in memory, one a process: its token states give passage vectors and token vectors alike."""

from __future__ import annotations

import threading

from rag_core.inference.encoder import on_openvino
from rag_core.inference.texts import TextEncoder
from rag_core.inference.token_codes import VERSION
from rag_core.retrieval.embedders.packaged import PACKAGED_NAME, packaged_folder, weights_sha256

MAX_TOKENS = 256
"""What all-MiniLM-L6-v2 reads of a text, [CLS] and [SEP] included."""

_loading = threading.Lock()
_loaded: dict[tuple[str, bool], TextEncoder] = {}


def packaged_encoder(device: str) -> TextEncoder:
    """The encoder in fp32, loaded when first asked for. Raises ModelError or MissingPackage."""
    folder = packaged_folder()
    key = (device, on_openvino(folder, device))
    with _loading:
        if key not in _loaded:
            _loaded[key] = TextEncoder(folder, device, MAX_TOKENS, "fp32")
        return _loaded[key]


def runs_packaged_on(device: str) -> str:
    """What runs the encoder on this machine: OpenVINO or torch."""
    return "OpenVINO" if on_openvino(packaged_folder(), device) else "torch"


def token_model(device: str) -> str:
    """The identity of the token vectors that it makes here: weights, how they are stored, what computes them."""
    made_by = f"{PACKAGED_NAME}@{weights_sha256(packaged_folder())[:12]}"
    return f"{made_by}/{VERSION}/{runs_packaged_on(device).lower()}-fp32"
