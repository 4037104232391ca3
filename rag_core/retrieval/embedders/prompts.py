"""What a sentence-transformers model has put before passages, and how much of a text is read behind it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path

from rag_core.errors import ModelError
from rag_core.retrieval.embedders.naming import EmbedderKey

PASSAGE_PROMPTS = ("document", "passage", "corpus")
"""Names of the prompt for passages in a model's config. sentence-transformers takes the first, even empty."""

CONFIG = "config_sentence_transformers.json"

UNLIMITED = 8192
"""Tokens that a model reads which sets no limit: more than any passage has."""

LEAST = 18
"""Tokens that must be left for a passage: the shortest that documents are cut to, and the two special ones."""


def passage_prompt(prompts: Mapping[str, str]) -> str:
    """The prompt for passages; empty where there is none."""
    return next((prompts[name] for name in PASSAGE_PROMPTS if prompts.get(name)), "")


def implied_options(key: EmbedderKey, prompts: Mapping[str, str]) -> str:
    """The options of a key with the prompt for passages that the config implies.

    One that sentence-transformers takes by itself, called `document`, is left out: another one is a choice of ours, so
    that vectors without it are others.
    """
    implied = "" if prompts.get(PASSAGE_PROMPTS[0]) else passage_prompt(prompts)
    return (key.model_copy(update={"passage": implied}) if implied else key).options


def prompts_in(folder: Path) -> dict[str, str]:
    """The prompts of a model's folder, without loading it."""
    try:
        found = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as exc:
        raise ModelError(f"The file {folder / CONFIG} cannot be read: {exc}") from exc
    prompts = found.get("prompts") if isinstance(found, dict) else None
    return {name: text for name, text in prompts.items() if isinstance(text, str)} if isinstance(prompts, dict) else {}


def room(most: float | None, prompt_tokens: int, model: str) -> int:
    """Tokens that a model with this limit reads of a passage behind its prompt. Raises ModelError for too few."""
    whole = UNLIMITED if most is None or not math.isfinite(most) else int(most)
    left = whole - prompt_tokens
    if prompt_tokens and left < LEAST:
        raise ModelError(
            f"{model} reads {whole} tokens, and what is put before each passage has {prompt_tokens}: too little is "
            "left for the passage. Choose a shorter one, with ?passage=…"
        )
    return left
