"""What runs a cross-encoder's weights: torch (fp32 or bf16), ONNX Runtime or OpenVINO, in bf16 or fp32, some of its
layers in int8 where the folder says which. Token ids in, logits out.

`auto` takes OpenVINO where it is installed and can be built from the folder's weights (a plain BERT on a CPU), with
int8 where the folder says which and the processor has bf16 (all that have it multiply int8 exactly); else torch.
Each loader gives a `Running`; benchmarks/rerank_speed.py measures which is fastest on a processor.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from rag_core.errors import MissingPackage, ModelError
from rag_core.inference import bert, engine, int8
from rag_core.inference.weights import Weights, read_weights
from rag_core.rerank.weights.hub import folder_here

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Ids = npt.NDArray[np.int64]
    Logits = npt.NDArray[np.float32]

Forward = Callable[["Ids", "Ids", "Ids"], "Logits"]
"""(token ids, attention mask, token types), each of shape (pairs, width) -> logits, shape (pairs, outputs)."""

Backend = Literal["auto", "torch", "bf16", "onnx", "openvino", "int8"]

BUILD = 2
"""Part of a model's identity on OpenVINO: change it with the graph or the widths, which change bf16 scores a little."""

PLAIN = "BertForSequenceClassification"
ONNX = "onnx/model.onnx"
OPENVINO = "openvino/openvino_model.xml"


@dataclass(frozen=True)
class Running:
    """A model in memory. `forward` is safe to call from several threads; `at_once`: from how many it gains."""

    forward: Forward
    at_once: int = 1


def chosen(backend: Backend, name: str, device: str) -> Backend:
    """What `auto` comes to for the model of that name on this machine; any other backend is itself."""
    if backend != "auto":
        return backend
    folder = folder_here(name)
    if folder is None or device != "cpu" or not engine.installed() or not _buildable(folder):
        return "torch"
    return "int8" if (folder / int8.FILE).is_file() and engine.best_precision() == "bf16" else "openvino"


def _buildable(folder: Path) -> bool:
    return not _has_modules(folder) and bert.can_build(folder, PLAIN)


def _torch(folder: Path, device: str, trust_remote_code: bool) -> Running:
    return _in_torch(folder, device, trust_remote_code, "float32")


def _bf16(folder: Path, device: str, trust_remote_code: bool) -> Running:
    return _in_torch(folder, device, trust_remote_code, "bfloat16")


def _in_torch(folder: Path, device: str, trust_remote_code: bool, dtype: str) -> Running:
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

    return Running(forward)


def _has_modules(folder: Path) -> bool:
    """Whether the folder says in sentence-transformers' own files what its model is made of."""
    return any((folder / name).exists() for name in ("modules.json", "config_sentence_transformers.json"))


def _is_plain(folder: Path) -> bool:
    """A BERT classifier that needs nothing of sentence-transformers, whose import takes seconds, to be run."""
    if _has_modules(folder):
        return False
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    return bool(config.get("architectures") == [PLAIN])


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


def _onnx(folder: Path, _device: str, _trust_remote_code: bool) -> Running:
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

    return Running(forward)


def _openvino(folder: Path, _device: str, _trust_remote_code: bool) -> Running:
    """Built from the weights where the folder is a plain BERT, else from an exported file."""
    if not _buildable(folder):
        return _running(engine.core().read_model(str(_exported(folder, OPENVINO, ONNX))))
    return _built(folder, {})


def _int8(folder: Path, _device: str, _trust_remote_code: bool) -> Running:
    divisors = int8.read_smoothing_scales(folder)
    if not divisors:
        raise ModelError(f"{folder} holds no {int8.FILE} with layers to compute in int8. Use the openvino backend.")
    if not _buildable(folder):
        raise ModelError(f"{folder} is no plain BERT, which int8 needs. Use the openvino or the torch backend.")
    return _built(folder, divisors)


def _built(folder: Path, divisors: Mapping[str, npt.NDArray[np.float32]]) -> Running:
    weights = read_weights(folder / bert.WEIGHTS)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    hidden, head = _running(bert.bert(weights, config, "bert.", first_only=True, divisors=divisors)), _head(weights)
    return Running(lambda *inputs: head(hidden.forward(*inputs)[:, 0]), hidden.at_once)


def _running(model: Any) -> Running:
    compiled = engine.Engine(model, engine.best_precision())
    names = {name for one in model.inputs for name in one.get_names()}
    return Running(lambda *inputs: compiled.run(_named(names, *inputs)), compiled.at_once)


def _head(weights: Weights) -> Callable[[Logits], Logits]:
    """BERT's pooler and classifier on [CLS], (pairs, hidden) -> (pairs, outputs): fp32, so that scores do not tie."""
    import numpy as np

    pool, pool_bias = bert.linear(weights, "bert.pooler.dense")
    classify, bias = bert.linear(weights, "classifier")

    def head(first: Logits) -> Logits:
        logits: Logits = np.tanh(first @ pool.T + pool_bias) @ classify.T + bias
        return logits

    return head


def _named(names: set[str], ids: Ids, mask: Ids, types: Ids) -> dict[str, Ids]:
    given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": types}
    return {name: value for name, value in given.items() if name in names}


def _exported(folder: Path, *places: str) -> Path:
    """The first of these files that the folder holds. Raises ModelError where it holds none."""
    for place in places:
        if (folder / place).is_file():
            return folder / place
    raise ModelError(f"{folder} holds no {' or '.join(places)}. Export the model to it, or use the torch backend.")


LOADERS: dict[Backend, Callable[[Path, str, bool], Running]] = {
    "torch": _torch,
    "bf16": _bf16,
    "onnx": _onnx,
    "openvino": _openvino,
    "int8": _int8,
}
"""Loader by backend: (folder, device, trust_remote_code) -> Running. Other than ModelError and MissingPackage,
whatever the vendor raises comes through; the adapter puts it into words."""

DESCRIBED: dict[Backend, Callable[[], str]] = {
    "torch": lambda: "torch, fp32",
    "bf16": lambda: "torch, bf16",
    "onnx": lambda: "ONNX Runtime",
    "openvino": lambda: f"OpenVINO, {engine.best_precision()}",
    "int8": lambda: f"OpenVINO, {engine.best_precision()}/int8",
}
"""Each backend and its precision on this machine, in words."""

MARKS: dict[Backend, Callable[[], str]] = {
    "torch": lambda: "",
    "bf16": lambda: "/bf16",
    "onnx": lambda: "/onnx",
    "openvino": lambda: f"/openvino{BUILD}-{engine.best_precision()}",
    "int8": lambda: f"/openvino{BUILD}-{engine.best_precision()}-int8",
}
"""What each backend adds to a model's identity: torch's fp32 is the reference and adds nothing."""
