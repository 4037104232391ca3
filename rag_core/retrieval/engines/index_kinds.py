"""Every kind of index that can be connected, a row each. To add one, write its module and its row.

The module holds a class with the members of `IndexEngine` (`protocol`) and the classmethods of `IndexAdapter`; its test
inherits `tests/retrieval/engines/index_conformance.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pkgutil import resolve_name
from typing import Protocol, cast

from pydantic import SecretStr

from rag_core.errors import BadInput, MissingPackage
from rag_core.retrieval.engines.index_config import (
    IndexConfig,
    IndexDescription,
    IndexFields,
    OwnFusion,
    SearchedIndex,
)
from rag_core.retrieval.engines.protocol import IndexEngine
from rag_core.schema.protocols import listed, missing_members


class IndexAdapter(Protocol):
    """What connects to a kind of index: the class that a row names."""

    def connect(self, config: IndexConfig, secret: SecretStr | None) -> IndexEngine:
        """The index, ready to be searched. Asks the server nothing yet. Raises BadInput where the
        config lacks a part that it needs."""
        ...

    def indexes(self, config: IndexConfig, secret: SecretStr | None) -> tuple[SearchedIndex, ...]:
        """The tables, collections or indexes at that address that hold vectors. Raises EngineError."""
        ...

    def describe(self, config: IndexConfig, secret: SecretStr | None) -> IndexDescription:
        """What `config.index` looks like. Raises EngineError."""
        ...


@dataclass(frozen=True)
class IndexKind:
    """One kind.

    name      what `IndexConfig.kind` calls it
    label     what people call it
    factory   `module:Class`; imported when an index is connected
    noun      what its server calls an index: table, collection
    address   an example
    secret    what its server asks for: Password, API key
    packages  modules that it needs, which an extra installs
    parts     the fields of `IndexFields` that this kind can use
    exact     whether it can search without its approximate index
    approximate  how its servers search for the nearest, where that may miss some; the index itself may know better
    languages whether it can be told in which language words are read
    sparse    whether it can be told which model makes the sparse vector of a question
    fusions   the ways in which it can fuse its own two searches, as `IndexConfig.fusion` calls them
    own_id    whether its server names passages itself, so that the field of the id may stay empty
    """

    name: str
    label: str
    factory: str
    noun: str
    address: str
    secret: str = "API key"
    packages: tuple[str, ...] = ()
    parts: tuple[str, ...] = ("id", "text", "title", "vector", "metadata", "document", "source", "language", "updated",
                              "tenant")  # fmt: skip
    exact: bool = False
    approximate: str = "HNSW, unless the server compares every vector"
    own_id: bool = False
    languages: bool = False
    sparse: bool = False
    fusions: tuple[OwnFusion, ...] = ("rrf",)

    @property
    def nouns(self) -> str:
        """Several of what its server calls an index.

        >>> kind_named("pgvector").nouns, kind_named("opensearch").nouns
        ('tables', 'indexes')
        """
        return f"{self.noun}es" if self.noun.endswith("x") else f"{self.noun}s"

    def check(self, config: IndexConfig) -> None:
        """Raises BadInput where the config asks for what this kind cannot do."""
        for cannot, what in (
            (config.exact and not self.exact, "be searched without its approximate index. Leave out `exact`"),
            (config.sparse_model and not self.sparse, "be told a model of sparse vectors. Leave out `sparse_model`"),
            (config.fusion not in self.fusions, f"fuse its searches by {config.fusion}. Leave out `fusion`"),
        ):
            if cannot:
                raise BadInput(f"{self.label} cannot {what}.")

    def connect(self, config: IndexConfig, secret: SecretStr | None) -> IndexEngine:
        """The index, ready to be searched. Raises BadInput or MissingPackage."""
        self.check(config)
        return self._adapter().connect(config, secret)

    def indexes(self, config: IndexConfig, secret: SecretStr | None) -> tuple[SearchedIndex, ...]:
        """What can be searched at that address. Raises EngineError or MissingPackage."""
        return self._adapter().indexes(config, secret)

    def describe(self, config: IndexConfig, secret: SecretStr | None) -> IndexDescription:
        """What the index looks like. Raises EngineError or MissingPackage."""
        return self._adapter().describe(config, secret)

    def _adapter(self) -> IndexAdapter:
        for package in self.packages:
            if find_spec(package) is None:
                raise MissingPackage(package, self.label)
        made = resolve_name(self.factory)
        if missing := [*missing_members(IndexAdapter, made), *missing_members(IndexEngine, made)]:
            raise BadInput(f"{self.label} cannot be used: {self.factory} has no {listed(missing)}.")
        return cast(IndexAdapter, made)


KINDS: tuple[IndexKind, ...] = (
    IndexKind(
        name="pgvector",
        label="Postgres with pgvector",
        factory="rag_core.retrieval.engines.postgres.index:PgVectorIndex",
        noun="table",
        address="postgresql://user@localhost:5432/database",
        secret="Password",
        packages=("psycopg",),
        parts=tuple(IndexFields.model_fields),
        exact=True,
        languages=True,
    ),
    IndexKind(
        name="qdrant",
        label="Qdrant",
        factory="rag_core.retrieval.engines.qdrant.index:QdrantIndex",
        noun="collection",
        address="http://localhost:6333",
        packages=("httpx",),
        parts=tuple(IndexFields.model_fields),
        exact=True,
        own_id=True,
        languages=True,
        sparse=True,
        fusions=("rrf", "dbsf"),
    ),
    IndexKind(
        name="elasticsearch",
        label="Elasticsearch",
        factory="rag_core.retrieval.engines.search_engines.index:ElasticsearchIndex",
        noun="index",
        address="https://localhost:9200",
        secret="API key, or the password of the address's user",
        packages=("httpx",),
        parts=tuple(IndexFields.model_fields),
        own_id=True,
    ),
    IndexKind(
        name="opensearch",
        label="OpenSearch",
        factory="rag_core.retrieval.engines.search_engines.opensearch:OpenSearchIndex",
        noun="index",
        address="https://admin@localhost:9200",
        secret="Password",
        packages=("httpx",),
        parts=tuple(IndexFields.model_fields),
        own_id=True,
    ),
    IndexKind(
        name="chroma",
        label="Chroma",
        factory="rag_core.retrieval.engines.chroma:ChromaIndex",
        noun="collection",
        address="http://localhost:8000",
        packages=("httpx",),
        parts=("text", "title", "document", "source", "language", "updated", "tenant"),
        own_id=True,
    ),
    IndexKind(
        name="milvus",
        approximate="the index of the server, unless it compares every vector",
        label="Milvus",
        factory="rag_core.retrieval.engines.milvus.index:MilvusIndex",
        noun="collection",
        address="http://localhost:19530",
        secret="Token, or the password of the address's user",
        packages=("httpx",),
        parts=tuple(IndexFields.model_fields),
        own_id=True,
    ),
    IndexKind(
        name="weaviate",
        label="Weaviate",
        factory="rag_core.retrieval.engines.weaviate.index:WeaviateIndex",
        noun="collection",
        address="http://localhost:8080",
        packages=("httpx",),
        parts=tuple(IndexFields.model_fields),
        own_id=True,
    ),
    IndexKind(
        name="pinecone",
        approximate="the index of the server, unless it compares every vector",
        label="Pinecone",
        factory="rag_core.retrieval.engines.pinecone:PineconeIndex",
        noun="index",
        address="https://api.pinecone.io",
        packages=("httpx",),
        parts=("text", "title", "document", "source", "language", "updated", "tenant"),
        own_id=True,
    ),
)


def kind_named(name: str) -> IndexKind:
    """The kind of that name. Raises BadInput where there is none."""
    for kind in KINDS:
        if kind.name == name:
            return kind
    known = ", ".join(kind.name for kind in KINDS) or "none"
    raise BadInput(f"There is no type of index {name!r}. Known are: {known}.")


def connect(config: IndexConfig, secret: SecretStr | None) -> IndexEngine:
    """The index of that config. Raises BadInput or MissingPackage."""
    return kind_named(config.kind).connect(config, secret)
