"""Choose the layers of a cross-encoder to run in 8 bits, and measure their smoothing scales.

An 8-bit product is up to twice as fast as one in bf16 and several times less precise, so not every layer can be
quantised. Smoothing scales, which even out the sizes of a layer's inputs, are measured on training pairs (SmoothQuant,
Xiao et al., arXiv:2211.10438). Then each block of layers is quantised alone and the development pools are scored. Its
noise is what it adds to the squared change of a score against fp32, in standard deviations of the pool's scores. Blocks
are taken in order of noise per work while the total stays under `--noise`; 0.01 corresponds to a Kendall's tau of about
0.99. The last layer is left out: only [CLS] goes through it.

    python -m training.quantise OUT/groups.jsonl OUT/dev.jsonl MODEL

With `--blocks-of OTHER` nothing is tried: the blocks of that model are taken, with scales of this one's inputs. Use it
for a model that was trained on from the other.

Writes the model's int8.safetensors. Needs a processor with bf16, since that is what the other layers are computed in.
"""

from __future__ import annotations

import argparse
import random
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import kendalltau

from rag_core.inference.int8 import FILE, read_smoothing_scales, write_smoothing_scales
from rag_core.inference.tokenizer import load_tokenizer
from rag_core.rerank.cross_encoder import CrossEncoderReranker
from rag_core.rerank.weights.backends import Backend
from rag_core.rerank.weights.tokenise import encode_pairs
from training.choose import MAX_TOKENS, scored
from training.data import read_rows

ALPHA = 0.5
"""How much the inputs' sizes count in the scales; the weights' sizes count 1 - ALPHA."""
GROUPS = 240
POOLS = 100
EVERY = 4
SEED = 4

# The layers of a block share their inputs and their scales. Work: products of (hidden x hidden) for each token.
BLOCKS = {
    "attention.self": (("query", "key", "value"), 3),
    "attention.output": (("dense",), 1),
    "intermediate": (("dense",), 4),
    "output": (("dense",), 4),
}

Pools = list[np.ndarray]


def blocks(layers: int) -> dict[str, list[str]]:
    """The names of each block's linear layers, by block, in all layers but the last."""
    named = {
        f"bert.encoder.layer.{n}.{block}": parts for n in range(layers - 1) for block, (parts, _) in BLOCKS.items()
    }
    return {block: [f"{block}.{part}" for part in parts] for block, parts in named.items()}


def work(block: str) -> int:
    """work("bert.encoder.layer.0.intermediate") -> 4"""
    return BLOCKS[block.split(".", 4)[4]][1]


def inputs_of(model: Any, names: Iterable[str], pairs: Iterable[tuple[list[int], list[int]]]) -> dict[str, np.ndarray]:
    """What goes into the first named linear layers when (token ids, types) are read: every fourth token, float16."""
    import torch

    seen: dict[str, list[np.ndarray]] = defaultdict(list)
    modules = dict(model.named_modules())
    for name in names:

        def keep(_module: Any, given: Any, _out: Any, name: str = name) -> None:
            seen[name].append(given[0][0, ::EVERY].half().numpy())

        modules[name].register_forward_hook(keep)
    with torch.inference_mode():
        for ids, types in pairs:
            model(input_ids=torch.tensor([ids]), token_type_ids=torch.tensor([types]))
    return {name: np.concatenate(parts) for name, parts in seen.items()}


def smoothing_scales(inputs: np.ndarray, weights: list[np.ndarray]) -> np.ndarray:
    """A block's scales, shape (width,), from its inputs (tokens, width) and its layers' weights (outputs, width)."""
    sizes = np.maximum(np.abs(inputs.astype(np.float32)).max(axis=0), 1e-3)
    counter = np.maximum(np.max([np.abs(w).max(axis=0) for w in weights], axis=0), 1e-4)
    scales: np.ndarray = sizes**ALPHA / counter ** (1 - ALPHA)
    scales /= np.exp(np.log(scales).mean())
    return scales.astype(np.float32)


def measure_scales(groups: Path, folder: Path) -> dict[str, dict[str, np.ndarray]]:
    """Smoothing scales by layer, by block, measured on two passages each of a sample of the training groups."""
    from transformers import BertForSequenceClassification

    model: Any = BertForSequenceClassification.from_pretrained(folder, dtype="float32")
    model.eval()
    rng, tokenizer = random.Random(SEED), load_tokenizer(folder)
    rows = read_rows(groups)
    pairs = [
        (pair.ids, pair.type_ids)
        for row in rng.sample(rows, min(GROUPS, len(rows)))
        for pair in encode_pairs(tokenizer, row["query"], rng.sample(row["documents"], 2), MAX_TOKENS)
    ]
    named = blocks(model.config.num_hidden_layers)
    inputs = inputs_of(model, [layers[0] for layers in named.values()], pairs)
    modules: dict[str, Any] = dict(model.named_modules())
    found = {}
    for block, layers in named.items():
        weights = [modules[layer].weight.detach().numpy() for layer in layers]
        found[block] = dict.fromkeys(layers, smoothing_scales(inputs[layers[0]], weights))
    return found


def by_backend(folder: Path, rows: list[dict[str, Any]], backend: Backend) -> Pools:
    """The scores of every development pool by that backend."""
    return scored(CrossEncoderReranker(str(folder), backend=backend, max_length=MAX_TOKENS), rows)


def quantised_scores(folder: Path, scales: Mapping[str, np.ndarray], rows: list[dict[str, Any]]) -> Pools:
    """The pools' scores with these layers in 8 bits."""
    with tempfile.TemporaryDirectory() as place:
        copy = shutil.copytree(folder, Path(place) / folder.name, ignore=shutil.ignore_patterns(FILE))
        write_smoothing_scales(copy, scales)
        return by_backend(copy, rows, "int8")


def noise(reference: Pools, found: Pools) -> float:
    """The mean deviation of the scores' changes within a pool, in deviations of the pool's scores."""
    return float(np.mean([np.std(new - old) / np.std(old) for old, new in zip(reference, found, strict=True)]))


def choose_blocks(alone: Mapping[str, float], start: float, most: float) -> list[str]:
    """The blocks to take: those that add the least squared noise for their work, while the sum stays under `most`.

    alone: the noise with only that block in 8 bits. start: with none.
    """
    added = {block: max(0.0, one**2 - start**2) for block, one in alone.items()}
    taken, total = [], start**2
    for block in sorted(added, key=lambda block: added[block] / work(block)):
        if total + added[block] <= most**2:
            taken.append(block)
            total += added[block]
    return taken


def blocks_of(folder: Path, named: Iterable[str]) -> list[str]:
    """Which of these blocks that folder's int8 file has."""
    layers = read_smoothing_scales(folder)
    return [block for block in named if any(layer.startswith(f"{block}.") for layer in layers)]


def tried(
    folder: Path,
    scales: Mapping[str, Mapping[str, np.ndarray]],
    rows: list[dict[str, Any]],
    reference: Pools,
    start: float,
    most: float,
) -> list[str]:
    """The blocks to take, after each was in 8 bits alone. start: the noise with none."""
    alone = {}
    for block, own in scales.items():
        alone[block] = noise(reference, quantised_scores(folder, own, rows))
        print(f"{block}: noise {alone[block]:.4f}", flush=True)
    return choose_blocks(alone, start, most)


def agreement(reference: Pools, found: Pools) -> str:
    """How alike two scorings of the pools order them."""
    tau = np.mean([kendalltau(old, new).statistic for old, new in zip(reference, found, strict=True)])
    first = np.mean([old.argmax() == new.argmax() for old, new in zip(reference, found, strict=True)])
    return f"noise {noise(reference, found):.4f}, Kendall tau {tau:.4f}, same first {first:.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("groups", type=Path)
    parser.add_argument("dev", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("--noise", type=float, default=0.01)
    parser.add_argument("--pools", type=int, default=POOLS, help="how many development pools are scored")
    parser.add_argument("--blocks-of", type=Path, metavar="OTHER", help="take the blocks of that model; try none")
    args = parser.parse_args()
    rows = read_rows(args.dev)
    rows = random.Random(SEED).sample(rows, min(args.pools, len(rows)))
    scales = measure_scales(args.groups, args.model)
    reference, wide = by_backend(args.model, rows, "torch"), by_backend(args.model, rows, "openvino")
    print(f"none: {agreement(reference, wide)}", flush=True)
    if args.blocks_of:
        taken = blocks_of(args.blocks_of, scales)
    else:
        taken = tried(args.model, scales, rows, reference, noise(reference, wide), args.noise)
    layers = {name: one for block in taken for name, one in scales[block].items()}
    if not layers:
        (args.model / FILE).unlink(missing_ok=True)
        print("No block may be taken: all stay as they are, and nothing is written.")
        return
    done = sum(map(work, taken))
    print(f"{len(taken)} blocks, {done} of {sum(map(work, scales))} of the work: {', '.join(sorted(taken))}")
    print(f"these: {agreement(reference, quantised_scores(args.model, layers, rows))}")
    write_smoothing_scales(args.model, layers)


if __name__ == "__main__":
    main()
