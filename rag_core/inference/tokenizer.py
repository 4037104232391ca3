"""A model folder's tokenizer, and text that any tokenizer takes. Cutting to a model's limit is left to its callers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rag_core.errors import MissingPackage, ModelError


def encodable(text: str) -> str:
    """The text with lone surrogates replaced, a character for a character: tokenizers refuse them."""
    return text.encode("utf-8", "replace").decode("utf-8")


def load_tokenizer(folder: Path, trust_remote_code: bool = False) -> Any:
    """The folder's `tokenizers.Tokenizer`, told neither to cut nor to pad. Raises ModelError, MissingPackage."""
    try:
        from tokenizers import Tokenizer
    except ImportError as exc:
        raise MissingPackage("tokenizers", "A local model", "tokenizers") from exc
    try:
        if (folder / "tokenizer.json").is_file():
            tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        else:
            tokenizer = _converted(folder, trust_remote_code)
    except Exception as exc:
        raise ModelError(f"The tokenizer in {folder} cannot be loaded: {exc}") from exc
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _converted(folder: Path, trust_remote_code: bool) -> Any:
    """A tokenizer saved in an older form (vocab.txt, sentencepiece), converted by transformers."""
    from tokenizers import Tokenizer
    from transformers import AutoTokenizer

    slow = AutoTokenizer.from_pretrained(str(folder), local_files_only=True, trust_remote_code=trust_remote_code)
    return Tokenizer.from_str(slow.backend_tokenizer.to_str())
