"""The retrievers that the environment offers to everyone: a JSON file that SECOND_PASS_RETRIEVERS names.

    {"Support search": {"url": "http://search.internal:8000", "key_env": "SUPPORT_SEARCH_KEY"},
     "Handbook": {"kind": "dify", "url": "http://kb.internal", "knowledge_id": "hr"},
     "Assistant": {"kind": "function", "function": "my_app.search:retrieve"}}

Each is a `RetrieverConfig`. The file holds no keys: `key_env` names the variable that does.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from rag_core.errors import BadInput
from rag_core.installation.offered import LONGEST_NAME, is_entry, read_offered, secret_in
from rag_core.runs.live.config import RetrieverConfig, config_of
from rag_core.runs.live.retriever import LiveRetriever


def named_retrievers(file: Path | None, environ: Mapping[str, str] = os.environ) -> dict[str, LiveRetriever]:
    """The retrievers of the file that can be asked, by name; see `read_named`."""
    return read_named(file, environ)[0]


def read_named(
    file: Path | None, environ: Mapping[str, str] = os.environ
) -> tuple[dict[str, LiveRetriever], dict[str, str]]:
    """The retrievers of the file by name, and what is wrong with each other entry; none without a file.

    Raises BadInput where the file itself cannot be used.
    """
    return read_offered(file, "retriever", "retrievers", partial(_named, environ=environ))


def _named(name: str, fields: Any, environ: Mapping[str, str]) -> LiveRetriever:
    if not is_entry(name, fields):
        raise BadInput(
            f"The retriever “{name[:LONGEST_NAME]}” must be an object, with a name of 1 to {LONGEST_NAME} characters."
        )
    try:
        config = config_of(fields)
        return LiveRetriever(name, config, key_of(config, environ))
    except BadInput as exc:
        raise BadInput(f"The retriever “{name}” cannot be used: {exc}") from exc


def key_of(config: RetrieverConfig, environ: Mapping[str, str] = os.environ) -> SecretStr | None:
    """The key in the variable that the config names. Raises BadInput where it names one that is not set."""
    return secret_in(config.key_env, f"the key of {config.place}", environ)


def as_json(name: str, config: RetrieverConfig) -> str:
    """The entry of the file that offers this retriever to everyone."""
    return json.dumps({name: config.model_dump(mode="json", exclude_defaults=True)}, indent=2, ensure_ascii=False)
