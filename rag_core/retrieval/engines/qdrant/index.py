"""`QdrantIndex`: named vectors, the server's own BM25 on sparse vectors, its fusion of both, payload filters.

    POST /collections/{name}/points/query    a search, or two fused by the server (`prefetch`)
    POST /collections/{name}/points          points by id, with payload and vector
    POST /collections/{name}/points/scroll   points that match a filter
    POST /collections/{name}/points/count
    GET  /collections[/{name}]               what there is, and of which dimension and distance

The point's own id is the passage's, or a field of the payload where one is named. Lexical search asks the server to
make the sparse vector of the question (`qdrant/bm25`, from Qdrant 1.15.2 on, or `config.sparse_model`), so it fits
vectors that the server or FastEmbed made with that model. Shapes: qdrant.tech/documentation and the OpenAPI description
of the server.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from pydantic import SecretStr

from rag_core.errors import EngineError, MissingField, MissingIndex, WrongDimension
from rag_core.retrieval.engines.index_config import IndexConfig, IndexDescription, SearchedIndex, check_named
from rag_core.retrieval.engines.protocol import Capabilities, SearchResult
from rag_core.retrieval.engines.qdrant.catalog import described
from rag_core.retrieval.engines.qdrant.filters import payload_path, point_id, qdrant_filter
from rag_core.retrieval.engines.qdrant.layout import Dense, Layout
from rag_core.retrieval.engines.rest.client import Access, RestServer, in_path, unlike
from rag_core.retrieval.engines.rest.documents import names_in, needed, passage_of, reached
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.whole_numbers import whole_number

if TYPE_CHECKING:
    from rag_core.schema.documents import Passage
    from rag_core.schema.filters import Filter
    from rag_core.schema.vectors import Vectors

T = TypeVar("T")
TOGETHER = 1000
"""Points that are asked for in one request."""

BM25 = "qdrant/bm25"
SPACES = {"rrf": ScoreSpace.RRF, "dbsf": ScoreSpace.UNKNOWN}
"""What a fused score is."""
DIMENSION = re.compile(r"expected dim:? (\d+), got (\d+)")
NO_VECTOR = re.compile(r"[Nn]ot existing vector name(?: error)?:? ?(.*)")


class QdrantIndex:
    """One collection. Its vectors are read on first use, and again after an error that says that they have changed."""

    def __init__(self, config: IndexConfig, secret: SecretStr | None) -> None:
        self.config = config
        self.server = RestServer(config, secret, Access(header="api-key"), self._means)
        self._path = f"/collections/{in_path(config.index)}"
        self._known: Layout | None = None

    @classmethod
    def connect(cls, config: IndexConfig, secret: SecretStr | None) -> QdrantIndex:
        """The collection of that config. Raises BadInput where none is named, or no field of the text."""
        check_named(config, "collection")
        return cls(config, secret)

    @classmethod
    def indexes(cls, config: IndexConfig, secret: SecretStr | None) -> tuple[SearchedIndex, ...]:
        """The collections of the server."""
        with closing(cls(config, secret)) as index:
            found = index._part(index.server.ask("GET", "/collections"))["collections"]
        return tuple(SearchedIndex(name=one["name"]) for one in sorted(found, key=lambda one: str(one["name"])))

    @classmethod
    def describe(cls, config: IndexConfig, secret: SecretStr | None) -> IndexDescription:
        """Its payload's fields and its vectors, and three points."""
        with closing(cls(config, secret)) as index:
            layout, points = index._layout(), index._scrolled({"limit": 3, "with_payload": True})
            count = index.count()
        return described(layout, points, count)

    @property
    def capabilities(self) -> Capabilities:
        """Lexical search and the server's fusion where a sparse vector is named."""
        words = bool(self.config.fields.lexical)
        return Capabilities(lexical=words, hybrid=words)

    def dimensions(self) -> int:
        """The length of its vectors."""
        return self._vector().size

    def dense(self, vector: Vectors, depth: int, where: Filter | None = None) -> SearchResult:
        """The nearest points by the distance of the collection, in whose space the scores are."""
        searched = self._checked(vector)
        return SearchResult(self._found(self._nearest(searched, vector, where), depth), space=searched.space)

    def lexical(self, query: str, depth: int, where: Filter | None = None) -> SearchResult:
        """The points with the question's words, by their sparse vectors."""
        idf = self._layout().idf(self.config.fields.lexical, self.config.place)
        found = self._found(self._by_words(query, where), depth)
        bm25 = idf and (self.config.sparse_model or BM25).lower() == BM25
        return SearchResult(found, space=ScoreSpace.BM25 if bm25 else ScoreSpace.DOT)

    def hybrid(self, query: str, vector: Vectors, depth: int, where: Filter | None = None) -> SearchResult:
        """Both, fused by the server over twice the depth, by ranks (RRF) or by scores (DBSF). Qdrant gives equal scores
        in any order, so all that it fuses is asked for, and of equal scores the first ids are kept."""
        both = [self._nearest(self._checked(vector), vector, where), self._by_words(query, where)]
        fused = {"prefetch": [one | {"limit": 2 * depth} for one in both], "query": {"fusion": self.config.fusion}}
        found = sorted(self._found(fused, 2 * 2 * depth), key=lambda hit: (-hit[1], hit[0]))
        return SearchResult(found[:depth], space=SPACES[self.config.fusion])

    def passages_by_id(self, ids: Sequence[str]) -> dict[str, Passage]:
        """The points of these ids as passages."""
        points = self._points(ids, {"with_payload": True})
        needed([one.get("payload") or {} for one in points.values()], self.config.fields.text, self.config.place)
        return {one: self._passage(one, points[one]) for one in ids if one in points}

    def vectors_by_id(self, ids: Sequence[str]) -> dict[str, Vectors]:
        """The stored vectors; of a cosine collection the server keeps them with length 1."""
        name = self._vector().name
        points = self._points(ids, {"with_vector": [name] if name else True, "with_payload": self._id_only})
        given = {one: point.get("vector") for one, point in points.items()}
        plain = {one: found.get(name) if isinstance(found, dict) else found for one, found in given.items()}
        return {one: np.array(plain[one], np.float32) for one in ids if plain.get(one)}

    def count(self, where: Filter | None = None) -> int:
        """How many points match, exactly."""
        return int(self._ask("/points/count", {"exact": True, **self._where(where)})["count"])

    def listed(self, first: int, where: Filter | None = None) -> list[Passage]:
        """The first points that match, by id."""
        points = self._scrolled({"limit": first, "with_payload": True, **self._where(where)})
        return [self._passage(self._id_of(one), one) for one in points]

    def close(self) -> None:
        """Close the connections."""
        self.server.close()

    @property
    def _id_only(self) -> bool | list[str]:
        """What of the payload a search must bring: the passage's id, where that is in it."""
        return [payload_path(self.config.fields.id)] if self.config.fields.id else False

    def _nearest(self, searched: Dense, vector: Vectors, where: Filter | None) -> dict[str, Any]:
        exact = {"params": {"exact": True}} if self.config.exact else {}
        using = {"using": searched.name} if searched.name else {}
        return {"query": vector.tolist(), **using, **exact, **self._where(where)}

    def _by_words(self, query: str, where: Filter | None) -> dict[str, Any]:
        options = {"options": {"language": self.config.language}} if self.config.language else {}
        asked = {"text": query, "model": self.config.sparse_model or BM25, **options}
        return {"query": asked, "using": self.config.fields.lexical, **self._where(where)}

    def _found(self, asked: dict[str, Any], depth: int) -> list[tuple[str, float]]:
        answer = self._ask("/points/query", {**asked, "limit": depth, "with_payload": self._id_only})
        found: dict[str, float] = {}
        for one in answer["points"]:
            found.setdefault(self._id_of(one), float(one["score"]))
        return list(found.items())

    def _where(self, where: Filter | None) -> dict[str, Any]:
        return {"filter": qdrant_filter(where, self.config.fields)} if where else {}

    def _points(self, ids: Sequence[str], what: dict[str, Any]) -> dict[str, Any]:
        """The points that are there, by passage id."""
        field = self.config.fields.id
        if field:
            asked = [{"filter": among(field, some), "limit": 2 * TOGETHER} for some in _cut(ids)]
            return {self._id_of(point): point for one in asked for point in self._scrolled({**one, **what})}
        spelled = {one: key for one in ids if (key := point_id(one)) is not None}
        answers = [self._ask("/points", {"ids": some, **what}) for some in _cut([*spelled.values()])]
        points = {str(point["id"]): point for answer in answers for point in answer}
        return {one: points[str(key)] for one, key in spelled.items() if str(key) in points}

    def _scrolled(self, asked: dict[str, Any]) -> list[Any]:
        return list(self._ask("/points/scroll", asked)["points"])

    def _id_of(self, point: Any) -> str:
        field = self.config.fields.id
        found = reached(point.get("payload"), field) if field else point["id"]
        if found is None or found == "":
            raise MissingField(self.config.place, field, names_in(point.get("payload") or {}))
        return str(found)

    def _passage(self, one_id: str, point: Any) -> Passage:
        return passage_of(one_id, point.get("payload") or {}, self.config.fields)

    def _vector(self) -> Dense:
        return self._layout().searched(self.config.fields.vector, self.config.place)

    def _checked(self, vector: Vectors) -> Dense:
        found = self._vector()
        if len(vector) != found.size:
            raise WrongDimension(self.config.place, found.size, len(vector))
        return found

    def _layout(self) -> Layout:
        if self._known is None:
            self._known = Layout.of(self._part(self.server.ask("GET", self._path)))
        return self._known

    def _ask(self, path: str, body: dict[str, Any]) -> Any:
        return self._part(self.server.ask("POST", self._path + path, body))

    def _part(self, answer: Any) -> Any:
        if answer["result"] is None:
            raise unlike(self.server.place, "no result")
        return answer["result"]

    def _means(self, status: int, said: str) -> EngineError | None:
        if status == 404 and self.config.index:
            self._known = None
            return MissingIndex(self.server.place, "collection", self.config.index)
        if found := DIMENSION.search(said):
            self._known = None
            return WrongDimension(self.config.place, int(found[1]), int(found[2]))
        if found := NO_VECTOR.search(said):
            self._known = None
            return MissingField(self.config.place, found[1] or self.config.fields.vector)
        return None


def _cut(ids: Sequence[T]) -> Iterator[Sequence[T]]:
    return (ids[begin : begin + TOGETHER] for begin in range(0, len(ids), TOGETHER))


def among(field: str, ids: Iterable[str]) -> dict[str, Any]:
    """Points whose payload has one of these ids in that field, as a text or as a number."""
    wanted = list(ids)
    numbers = [number for one in wanted if (number := whole_number(one)) is not None]
    ways = [wanted, *([numbers] if numbers else [])]
    return {"should": [{"key": payload_path(field), "match": {"any": some}} for some in ways]}
