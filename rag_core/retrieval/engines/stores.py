"""Where collections can be kept instead of in files: databases that a JSON file names, SECOND_PASS_STORES.

    {"Team": {"address": "postgresql://writer@db:5432/app", "schema": "second_pass", "secret_env": "TEAM_PASSWORD"},
     "Large": {"kind": "milvus", "address": "http://milvus:19530", "secret_env": "MILVUS_TOKEN"}}

Each is a `Store` (a Postgres database with pgvector, in which every collection is a table) or a `MilvusStore`. The file
holds no password: `secret_env` names the variable that does.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr

from rag_core.errors import BadInput
from rag_core.installation.offered import LONGEST_NAME, is_entry, one_offered, read_offered, secret_in
from rag_core.retrieval.engines.index_config import IndexConfig, IndexFields, index_config_of
from rag_core.retrieval.engines.index_kinds import kind_named
from rag_core.retrieval.engines.milvus.own_collection import OwnCollection
from rag_core.retrieval.engines.milvus.own_schema import OWN_FIELDS, USUAL
from rag_core.retrieval.engines.own_store import OwnStore
from rag_core.retrieval.engines.postgres import own_table
from rag_core.retrieval.engines.postgres.layout import written
from rag_core.schema.base import Frozen

VARIABLE = "SECOND_PASS_STORES"

SLUG = 40
"""Characters of a collection's name in the name of its table."""


class Store(Frozen):
    """A Postgres database that takes collections.

    address     where it is, without a password
    schema      where its tables are; made where it is not there
    language    the text search configuration of its words
    secret_env  the environment variable of its password
    timeout_s   for each request
    """

    kind: Literal["pgvector"] = "pgvector"
    address: Annotated[str, Field(min_length=1, max_length=2000)]
    tables_in: Annotated[str, Field(min_length=1, max_length=63)] = Field("second_pass", alias="schema")
    language: Annotated[str, Field(min_length=1, max_length=60)] = "english"
    secret_env: Annotated[str, Field(max_length=100)] = ""
    timeout_s: Annotated[float, Field(gt=0, le=600)] = 30.0

    @property
    def fields(self) -> IndexFields:
        """Where a passage's parts are."""
        return own_table.OWN_FIELDS

    def index(self, name: str) -> str:
        """The table of the collection of that name."""
        return written(self.tables_in, table_of(name))

    def own_store(self, config: IndexConfig, secret: SecretStr | None) -> OwnStore:
        """What makes and writes the table of that config."""
        return own_table.OwnTable(config, secret)


class MilvusStore(Frozen):
    """A Milvus server that takes collections.

    address     where it is, without a password or token
    database    of that server; empty: its default one
    language    the analyzer of its words (`standard`, `english`, `chinese`)
    secret_env  the environment variable of its token, or of the password of the address's user
    timeout_s   for each request
    """

    kind: Literal["milvus"]
    address: Annotated[str, Field(min_length=1, max_length=2000)]
    database: Annotated[str, Field(max_length=200, pattern=r"^[A-Za-z0-9_]*$")] = ""
    language: Annotated[str, Field(min_length=1, max_length=60)] = USUAL
    secret_env: Annotated[str, Field(max_length=100)] = ""
    timeout_s: Annotated[float, Field(gt=0, le=600)] = 30.0

    @property
    def fields(self) -> IndexFields:
        """Where a passage's parts are."""
        return OWN_FIELDS

    def index(self, name: str) -> str:
        """The collection of the collection of that name: names in Milvus begin with a letter."""
        named = f"second_pass_{table_of(name)}"
        return f"{self.database}.{named}" if self.database else named

    def own_store(self, config: IndexConfig, secret: SecretStr | None) -> OwnStore:
        """What makes and writes the collection of that config."""
        return OwnCollection(config, secret)


STORES: dict[str, type[Store | MilvusStore]] = {"pgvector": Store, "milvus": MilvusStore}


@dataclass(frozen=True)
class NamedStore:
    """A store by its name. The secret is beside it, and in no text."""

    name: str
    store: Store | MilvusStore
    secret: SecretStr | None = None

    def config(self, name: str, embedder: str) -> IndexConfig:
        """The collection of that name here, as an index that is searched."""
        return index_config_of(
            {
                "kind": self.store.kind,
                "name": name,
                "address": self.store.address,
                "index": self.store.index(name),
                "fields": self.store.fields,
                "distance": "cosine",
                "language": self.store.language,
                "timeout_s": self.store.timeout_s,
                "secret_env": self.store.secret_env,
                "embedder": embedder,
            }
        )

    def table(self, name: str) -> OwnStore:
        """What makes and writes the collection of that name; asks the server nothing yet. Raises BadInput."""
        return self.store.own_store(self.config(name, ""), self.secret)


def table_of(name: str) -> str:
    """The table of a collection: its name where that is plain, else so much of it and a hash.

    >>> table_of("handbook"), table_of("Team handbook")
    ('handbook', 'team_handbook_63924f97')
    """
    slug = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:SLUG]
    if slug == name:
        return slug
    return f"{slug}_{hashlib.sha256(name.encode()).hexdigest()[:8]}".lstrip("_")


def read_stores(
    file: Path | None, environ: Mapping[str, str] = os.environ
) -> tuple[dict[str, NamedStore], dict[str, str]]:
    """The stores of the file by name, and what is wrong with each other entry; none without a file.

    Raises BadInput where the file itself cannot be used.
    """
    return read_offered(file, "store", "stores", partial(_usable, environ=environ))


def store_named(name: str, file: Path | None, environ: Mapping[str, str] = os.environ) -> NamedStore:
    """The store of that name. Raises BadInput, with the names that there are."""
    return one_offered(name, read_stores(file, environ), "store", VARIABLE)


def _usable(name: str, fields: Any, environ: Mapping[str, str]) -> NamedStore:
    try:
        if not is_entry(name, fields):
            raise BadInput(f"It must be an object, with a name of 1 to {LONGEST_NAME} characters.")
        kind = fields.get("kind", "pgvector")
        if kind not in STORES:
            raise BadInput(f"Its kind must be {' or '.join(STORES)}.")
        store = STORES[kind].made_of(fields)
        made = NamedStore(name, store, secret_in(store.secret_env, "the password or token", environ))
        made.table("-")  # an address that is none is said now
        kind_named(store.kind)
        return made
    except BadInput as exc:
        raise BadInput(f"The store “{name[:LONGEST_NAME]}” cannot be used: {exc}") from exc
