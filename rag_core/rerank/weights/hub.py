"""Where a model lies: a folder, the model hub's cache, or the hub itself; and what identifies it.

Fetching it from the hub is `download`'s, loading is left to others.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from rag_core.errors import ModelError, SecondPassError
from rag_core.schema.progress import Progress

T = TypeVar("T")

WEIGHTS = ("*.safetensors", "onnx/*.onnx", "openvino/*.bin")
NOT_COUNTED = {"fine_tune.json", "lesson.json"}
"""Records of fine-tuning, which stand beside a model's files and change no score."""
COUNTED = {".json", ".txt", ".model", ".safetensors", ".onnx", ".onnx_data", ".xml", ".bin", ".py", ".metadata"}


def local_folder(name: str, code: bool = False) -> Path | None:
    """The folder of that name, or the hub's cached copy of that model; None where this machine has neither.

    A copy whose download broke off does not count, nor, where `code` is wanted, one without the code it names.
    """
    path = Path(name).expanduser()
    if path.is_dir():
        return path.resolve()
    if is_path(name):
        return None
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        config = try_to_load_from_cache(name, "config.json")
    except HFValidationError as exc:
        raise ModelError(f"{name!r} is neither a folder on this machine nor a name of the model hub.") from exc
    folder = Path(config).parent if isinstance(config, str) else None
    return folder if folder and _whole(folder) and (not code or _has_code(folder)) else None


def _whole(folder: Path) -> bool:
    """True where the weights are there, every shard of them."""
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        return all((folder / shard).is_file() for shard in json.loads(index.read_text("utf-8"))["weight_map"].values())
    return any(any(folder.glob(pattern)) for pattern in WEIGHTS)


def _has_code(folder: Path) -> bool:
    """True where every Python file of its own that the config names is there."""
    return all((folder / f"{module}.py").is_file() for repo, module in modules_of(folder) if not repo)


def modules_of(folder: Path) -> list[tuple[str, str]]:
    """(repository or empty, module) of the Python code that the folder's config names in `auto_map`."""
    config = json.loads((folder / "config.json").read_text("utf-8"))
    named = [one for one in config.get("auto_map", {}).values() if isinstance(one, str)]
    split = [one.rpartition("--") for one in named]
    return [(repo, name.partition(".")[0]) for repo, _, name in split]


def fetch(name: str, trust_remote_code: bool = False, progress: Progress | None = None) -> Path:
    """The model's folder, downloaded from the hub where it must be. Raises ModelError in words for a user.

    `progress` gets bytes done and of how many.
    """
    from rag_core.rerank.weights.download import download

    folder = local_folder(name, code=trust_remote_code)
    if folder is not None:
        return folder
    if is_path(name):
        raise ModelError(f"There is no folder {name} on this machine. Give one that holds a model.")
    return download(name, trust_remote_code, progress)


def identity(name: str, folder: Path) -> str:
    """`name@<12 digits>`: the hub's commit where the folder is its cached copy, else a hash of the folder's files."""
    if folder.parent.name == "snapshots":
        return f"{name}@{folder.name[:12]}"
    return f"{folder.name}@{fingerprint(folder)[:12]}"


def identity_here(name: str) -> str:
    """`identity` of the model as it lies on this machine; `name@absent` as long as it does not."""
    folder = folder_here(name)
    return identity(name, folder) if folder else f"{name}@absent"


def folder_here(name: str) -> Path | None:
    """The model's folder as it lies on this machine; None where it does not, or where nothing can have that name."""
    try:
        return local_folder(name)
    except SecondPassError:
        return None


def loaded_as(name: str, folder: Path, load: Callable[[Path], T]) -> tuple[T, str]:
    """What `load` makes of the folder's files, and the `identity` of these files: keep it as long as that is in use.

    Raises ModelError where they were replaced meanwhile, for then nobody knows which were read.
    """
    before = identity(name, folder)
    made = load(folder)
    if identity(name, folder) != before:
        raise ModelError(f"The files of {name} were replaced while they were loaded. Try again.")
    return made, before


def fingerprint(folder: Path) -> str:
    """SHA-256 (hex) over the files that can change a score, by relative path; read again once one was replaced."""
    files = sorted(path for path in folder.rglob("*") if _counts(path))
    return _digest(folder, tuple((path, *_state(path)) for path in files))


def _state(path: Path) -> tuple[int, int, int]:
    """What changes when a file is replaced or written to."""
    now = path.stat()
    return now.st_ino, now.st_size, now.st_mtime_ns


@lru_cache(maxsize=64)
def _digest(folder: Path, files: tuple[tuple[Path, int, int, int], ...]) -> str:
    digest = hashlib.sha256()
    for path, *_ in files:
        with path.open("rb") as file:
            digest.update(str(path.relative_to(folder)).encode() + hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def _counts(path: Path) -> bool:
    return path.suffix in COUNTED and path.name not in NOT_COUNTED and path.is_file()


def is_path(name: str) -> bool:
    """True for what can only be meant as a folder: `./x`, `/x`, `~/x`, `a/b/c`, `a\\b`."""
    return name.startswith((".", "/", "~")) or "\\" in name or name.count("/") > 1
