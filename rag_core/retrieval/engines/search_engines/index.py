"""`ElasticsearchIndex`, and most of `OpenSearchIndex`: nearest neighbours, Lucene's BM25, and the server's own fusion.

    POST /{index}/_search    a search; passages by id, and in an order that stays, too
    POST /{index}/_count
    GET  /{index}/_mapping   the types of the fields

The document's `_id` is the passage's id (`_index/_id` behind an alias of several indices), or a keyword field where
one is named. Shapes: the reference of each server.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from pydantic import SecretStr

from rag_core.errors import BadInput, EngineError, MissingField, MissingIndex, WrongDimension
from rag_core.retrieval.engines.index_config import IndexConfig, IndexDescription, SearchedIndex, check_named
from rag_core.retrieval.engines.protocol import Capabilities, SearchResult
from rag_core.retrieval.engines.rest.client import RestServer, in_path, unlike
from rag_core.retrieval.engines.rest.documents import passage_of, reached, within
from rag_core.retrieval.engines.rest.filters import refuse_offset
from rag_core.retrieval.engines.score_parts import ScorePart
from rag_core.retrieval.engines.search_engines.catalog import described, with_vectors
from rag_core.retrieval.engines.search_engines.explaining import explanation
from rag_core.retrieval.engines.search_engines.filters import (
    ALWAYS,
    Query,
    by_key,
    by_own_ids,
    offset_filters,
    search_filter,
)
from rag_core.retrieval.engines.search_engines.flavours import ELASTICSEARCH, MOST, Body, Flavour
from rag_core.retrieval.engines.search_engines.layout import VECTORS, Layout
from rag_core.retrieval.engines.search_engines.scores import library, meaning
from rag_core.schema.spaces import ScoreSpace

if TYPE_CHECKING:
    from rag_core.schema.documents import Passage
    from rag_core.schema.filters import Filter
    from rag_core.schema.vectors import Vectors

TOGETHER = 1000
LENGTHS = re.compile(r"(?:different number of dimensions|invalid dimension)\D+(\d+)\D+(\d+)", re.IGNORECASE)
SAME_COPY = {"preference": "second-pass"}
"""Searches of one name are answered by the same copies of a shard, so ties keep their order."""


class ElasticsearchIndex:
    """One index, or an alias. Its mapping is read on first use, and again after an error that says it has changed."""

    flavour: ClassVar[Flavour] = ELASTICSEARCH

    def __init__(self, config: IndexConfig, secret: SecretStr | None) -> None:
        self.config = config
        self.server = RestServer(config, secret, self.flavour.access, self._means)
        self._path = f"/{in_path(config.index)}"
        self._known: Layout | None = None

    @classmethod
    def connect(cls, config: IndexConfig, secret: SecretStr | None) -> ElasticsearchIndex:
        """The index of that config. Raises BadInput where it, its text or its vector is not named."""
        check_named(config, "index")
        return cls(config, secret)

    @classmethod
    def indexes(cls, config: IndexConfig, secret: SecretStr | None) -> tuple[SearchedIndex, ...]:
        """The indices with a field of vectors."""
        with closing(cls(config.with_(index=""), secret)) as index:
            return with_vectors(index._mappings("/_mapping"))

    @classmethod
    def describe(cls, config: IndexConfig, secret: SecretStr | None) -> IndexDescription:
        """Its fields, as its mapping has them, and three documents."""
        with closing(cls(config, secret)) as index:
            hits = index._hits({"query": ALWAYS, "size": 3})
            return described(index._layout(), hits, index.count())

    @property
    def capabilities(self) -> Capabilities:
        """Everything; what a filter needs of the mapping is said when it is translated."""
        return Capabilities(dense=bool(self.config.fields.vector), hybrid=bool(self.config.fields.vector))

    def dimensions(self) -> int:
        """The length of its vectors, as the mapping has it; 0 where no vector is named."""
        given = self._vector() if self.config.fields.vector else {}
        return int(given.get("dims") or given.get("dimension") or 0)

    def dense(self, vector: Vectors, depth: int, where: Filter | None = None) -> SearchResult:
        """The nearest documents; `_score` is turned back into the cosine, product or distance of the mapping."""
        self._check(vector, where)
        space, back = meaning(self._vector())
        body = self.flavour.nearest(self.config.fields.vector, vector.tolist(), within(depth, MOST), self._where(where))
        return SearchResult([(one, back(score)) for one, score in self._found(body, depth)], space=space)

    def lexical(self, query: str, depth: int, where: Filter | None = None) -> SearchResult:
        """The best documents by Lucene's BM25."""
        return SearchResult(self._found({"query": self._words(query, where)}, depth), space=ScoreSpace.BM25)

    def explained(self, query: str, passage_id: str) -> ScorePart | None:
        """How the server comes to the lexical score of this passage; None where it has no word of the query."""
        asked: Query = {"bool": {"must": [self._words(query, None)], "filter": [self._of_ids([passage_id])]}}
        return explanation(self._search({"query": asked, "explain": True, "size": 1, "_source": False}))

    def hybrid(self, query: str, vector: Vectors, depth: int, where: Filter | None = None) -> SearchResult:
        """Both, fused by the server: RRF in Elasticsearch, its search pipeline in OpenSearch."""
        self._check(vector, where)
        body = self.flavour.both(
            self._words(query, where), self.config.fields.vector, vector.tolist(), within(depth, MOST),
            self._where(where), self._pipeline(),
        )  # fmt: skip
        return SearchResult(self._found(body, depth), space=self.flavour.fused)

    def passages_by_id(self, ids: Sequence[str]) -> dict[str, Passage]:
        """The documents of these ids as passages."""
        found = self._documents(ids, {})
        return {one: self._passage(one, found[one]) for one in ids if one in found}

    def vectors_by_id(self, ids: Sequence[str]) -> dict[str, Vectors]:
        """The vectors, as they were given to the server."""
        field = self.config.fields.vector
        if not field:
            return {}
        wanted = {"_source": {"includes": [field, *filter(None, [self.config.fields.id])]}}
        found = self._documents(ids, {**wanted, **self.flavour.stored(field)})
        vectors = {one: reached(source, field) for one, source in found.items()}
        return {one: np.array(vectors[one], np.float32) for one in ids if vectors.get(one)}

    def count(self, where: Filter | None = None) -> int:
        """How many documents match."""
        body = {"query": self._where(where)} if where else None
        return int(self.server.ask("POST", f"{self._path}/_count", body)["count"])

    def listed(self, first: int, where: Filter | None = None) -> list[Passage]:
        """Documents that match, in the order of the index."""
        hits = self._hits({"query": self._where(where) or ALWAYS, "size": within(first, MOST), "sort": ["_doc"]})
        return [self._passage(self._id_of(one), one["_source"]) for one in hits]

    def close(self) -> None:
        """Close the connections."""
        self.server.close()

    def _passage(self, one: str, source: Any) -> Passage:
        return passage_of(one, source, self.config.fields)

    def _words(self, query: str, where: Filter | None) -> Query:
        fields = self.config.fields
        field = self._layout().needed(fields.lexical or fields.text, self.config.place)
        match: Query = {"match": {field: {"query": query}}}
        return {"bool": {"must": [match], "filter": [self._where(where)]}} if where else match

    def _found(self, body: Body, depth: int) -> list[tuple[str, float]]:
        field = self.config.fields.id
        asked = {**body, "size": within(depth, MOST), "_source": {"includes": [field]} if field else False}
        found: dict[str, float] = {}
        for one in self._search(asked):
            found.setdefault(self._id_of(one), float(one["_score"]))
        return list(found.items())

    def _documents(self, ids: Sequence[str], what: Body) -> dict[str, Any]:
        """The sources of these ids. Text and id are looked for in the mapping first."""
        self._layout().needed(self.config.fields.text, self.config.place)
        found: dict[str, Any] = {}
        for begin in range(0, len(ids), TOGETHER):
            some = list(ids[begin : begin + TOGETHER])
            hits = self._hits({"query": self._of_ids(some), "size": min(MOST, 2 * len(some)), **what})
            found |= {self._id_of(one): {**(one.get("_source") or {}), **one.get("fields", {})} for one in hits}
        return found

    def _of_ids(self, ids: Sequence[str]) -> Query:
        field, layout = self.config.fields.id, self._layout()
        key = field and (layout.keyword(layout.needed(field, self.config.place)) or field)
        return by_key(key, ids, layout) if key else by_own_ids(ids, layout)

    def _hits(self, body: Body) -> list[Any]:
        """Documents without their vectors, unless they are asked for."""
        return self._search({"_source": {"excludes": self._layout().vectors}, **body})

    def _search(self, body: Body) -> list[Any]:
        answer = self.server.ask("POST", f"{self._path}/_search", body, SAME_COPY)
        if answer.get("timed_out") or answer.get("_shards", {}).get("failed"):
            raise EngineError(f"{self.config.place} answered in part only: some of its shards failed. Ask again.")
        return list(answer["hits"]["hits"])

    def _id_of(self, hit: Any) -> str:
        field = self.config.fields.id
        own = f"{hit['_index']}/{hit['_id']}" if self._layout().several else hit["_id"]
        found = reached(hit.get("_source"), field) if field else own
        if found is None or found == "":
            raise MissingField(self.config.place, field, self._layout().names)
        return str(found)

    def _where(self, where: Filter | None) -> Query | None:
        """The filter as a query. Raises BadInput where a day is compared with times that have an offset."""
        if where is None:
            return None
        for path, near in offset_filters(where, self.config.fields, self._layout()):
            if int(self.server.ask("POST", f"{self._path}/_count", {"query": near})["count"]):
                refuse_offset(path, self.config.place)
        return search_filter(where, self.config.fields, self._layout(), self.config.place)

    def _check(self, vector: Vectors, where: Filter | None) -> None:
        needed, used = self.dimensions(), library(self._vector())
        if needed and needed != len(vector):
            raise WrongDimension(self.config.place, needed, len(vector))
        if where and used in self.flavour.narrowed:
            raise BadInput(
                f"The vectors of {self.config.place} are searched by {used}, which cannot filter. Remove it."
            )

    def _vector(self) -> Any:
        name, layout = self.config.fields.vector, self._layout()
        if layout.type(name) not in VECTORS:
            raise MissingField(self.config.place, name or "of the vector", layout.vectors or layout.names)
        return layout.fields[name]

    def _layout(self) -> Layout:
        if self._known is None:
            self._known = Layout.of(self._mappings(f"{self._path}/_mapping"))
        return self._known

    def _mappings(self, path: str) -> dict[str, Any]:
        found = self.server.ask("GET", path)
        if not all(isinstance(one, dict) for one in found.values()):
            raise unlike(self.server.place, "no mappings")
        return dict(found)

    def _pipeline(self) -> str:
        """The search pipeline that the index is set to use, where there is such a thing."""
        return ""

    def _means(self, status: int, said: str) -> EngineError | None:
        if status == 404 and self.config.index:
            self._known = None
            return MissingIndex(self.server.place, "index", self.config.index)
        if found := LENGTHS.search(said):
            self._known = None
            return WrongDimension(self.config.place, int(found[2]), int(found[1]))
        if status == 403 and "license" in said:
            return EngineError(f"{self.server.place} has no licence for this: {said}. Use another search.")
        return None
