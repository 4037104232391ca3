"""What runs a cross-encoder's weights: torch (fp32 or bf16), ONNX Runtime or OpenVINO. Token ids in, logits out.

Each loader gives a `Forward` that is safe to call from several threads. Which backend is fastest depends on the
processor: benchmarks/rerank_speed.py measures it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from rag_core.errors import MissingPackage, ModelError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Ids = npt.NDArray[np.int64]
    Logits = npt.NDArray[np.float32]

Forward = Callable[["Ids", "Ids", "Ids"], "Logits"]
"""(token ids, attention mask, token types), each of shape (pairs, width) -> logits, shape (pairs, outputs)."""

Backend = Literal["torch", "bf16", "onnx", "openvino"]

ONNX = "onnx/model.onnx"
OPENVINO = "openvino/openvino_model.xml"


def _torch(folder: Path, device: str, trust_remote_code: bool) -> Forward:
    return _in_torch(folder, device, trust_remote_code, "float32")


def _bf16(folder: Path, device: str, trust_remote_code: bool) -> Forward:
    return _in_torch(folder, device, trust_remote_code, "bfloat16")


def _in_torch(folder: Path, device: str, trust_remote_code: bool, dtype: str) -> Forward:
    """The folder's model run by torch; its last layer is fp32 whatever the rest is, so that scores do not tie."""
    try:
        import torch

        if dtype == "float32" and _is_plain(folder):
            model = _plain(folder, device)
        else:
            model = _sentence_transformers(folder, device, trust_remote_code, dtype)
    except ImportError as exc:
        raise MissingPackage("sentence-transformers", "A local cross-encoder", "sentence-transformers") from exc
    typed = getattr(model.config, "type_vocab_size", 0) > 1

    def forward(ids: Ids, mask: Ids, types: Ids) -> Logits:
        inputs = {"input_ids": ids, "attention_mask": mask} | ({"token_type_ids": types} if typed else {})
        with torch.inference_mode():
            logits: Logits = model(**{k: torch.from_numpy(v).to(device) for k, v in inputs.items()}).logits.float()
        return logits.cpu().numpy()  # type: ignore[attr-defined,no-any-return]

    return forward


def _is_plain(folder: Path) -> bool:
    """A BERT classifier that needs nothing of sentence-transformers, whose import takes seconds, to be run."""
    if any((folder / name).exists() for name in ("modules.json", "config_sentence_transformers.json")):
        return False
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    return bool(config.get("architectures") == ["BertForSequenceClassification"])


def _plain(folder: Path, device: str) -> Any:
    import torch
    from transformers import BertForSequenceClassification

    model: Any = BertForSequenceClassification.from_pretrained(
        str(folder), local_files_only=True, use_safetensors=True, dtype=torch.float32
    )
    return model.to(device).eval()


def _sentence_transformers(folder: Path, device: str, trust_remote_code: bool, dtype: str) -> Any:
    """The model of a sentence-transformers CrossEncoder, its last layer kept in fp32."""
    import torch
    from sentence_transformers import CrossEncoder

    encoder = CrossEncoder(
        str(folder),
        device=device,
        local_files_only=True,
        trust_remote_code=trust_remote_code,
        activation_fn=torch.nn.Identity(),
        model_kwargs={"use_safetensors": True, "dtype": getattr(torch, dtype)},
    )
    layers = [name for name, layer in encoder.named_modules() if type(layer) is torch.nn.Linear]
    encoder.set_keep_in_fp32_modules(layers[-1:])
    return encoder.model.eval()


def _onnx(folder: Path, _device: str, _trust_remote_code: bool) -> Forward:
    file = _exported(folder, ONNX)
    try:
        import onnxruntime
    except ImportError as exc:
        raise MissingPackage("onnxruntime", "The ONNX backend", "onnxruntime") from exc
    session = onnxruntime.InferenceSession(str(file), providers=onnxruntime.get_available_providers())
    names = {one.name for one in session.get_inputs()}

    def forward(ids: Ids, mask: Ids, types: Ids) -> Logits:
        logits: Logits = session.run(None, _named(names, ids, mask, types))[0]
        return logits

    return forward


def _openvino(folder: Path, _device: str, _trust_remote_code: bool) -> Forward:
    file = _exported(folder, OPENVINO, ONNX)
    try:
        import openvino
    except ImportError as exc:
        raise MissingPackage("openvino", "The OpenVINO backend", "openvino") from exc
    compiled = openvino.Core().compile_model(str(file), "CPU", {"PERFORMANCE_HINT": "LATENCY"})
    names = {one.get_any_name() for one in compiled.inputs}

    def forward(ids: Ids, mask: Ids, types: Ids) -> Logits:
        # A request of its own for each call: sharing one is not safe between threads.
        logits: Logits = compiled.create_infer_request().infer(_named(names, ids, mask, types))[0]
        return logits

    return forward


def _named(names: set[str], ids: Ids, mask: Ids, types: Ids) -> dict[str, Ids]:
    given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": types}
    return {name: value for name, value in given.items() if name in names}


def _exported(folder: Path, *places: str) -> Path:
    """The first of these files that the folder holds. Raises ModelError where it holds none."""
    for place in places:
        if (folder / place).is_file():
            return folder / place
    raise ModelError(f"{folder} holds no {' or '.join(places)}. Export the model to it, or use the torch backend.")


LOADERS: dict[Backend, Callable[[Path, str, bool], Forward]] = {
    "torch": _torch,
    "bf16": _bf16,
    "onnx": _onnx,
    "openvino": _openvino,
}
"""Loader by backend: (folder, device, trust_remote_code) -> Forward. Other than ModelError and MissingPackage,
whatever the vendor raises comes through; the adapter puts it into words."""
