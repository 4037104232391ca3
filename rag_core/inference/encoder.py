"""Run an encoder: token ids in, last hidden states out.

A plain BERT on a CPU runs in OpenVINO if that is installed (in bf16 if the CPU has it). Everything else runs in torch,
in fp32.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag_core.errors import MissingPackage, ModelError, SecondPassError, first_line
from rag_core.inference import bert, engine
from rag_core.inference.weights import read_weights

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Ids = npt.NDArray[np.int64]
    States = npt.NDArray[np.float32]

ARCHITECTURE = "BertModel"


@dataclass(frozen=True)
class Encoder:
    """An encoder in memory.

    states           (token ids, attention mask), each (texts, width) -> last hidden states, (texts, width, hidden);
                     safe to call from several threads
    max_concurrency  how many threads gain from calling `states` at the same time
    """

    states: Callable[[Ids, Ids], States]
    max_concurrency: int = 1


def on_openvino(folder: Path, device: str) -> bool:
    """Whether this folder's encoder runs in OpenVINO on this machine."""
    return device == "cpu" and engine.installed() and bert.can_build(folder, ARCHITECTURE)


def load_encoder(folder: Path, device: str, precision: engine.Precision | None = None) -> Encoder:
    """Load a folder's encoder. `precision` None: the best on this CPU (OpenVINO only).

    Raises ModelError or MissingPackage.
    """
    try:
        return _openvino(folder, precision) if on_openvino(folder, device) else _torch(folder, device)
    except SecondPassError:
        raise
    except ImportError as exc:
        raise MissingPackage("transformers", "This encoder") from exc
    except Exception as exc:
        raise ModelError(f"The model in {folder} could not be loaded: {first_line(exc)}") from exc


def _openvino(folder: Path, precision: engine.Precision | None) -> Encoder:
    import numpy as np

    weights = read_weights(folder / bert.WEIGHTS)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    compiled = engine.CompiledModel(bert.bert(weights, config), precision or engine.best_precision())

    def states(ids: Ids, mask: Ids) -> States:
        return compiled.run(dict(zip(bert.INPUTS, (ids, mask, np.zeros_like(ids)), strict=True)))

    return Encoder(states, compiled.max_concurrency)


def _torch(folder: Path, device: str) -> Encoder:
    import torch
    from transformers import AutoModel

    model: Any = AutoModel.from_pretrained(str(folder), local_files_only=True, use_safetensors=True)
    model = model.to(device).eval()

    def states(ids: Ids, mask: Ids) -> States:
        with torch.inference_mode():
            found = model(input_ids=torch.from_numpy(ids).to(device), attention_mask=torch.from_numpy(mask).to(device))
        vectors: States = found.last_hidden_state.float().cpu().numpy()
        return vectors

    return Encoder(states)
