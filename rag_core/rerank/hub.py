"""Where a model lies: a folder, the model hub's cache, or the hub itself; and what identifies it.

Only safetensors and ONNX/OpenVINO files are taken from the hub: a pickled file can run code. Loading is left to others.
"""

from __future__ import annotations

import hashlib
import os
from functools import cache
from pathlib import Path

from rag_core.errors import MissingPackage, ModelError

TIMEOUT_S = 10.0
FILES = ("*.json", "*.txt", "*.model", "*.safetensors", "onnx/model.onnx", "openvino/openvino_model.*")
CODE = ("*.py",)
COUNTED = {".json", ".txt", ".model", ".safetensors", ".onnx", ".onnx_data", ".xml", ".bin", ".py"}


def local_folder(name: str) -> Path | None:
    """The folder of that name, or the hub's cached copy of that model; None where this machine has neither."""
    path = Path(name).expanduser()
    if path.is_dir():
        return path.resolve()
    if _is_path(name):
        return None
    try:
        from huggingface_hub import try_to_load_from_cache
        from huggingface_hub.errors import HFValidationError
    except ImportError as exc:
        raise MissingPackage("huggingface_hub", "A model by its hub name", "huggingface_hub") from exc
    try:
        config = try_to_load_from_cache(name, "config.json")
    except HFValidationError as exc:
        raise ModelError(f"{name!r} is neither a folder on this machine nor a name of the model hub.") from exc
    return Path(config).parent if isinstance(config, str) else None


def fetch(name: str, trust_remote_code: bool = False) -> Path:
    """The model's folder, downloaded from the hub where it must be. Raises ModelError in words for a user."""
    folder = local_folder(name)
    if folder is not None:
        return folder
    if _is_path(name):
        raise ModelError(f"There is no folder {name} on this machine. Give one that holds a cross-encoder.")
    if _offline():
        raise ModelError(f"{name} is not on this machine and HF_HUB_OFFLINE forbids to fetch it. {_INSTEAD}")
    return _download(name, trust_remote_code)


_INSTEAD = "Give a local folder, or choose a reranker that needs no download."


def _download(name: str, trust_remote_code: bool) -> Path:
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError

    try:
        # Asked first because it fails at once where there is no network; a download retries for minutes.
        commit = HfApi().model_info(name, timeout=TIMEOUT_S).sha
        patterns = [*FILES, *(CODE if trust_remote_code else ())]
        return Path(snapshot_download(name, revision=commit, allow_patterns=patterns, etag_timeout=TIMEOUT_S))
    except GatedRepoError as exc:
        raise ModelError(f"{name} asks for its terms to be accepted on the model hub, and a HF_TOKEN.") from exc
    except RepositoryNotFoundError as exc:
        raise ModelError(f"The model hub has no model {name}, or it is private. Check the name.") from exc
    except HfHubHTTPError as exc:
        raise ModelError(f"The model hub refused {name}: {str(exc).splitlines()[0]}") from exc
    except Exception as exc:  # whichever HTTP library the hub's client uses today
        why = (str(exc).strip().splitlines() or [type(exc).__name__])[0]
        raise ModelError(
            f"{name} is not on this machine and the model hub cannot be reached ({why}). {_INSTEAD}"
        ) from exc


def identity(name: str, folder: Path) -> str:
    """`name@<12 digits>`: the hub's commit where the folder is its cached copy, else a hash of the folder's files."""
    if folder.parent.name == "snapshots":
        return f"{name}@{folder.name[:12]}"
    return f"{folder.name}@{fingerprint(folder)[:12]}"


@cache
def fingerprint(folder: Path) -> str:
    """SHA-256 (hex) over the files that can change a score, by relative path; computed once a process."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.suffix in COUNTED and path.is_file()):
        with path.open("rb") as file:
            digest.update(str(path.relative_to(folder)).encode() + hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def _is_path(name: str) -> bool:
    """True for what can only be meant as a folder: `./x`, `/x`, `~/x`, `a/b/c`, `a\\b`."""
    return name.startswith((".", "/", "~")) or "\\" in name or name.count("/") > 1


def _offline() -> bool:
    return os.environ.get("HF_HUB_OFFLINE", "").lower() in {"1", "true", "yes", "on"}
