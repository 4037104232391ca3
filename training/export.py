"""Write the folder that ships: half-precision safetensors, tokenizer and config, loadable by `CrossEncoder(path)`.

python -m training.export RUN/final rag_core/models/NAME
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

from rag_core.inference.int8 import FILE

KEPT = ("tokenizer.json", "tokenizer_config.json")


def export(source: Path, target: Path) -> None:
    """Copy the tokenizer, the plain BERT config and the weights in half precision.

    sentence-transformers reads such a folder with its default modules: a sequence classifier with one output.
    """
    import torch
    from safetensors.torch import load_file, save_file

    target.mkdir(parents=True, exist_ok=True)
    weights = load_file(source / "model.safetensors")
    halves = {name.removeprefix("model."): value.to(torch.float16).contiguous() for name, value in weights.items()}
    save_file(halves, target / "model.safetensors", metadata={"format": "pt"})
    (target / FILE).unlink(missing_ok=True)  # it is of other weights
    for name in KEPT:
        shutil.copyfile(source / name, target / name)
    config = json.loads((source / "config.json").read_text(encoding="utf-8"))
    config |= {"dtype": "float32", "id2label": {"0": "relevance"}, "label2id": {"relevance": 0}}
    for of_another in ("transformers_version", "second_pass"):  # a calibration is of the weights it was fitted on
        config.pop(of_another, None)
    (target / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path, help="a checkpoint or the final folder of a run")
    parser.add_argument("target", type=Path)
    args = parser.parse_args()
    export(args.source, args.target)


if __name__ == "__main__":
    main()
