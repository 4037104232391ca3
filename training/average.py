"""Average the weights of runs that began alike: a model soup, better held-out than either run it is made of.

Runs on different groups from one starting point need nothing of each other, so that two cores train as two processes.
Wortsman et al., "Model soups", ICML 2022.

    python -m training.average RUN_A/final RUN_B/final OUT
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Sequence
from pathlib import Path

WEIGHTS = "model.safetensors"


def average(sources: Sequence[Path], target: Path) -> None:
    """Write a copy of the first folder with the mean of all weights, taken in fp32, in the first's types.

    Raises ValueError where the folders hold different tensors.
    """
    from safetensors.torch import load_file, save_file

    loaded = [load_file(source / WEIGHTS) for source in sources]
    first = loaded[0]
    if any({n: t.shape for n, t in one.items()} != {n: t.shape for n, t in first.items()} for one in loaded):
        raise ValueError("These folders hold different tensors. Give runs that began with the same model.")
    shutil.copytree(sources[0], target, dirs_exist_ok=True)
    means = {
        name: (sum(one[name].float() for one in loaded) / len(loaded)).to(tensor.dtype).contiguous()  # type: ignore[union-attr]
        for name, tensor in first.items()
    }
    save_file(means, target / WEIGHTS, metadata={"format": "pt"})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sources", type=Path, nargs="+")
    parser.add_argument("target", type=Path)
    args = parser.parse_args()
    average(args.sources, args.target)


if __name__ == "__main__":
    main()
