"""`PineconeIndex`: nearest neighbours, filters on metadata, records by id, over Pinecone's REST interface.

    GET  /indexes[/{name}]      at the address of the service: what there is, and at which host
    POST /query                 at the host of the index: the nearest
    GET  /vectors/fetch         records by id
    GET  /vectors/list          ids
    POST /describe_index_stats  how many, in which namespace

Without the name of an index, the address is the host of one. Pinecone counts and lists by a filter up to the 10,000
matches of a query. Shapes: docs.pinecone.io (API 2025-04).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import closing
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlencode, urlsplit

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
from rag_core.retrieval.engines.rest.documents import names_in, needed, passage_of, sample, within
from rag_core.retrieval.engines.rest.filters import Dialect, translated
from rag_core.schema.base import Scalar

if TYPE_CHECKING:
    from rag_core.schema.documents import Passage
    from rag_core.schema.filters import Filter
    from rag_core.schema.vectors import Vectors

TOGETHER, MOST = 100, 10_000
"""Records of one fetch, whose ids are in its address, and matches of one query, at most."""

NAMELESS = ("", "__default__")
"""What versions of the API call the namespace without a name."""

ACCESS = Access(header="Api-Key", headers=(("X-Pinecone-API-Version", "2025-04"),))
DISTANCES: dict[str, Distance] = {"cosine": "cosine", "dotproduct": "dot", "euclidean": "l2"}
LENGTHS = re.compile(r"dimension (\d+) does not match the dimension of the index (\d+)")
NEVER: dict[str, Any] = {"$and": [{"-": {"$exists": True}}, {"-": {"$exists": False}}]}
ALWAYS: dict[str, Any] = {"$or": [{"-": {"$exists": True}}, {"-": {"$exists": False}}]}


class PineconeIndex:
    """One index, or a namespace of it. Its host, dimension and metric are asked for once."""

    def __init__(self, config: IndexConfig, secret: SecretStr | None) -> None:
        self.config = config
        self._secret = secret
        self.service = RestServer(config, secret, ACCESS, self._means)
        self._host: RestServer | None = None
        self._told: dict[str, Any] = {}

    @classmethod
    def connect(cls, config: IndexConfig, secret: SecretStr | None) -> PineconeIndex:
        """The index of that config. Raises BadInput where no field of the text is named."""
        if not config.fields.text:
            raise BadInput("Choose the field of the text.")
        return cls(config, secret)

    @classmethod
    def indexes(cls, config: IndexConfig, secret: SecretStr | None) -> tuple[SearchedIndex, ...]:
        """The indexes of the project that the key is of."""
        with closing(cls(config.with_(index=""), secret)) as index:
            found = index.service.ask("GET", "/indexes")["indexes"]
        told = {str(one["name"]): f"{one.get('dimension', 0)} numbers, {one.get('metric', '')}" for one in found}
        return tuple(SearchedIndex(name=name, told=told[name]) for name in sorted(told))

    @classmethod
    def describe(cls, config: IndexConfig, secret: SecretStr | None) -> IndexDescription:
        """The fields of its metadata, and three records."""
        with closing(cls(config, secret)) as index:
            rows = {one: row.get("metadata") or {} for one, row in index._fetched(index._ids(3)).items()}
            stats, count = index._stats(), index.count()
        names = tuple(dict.fromkeys(name for row in rows.values() for name in names_in(row)))
        return IndexDescription(
            names=names,
            fields=IndexFields(**guessed(names, {"id": "", "vector": "", "metadata": ""})),
            rows=tuple({"id": one, **sample(row)} for one, row in rows.items()),
            dimensions=int(stats.get("dimension") or 0),
            distance=DISTANCES.get(str(stats.get("metric"))),
            passages=count,
        )

    @property
    def capabilities(self) -> Capabilities:
        """No search by words of a dense index. Pinecone orders numbers only, so days cannot be compared."""
        return Capabilities(lexical=False, conditions=EVERY_CONDITION - {"dated"})

    def dimensions(self) -> int:
        """The length of its vectors."""
        return int(self._stats().get("dimension") or 0)

    def dense(self, vector: Vectors, depth: int, where: Filter | None = None) -> SearchResult:
        """The nearest records. A euclidean index gives the square of the distance."""
        distance = self._distance()
        found = [(str(one["id"]), float(one["score"])) for one in self._matches(vector.tolist(), depth, where)]
        if distance == "l2":
            found = [(one, max(0.0, square) ** 0.5) for one, square in found]
        return SearchResult(found, space=SPACES[distance])

    def lexical(self, query: str, depth: int, where: Filter | None = None) -> SearchResult:  # noqa: ARG002
        """None: see `capabilities`."""
        return SearchResult([], unavailable="This index of Pinecone has no lexical search.")

    def passages_by_id(self, ids: Sequence[str]) -> dict[str, Passage]:
        """The records of these ids as passages."""
        found = {one: row.get("metadata") or {} for one, row in self._fetched(ids).items()}
        needed([*found.values()], self.config.fields.text, self.config.place)
        return {one: passage_of(one, found[one], self.config.fields) for one in ids if one in found}

    def vectors_by_id(self, ids: Sequence[str]) -> dict[str, Vectors]:
        """The stored vectors."""
        found = self._fetched(ids)
        return {one: np.array(found[one]["values"], np.float32) for one in ids if one in found}

    def count(self, where: Filter | None = None) -> int:
        """How many records there are; those that match a filter are counted up to 10,000."""
        if where is not None:
            found = len(self._matching(MOST, where))
            if found == MOST:
                raise EngineError(f"{self.config.place} counts by a filter up to {MOST:,} only. Use a narrower one.")
            return found
        self._told = {}
        spaces = self._stats().get("namespaces") or {}
        names = (self.config.namespace,) if self.config.namespace else NAMELESS
        return sum(int(spaces[name].get("vectorCount", 0)) for name in names if name in spaces)

    def listed(self, first: int, where: Filter | None = None) -> list[Passage]:
        """The first records by id, or those that match a filter."""
        ids = self._ids(first) if where is None else self._matching(first, where)
        return list(self.passages_by_id(ids).values())

    def close(self) -> None:
        """Close the connections."""
        self.service.close()
        if self._host is not None:
            self._host.close()

    def _matching(self, first: int, where: Filter) -> list[str]:
        """The ids of records that match, by a query with any vector."""
        vector = [1.0] + [0.0] * (max(1, self.dimensions()) - 1)
        return [str(one["id"]) for one in self._matches(vector, first, where)]

    def _matches(self, vector: list[float], depth: int, where: Filter | None) -> list[Any]:
        kept = {"filter": pinecone_filter(where, self.config.fields, self.config.place)} if where else {}
        asked = {"vector": vector, "topK": within(depth, MOST), "namespace": self.config.namespace, **kept}
        return list(self._ask("POST", "/query", asked)["matches"])

    def _fetched(self, ids: Sequence[str]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for begin in range(0, len(ids), TOGETHER):
            asked = urlencode({"ids": ids[begin : begin + TOGETHER], "namespace": self.config.namespace}, doseq=True)
            found |= self._ask("GET", f"/vectors/fetch?{asked}")["vectors"]
        return found

    def _ids(self, first: int) -> list[str]:
        found: list[str] = []
        after: dict[str, str] = {}
        while len(found) < first:
            limit = str(min(TOGETHER, first - len(found)))
            asked = urlencode({"namespace": self.config.namespace, "limit": limit, **after})
            answer = self._ask("GET", f"/vectors/list?{asked}")
            found += [str(one["id"]) for one in answer.get("vectors") or []]
            token = (answer.get("pagination") or {}).get("next")
            if not token:
                break
            after = {"paginationToken": token}
        return found

    def _distance(self) -> Distance:
        return DISTANCES.get(str(self._stats().get("metric"))) or self.config.distance or "cosine"

    def _stats(self) -> dict[str, Any]:
        if not self._told:
            self._told = self._ask("POST", "/describe_index_stats", {})
        return self._told

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        if self._host is None:
            self._host = self._found_host()
        return self._host.ask(method, path, body)

    def _found_host(self) -> RestServer:
        """The server of the index: the one that the service names, or the address itself."""
        if not self.config.index:
            return self.service
        told = self.service.ask("GET", f"/indexes/{in_path(self.config.index)}")
        address = f"{urlsplit(self.config.address).scheme}://{urlsplit('//' + told['host']).netloc}"
        return RestServer(self.config.with_(address=address), self._secret, ACCESS, self._means)

    def _means(self, status: int, said: str) -> EngineError | None:
        if status == 404 and self.config.index:
            return MissingIndex(self.service.place, "index", self.config.index)
        if found := LENGTHS.search(said):
            return WrongDimension(self.config.place, int(found[2]), int(found[1]))
        return None


def pinecone_filter(where: Filter, fields: IndexFields, place: str) -> dict[str, Any]:
    """The filter as Pinecone's. Raises BadInput for what it cannot say."""

    def refused(what: str) -> NoReturn:
        raise BadInput(f"{place} cannot filter by {what}, so nothing was searched. Use another filter than “{where}”.")

    def equal(path: str, value: Scalar, true: bool) -> dict[str, Any]:
        if true:
            return {path: {"$eq": value}}
        return {"$or": [{path: {"$exists": False}}, {path: {"$ne": value}}]}

    def dated(path: str, after: date, before: date | None, true: bool) -> dict[str, Any]:
        if before != after + timedelta(days=1):
            refused("dates")
        return equal(path, after.isoformat(), true)

    def absent(path: str, true: bool) -> dict[str, Any]:
        return {path: {"$exists": not true}}

    def by_id(_: str, __: bool) -> dict[str, Any]:
        return refused("the id of a record")

    def every(conditions: list[dict[str, Any]]) -> dict[str, Any]:
        return {"$and": conditions} if conditions else ALWAYS

    def some(conditions: list[dict[str, Any]]) -> dict[str, Any]:
        return {"$or": conditions} if conditions else NEVER

    return translated(where, fields, Dialect(equal, dated, absent, by_id, every, some))
