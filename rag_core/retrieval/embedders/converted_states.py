"""A sentence-transformers model whose transformer runs on OpenVINO. Prompts, cutting, pooling, further layers and
normalising stay sentence-transformers' own.

The graph is made once for each model, and compared with torch, by `conversion`; where it is kept is
`rag_core.rerank.weights.converted`'s.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rag_core.errors import ModelError, first_line
from rag_core.inference import engine
from rag_core.inference.batching import batches, run_batches
from rag_core.rerank.weights import converted
from rag_core.rerank.weights.hub import folder_here
from rag_core.rerank.weights.runner import named

if TYPE_CHECKING:
    import numpy.typing as npt

    from rag_core.inference.batching import Batch

    Ids = npt.NDArray[np.int64]
    States = npt.NDArray[np.float32]


def run_converted(encoder: Any, asked: str) -> str:
    """Let OpenVINO run the transformer of this model, converted first where it is not yet. Returns why it stays in
    torch; empty where it was put in, where conversion is off, and for a model that has no transformer.

    Raises ModelError where what was converted earlier cannot be read.
    """
    folder = folder_here(asked)
    if not has_transformer(encoder) or folder is None:
        return ""
    made = converted.conversion_of(folder, "embedder") if converted.is_on() else None
    if made:
        try:
            put_in(encoder, *made)
        except RuntimeError as exc:
            raise ModelError(
                f"The conversion of {asked} in {made[0]} cannot be read: {first_line(exc)} "
                "Remove that folder, and the model is converted again."
            ) from exc
    return converted.why_not(folder, "embedder")


def has_transformer(encoder: Any) -> bool:
    """Whether the model begins with a transformer, as all do but those of static vectors."""
    from sentence_transformers.base.modules.transformer import Transformer

    return isinstance(encoder[0], Transformer)


def put_in(encoder: Any, place: Path, precision: engine.Precision) -> None:
    """Replace the transformer in torch by the graph in `place`."""
    graph = Graph(place, precision, encoder[0].auto_model.config, encoder.max_seq_length)
    encoder[0].model = _as_module(graph, encoder[0].auto_model.config)


class Graph:
    """A converted transformer in memory. It reads each text by itself, whatever it comes with, on one core; so a vector
    does not depend on a text's neighbours. Safe to share between threads."""

    def __init__(self, place: Path, precision: engine.Precision, config: Any, limit: int | None) -> None:
        graph = engine.core().read_model(str(place / converted.GRAPH))
        self._names = {name for one in graph.inputs for name in one.get_names()}
        self._compiled = engine.CompiledModel(graph, precision)
        self._pad = getattr(config, "pad_token_id", None) or 0
        self._limit = limit

    def states(self, ids: Ids, mask: Ids, types: Ids) -> States:
        """Last hidden states, (texts, width, hidden), of inputs that are (texts, width); 0 where the mask is."""
        seen = [np.flatnonzero(row) for row in mask]
        ordered = list(batches([max(1, len(one)) for one in seen], 1, self._limit))[::-1]
        run = partial(self._one, seen, ids, types)
        found = dict(enumerate(run_batches(run, ordered, self._compiled.max_concurrency)))
        states = np.zeros((*ids.shape, found[0].shape[-1]), np.float32)
        for number, (_, (row,)) in enumerate(ordered):
            states[row, seen[row]] = found[number][0, : len(seen[row])]
        return states

    def _one(self, seen: list[Ids], ids: Ids, types: Ids, batch: Batch) -> States:
        """The states of one text, without the padding of those beside it."""
        width, (row,) = batch
        length = len(seen[row])
        inputs = (np.full((1, width), self._pad), np.zeros((1, width), np.int64), np.zeros((1, width), np.int64))
        for one, values in zip(inputs, (ids[row, seen[row]], 1, types[row, seen[row]]), strict=True):
            one[0, :length] = values
        return self._compiled.run(named(self._names, *inputs))


def _as_module(graph: Graph, config: Any) -> Any:
    """The graph as a module of torch that sentence-transformers calls as it calls the model of transformers."""
    import torch
    from transformers.modeling_outputs import BaseModelOutput

    class Converted(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.config = config

        def forward(self, input_ids: Any, attention_mask: Any, token_type_ids: Any = None, **_others: Any) -> Any:
            types = torch.zeros_like(input_ids) if token_type_ids is None else token_type_ids
            states = graph.states(input_ids.numpy(), attention_mask.numpy(), types.numpy())
            return BaseModelOutput(last_hidden_state=torch.from_numpy(states))

    return Converted().eval()
