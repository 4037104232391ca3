"""Convert a cross-encoder that torch runs to an OpenVINO graph. `converted` runs this in a process of its own. What
every conversion does (tracing, saving, ending with a reason) is public here, for embedding models too.

    python -m rag_core.rerank.weights.conversion MODEL_FOLDER OUTPUT_FOLDER

The graph ends before the model's last linear layer, which stays in fp32 beside it: bf16 logits tie. What it writes is
compared with torch on pairs of several lengths. A process of its own gives torch's memory back, and keeps what tracing
changes in torch out of the app.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import numpy as np

from rag_core.errors import MissingPackage, ModelError, first_line
from rag_core.inference import engine
from rag_core.inference.batching import STEP
from rag_core.inference.bert import INPUTS
from rag_core.rerank.weights.converted import GRAPH, HEAD, LASTING, RECORD, read
from rag_core.rerank.weights.tokenise import limit_of
from rag_core.rerank.weights.torch_models import is_head, takes_types, torch_model

if TYPE_CHECKING:
    import numpy.typing as npt

    Ids = npt.NDArray[np.int64]

LARGEST_CHANGE = {"fp32": 0.001, "bf16": 0.01}
"""Of a logit, in shares of the logits' spread (at least 1), by precision. Kendall's tau to torch is about .99 there."""
LENGTHS = (16, 24, 40, 96, 200, 512)
ROWS = 3
ROUNDING = 1e-4
SEED = 20261129


def convert(model_folder: Path, output: Path) -> None:
    """Write the graph, its last layer, and in which precision they may run. Raises ModelError where in none."""
    import torch

    model = torch_model(model_folder, "cpu", False, "float32")
    names = INPUTS if takes_types(model) else INPUTS[:2]
    head = _last_layer(model)
    save_graph(_UpTo(model, head, names), names, output)
    with torch.inference_mode():
        np.savez(output / HEAD, weight=head.weight.numpy(), bias=_bias(head))
    changes = {
        precision: _change(model_folder, model, names, output, precision)
        for precision in ("fp32", engine.best_precision())
    }
    fits = [precision for precision, change in changes.items() if change <= LARGEST_CHANGE[precision]]
    if "fp32" not in fits:
        raise ModelError(f"its scores differ from torch's by {changes['fp32']:.2g} of their spread")
    write_record(output, fits[-1], changes)


def save_graph(module: Any, names: tuple[str, ...], output: Path) -> None:
    """Trace the module and write its graph, which has inputs of these names. `module.model` is transformers' model.

    Raises OSError where it cannot be written.
    """
    graph = _graph(module, names)
    try:
        engine.openvino().save_model(graph, str(output / GRAPH), compress_to_fp16=False)
    except RuntimeError as exc:
        raise OSError(f"the converted model could not be written: {first_line(exc)}") from exc


def write_record(output: Path, precision: engine.Precision, changes: object) -> None:
    """Say that the graph may be used, and in which precision."""
    (output / RECORD).write_text(json.dumps({"precision": precision, "changes": changes}), encoding="utf-8")


def _last_layer(model: Any) -> Any:
    heads = [layer for layer in model.modules() if is_head(layer)]
    if not heads:
        raise ModelError("it has no linear layer with one output")
    return heads[-1]


def _bias(layer: Any) -> npt.NDArray[np.float32]:
    return np.zeros(1, np.float32) if layer.bias is None else layer.bias.numpy()


def _UpTo(model: Any, head: Any, names: tuple[str, ...]) -> Any:  # noqa: N802 - a class, made where torch is imported
    """A module that gives what goes into the last layer, shape (pairs, hidden)."""
    import torch

    class UpTo(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model
            self.given: Any = None
            head.register_forward_pre_hook(self.keep)

        def keep(self, _layer: Any, given: tuple[Any, ...]) -> None:
            self.given = given[0]

        def forward(self, *inputs: Any) -> Any:
            self.model(**dict(zip(names, inputs, strict=True)))
            return self.given

    return UpTo().eval()


def _graph(module: Any, names: tuple[str, ...]) -> Any:
    """The traced module as an OpenVINO model of any number of pairs and any width.

    Through the PyTorch front end itself: the converter around it sends usage data to its maker.
    """
    import torch
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    example = tuple(torch.from_numpy(one) for one in _inputs(module.model, 12)[: len(names)])
    up = torch.ceil  # DeBERTa rounds up what should be whole for its longest distance, and is a bit more in OpenVINO
    with torch.inference_mode(), patch.object(torch, "ceil", lambda x: up(x - ROUNDING)):
        decoder = TorchScriptPythonDecoder(module, example_input=example)
    front_end = FrontEndManager().load_by_framework("pytorch")
    graph = front_end.convert(front_end.load(decoder))
    for place, name in zip(graph.inputs, names, strict=True):
        place.get_tensor().set_names({name})
    graph.reshape({place: [-1, -1] for place in range(len(names))})
    return graph


def _inputs(model: Any, width: int) -> tuple[Ids, Ids, Ids]:
    """Random ids, as much padding as the app's batches have, and token types that change halfway."""
    rng = np.random.default_rng(SEED + width)
    ids = rng.integers(4, model.config.vocab_size, (ROWS, width))
    mask, types = np.ones_like(ids), np.zeros_like(ids)
    mask[0, width - STEP + 1 :] = 0
    ids[mask == 0] = model.config.pad_token_id or 0
    types[:, width // 2 :] = int(takes_types(model))
    return ids, mask, types


def _change(folder: Path, model: Any, names: tuple[str, ...], output: Path, precision: engine.Precision) -> float:
    """The largest difference of a logit to torch's, in shares of their spread."""
    import torch

    converted, ours, theirs = read(output, precision), [], []
    longest = min(limit_of(folder, model.config.to_dict()), LENGTHS[-1])
    for width in sorted({min(one, longest) for one in LENGTHS}):
        inputs = _inputs(model, width)
        ours.append(converted.forward(*inputs))
        if ours[-1].shape != (ROWS, 1):
            raise ModelError("its last layer is not its last step")
        with torch.inference_mode():
            given = {name: torch.from_numpy(one) for name, one in zip(INPUTS, inputs, strict=True)}
            theirs.append(model(**{name: given[name] for name in names}).logits.float().numpy())
    spread = max(1.0, float(np.ptp(np.concatenate(theirs))))
    return float(np.abs(np.concatenate(ours) - np.concatenate(theirs)).max()) / spread


def main(convert: Callable[[Path, Path], None] = convert) -> None:
    """Convert, or end with a line that says why not."""
    warnings.simplefilter("ignore")
    try:
        convert(Path(sys.argv[1]), Path(sys.argv[2]))
    except Exception as exc:  # noqa: BLE001 - whatever torch or OpenVINO raise, the app goes on with torch and says why
        sys.stderr.write(f"\n{first_line(exc)}\n")
        passing = isinstance(exc, OSError | MemoryError | MissingPackage) or "allocate memory" in str(exc)
        sys.exit(1 if passing else LASTING)


if __name__ == "__main__":
    main()
