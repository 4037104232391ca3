"""BERT (Devlin et al., arXiv:1810.04805) as an OpenVINO graph, from a folder's config and safetensors.

    hidden = bert(folder, first_only=True)    graph: token ids, mask, types -> last hidden state of [CLS]

Compiling and running it is the engine's. Built so, a model is ready in a fraction of a second, without torch.
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
from rag_core.inference.int8 import ZERO, rounded
from rag_core.inference.weights import Weights

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[np.float32]

WEIGHTS = "model.safetensors"
INPUTS = ("input_ids", "attention_mask", "token_type_ids")
MISFIT = "They are of another model: make them again (training.quantise), or remove the file."
MASK_VALUE = -1e4
"""Added to the attention on padding; its exponential is 0 in every precision."""


def can_build(folder: Path, architecture: str) -> bool:
    """Whether the folder is a plain BERT of that architecture, in every respect that this module builds."""
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
    """A linear layer's weight, shape (outputs, inputs), and bias. Raises ModelError where there is none."""
    return _named(weights, f"{name}.weight"), _named(weights, f"{name}.bias")


def _named(weights: Weights, name: str) -> Array:
    if name not in weights:
        raise ModelError(f"The weights hold no {name}, which a BERT of this kind has. They are of another model.")
    return weights[name]


@dataclass(frozen=True)
class _Builder:
    """The operations of one BERT. `prefix`: what its weights' names begin with. `divisors`: of layers in eight bits;
    `met`: those of them that were met."""

    weights: Weights
    config: Mapping[str, Any]
    prefix: str
    op: Any
    divisors: Mapping[str, Array]
    met: set[str] = field(default_factory=set)

    def constant(self, name: str) -> Any:
        return self.op.constant(_named(self.weights, self.prefix + name))

    def linear(self, x: Any, name: str) -> Any:
        divisor = self.divisors.get(self.prefix + name)
        if divisor is None:
            weights = self.constant(f"{name}.weight")
        else:
            x, weights = self.in_eight_bits(x, name, divisor)
        return self.op.add(self.op.matmul(x, weights, False, True), self.constant(f"{name}.bias"))

    def in_eight_bits(self, x: Any, name: str, divisor: Array) -> tuple[Any, Any]:
        """The inputs divided and the weights in eight bits, as OpenVINO takes them to multiply in eight bits."""
        op = self.op
        self.met.add(self.prefix + name)
        weights = _named(self.weights, f"{self.prefix}{name}.weight")
        if weights.shape[1:] != divisor.shape:
            raise ModelError(f"The divisor of {self.prefix}{name} is of {len(divisor)} inputs. {MISFIT}")
        eight_bits, steps = rounded(weights * divisor)
        zero = op.convert(op.constant(np.full(steps.shape, ZERO, np.uint8)), "f32")
        wide = op.multiply(op.subtract(op.convert(op.constant(eight_bits), "f32"), zero), op.constant(steps))
        return op.multiply(x, op.constant(1 / divisor)), op.reshape(wide, op.constant(list(weights.shape)), False)

    def norm(self, x: Any, name: str) -> Any:
        last = self.op.constant(np.array([-1], np.int64))
        normed = self.op.mvn(x, last, True, self.config["layer_norm_eps"], "inside_sqrt")
        return self.op.add(self.op.multiply(normed, self.constant(f"{name}.weight")), self.constant(f"{name}.bias"))

    def embeddings(self, ids: Any, types: Any) -> Any:
        """Word, type and position embeddings added and normed, shape (pairs, width, hidden)."""
        op = self.op
        width = op.gather(op.shape_of(ids, "i64"), op.constant(1), op.constant(0))
        places = op.range(op.constant(np.int64(0)), width, op.constant(np.int64(1)), "i64")
        tables = (("word", ids), ("token_type", types), ("position", places))
        words, kinds, positions = (
            op.gather(self.constant(f"embeddings.{table}_embeddings.weight"), at, op.constant(0))
            for table, at in tables
        )
        return self.norm(op.add(op.add(words, kinds), positions), "embeddings.LayerNorm")

    def unseen(self, mask: Any) -> Any:
        """What is added to attention scores, shape (pairs, 1, 1, width): 0 for a token, `MASK_VALUE` for padding."""
        op = self.op
        seen = op.convert(op.unsqueeze(mask, op.constant([1, 2])), "f32")
        return op.multiply(op.subtract(op.constant(np.float32(1)), seen), op.constant(np.float32(MASK_VALUE)))

    def heads(self, x: Any) -> Any:
        """(pairs, width, hidden) -> (pairs, heads, width, hidden / heads)."""
        count = self.config["num_attention_heads"]
        shape = self.op.constant([0, 0, count, self.config["hidden_size"] // count])
        return self.op.transpose(self.op.reshape(x, shape, True), self.op.constant([0, 2, 1, 3]))

    def attention(self, x: Any, unseen: Any, name: str) -> Any:
        """What every place takes from all places."""
        op = self.op
        query, key, value = (self.heads(self.linear(x, f"{name}.self.{part}")) for part in ("query", "key", "value"))
        scores = op.multiply(op.matmul(query, key, False, True), self.scale())
        taken = op.matmul(op.softmax(op.add(scores, unseen), -1), value, False, False)
        joined = op.reshape(
            op.transpose(taken, op.constant([0, 2, 1, 3])), op.constant([0, 0, self.config["hidden_size"]]), True
        )
        return self.linear(joined, f"{name}.output.dense")

    def first_attention(self, first: Any, x: Any, unseen: Any, name: str) -> Any:
        """What [CLS] alone takes from all places, shape (pairs, 1, hidden), without the keys and values of any place.

        With one query, (W x) . q = x . (W' q) and sum a (W x) = W (sum a x): two products of all places become two of
        one. The keys' bias adds the same to every place's score, which softmax takes away again; the weights sum to 1,
        so the values' bias is added once.
        """
        op, hidden, count = self.op, self.config["hidden_size"], self.config["num_attention_heads"]
        by_head = (count, hidden // count, hidden)
        key, value = (
            op.constant(_named(self.weights, f"{self.prefix}{name}.self.{part}.weight").reshape(by_head))
            for part in ("key", "value")
        )
        asked = op.matmul(self.heads(self.linear(first, f"{name}.self.query")), key, False, False)
        asked = op.reshape(op.multiply(asked, self.scale()), op.constant([0, count, hidden]), True)
        scores = op.add(op.matmul(asked, x, False, True), op.squeeze(unseen, op.constant([1])))
        mixed = op.matmul(op.softmax(scores, -1), x, False, False)
        taken = op.matmul(op.unsqueeze(mixed, op.constant([2])), value, False, True)
        joined = op.reshape(taken, op.constant([0, 1, hidden]), True)
        return self.linear(op.add(joined, self.constant(f"{name}.self.value.bias")), f"{name}.output.dense")

    def scale(self) -> Any:
        """1 / the root of a head's size."""
        size = self.config["hidden_size"] // self.config["num_attention_heads"]
        return self.op.constant(np.float32(size**-0.5))

    def layer(self, asking: Any, attended: Any, name: str) -> Any:
        """The rest of an encoder layer, for the places `asking` and what they took."""
        asking = self.norm(self.op.add(asking, attended), f"{name}.attention.output.LayerNorm")
        inner = self.op.gelu(self.linear(asking, f"{name}.intermediate.dense"), "erf")
        return self.norm(self.op.add(asking, self.linear(inner, f"{name}.output.dense")), f"{name}.output.LayerNorm")


def bert(
    weights: Weights,
    config: Mapping[str, Any],
    prefix: str = "",
    first_only: bool = False,
    divisors: Mapping[str, Array] | None = None,
) -> Any:
    """The graph: `INPUTS`, each int64 of shape (pairs, width) -> last hidden states, (pairs, width, hidden).

    first_only: of [CLS] alone, (pairs, 1, hidden), so that the last layer computes nothing that no one reads.
    divisors: of the layers that are multiplied in eight bits, by their names among the weights.
    Raises ModelError where a weight is missing, or a divisor is of no layer that is built.
    """
    package = openvino()
    op = package.opset13
    build = _Builder(weights, config, prefix, op, divisors or {})
    ids, mask, types = (op.parameter([-1, -1], package.Type.i64, name=name) for name in INPUTS)
    for node in (ids, mask, types):
        node.output(0).set_names({node.get_friendly_name()})
    x, unseen = build.embeddings(ids, types), build.unseen(mask)
    last = config["num_hidden_layers"] - 1
    for number in range(last + 1):
        name = f"encoder.layer.{number}"
        if first_only and number == last:
            first = op.gather(x, op.constant([0]), op.constant(1))
            x = build.layer(first, build.first_attention(first, x, unseen, f"{name}.attention"), name)
        else:
            x = build.layer(x, build.attention(x, unseen, f"{name}.attention"), name)
    if build.met != set(build.divisors):
        missed = ", ".join(sorted(set(build.divisors) - build.met))
        raise ModelError(f"There are divisors for {missed}, which this model does not multiply. {MISFIT}")
    return package.Model([op.result(x)], [ids, mask, types], "bert")
