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
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from rag_core.errors import BadInput
from rag_core.runs.live.config import RetrieverConfig, config_of
from rag_core.runs.live.retriever import LiveRetriever

LONGEST_NAME = 80


def named_retrievers(file: Path | None, environ: Mapping[str, str] = os.environ) -> dict[str, LiveRetriever]:
    """The retrievers of the file that can be asked, by name; see `read_named`."""
    return read_named(file, environ)[0]


def read_named(
    file: Path | None, environ: Mapping[str, str] = os.environ
) -> tuple[dict[str, LiveRetriever], dict[str, str]]:
    """The retrievers of the file by name, and what is wrong with each other entry; none without a file.

    Raises BadInput where the file itself cannot be used.
    """
    if file is None:
        return {}, {}
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except OSError as exc:
        raise BadInput(f"The file of retrievers cannot be read: {exc.strerror} ({file}).") from exc
    except ValueError as exc:
        raise BadInput(f"The file of retrievers is no JSON ({file}): {exc}.") from exc
    if not isinstance(found, dict):
        raise BadInput(f"The file of retrievers ({file}) must hold an object: a name and the retriever for each.")
    named: dict[str, LiveRetriever] = {}
    problems: dict[str, str] = {}
    for name, fields in found.items():
        try:
            named[name] = _named(name, fields, environ)
        except BadInput as exc:
            problems[name] = str(exc)
    return named, problems


def _named(name: str, fields: Any, environ: Mapping[str, str]) -> LiveRetriever:
    if not isinstance(fields, dict) or not 0 < len(name) <= LONGEST_NAME:
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
    if not config.key_env:
        return None
    key = environ.get(config.key_env, "").strip()
    if not key:
        raise BadInput(f"The environment variable {config.key_env} is not set. It holds the key of {config.place}.")
    return SecretStr(key)


def as_json(name: str, config: RetrieverConfig) -> str:
    """The entry of the file that offers this retriever to everyone."""
    return json.dumps({name: config.model_dump(mode="json", exclude_defaults=True)}, indent=2, ensure_ascii=False)
