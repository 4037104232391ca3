"""`MilvusIndex`: dense search, the server's BM25, its fusion of both, filters, partitions.

    POST /v2/vectordb/entities/search          {"collectionName", "data", "annsField", "limit", "filter"}
    POST /v2/vectordb/entities/hybrid_search   several of them and `rerank`
    POST /v2/vectordb/entities/query           rows by a filter, and `count(*)`
    POST /v2/vectordb/collections/describe     the schema, its functions and indexes

An answer is `{"code": 0, "data": ...}`, or a code and a message, with status 200 for most. Shapes:
milvus.io/api-reference (RESTful).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from rag_core.errors import MissingField, WrongDimension
from rag_core.retrieval.engines.field_guess import guessed
from rag_core.retrieval.engines.index_config import (
    IndexConfig,
    IndexDescription,
    IndexFields,
    SearchedIndex,
    check_named,
)
from rag_core.retrieval.engines.milvus.by_grpc import GrpcServer
from rag_core.retrieval.engines.milvus.codes import error_of
from rag_core.retrieval.engines.milvus.filters import id_literals, milvus_filter, offset_filters
from rag_core.retrieval.engines.milvus.layout import DISTANCES, Layout, numbers
from rag_core.retrieval.engines.milvus.own_schema import OWN_FIELDS
from rag_core.retrieval.engines.protocol import Capabilities, SearchResult
from rag_core.retrieval.engines.rest.client import Access, RestServer, unlike
from rag_core.retrieval.engines.rest.documents import names_in, passage_of, reached, sample, within
from rag_core.retrieval.engines.rest.filters import refuse_offset
from rag_core.schema.spaces import ScoreSpace

if TYPE_CHECKING:
    from rag_core.schema.documents import Passage
    from rag_core.schema.filters import Filter
    from rag_core.schema.vectors import Vectors

TOGETHER = 1000
MOST = 16_384
"""Rows that Milvus gives for one request at most (`quotaAndLimits.limits.maxQueryResultWindow`)."""

ACCESS = Access(prefix="Bearer ", headers=(("Accept-Type-Allow-Int64", "true"),))


def server_of(config: IndexConfig, secret: SecretStr | None) -> RestServer | GrpcServer:
    """The server at that address: over REST, or by gRPC where the address says so. Raises BadInput."""
    if config.address.startswith("milvus+"):
        return GrpcServer(config, secret)
    return RestServer(config, secret, ACCESS, lambda _status, _said: None)


class MilvusIndex:
    """One collection, or a partition of it (`namespace`). `index` may name its database before it: `shop.passages`."""

    def __init__(self, config: IndexConfig, secret: SecretStr | None) -> None:
        database, _, collection = config.index.rpartition(".")
        self.config = config
        self.server = server_of(config, secret)
        self._named = {"collectionName": collection, **({"dbName": database} if database else {})}
        self._part = {"partitionNames": [config.namespace]} if config.namespace else {}
        self._known: Layout | None = None

    @classmethod
    def connect(cls, config: IndexConfig, secret: SecretStr | None) -> MilvusIndex:
        """The collection of that config. Raises BadInput where none is named, or no field of the text."""
        check_named(config, "collection")
        if config.fields == OWN_FIELDS:
            from rag_core.retrieval.engines.milvus.own_index import OwnMilvusIndex

            return OwnMilvusIndex(config, secret)
        return cls(config, secret)

    @classmethod
    def indexes(cls, config: IndexConfig, secret: SecretStr | None) -> tuple[SearchedIndex, ...]:
        """The collections of the default database."""
        with closing(cls(config.with_(index=""), secret)) as index:
            return tuple(SearchedIndex(name=name) for name in sorted(index.ask("collections/list", {})))

    @classmethod
    def describe(cls, config: IndexConfig, secret: SecretStr | None) -> IndexDescription:
        """Its schema, the fields that only rows have, and three rows."""
        with closing(cls(config, secret)) as index:
            layout, count = index._layout(), index.count()
            rows = index._query("", index._wanted, 3)
        shown = [
            {name: value for name, value in row.items() if name in layout.plain or name not in layout.types}
            for row in rows
        ]
        names = tuple(dict.fromkeys([*layout.plain, *(name for row in shown for name in names_in(row))]))
        vector = next(iter(layout.dense), "")
        settled = {"id": layout.primary, "vector": vector, "lexical": next(iter(layout.words), "")}
        return IndexDescription(
            names=(*names, *layout.dense, *layout.words),
            fields=IndexFields(**guessed(names, settled)),
            rows=tuple(map(sample, shown)),
            dimensions=layout.sizes.get(vector, 0),
            distance=DISTANCES.get(layout.metrics.get(vector, "")),
            passages=count,
        )

    @property
    def capabilities(self) -> Capabilities:
        """Lexical search and the server's fusion where a field of BM25 is named."""
        words = bool(self.config.fields.lexical)
        return Capabilities(lexical=words, hybrid=words)

    def dimensions(self) -> int:
        """The length of its vectors."""
        return self._layout().sizes.get(self._vector(), 0)

    def dense(self, vector: Vectors, depth: int, where: Filter | None = None) -> SearchResult:
        """The nearest rows, in the space of the metric of the vectors' index."""
        asked = self._nearest(vector, depth, where)
        return self._found("entities/search", asked, asked["annsField"], depth)

    def lexical(self, query: str, depth: int, where: Filter | None = None) -> SearchResult:
        """The best rows by the server's BM25."""
        asked = self._by_words(query, depth, where)
        return self._found("entities/search", asked, asked["annsField"], depth)

    def hybrid(self, query: str, vector: Vectors, depth: int, where: Filter | None = None) -> SearchResult:
        """Both, fused by the server's RRF over twice the depth."""
        window = min(MOST, 2 * depth)
        both = [self._nearest(vector, window, where), self._by_words(query, window, where)]
        fused = {"search": both, "rerank": {"strategy": "rrf", "params": {"k": 60}}, "limit": depth}
        return self._found("entities/hybrid_search", {**fused, **self._part}, "", depth)

    def passages_by_id(self, ids: Sequence[str]) -> dict[str, Passage]:
        """The rows of these ids as passages."""
        self._layout().needed(self.config.fields.text, self.config.place)
        found = self._rows(ids, self._wanted)
        return {one: self._passage(one, found[one]) for one in ids if one in found}

    def vectors_by_id(self, ids: Sequence[str]) -> dict[str, Vectors]:
        """The stored vectors."""
        found = self._rows(ids, [self._id, self._vector()])
        return {one: numbers(found[one][self._vector()], self._layout().types[self._vector()]) for one in found}

    def count(self, where: Filter | None = None) -> int:
        """How many rows match."""
        asked = {"filter": self._seen(self._where(where)), "outputFields": ["count(*)"], **self._part}
        return int(self.ask("entities/query", asked)[0]["count(*)"])

    def listed(self, first: int, where: Filter | None = None) -> list[Passage]:
        """The first rows that match, in the order of the primary key."""
        rows = self._query(self._where(where), self._wanted, within(first, MOST))
        return [self._passage(self._id_of(row), row) for row in rows]

    def close(self) -> None:
        """Close the connections."""
        self.server.close()

    @property
    def _id(self) -> str:
        return self.config.fields.id or self._layout().primary

    @property
    def _wanted(self) -> list[str]:
        """The fields of a passage: all but vectors, where that can be said of a collection with dynamic fields."""
        return ["*"] if self._layout().dynamic else self._layout().plain

    def _vector(self) -> str:
        return self._layout().vector(self.config.fields.vector, self.config.place)

    def _nearest(self, vector: Vectors, depth: int, where: Filter | None) -> dict[str, Any]:
        needed = self.dimensions()
        if needed and len(vector) != needed:
            raise WrongDimension(self.config.place, needed, len(vector))
        return self._search(vector.tolist(), self._vector(), depth, where)

    def _by_words(self, query: str, depth: int, where: Filter | None) -> dict[str, Any]:
        field = self.config.fields.lexical
        if field not in self._layout().words:
            raise MissingField(self.config.place, f"{field} of its BM25", self._layout().words)
        return self._search(query, field, depth, where)

    def _search(self, asked: object, field: str, depth: int, where: Filter | None) -> dict[str, Any]:
        body = {"data": [asked], "annsField": field, "limit": within(depth, MOST), "outputFields": [self._id]}
        return {**body, "filter": self._seen(self._where(where)), **self._part}

    def _found(self, path: str, body: dict[str, Any], field: str, depth: int) -> SearchResult:
        space, score = self._layout().meaning(field) if field else (ScoreSpace.RRF, float)
        found: dict[str, float] = {}
        for row in self.ask(path, {**body, "limit": within(depth, MOST), "outputFields": [self._id]}):
            found.setdefault(self._id_of(row), score(float(row["distance"])))
        return SearchResult(list(found.items()), space=space)

    def _rows(self, ids: Sequence[str], wanted: list[str]) -> dict[str, Any]:
        """The rows of these ids, by id."""
        self._layout().needed(self._id, self.config.place)
        found: dict[str, Any] = {}
        for begin in range(0, len(ids), TOGETHER):
            some = id_literals(list(ids[begin : begin + TOGETHER]), self._id, self._layout())
            rows = self._query(f"{self._id} in [{some}]", wanted, 2 * TOGETHER) if some else []
            found |= {self._id_of(row): row for row in rows}
        return found

    def _query(self, expression: str, wanted: list[str], most: int) -> list[Any]:
        """Rows that match. Milvus gives what is in a field of JSON as a text."""
        asked = {"filter": self._seen(expression), "outputFields": wanted, "limit": most, **self._part}
        return [self._layout().parsed(row) for row in self.ask("entities/query", asked)]

    def _passage(self, one_id: str, row: Any) -> Passage:
        return passage_of(one_id, row, self.config.fields)

    def _seen(self, expression: str) -> str:
        """The expression, and what else a row must have to be there."""
        return expression

    def _id_of(self, row: Any) -> str:
        found = reached(row, self._id)
        found = row.get("id") if found is None else found
        if found is None or found == "":
            raise MissingField(self.config.place, self._id, names_in(row))
        return str(found)

    def _where(self, where: Filter | None) -> str:
        """The filter as an expression. Raises BadInput where a day is compared with times that have an offset."""
        if where is None:
            return ""
        for path, near in offset_filters(where, self.config.fields, self._layout()):
            if self._query(near, [self._id], 1):
                refuse_offset(path, self.config.place)
        return milvus_filter(where, self.config.fields, self._layout(), self.config.place)

    def _layout(self) -> Layout:
        if self._known is None:
            self._known = Layout.of(self.ask("collections/describe", {}))
        return self._known

    def ask(self, path: str, body: dict[str, Any]) -> Any:
        """What the server answers to a request about the collection. Raises EngineError."""
        named = self._named if self.config.index else {}
        answer = self.server.ask("POST", f"/v2/vectordb/{path}", {**named, **body})
        code = answer.get("code", 0)
        if code in (0, 200):
            if answer["data"] is None:
                raise unlike(self.server.place, "no data")
            return answer["data"]
        self._known = None
        said = self.server.struck(str(answer.get("message", "")))
        raise error_of(code, said, self.server.place, self.config)
