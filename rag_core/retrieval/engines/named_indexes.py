"""The indexes that the environment offers to everyone: a JSON file that SECOND_PASS_INDEXES names.

    {"Handbook": {"kind": "pgvector", "address": "postgresql://reader@db:5432/app", "index": "public.chunks",
                  "fields": {"id": "id", "text": "body", "vector": "embedding"}, "secret_env": "HANDBOOK_PASSWORD"}}

Each is an `IndexConfig`. The file holds no passwords and keys: `secret_env` names the variable that does.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from rag_core.errors import BadInput
from rag_core.retrieval.embedders.protocol import Embedder
from rag_core.retrieval.engines.connected_collection import ConnectedCollection
from rag_core.retrieval.engines.index_config import IndexConfig, index_config_of
from rag_core.retrieval.engines.index_kinds import connect, kind_named

LONGEST_NAME = 80


@dataclass(frozen=True)
class NamedIndex:
    """An index by its config. The secret is kept apart, and is in no text."""

    config: IndexConfig
    secret: SecretStr | None = None

    @property
    def name(self) -> str:
        """What it is called."""
        return self.config.name or self.config.place

    def collection(self, embedder: Embedder) -> ConnectedCollection:
        """The index as a collection; asks its server nothing yet. Raises BadInput or MissingPackage."""
        return ConnectedCollection(connect(self.config, self.secret), self.config, embedder)


def read_named(
    file: Path | None, environ: Mapping[str, str] = os.environ
) -> tuple[dict[str, NamedIndex], dict[str, str]]:
    """The indexes of the file by name, and what is wrong with each other entry; none without a file.

    Raises BadInput where the file itself cannot be used.
    """
    if file is None:
        return {}, {}
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except OSError as exc:
        raise BadInput(f"The file of indexes cannot be read: {exc.strerror} ({file}).") from exc
    except ValueError as exc:
        raise BadInput(f"The file of indexes is no JSON ({file}): {exc}.") from exc
    if not isinstance(found, dict):
        raise BadInput(f"The file of indexes ({file}) must hold an object: a name and the index for each.")
    named: dict[str, NamedIndex] = {}
    problems: dict[str, str] = {}
    for name, fields in found.items():
        try:
            named[name] = _named(name, fields, environ)
        except BadInput as exc:
            problems[name] = f"The index “{name[:LONGEST_NAME]}” cannot be used: {exc}"
    return named, problems


def _named(name: str, fields: Any, environ: Mapping[str, str]) -> NamedIndex:
    if not isinstance(fields, dict) or not 0 < len(name) <= LONGEST_NAME:
        raise BadInput(f"It must be an object, with a name of 1 to {LONGEST_NAME} characters.")
    config = index_config_of({**fields, "name": name})
    kind_named(config.kind)
    if not config.secret_env:
        return NamedIndex(config)
    secret = environ.get(config.secret_env, "").strip()
    if not secret:
        raise BadInput(f"The environment variable {config.secret_env} is not set. It holds the password or key.")
    return NamedIndex(config, SecretStr(secret))


def as_json(config: IndexConfig) -> str:
    """The entry of the file that offers this index to everyone."""
    fields = config.model_dump(mode="json", exclude_defaults=True, exclude={"name"})
    return json.dumps({config.name: fields}, indent=2, ensure_ascii=False)
