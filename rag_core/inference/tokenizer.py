"""Load a model folder's tokenizer, and make any text safe for tokenizers. Truncating is left to the callers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rag_core.errors import MissingPackage, ModelError


def encodable(text: str) -> str:
    """Replace lone surrogates, one character by one: tokenizers refuse them."""
    return text.encode("utf-8", "replace").decode("utf-8")


def load_tokenizer(folder: Path, trust_remote_code: bool = False) -> Any:
    """Load the folder's `tokenizers.Tokenizer`, without truncation or padding. Raises ModelError, MissingPackage."""
    from tokenizers import Tokenizer

    try:
        if (folder / "tokenizer.json").is_file():
            tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        else:
            tokenizer = _converted(folder, trust_remote_code)
    except MissingPackage:
        raise
    except Exception as exc:
        raise ModelError(f"The tokenizer in {folder} cannot be loaded: {exc}") from exc
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _converted(folder: Path, trust_remote_code: bool) -> Any:
    """Convert a tokenizer saved in an older format (vocab.txt, sentencepiece) with transformers."""
    from tokenizers import Tokenizer

    try:
        from transformers import AutoTokenizer
    except ImportError as exc:
        raise MissingPackage("transformers", f"The tokenizer in {folder}") from exc
    slow = AutoTokenizer.from_pretrained(str(folder), local_files_only=True, trust_remote_code=trust_remote_code)
    return Tokenizer.from_str(slow.backend_tokenizer.to_str())
