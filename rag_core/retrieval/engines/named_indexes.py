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
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from rag_core.errors import BadInput
from rag_core.installation.offered import LONGEST_NAME, is_entry, read_offered, secret_in
from rag_core.rerank.access import Credentials
from rag_core.rerank.stored_tokens import TokenSource
from rag_core.retrieval.embedders.choosing import embedder_for
from rag_core.retrieval.embedders.protocol import Embedder
from rag_core.retrieval.engines.connected_collection import ConnectedCollection
from rag_core.retrieval.engines.index_config import IndexConfig, index_config_of
from rag_core.retrieval.engines.index_kinds import connect, kind_named
from rag_core.settings import Settings


@dataclass(frozen=True)
class NamedIndex:
    """An index by its config. The secret is beside it, and in no text.

    store    of a collection that was made in a store, that one's name; empty for an index that somebody else keeps
    version  another one whenever documents were written into it from here
    tokens   where token vectors of its passages are kept on this machine; None: nowhere
    """

    config: IndexConfig
    secret: SecretStr | None = None
    store: str = ""
    version: str = ""
    tokens: TokenSource | None = None

    @property
    def name(self) -> str:
        """What it is called."""
        return self.config.name or self.config.place

    def model(self, settings: Settings, access: Credentials | None = None) -> Embedder:
        """The embedding model that its config names, else that of the settings. Raises BadInput for no such model."""
        return embedder_for(self.config.embedder or settings.embedding_model, settings, access)

    def collection(self, embedder: Embedder) -> ConnectedCollection:
        """The index as a collection; asks its server nothing yet. Raises BadInput or MissingPackage."""
        return ConnectedCollection(connect(self.config, self.secret), self.config, embedder, self.tokens)


def read_named(
    file: Path | None, environ: Mapping[str, str] = os.environ
) -> tuple[dict[str, NamedIndex], dict[str, str]]:
    """The indexes of the file by name, and what is wrong with each other entry; none without a file.

    Raises BadInput where the file itself cannot be used.
    """
    return read_offered(file, "index", "indexes", partial(_usable, environ=environ))


def _usable(name: str, fields: Any, environ: Mapping[str, str]) -> NamedIndex:
    try:
        return _named(name, fields, environ)
    except BadInput as exc:
        raise BadInput(f"The index “{name[:LONGEST_NAME]}” cannot be used: {exc}") from exc


def _named(name: str, fields: Any, environ: Mapping[str, str]) -> NamedIndex:
    if not is_entry(name, fields):
        raise BadInput(f"It must be an object, with a name of 1 to {LONGEST_NAME} characters.")
    config = index_config_of({**fields, "name": name})
    kind_named(config.kind).check(config)
    return NamedIndex(config, secret_in(config.secret_env, "the password or key", environ))


def as_json(config: IndexConfig) -> str:
    """The entry of the file that offers this index to everyone."""
    fields = config.model_dump(mode="json", exclude_defaults=True, exclude={"name"})
    return json.dumps({config.name: fields}, indent=2, ensure_ascii=False)
