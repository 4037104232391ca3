"""Where collections can be kept instead of in files: databases that a JSON file names, SECOND_PASS_STORES.

    {"Team": {"address": "postgresql://writer@db:5432/app", "schema": "second_pass", "secret_env": "TEAM_PASSWORD"}}

Each is a `Store`: a Postgres database with pgvector, in which every collection is a table. The file holds no password:
`secret_env` names the variable that does.
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
from rag_core.retrieval.engines.index_config import IndexConfig, index_config_of
from rag_core.retrieval.engines.index_kinds import kind_named
from rag_core.retrieval.engines.postgres.layout import written
from rag_core.retrieval.engines.postgres.own_statements import OwnStatements
from rag_core.retrieval.engines.postgres.own_table import OWN_FIELDS, OwnTable
from rag_core.schema.base import Frozen

VARIABLE = "SECOND_PASS_STORES"

SLUG = 40
"""Characters of a collection's name in the name of its table."""


class Store(Frozen):
    """A database that takes collections.

    kind        only pgvector writes
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


@dataclass(frozen=True)
class NamedStore:
    """A store by its name. The secret is beside it, and in no text."""

    name: str
    store: Store
    secret: SecretStr | None = None

    def config(self, name: str, embedder: str) -> IndexConfig:
        """The collection of that name here, as an index that is searched."""
        return index_config_of(
            {
                "kind": self.store.kind,
                "name": name,
                "address": self.store.address,
                "index": written(self.store.tables_in, table_of(name)),
                "fields": OWN_FIELDS,
                "distance": "cosine",
                "language": self.store.language,
                "timeout_s": self.store.timeout_s,
                "secret_env": self.store.secret_env,
                "embedder": embedder,
            }
        )

    def table(self, name: str) -> OwnTable:
        """The table of the collection of that name; asks the server nothing yet. Raises BadInput."""
        return OwnTable(self.config(name, ""), self.secret)


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
        store = Store.made_of(fields)
        OwnStatements(store.tables_in, "-")
        made = NamedStore(name, store, secret_in(store.secret_env, "the password", environ))
        made.table("-")  # an address that is none is said now
        kind_named(store.kind)
        return made
    except BadInput as exc:
        raise BadInput(f"The store “{name[:LONGEST_NAME]}” cannot be used: {exc}") from exc
