"""Loads a sentence-transformers model: from its folder, this machine's cache, or the hub."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rag_core.errors import MissingPackage, ModelError, first_line
from rag_core.rerank.weights.download import offline
from rag_core.rerank.weights.hub import folder_here
from rag_core.retrieval.embedders.packaged import PACKAGED


def sentence_transformer(asked: str, folder: Path | None, device: str) -> Any:
    """The model that is asked for, `folder` where it is one, ready to be shared by threads.

    Raises ModelError where it cannot be had, MissingPackage without sentence-transformers.
    """
    try:
        encoder = _load(asked, folder, device, local=True)
    except OSError as exc:  # not on this machine
        if folder is not None or offline():
            raise ModelError(_unloadable(asked, folder, exc)) from exc
        encoder = _fetch(asked, device)
    except MissingPackage:
        raise
    except Exception as exc:
        raise ModelError(_unloadable(asked, folder, exc)) from exc
    # The first call sets the tokenizer's padding and truncation: done here, before threads share it.
    encoder.encode(["warm up"], show_progress_bar=False)
    return encoder


def commit_of(asked: str, encoder: Any) -> str:
    """The commit of the hub that was loaded. Raises ModelError where it cannot be told."""
    commit: str | None = getattr(encoder[0].auto_model.config, "_commit_hash", None)
    folder = None if commit else folder_here(asked)
    if not commit and folder is None:
        raise ModelError(
            f"Nobody can tell which version of {asked} was loaded, so its vectors cannot be kept. "
            "Download it and give its folder."
        )
    return commit or str(folder and folder.name)


def uncut_tokenizer(asked: str, encoder: Any) -> Any:
    """The model's tokenizer, made again so that it cuts nothing. Raises ModelError for a model without a fast one."""
    from tokenizers import Tokenizer

    backend = getattr(encoder.tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise ModelError(f"The embedding model {asked} has no fast tokenizer. Use another model.")
    tokenizer = Tokenizer.from_str(backend.to_str())
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _load(asked: str, folder: Path | None, device: str, local: bool) -> Any:
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError as exc:
        raise MissingPackage("sentence_transformers", "This embedding model") from exc
    return SentenceTransformer(
        str(folder or asked),
        device=device,
        local_files_only=local,
        model_kwargs={"use_safetensors": True},
    )


def _fetch(asked: str, device: str) -> Any:
    """From the hub. It is asked once with a short time-out first, as a download without a network retries long."""
    from huggingface_hub import HfApi

    try:
        HfApi().model_info(asked, timeout=10)
        return _load(asked, None, device, local=False)
    except Exception as exc:
        raise ModelError(_unloadable(asked, None, exc)) from exc


def _unloadable(asked: str, folder: Path | None, exc: Exception) -> str:
    reason = first_line(exc)
    if folder:
        return f"The embedding model in {folder} could not be loaded: {reason}"
    return (
        f"The embedding model {asked} is neither a folder nor on this machine, and the model hub does not "
        f"provide it. Give the folder of a sentence-transformers model, or `{PACKAGED}`. ({reason})"
    )
