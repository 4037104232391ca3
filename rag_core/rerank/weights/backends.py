"""Backends that run a cross-encoder: torch (fp32 or bf16), ONNX Runtime, OpenVINO (bf16 or fp32, some layers in int8).

On a CPU with OpenVINO, `auto` chooses it for a plain BERT, with int8 layers on top if the folder lists them and the CPU
has bf16 or VNNI instructions, and for any other model that can be converted; otherwise torch.
Each loader returns a `Runner`. To see which backend is fastest on your machine, run `benchmarks/rerank_speed.py`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from rag_core.errors import MissingPackage, ModelError
from rag_core.inference import bert, engine, int8
from rag_core.inference.weights import Weights, read_weights
from rag_core.rerank.weights import converted
from rag_core.rerank.weights.hub import folder_here
from rag_core.rerank.weights.runner import Runner, named
from rag_core.rerank.weights.torch_models import PLAIN, has_modules, takes_types, torch_model

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from rag_core.rerank.weights.runner import Ids, Logits

Backend = Literal["auto", "torch", "bf16", "onnx", "openvino", "int8", "converted", "converted-fp32"]

BUILD = 2
"""Part of a model's identity on OpenVINO. Raise it with the graph or the batch widths: bf16 scores move a little."""

BY_PRECISION: dict[engine.Precision | None, Backend] = {None: "torch", "bf16": "converted", "fp32": "converted-fp32"}
ONNX = "onnx/model.onnx"
OPENVINO = "openvino/openvino_model.xml"


def resolve_backend(backend: Backend, name: str, device: str) -> Backend:
    """The backend that `auto` means for this model on this machine; any other backend is returned as it is."""
    if backend != "auto":
        return backend
    folder = folder_here(name)
    if folder is None or device != "cpu" or not engine.installed():
        return "torch"
    if not _buildable(folder):
        return BY_PRECISION[converted.precision(folder)]
    return "int8" if (folder / int8.FILE).is_file() and engine.multiplies_int8() else "openvino"


def why_torch(name: str) -> str:
    """Why this model runs in torch although it could be converted: what failed. Empty where nothing did."""
    folder = folder_here(name)
    return converted.why_not(folder) if folder else ""


def _buildable(folder: Path) -> bool:
    return not has_modules(folder) and bert.can_build(folder, PLAIN)


def _torch(folder: Path, device: str, trust_remote_code: bool) -> Runner:
    return _in_torch(folder, device, trust_remote_code, "float32")


def _bf16(folder: Path, device: str, trust_remote_code: bool) -> Runner:
    return _in_torch(folder, device, trust_remote_code, "bfloat16")


def _in_torch(folder: Path, device: str, trust_remote_code: bool, dtype: str) -> Runner:
    model = torch_model(folder, device, trust_remote_code, dtype)
    typed = takes_types(model)
    import torch

    def forward(ids: Ids, mask: Ids, types: Ids) -> Logits:
        inputs = {"input_ids": ids, "attention_mask": mask} | ({"token_type_ids": types} if typed else {})
        with torch.inference_mode():
            logits: Logits = model(**{k: torch.from_numpy(v).to(device) for k, v in inputs.items()}).logits.float()
        return logits.cpu().numpy()  # type: ignore[attr-defined,no-any-return]

    return Runner(forward)


def _onnx(folder: Path, _device: str, _trust_remote_code: bool) -> Runner:
    file = _exported(folder, ONNX)
    try:
        import onnxruntime
    except ImportError as exc:
        raise MissingPackage("onnxruntime", "The ONNX backend") from exc
    session = onnxruntime.InferenceSession(str(file), providers=onnxruntime.get_available_providers())
    names = {one.name for one in session.get_inputs()}

    def forward(ids: Ids, mask: Ids, types: Ids) -> Logits:
        logits: Logits = session.run(None, named(names, ids, mask, types))[0]
        return logits

    return Runner(forward)


def _openvino(folder: Path, _device: str, _trust_remote_code: bool) -> Runner:
    """A plain BERT is built from its weights, anything else read from an exported file."""
    if not _buildable(folder):
        return _compiled(engine.core().read_model(str(_exported(folder, OPENVINO, ONNX))))
    return _built(folder, {})


def _int8(folder: Path, _device: str, _trust_remote_code: bool) -> Runner:
    scales = int8.read_smoothing_scales(folder)
    if not scales:
        raise ModelError(f"{folder} has no {int8.FILE}, so no layer can run in int8. Use the openvino backend.")
    if not _buildable(folder):
        raise ModelError(f"{folder} is not a plain BERT, which int8 needs. Use the openvino or the torch backend.")
    return _built(folder, scales)


def _built(folder: Path, smoothing_scales: Mapping[str, npt.NDArray[np.float32]]) -> Runner:
    weights = read_weights(folder / bert.WEIGHTS)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    hidden = _compiled(bert.bert(weights, config, "bert.", first_only=True, smoothing_scales=smoothing_scales))
    head = _head(weights)
    return Runner(lambda *inputs: head(hidden.forward(*inputs)[:, 0]), hidden.max_concurrency)


def _compiled(model: Any) -> Runner:
    compiled = engine.CompiledModel(model, engine.best_precision())
    names = {name for one in model.inputs for name in one.get_names()}
    return Runner(lambda *inputs: compiled.run(named(names, *inputs)), compiled.max_concurrency)


def _head(weights: Weights) -> Callable[[Logits], Logits]:
    """BERT's pooler and classifier on [CLS], (pairs, hidden) -> (pairs, outputs), in fp32: bf16 logits tie."""
    import numpy as np

    pool, pool_bias = bert.linear(weights, "bert.pooler.dense")
    classify, bias = bert.linear(weights, "classifier")

    def head(first: Logits) -> Logits:
        logits: Logits = np.tanh(first @ pool.T + pool_bias) @ classify.T + bias
        return logits

    return head


def _converted(folder: Path, device: str, trust_remote_code: bool) -> Runner:
    """The converted model, or torch where the conversion fails."""
    return converted.load(folder) or _torch(folder, device, trust_remote_code)


def _exported(folder: Path, *places: str) -> Path:
    """Find the first of these files in the folder. Raises ModelError if there is none."""
    for place in places:
        if (folder / place).is_file():
            return folder / place
    raise ModelError(
        f"{folder} has no {' or '.join(places)}. Export the model to this folder, or use the torch backend."
    )


LOADERS: dict[Backend, Callable[[Path, str, bool], Runner]] = {
    "torch": _torch,
    "bf16": _bf16,
    "onnx": _onnx,
    "openvino": _openvino,
    "int8": _int8,
    "converted": _converted,
    "converted-fp32": _converted,
}
"""Loaders by backend: (folder, device, trust_remote_code) -> Runner.

Besides ModelError and MissingPackage, exceptions of the vendor's package pass through; the adapter translates them."""

DESCRIBED: dict[Backend, Callable[[], str]] = {
    "torch": lambda: "torch, fp32",
    "bf16": lambda: "torch, bf16",
    "onnx": lambda: "ONNX Runtime",
    "openvino": lambda: f"OpenVINO, {engine.best_precision()}",
    "int8": lambda: f"OpenVINO, {engine.best_precision()}/int8",
    "converted": lambda: "OpenVINO, bf16, converted",
    "converted-fp32": lambda: "OpenVINO, fp32, converted",
}
"""How each backend is shown, with its precision on this machine."""

MARKS: dict[Backend, Callable[[], str]] = {
    "torch": lambda: "",
    "bf16": lambda: "/bf16",
    "onnx": lambda: "/onnx",
    "openvino": lambda: f"/openvino{BUILD}-{engine.best_precision()}",
    "int8": lambda: f"/openvino{BUILD}-{engine.best_precision()}-int8",
    "converted": lambda: f"/converted{converted.FORM}-bf16",
    "converted-fp32": lambda: f"/converted{converted.FORM}-fp32",
}
"""What each backend adds to a model's identity. torch in fp32 is the reference and adds nothing."""
