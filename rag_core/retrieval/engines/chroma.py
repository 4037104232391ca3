"""`ChromaIndex`: nearest neighbours, filters on metadata, documents by id, over Chroma's REST interface (v2).

    POST .../collections/{id}/query    the nearest
    POST .../collections/{id}/get      by id, or by a filter
    GET  .../collections/{id}/count
    GET  .../collections[/{name}]      what there is; the paths above want a collection's id, which it tells

Chroma has no lexical search that ranks. Its `$ne` is true of a passage without the field, which is what `Not` means.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
from pydantic import SecretStr

from rag_core.errors import BadInput, EngineError, MissingIndex, WrongDimension
from rag_core.retrieval.engines.field_guess import guessed
from rag_core.retrieval.engines.index_config import (
    SPACES,
    Distance,
    IndexConfig,
    IndexDescription,
    IndexFields,
    SearchedIndex,
)
from rag_core.retrieval.engines.protocol import EVERY_CONDITION, Capabilities, SearchResult
from rag_core.retrieval.engines.rest.client import Access, RestServer, in_path
from rag_core.retrieval.engines.rest.documents import names_in, needed, passage_of, sample
from rag_core.retrieval.engines.rest.filters import Dialect, translated
from rag_core.schema.base import Scalar

if TYPE_CHECKING:
    from rag_core.schema.documents import Passage
    from rag_core.schema.filters import Filter
    from rag_core.schema.vectors import Vectors

TOGETHER = 300
"""Documents that are asked for in one request: what Chroma's hosted service allows."""

DOCUMENT = "document"
"""What the text of a document is called among its fields; the others are those of its metadata."""

HOME = "default_tenant/default_database"
LENGTHS = re.compile(r"dimension of (\d+), got (\d+)")
DISTANCES: dict[str, Distance] = {"cosine": "cosine", "ip": "dot", "l2": "l2"}
BACK: dict[Distance, Callable[[float], float]] = {
    "cosine": lambda far: 1 - far,
    "dot": lambda far: 1 - far,
    "l2": lambda far: math.sqrt(max(0.0, far)),
}
"""What Chroma calls distance (1 - cosine, 1 - product, the square) as a score."""

NEVER: dict[str, Any] = {"$and": [{"-": {"$eq": 1}}, {"-": {"$ne": 1}}]}
ALWAYS: dict[str, Any] = {"$or": [{"-": {"$eq": 1}}, {"-": {"$ne": 1}}]}


class ChromaIndex:
    """One collection. What it is is read on first use, and again after an error that says that it has changed."""

    def __init__(self, config: IndexConfig, secret: SecretStr | None) -> None:
        tenant, _, database = (config.namespace or HOME).partition("/")
        self.config = config
        self.server = RestServer(config, secret, Access(header="x-chroma-token"), self._means)
        self._home = (
            f"/api/v2/tenants/{in_path(tenant)}/databases/{in_path(database or 'default_database')}/collections"
        )
        self._known: dict[str, Any] = {}

    @classmethod
    def connect(cls, config: IndexConfig, secret: SecretStr | None) -> ChromaIndex:
        """The collection of that config. Raises BadInput where none is named."""
        if not config.index:
            raise BadInput("Choose the collection that is searched.")
        return cls(config.with_(fields=config.fields.with_(text=config.fields.text or DOCUMENT)), secret)

    @classmethod
    def indexes(cls, config: IndexConfig, secret: SecretStr | None) -> tuple[SearchedIndex, ...]:
        """The collections of the database that `namespace` names (`tenant/database`), or of the default one."""
        with closing(cls(config.with_(index=""), secret)) as index:
            found = index.server.ask("GET", index._home, shape=list)
        names = sorted(str(one["name"]) for one in found)
        return tuple(SearchedIndex(name=name, namespace=config.namespace) for name in names)

    @classmethod
    def describe(cls, config: IndexConfig, secret: SecretStr | None) -> IndexDescription:
        """The fields of its metadata, and three documents."""
        with closing(cls(config, secret)) as index:
            rows = index._got({"limit": 3})
            size, distance, count = index.dimensions(), index._distance(), index.count()
        names = tuple(dict.fromkeys([DOCUMENT, *sorted({name for one in rows.values() for name in names_in(one)})]))
        settled = {"id": "", "text": DOCUMENT, "vector": "", "metadata": ""}
        return IndexDescription(
            names=names,
            fields=IndexFields(**guessed(names, settled)),
            rows=tuple({"id": one, **sample(row)} for one, row in rows.items()),
            dimensions=size,
            distance=distance,
            passages=count,
        )

    @property
    def capabilities(self) -> Capabilities:
        """No search by words. Chroma orders numbers only, so days cannot be compared."""
        return Capabilities(lexical=False, conditions=EVERY_CONDITION - {"dated"})

    def dimensions(self) -> int:
        """The length of its vectors; 0 while it is empty."""
        found = self._collection().get("dimension")
        if not found:
            self._known = {}
        return int(found or 0)

    def dense(self, vector: Vectors, depth: int, where: Filter | None = None) -> SearchResult:
        """The nearest documents; what Chroma calls distance is turned back into cosine, product or distance."""
        distance = self._distance()
        asked = {"query_embeddings": [vector.tolist()], "n_results": depth, "include": ["distances"]}
        answer = self._ask("query", {**asked, **self._where(where)})
        pairs = zip(answer["ids"][0], answer["distances"][0], strict=True)
        return SearchResult([(one, BACK[distance](far)) for one, far in pairs], space=SPACES[distance])

    def lexical(self, query: str, depth: int, where: Filter | None = None) -> SearchResult:  # noqa: ARG002
        """None: see `capabilities`."""
        return SearchResult([], unavailable="Chroma has no lexical search.")

    def passages_by_id(self, ids: Sequence[str]) -> dict[str, Passage]:
        """The documents of these ids as passages."""
        found = self._some(ids, ["documents", "metadatas"])
        objects = {one: _object(row) for one, row in found.items()}
        needed([*objects.values()], self.config.fields.text, self.config.place)
        return {one: passage_of(one, objects[one], self.config.fields) for one in ids if one in objects}

    def vectors_by_id(self, ids: Sequence[str]) -> dict[str, Vectors]:
        """The stored vectors."""
        found = self._some(ids, ["embeddings"])
        return {one: np.array(found[one]["embeddings"], np.float32) for one in ids if one in found}

    def count(self, where: Filter | None = None) -> int:
        """How many documents match."""
        if where is None:
            return int(self.server.ask("GET", f"{self._path()}/count", shape=int))
        return len(self._ask("get", {"include": [], **self._where(where)})["ids"])

    def listed(self, first: int, where: Filter | None = None) -> list[Passage]:
        """The first documents that match, in the order in which they were added."""
        found = self._got({"limit": first, **self._where(where)})
        return [passage_of(one, row, self.config.fields) for one, row in found.items()]

    def close(self) -> None:
        """Close the connections."""
        self.server.close()

    def _got(self, asked: dict[str, Any]) -> dict[str, dict[str, Any]]:
        answer = self._ask("get", {"include": ["documents", "metadatas"], **asked})
        return {one: _object(row) for one, row in _rows(answer, ["documents", "metadatas"]).items()}

    def _some(self, ids: Sequence[str], what: list[str]) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        wanted = list(dict.fromkeys(ids))
        for begin in range(0, len(wanted), TOGETHER):
            asked = {"ids": wanted[begin : begin + TOGETHER], "include": what}
            found |= _rows(self._ask("get", asked), what)
        return found

    def _where(self, where: Filter | None) -> dict[str, Any]:
        return {"where": chroma_filter(where, self.config.fields, self.config.place)} if where else {}

    def _distance(self) -> Distance:
        told = self._collection().get("configuration_json") or {}
        space = next((one["space"] for one in (told.get("hnsw"), told.get("spann")) if one and one.get("space")), "l2")
        return DISTANCES[space]

    def _collection(self) -> dict[str, Any]:
        if not self._known:
            self._known = self.server.ask("GET", f"{self._home}/{in_path(self.config.index)}")
        return self._known

    def _path(self) -> str:
        return f"{self._home}/{in_path(self._collection()['id'])}"

    def _ask(self, what: str, body: dict[str, Any]) -> Any:
        return self.server.ask("POST", f"{self._path()}/{what}", body)

    def _means(self, status: int, said: str) -> EngineError | None:
        if status == 404 and self.config.index:
            self._known = {}
            return MissingIndex(self.server.place, "collection", self.config.index)
        if found := LENGTHS.search(said):
            return WrongDimension(self.config.place, int(found[1]), int(found[2]))
        return None


def chroma_filter(where: Filter, fields: IndexFields, place: str) -> dict[str, Any]:
    """The filter as Chroma's `where`. Raises BadInput for what it cannot say."""

    def refused(what: str) -> NoReturn:
        raise BadInput(f"{place} cannot filter by {what}, so nothing was searched. Use another filter than “{where}”.")

    def equal(path: str, value: Scalar, true: bool) -> dict[str, Any]:
        if path == DOCUMENT:
            refused("a whole text")
        return {path: {"$eq" if true else "$ne": value}}

    def dated(path: str, after: date, before: date | None, true: bool) -> dict[str, Any]:
        if before != after + timedelta(days=1):
            refused("dates")
        return equal(path, after.isoformat(), true)

    def absent(_: str, __: bool) -> dict[str, Any]:
        return refused("what is empty")

    def by_id(_: str, __: bool) -> dict[str, Any]:
        return refused("the id of a document while no field of it is named")

    return translated(where, fields, Dialect(equal, dated, absent, by_id, _every, _some))


def _every(conditions: list[dict[str, Any]]) -> dict[str, Any]:
    return {"$and": conditions} if conditions else ALWAYS


def _some(conditions: list[dict[str, Any]]) -> dict[str, Any]:
    return {"$or": conditions} if conditions else NEVER


def _rows(answer: Any, what: list[str]) -> dict[str, dict[str, Any]]:
    return {one: {name: answer[name][row] for name in what} for row, one in enumerate(answer["ids"])}


def _object(row: dict[str, Any]) -> dict[str, Any]:
    """Metadata and text as one object; a document without a text has none."""
    text = {} if row["documents"] is None else {DOCUMENT: row["documents"]}
    return {**(row["metadatas"] or {}), **text}
