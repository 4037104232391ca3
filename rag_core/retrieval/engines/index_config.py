"""Which index of somebody else's is searched, and where its passages' parts are. What a form and a file make alike.

    IndexConfig(kind="pgvector", name="Handbook", address="postgresql://reader@db:5432/app", index="public.chunks",
                fields=IndexFields(id="id", text="body", vector="embedding", metadata="meta", source="meta.origin"))

The password or key is no part of it, so a config can be shown and saved.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl, urlsplit

from pydantic import Field, ValidationError, field_validator

from rag_core.errors import BadInput
from rag_core.schema.base import Frozen
from rag_core.schema.filters import OWN_FIELDS, Filter
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.validation import in_words

Distance = Literal["cosine", "dot", "l2"]
Searches = Literal["both", "dense", "lexical"]
OwnFusion = Literal["rrf", "dbsf"]
FieldName = Annotated[str, Field(max_length=300)]

SPACES: dict[Distance, ScoreSpace] = {
    "cosine": ScoreSpace.COSINE,
    "dot": ScoreSpace.DOT,
    "l2": ScoreSpace.DISTANCE,
}
"""What a dense search's scores are, by the distance of the index."""

LABELS = {
    "kind": "The type",
    "address": "The address",
    "index": "The table or collection",
    "fields": "The fields",
    "timeout_s": "The time-out",
    "distance": "The distance",
    "secret_env": "The variable of the key",
    "sparse_model": "The model of the sparse vectors",
    "fusion": "The fusion",
    "name": "The name",
}
"""How a user knows the fields."""


class IndexFields(Frozen):
    """Where the parts of a passage are: names of columns or fields, `meta.origin` for one inside another.

    An empty name: it has no such part.

    id, text, title, vector            of the passage
    metadata                           a JSON object of further fields
    document                           the id of the passage's document; without it a passage is a document of its own
    source, language, updated, tenant  what filters and signals read
    lexical                            what lexical search reads, where that is not the text (a `tsvector` column)
    """

    id: FieldName = ""
    text: FieldName = ""
    title: FieldName = ""
    vector: FieldName = ""
    metadata: FieldName = ""
    document: FieldName = ""
    source: FieldName = ""
    language: FieldName = ""
    updated: FieldName = ""
    tenant: FieldName = ""
    lexical: FieldName = ""

    @field_validator("*")
    @classmethod
    def _stripped(cls, name: str) -> str:
        return name.strip()

    def of(self, field: str) -> str:
        """Where a field of a filter is: the mapped one; empty where it is a field of the metadata."""
        part = FILTERED.get(field)
        return str(getattr(self, part)) if part else ""


FILTERED = {
    "source": "source",
    "tenant": "tenant",
    "title": "title",
    "document_id": "document",
    "updated_at": "updated",
    "language": "language",
}
"""Fields of a filter that are parts of a passage, and which part of `IndexFields` each is."""


def check_mapped(where: Filter | None, fields: IndexFields, name: str) -> None:
    """Raises BadInput for a filter on a part of a passage that the connection `name` has no field for."""
    asked = {leaf.field for leaf in where.leaves} if where else set[str]()
    for field in sorted(asked & set(OWN_FIELDS) - {"document_id"}):
        if not fields.of(field):
            raise BadInput(
                f"{name} is connected without a field for {field}, so no passage has one. Name that field in the "
                "connection, or filter by another."
            )


class IndexConfig(Frozen):
    """An index.

    kind        a row of `index_kinds`
    name        what it is called here
    address     where the server is, without a password or key
    index       the table, collection or index there; `schema.table` in Postgres
    namespace   a part of it, for kinds that have them (a tenant, a partition); empty: all of it
    fields      where a passage's parts are
    distance    how its vectors are compared; None: as the index says, else cosine
    exact       search without its approximate index, where the kind can
    searches    which searches it is asked for, as far as the kind has them
    language    how lexical search reads words, for kinds that are told (`english`, `simple`)
    sparse_model  the model by which the server makes a question's sparse vector, for kinds that are told; empty: BM25
    fusion      how the index fuses its own two searches, for kinds that know several ways
    timeout_s   for each request
    secret_env  the environment variable that holds its password or key, for indexes of the environment
    embedder    the key of the model that made its vectors (`retrieval.embedders.naming`); empty: that of the settings
    """

    kind: Annotated[str, Field(min_length=1, max_length=40)]
    name: Annotated[str, Field(max_length=80)] = ""
    address: Annotated[str, Field(min_length=1, max_length=2000)]
    index: Annotated[str, Field(max_length=300)] = ""
    namespace: Annotated[str, Field(max_length=300)] = ""
    fields: IndexFields = IndexFields()
    distance: Distance | None = None
    exact: bool = False
    searches: Searches = "both"
    language: Annotated[str, Field(max_length=60)] = ""
    sparse_model: Annotated[str, Field(max_length=300)] = ""
    fusion: OwnFusion = "rrf"
    timeout_s: Annotated[float, Field(gt=0, le=600)] = 10.0
    secret_env: Annotated[str, Field(max_length=100)] = ""
    embedder: Annotated[str, Field(max_length=2000)] = ""

    @field_validator("address")
    @classmethod
    def _plain_address(cls, address: str) -> str:
        address = address.strip().rstrip("/")
        try:
            parts = urlsplit(address)
            sound = bool(parts.scheme) and parts.port != 0
        except ValueError:
            sound = False
        if not sound or not address.isprintable() or " " in address:
            raise ValueError("must look like postgresql://user@localhost:5432/database or http://localhost:6333")
        if parts.password is not None:
            raise ValueError("must not hold a password; enter it in its own field")
        if any(SECRET_PARAMETER.search(name) for name, _ in parse_qsl(parts.query, True)):
            raise ValueError("must not hold a password; enter it in its own field")
        return address

    @property
    def place(self) -> str:
        """Where it is, short enough to show: `localhost:5432/app, public.chunks`."""
        parts = urlsplit(self.address)
        server = f"{parts.netloc.rpartition('@')[2]}{parts.path}" or parts.query or self.address
        return f"{server}, {self.index}" if self.index else server

    @property
    def identity(self) -> str:
        """Which index it is, wherever it is connected: kind, address and index, hashed. 32 hex digits."""
        parts = [self.kind, self.address, self.index, *([self.namespace] if self.namespace else [])]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


SECRET_PARAMETER = re.compile("pass(word|wd)|key|token|secret", re.IGNORECASE)
"""Names of parameters of an address that hold a secret."""


def check_named(config: IndexConfig, noun: str) -> None:
    """Raises BadInput where no index is named (`noun`: what its server calls one), or no field of the text."""
    for given, what in ((config.index, f"{noun} that is searched"), (config.fields.text, "field of the text")):
        if not given:
            raise BadInput(f"Choose the {what}.")


def index_config_of(fields: dict[str, Any]) -> IndexConfig:
    """The config of these fields. Raises BadInput in words for a user."""
    try:
        return IndexConfig.model_validate(fields)
    except ValidationError as exc:
        raise BadInput(f"{in_words(exc, LABELS)}.".replace("..", ".")) from exc


class IndexDescription(Frozen):
    """What an index looks like, for a form: its fields, a guess which is which, and a few of its rows.

    names       every field that can be mapped
    fields      the guess
    rows        three rows at most, each value as a short text, by name
    dimensions  the length of its vectors; 0 where it does not say
    distance    how its vectors are compared, where the index says it
    passages    how many there are, roughly; None where it was not counted
    """

    names: tuple[str, ...] = ()
    fields: IndexFields = IndexFields()
    rows: tuple[dict[str, str], ...] = ()
    dimensions: Annotated[int, Field(ge=0)] = 0
    distance: Distance | None = None
    passages: int | None = None


class SearchedIndex(Frozen):
    """An index of a server, as its list has it: what `IndexConfig.index` and `namespace` take, and more."""

    name: str
    namespace: str = ""
    told: str = ""
