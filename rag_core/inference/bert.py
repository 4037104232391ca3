"""Build BERT (Devlin et al., arXiv:1810.04805) as an OpenVINO graph, from a config and weights.

    bert(weights, config, first_only=True)    # graph: token ids, mask, types -> last hidden state of [CLS]

Compiling and running the graph is left to `engine`. A model built this way loads in a fraction of a second, without
torch.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rag_core.errors import ModelError
from rag_core.inference.engine import openvino
from rag_core.inference.int8 import ZERO, quantise
from rag_core.inference.weights import Weights

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[np.float32]

WEIGHTS = "model.safetensors"
INPUTS = ("input_ids", "attention_mask", "token_type_ids")
MISFIT = "They belong to another model: measure them again (training.quantise), or remove the file."
MASK_VALUE = -1e4
"""Added to the attention scores of padding: its exponential is 0 in every precision."""


def can_build(folder: Path, architecture: str) -> bool:
    """Whether the folder holds a plain BERT of this architecture, with nothing this module does not build."""
    if not (folder / WEIGHTS).is_file() or not (folder / "config.json").is_file():
        return False
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    return (
        config.get("architectures") == [architecture]
        and config.get("model_type") == "bert"
        and config.get("hidden_act") == "gelu"
        and config.get("position_embedding_type", "absolute") == "absolute"
        and not config.get("is_decoder")
        and "auto_map" not in config
    )


def linear(weights: Weights, name: str) -> tuple[Array, Array]:
    """Return a linear layer's weight, shape (outputs, inputs), and bias. Raises ModelError if there is none."""
    return _named(weights, f"{name}.weight"), _named(weights, f"{name}.bias")


def _named(weights: Weights, name: str) -> Array:
    if name not in weights:
        raise ModelError(f"The weights have no {name}, which this kind of BERT needs. They belong to another model.")
    return weights[name]


@dataclass(frozen=True)
class _Builder:
    """The operations of one BERT.

    prefix            what the names of its weights begin with
    op                OpenVINO's operations
    smoothing_scales  of the layers to quantise, by name
    quantised         names of the layers quantised so far
    """

    weights: Weights
    config: Mapping[str, Any]
    prefix: str
    op: Any
    smoothing_scales: Mapping[str, Array]
    quantised: set[str] = field(default_factory=set)

    def constant(self, name: str) -> Any:
        return self.op.constant(_named(self.weights, self.prefix + name))

    def linear(self, x: Any, name: str) -> Any:
        scales = self.smoothing_scales.get(self.prefix + name)
        if scales is None:
            weights = self.constant(f"{name}.weight")
        else:
            x, weights = self.quantised_linear(x, name, scales)
        return self.op.add(self.op.matmul(x, weights, False, True), self.constant(f"{name}.bias"))

    def quantised_linear(self, x: Any, name: str, smoothing_scales: Array) -> tuple[Any, Any]:
        """Scaled inputs and 8-bit weights, in the form that OpenVINO multiplies in 8 bits."""
        op = self.op
        self.quantised.add(self.prefix + name)
        weights = _named(self.weights, f"{self.prefix}{name}.weight")
        if weights.shape[1:] != smoothing_scales.shape:
            raise ModelError(
                f"The smoothing scales of {self.prefix}{name} are for {len(smoothing_scales)} inputs. {MISFIT}"
            )
        values, steps = quantise(weights * smoothing_scales)
        zero = op.convert(op.constant(np.full(steps.shape, ZERO, np.uint8)), "f32")
        wide = op.multiply(op.subtract(op.convert(op.constant(values), "f32"), zero), op.constant(steps))
        return op.multiply(x, op.constant(1 / smoothing_scales)), op.reshape(
            wide, op.constant(list(weights.shape)), False
        )

    def norm(self, x: Any, name: str) -> Any:
        last = self.op.constant(np.array([-1], np.int64))
        normed = self.op.mvn(x, last, True, self.config["layer_norm_eps"], "inside_sqrt")
        return self.op.add(self.op.multiply(normed, self.constant(f"{name}.weight")), self.constant(f"{name}.bias"))

    def embeddings(self, ids: Any, types: Any) -> Any:
        """The sum of word, type and position embeddings, normalised: shape (pairs, width, hidden)."""
        op = self.op
        width = op.gather(op.shape_of(ids, "i64"), op.constant(1), op.constant(0))
        places = op.range(op.constant(np.int64(0)), width, op.constant(np.int64(1)), "i64")
        tables = (("word", ids), ("token_type", types), ("position", places))
        words, kinds, positions = (
            op.gather(self.constant(f"embeddings.{table}_embeddings.weight"), at, op.constant(0))
            for table, at in tables
        )
        return self.norm(op.add(op.add(words, kinds), positions), "embeddings.LayerNorm")

    def attention_bias(self, mask: Any) -> Any:
        """The bias on attention scores, shape (pairs, 1, 1, width): 0 for a token, `MASK_VALUE` for padding."""
        op = self.op
        seen = op.convert(op.unsqueeze(mask, op.constant([1, 2])), "f32")
        return op.multiply(op.subtract(op.constant(np.float32(1)), seen), op.constant(np.float32(MASK_VALUE)))

    def heads(self, x: Any) -> Any:
        """(pairs, width, hidden) -> (pairs, heads, width, hidden / heads)."""
        count = self.config["num_attention_heads"]
        shape = self.op.constant([0, 0, count, self.config["hidden_size"] // count])
        return self.op.transpose(self.op.reshape(x, shape, True), self.op.constant([0, 2, 1, 3]))

    def attention(self, x: Any, bias: Any, name: str) -> Any:
        """Multi-head self-attention of all positions."""
        op = self.op
        query, key, value = (self.heads(self.linear(x, f"{name}.self.{part}")) for part in ("query", "key", "value"))
        scores = op.multiply(op.matmul(query, key, False, True), self.scale())
        context = op.matmul(op.softmax(op.add(scores, bias), -1), value, False, False)
        joined = op.reshape(
            op.transpose(context, op.constant([0, 2, 1, 3])), op.constant([0, 0, self.config["hidden_size"]]), True
        )
        return self.linear(joined, f"{name}.output.dense")

    def first_attention(self, first: Any, x: Any, bias: Any, name: str) -> Any:
        """Self-attention of [CLS] only, shape (pairs, 1, hidden), without computing keys and values of the positions.

        With a single query, (W x) . q = x . (W' q) and sum a (W x) = W (sum a x): two products over all positions
        become two over one. The keys' bias adds the same to every score, which softmax cancels; attention weights sum
        to 1, so the values' bias is added once.
        """
        op, hidden, count = self.op, self.config["hidden_size"], self.config["num_attention_heads"]
        by_head = (count, hidden // count, hidden)
        key, value = (
            op.constant(_named(self.weights, f"{self.prefix}{name}.self.{part}.weight").reshape(by_head))
            for part in ("key", "value")
        )
        projected = op.matmul(self.heads(self.linear(first, f"{name}.self.query")), key, False, False)
        projected = op.reshape(op.multiply(projected, self.scale()), op.constant([0, count, hidden]), True)
        scores = op.add(op.matmul(projected, x, False, True), op.squeeze(bias, op.constant([1])))
        mixed = op.matmul(op.softmax(scores, -1), x, False, False)
        context = op.matmul(op.unsqueeze(mixed, op.constant([2])), value, False, True)
        joined = op.reshape(context, op.constant([0, 1, hidden]), True)
        return self.linear(op.add(joined, self.constant(f"{name}.self.value.bias")), f"{name}.output.dense")

    def scale(self) -> Any:
        """1 / sqrt(size of a head)."""
        size = self.config["hidden_size"] // self.config["num_attention_heads"]
        return self.op.constant(np.float32(size**-0.5))

    def layer(self, x: Any, attended: Any, name: str) -> Any:
        """The rest of an encoder layer: residual, feed-forward network, residual."""
        x = self.norm(self.op.add(x, attended), f"{name}.attention.output.LayerNorm")
        inner = self.op.gelu(self.linear(x, f"{name}.intermediate.dense"), "erf")
        return self.norm(self.op.add(x, self.linear(inner, f"{name}.output.dense")), f"{name}.output.LayerNorm")


def bert(
    weights: Weights,
    config: Mapping[str, Any],
    prefix: str = "",
    first_only: bool = False,
    smoothing_scales: Mapping[str, Array] | None = None,
) -> Any:
    """Build the graph: `INPUTS`, each int64 of shape (pairs, width) -> last hidden states, (pairs, width, hidden).

    prefix            what the names of the weights begin with: `bert.` in a classifier
    first_only        compute [CLS] only, (pairs, 1, hidden): the last layer skips the other positions
    smoothing_scales  of the layers to run in 8 bits, by name (`int8.read_smoothing_scales`)

    Raises ModelError if a weight is missing, or if smoothing scales name a layer that is not in the graph.
    """
    package = openvino()
    op = package.opset13
    build = _Builder(weights, config, prefix, op, smoothing_scales or {})
    ids, mask, types = (op.parameter([-1, -1], package.Type.i64, name=name) for name in INPUTS)
    for node in (ids, mask, types):
        node.output(0).set_names({node.get_friendly_name()})
    x, bias = build.embeddings(ids, types), build.attention_bias(mask)
    last = config["num_hidden_layers"] - 1
    for number in range(last + 1):
        name = f"encoder.layer.{number}"
        if first_only and number == last:
            first = op.gather(x, op.constant([0]), op.constant(1))
            x = build.layer(first, build.first_attention(first, x, bias, f"{name}.attention"), name)
        else:
            x = build.layer(x, build.attention(x, bias, f"{name}.attention"), name)
    if left := sorted(set(build.smoothing_scales) - build.quantised):
        raise ModelError(f"There are smoothing scales for {', '.join(left)}, which this model does not have. {MISFIT}")
    return package.Model([op.result(x)], [ids, mask, types], "bert")
