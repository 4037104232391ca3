"""`WeaviateIndex`: dense search, BM25F and the server's hybrid search, over GraphQL.

    GET  /v1/schema[/{class}]   what there is: properties, how vectors are compared
    POST /v1/graphql            { Get { Class(nearVector | bm25 | hybrid, where, limit, tenant) { ... } } }

The object's own id is the passage's, or a property where one is named. `hybrid` is fused as the server does it
(`relativeScoreFusion`). Shapes: docs.weaviate.io.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import SecretStr

from rag_core.errors import BadInput, EngineError, MissingField, MissingIndex, WrongDimension
from rag_core.retrieval.engines.index_config import IndexConfig, IndexDescription, SearchedIndex
from rag_core.retrieval.engines.protocol import Capabilities, SearchResult
from rag_core.retrieval.engines.rest.client import Access, RestServer, in_path, unlike
from rag_core.retrieval.engines.rest.documents import passage_of, reached, within
from rag_core.retrieval.engines.rest.filters import refuse_offset
from rag_core.retrieval.engines.weaviate.catalog import described
from rag_core.retrieval.engines.weaviate.filters import any_of, ids_in, offset_filters, weaviate_filter
from rag_core.retrieval.engines.weaviate.layout import SPACES, Layout
from rag_core.schema.spaces import ScoreSpace

if TYPE_CHECKING:
    from rag_core.schema.documents import Passage
    from rag_core.schema.filters import Filter
    from rag_core.schema.vectors import Vectors

TOGETHER = 200
MOST = 10_000
"""Objects of one answer at most (`QUERY_MAXIMUM_RESULTS`)."""

NAME = re.compile(r"[A-Z][_0-9A-Za-z]*")


class WeaviateIndex:
    """One class (collection), or a tenant of it (`namespace`)."""

    def __init__(self, config: IndexConfig, secret: SecretStr | None) -> None:
        self.config = config
        self.server = RestServer(config, secret, Access(prefix="Bearer "), self._means)
        self._known: Layout | None = None
        self._size = 0

    @classmethod
    def connect(cls, config: IndexConfig, secret: SecretStr | None) -> WeaviateIndex:
        """The class of that config. Raises BadInput where none is named, or no field of the text."""
        if not NAME.fullmatch(config.index):
            raise BadInput("Choose the collection that is searched; its name begins with a capital letter.")
        if not config.fields.text:
            raise BadInput("Choose the field of the text.")
        return cls(config, secret)

    @classmethod
    def indexes(cls, config: IndexConfig, secret: SecretStr | None) -> tuple[SearchedIndex, ...]:
        """The classes of the server."""
        with closing(cls(config.with_(index=""), secret)) as index:
            found = index.server.ask("GET", "/v1/schema").get("classes") or []
        return tuple(SearchedIndex(name=name) for name in sorted(str(one["class"]) for one in found))

    @classmethod
    def describe(cls, config: IndexConfig, secret: SecretStr | None) -> IndexDescription:
        """Its properties, and three objects."""
        with closing(cls(config, secret)) as index:
            layout, rows, count = index._layout(), index._got("limit: 3", index._layout().selection), index.count()
            size = index.dimensions() if len(layout.vectors) == 1 or config.fields.vector else 0
        return described(layout, rows, size, count)

    @property
    def capabilities(self) -> Capabilities:
        """Everything; what a filter needs of the class is said when it is translated."""
        return Capabilities(hybrid=True)

    def dimensions(self) -> int:
        """The length of its vectors, as its first object has it; 0 while there is none."""
        if not self._size:
            name = self._vector()
            rows = self._got("limit: 1", "", _vectors(name))
            self._size = len(_vector_of(rows[0][1], name) or ()) if rows else 0
        return self._size

    def dense(self, vector: Vectors, depth: int, where: Filter | None = None) -> SearchResult:
        """The nearest objects; what Weaviate calls distance is turned back into cosine, product or distance."""
        name, needed = self._vector(), self.dimensions()
        if needed and needed != len(vector):
            raise WrongDimension(self.config.place, needed, len(vector))
        space, score = SPACES.get(self._layout().vectors[name], (ScoreSpace.UNKNOWN, float))
        near = f"nearVector: {{vector: {json.dumps(vector.tolist())}{_target(name)}}}"
        rows = self._got(f"{near}, limit: {within(depth, MOST)}{self._where(where)}", self._id, "distance")
        return SearchResult(_scored(rows, "distance", score), space=space)

    def lexical(self, query: str, depth: int, where: Filter | None = None) -> SearchResult:
        """The best objects by Weaviate's BM25F over the text, or over the property that is named as lexical."""
        asked = f"bm25: {{query: {json.dumps(query)}, properties: [{json.dumps(self._words())}]}}"
        rows = self._got(f"{asked}, limit: {within(depth, MOST)}{self._where(where)}", self._id, "score")
        return SearchResult(_scored(rows, "score", float), space=ScoreSpace.BM25)

    def hybrid(self, query: str, vector: Vectors, depth: int, where: Filter | None = None) -> SearchResult:
        """Both, fused by the server."""
        name = self._vector()
        words = f"query: {json.dumps(query)}, properties: [{json.dumps(self._words())}]"
        asked = f"hybrid: {{{words}, vector: {json.dumps(vector.tolist())}{_target(name)}}}"
        rows = self._got(f"{asked}, limit: {within(depth, MOST)}{self._where(where)}", self._id, "score")
        return SearchResult(_scored(rows, "score", float), space=ScoreSpace.UNKNOWN)

    def passages_by_id(self, ids: Sequence[str]) -> dict[str, Passage]:
        """The objects of these ids as passages."""
        self._layout().needed(self.config.fields.text, self.config.place)
        found = self._objects(ids, self._layout().selection, "")
        return {one: self._passage(one, found[one]) for one in ids if one in found}

    def vectors_by_id(self, ids: Sequence[str]) -> dict[str, Vectors]:
        """The stored vectors."""
        name = self._vector()
        found = self._objects(ids, self._id, _vectors(name))
        vectors = {one: _vector_of(row, name) for one, row in found.items()}
        return {one: np.array(vectors[one], np.float32) for one in ids if vectors.get(one)}

    def count(self, where: Filter | None = None) -> int:
        """How many objects match."""
        inside = self._where(where).removeprefix(", ")
        around = f"({inside})" if inside else ""
        answer = self._asked(f"{{ Aggregate {{ {self.config.index}{around} {{ meta {{ count }} }} }} }}")
        return int(answer["Aggregate"][self.config.index][0]["meta"]["count"])

    def listed(self, first: int, where: Filter | None = None) -> list[Passage]:
        """The first objects that match, by their own id."""
        rows = self._got(f"limit: {within(first, MOST)}{self._where(where)}", self._layout().selection)
        return [self._passage(one, row) for one, row in rows]

    def close(self) -> None:
        """Close the connections."""
        self.server.close()

    def _objects(self, ids: Sequence[str], selection: str, additional: str) -> dict[str, Any]:
        """The objects of these ids, by id."""
        field = self._id
        found: dict[str, Any] = {}
        path = field or "id"
        wanted = {one: one if field else _uuid(one) for one in ids}
        asked = [one for key in wanted.values() if key for one in ids_in(path, key, self._layout())]
        for begin in range(0, len(asked), TOGETHER):
            some = any_of(asked[begin : begin + TOGETHER])
            found |= dict(self._got(f"limit: {MOST}, where: {some}{self._tenant()}", selection, additional))
        return {one: found[key] for one, key in wanted.items() if key in found}

    def _got(self, arguments: str, selection: str, additional: str = "") -> list[tuple[str, Any]]:
        """Id and object, of a search of the class."""
        if self._tenant() and "tenant:" not in arguments:
            arguments += self._tenant()
        name, field = self.config.index, self._id
        query = f"{{ Get {{ {name}({arguments}) {{ {selection} _additional {{ id {additional} }} }} }} }}"
        rows = self._asked(query)["Get"][name] or []
        return [(self._id_of(row, field if field and selection else ""), row) for row in rows]

    def _id_of(self, row: Any, field: str) -> str:
        found = reached(row, field) if field else row["_additional"]["id"]
        if found is None or found == "":
            raise MissingField(self.config.place, field, self._layout().types)
        return str(found)

    def _passage(self, one: str, row: Any) -> Passage:
        found = {name: value for name, value in row.items() if name != "_additional"}
        return passage_of(one, found, self.config.fields)

    def _where(self, where: Filter | None) -> str:
        if where is None:
            return self._tenant()
        for path, near in offset_filters(where, self.config.fields, self._layout()):
            if self._got(f"limit: 1, where: {near}", ""):
                refuse_offset(path, self.config.place)
        told = weaviate_filter(where, self.config.fields, self._layout(), self.config.place)
        return f", where: {told}{self._tenant()}"

    def _tenant(self) -> str:
        return f", tenant: {json.dumps(self.config.namespace)}" if self.config.namespace else ""

    @property
    def _id(self) -> str:
        field = self.config.fields.id
        return self._layout().needed(field, self.config.place) if field else ""

    def _vector(self) -> str:
        return self._layout().vector(self.config.fields.vector, self.config.place)

    def _words(self) -> str:
        return self._layout().needed(self.config.fields.lexical or self.config.fields.text, self.config.place)

    def _layout(self) -> Layout:
        if self._known is None:
            self._known = Layout.of(self.server.ask("GET", f"/v1/schema/{in_path(self.config.index)}"))
        return self._known

    def _asked(self, query: str) -> Any:
        self._layout()
        answer = self.server.ask("POST", "/v1/graphql", {"query": query})
        if errors := answer.get("errors"):
            self._known, self._size = None, 0
            said = self.server.struck("; ".join(str(one.get("message", "")) for one in errors))[:300].rstrip(".")
            raise EngineError(f"{self.config.place} refused the request. It says: “{said}”.")
        if answer["data"] is None:
            raise unlike(self.server.place, "no data")
        return answer["data"]

    def _means(self, status: int, said: str) -> EngineError | None:  # noqa: ARG002
        if status == 404 and self.config.index:
            self._known = None
            return MissingIndex(self.server.place, "collection", self.config.index)
        return None


def _scored(rows: list[tuple[str, Any]], name: str, score: Any) -> list[tuple[str, float]]:
    found: dict[str, float] = {}
    for one, row in rows:
        found.setdefault(one, score(float(row["_additional"][name])))
    return list(found.items())


def _target(name: str) -> str:
    return f", targetVectors: [{json.dumps(name)}]" if name else ""


def _vectors(name: str) -> str:
    return f"vectors {{ {name} }}" if name else "vector"


def _vector_of(row: Any, name: str) -> Any:
    return (row["_additional"].get("vectors") or {}).get(name) if name else row["_additional"].get("vector")


def _uuid(one: str) -> str:
    try:
        return str(uuid.UUID(one))
    except ValueError:
        return ""
