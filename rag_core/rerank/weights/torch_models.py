"""A cross-encoder's model in torch, as sentence-transformers or transformers load it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rag_core.errors import MissingPackage

PLAIN = "BertForSequenceClassification"


def torch_model(folder: Path, device: str, trust_remote_code: bool, dtype: str) -> Any:
    """The model in torch. Its last layer is always fp32: bf16 logits tie. Raises MissingPackage."""
    try:
        if dtype == "float32" and _is_plain(folder):
            return _plain(folder, device)
        return _sentence_transformers(folder, device, trust_remote_code, dtype)
    except ImportError as exc:
        raise MissingPackage("sentence_transformers", "This cross-encoder") from exc


def takes_types(model: Any) -> bool:
    """Whether the model tells the query's tokens from the passage's by their types."""
    return bool(getattr(model.config, "type_vocab_size", 0) > 1)


def has_modules(folder: Path) -> bool:
    """Whether sentence-transformers' own files describe the model."""
    return any((folder / name).exists() for name in ("modules.json", "config_sentence_transformers.json"))


def _is_plain(folder: Path) -> bool:
    """Whether this is a plain BERT classifier, which runs without importing sentence-transformers (seconds)."""
    if has_modules(folder):
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
    """Load a sentence-transformers CrossEncoder, its last layer in fp32."""
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
    heads = [name for name, layer in encoder.named_modules() if is_head(layer)]
    encoder.set_keep_in_fp32_modules(heads[-1:])
    return encoder.model.eval()


def is_head(layer: Any) -> bool:
    """Whether this layer gives the score: a linear one with one output. Some models name it before their encoder."""
    import torch

    return isinstance(layer, torch.nn.Linear) and layer.out_features == 1
