"""Qdrant behind HTTP: its own engine (`qdrant-edge-py`, the server's shard) answers, this gives it the server's form.

Paths, bodies and errors are written from qdrant.tech/documentation, the OpenAPI description and the server's sources,
not from the project's engine.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

from qdrant_edge import (
    Bm25,
    Bm25Config,
    CountRequest,
    Distance,
    EdgeConfig,
    EdgeShard,
    EdgeSparseVectorParams,
    EdgeVectorParams,
    FieldCondition,
    Filter,
    Fusion,
    HasIdCondition,
    IsEmptyCondition,
    MatchAny,
    MatchValue,
    Modifier,
    PayloadSelector,
    Point,
    Prefetch,
    Query,
    QueryRequest,
    RangeDateTime,
    RangeFloat,
    ScrollRequest,
    SearchParams,
    SparseVector,
    UpdateOperation,
)

from tests.retrieval.engines.http_server import KEY, Asked, HttpServer

DISTANCES = {"Cosine": Distance.Cosine, "Dot": Distance.Dot, "Euclid": Distance.Euclid, "Manhattan": Distance.Manhattan}


class Failed(Exception):
    """An answer that is an error: status and words."""


class Collection:
    """One collection: its shard, and how its vectors were declared."""

    def __init__(self, folder: Path, vectors: dict[str, Any], sparse: dict[str, Any]) -> None:
        folder.mkdir(parents=True)
        self.vectors, self.sparse = vectors, sparse
        named = {"": vectors} if "size" in vectors else vectors
        self.named = named
        dense = {name: EdgeVectorParams(one["size"], DISTANCES[one["distance"]]) for name, one in named.items()}
        words = {name: EdgeSparseVectorParams(modifier=Modifier.Idf) for name in sparse}
        self.shard = EdgeShard.create(str(folder), EdgeConfig(vectors=dense, sparse_vectors=words))
        self.bm25 = Bm25(Bm25Config(language="english", avg_len=6))

    def upsert(self, points: list[tuple[Any, dict[str, Any], dict[str, Any]]]) -> None:
        """Points as (id, vectors by name, payload); a text becomes its BM25 vector."""
        made = [
            Point(one, {name: self.bm25.embed_document(vector) if isinstance(vector, str) else vector
                        for name, vector in vectors.items()}, payload)
            for one, vectors, payload in points
        ]  # fmt: skip
        for begin in range(0, len(made), 1000):
            self.shard.update(UpdateOperation.upsert_points(made[begin : begin + 1000]))


class QdrantServer:
    """The server. Collections are made by the test, in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.collections: dict[str, Collection] = {}
        self.http = HttpServer(self.answer)

    def create(self, name: str, vectors: dict[str, Any], sparse: dict[str, Any] | None = None) -> Collection:
        place = self.folder / f"{len([*self.folder.glob('*')])}"
        self.collections[name] = Collection(place, vectors, sparse or {})
        return self.collections[name]

    def answer(self, asked: Asked) -> tuple[int, Any]:
        key = asked.headers.get("api-key") or asked.headers.get("authorization", "").removeprefix("Bearer ")
        if not key:
            return 401, "Must provide an API key or an Authorization bearer token"
        if key != KEY:
            return 401, "Invalid API key or JWT"
        try:
            return 200, {"result": self.result(asked), "status": "ok", "time": 0.001}
        except Failed as exc:
            return exc.args[0], {"status": {"error": exc.args[1]}, "time": 0.001}

    def result(self, asked: Asked) -> Any:
        match asked.method, asked.path:
            case "GET", ("collections",):
                return {"collections": [{"name": name} for name in self.collections]}
            case "GET", ("collections", name):
                return info(self.named(name))
            case "POST", ("collections", name, "points", *what):
                ways = {(): retrieved, ("query",): queried, ("scroll",): scrolled, ("count",): counted}
                return ways[tuple(what)](self.named(name), asked.body)
        raise Failed(404, "")

    def named(self, name: str) -> Collection:
        if name not in self.collections:
            raise Failed(404, f"Not found: Collection `{name}` doesn't exist!")
        return self.collections[name]


def info(one: Collection) -> Any:
    params = {"vectors": one.vectors, "shard_number": 1, "on_disk_payload": True}
    sparse = {"sparse_vectors": one.sparse} if one.sparse else {}
    return {"status": "green", "points_count": one.shard.info().points_count, "segments_count": 1,
            "config": {"params": {**params, **sparse}}, "payload_schema": {}}  # fmt: skip


def retrieved(one: Collection, body: Any) -> Any:
    found = one.shard.retrieve(list(map(key_of, body["ids"])), payload_of(body, True), vector_of(one, body))
    return [record(point) for point in found]


def scrolled(one: Collection, body: Any) -> Any:
    request = ScrollRequest(limit=body.get("limit", 10), filter=filter_of(one, body.get("filter")),
                            with_payload=payload_of(body, True), with_vector=vector_of(one, body))  # fmt: skip
    points, after = one.shard.scroll(request)
    return {"points": [record(point) for point in points], "next_page_offset": after and str(after)}


def counted(one: Collection, body: Any) -> Any:
    return {
        "count": one.shard.count(CountRequest(exact=body.get("exact", True), filter=filter_of(one, body.get("filter"))))
    }


def queried(one: Collection, body: Any) -> Any:
    inner = [
        Prefetch(limit=each.get("limit", 10), query=query_of(one, each), filter=filter_of(one, each.get("filter")))
        for each in body.get("prefetch", [])
    ]
    request = QueryRequest(
        limit=body.get("limit", 10), query=query_of(one, body), prefetches=inner, with_vector=False,
        with_payload=payload_of(body, False), filter=filter_of(one, body.get("filter")),
        params=SearchParams(exact=body.get("params", {}).get("exact", False)),
    )  # fmt: skip
    return {"points": [{**record(point), "version": 0, "score": point.score} for point in one.shard.query(request)]}


def query_of(one: Collection, body: Any) -> Any:
    query, using = body["query"], body.get("using", "")
    if isinstance(query, dict) and "fusion" in query:
        return {"rrf": Fusion.Rrf(k=2), "dbsf": Fusion.Dbsf()}[query["fusion"]]
    if using not in one.named and using not in one.sparse:
        raise Failed(400, f"Wrong input: Not existing vector name error: {using}")
    if isinstance(query, dict):
        if query["model"].lower() != "qdrant/bm25":
            raise Failed(500, f"Service internal error: InferenceService is not initialized for {query['model']}.")
        sparse = one.bm25.embed_query(query["text"])
        return Query.Nearest(SparseVector(sparse.indices, sparse.values), using)
    size = one.named[using]["size"]
    if len(query) != size:
        raise Failed(400, f"Wrong input: Vector dimension error: expected dim: {size}, got {len(query)}")
    return Query.Nearest(query, using)


def record(point: Any) -> dict[str, Any]:
    vector = point.vector
    plain = vector.get("", vector) if isinstance(vector, dict) else vector
    return {"id": str(point.id) if isinstance(point.id, UUID) else point.id, "payload": point.payload,
            **({} if vector is None else {"vector": plain})}  # fmt: skip


def payload_of(body: Any, default: bool) -> Any:
    given = body.get("with_payload", default)
    return PayloadSelector.Include(given) if isinstance(given, list) else given


def vector_of(one: Collection, body: Any) -> Any:
    given = body.get("with_vector", False)
    if isinstance(given, list) and (unknown := [name for name in given if name not in one.named]):
        raise Failed(400, f"Wrong input: Not existing vector name error: {unknown[0]}")
    return given


def key_of(given: Any) -> Any:
    if isinstance(given, int):
        return given
    try:
        return UUID(given)
    except ValueError:
        raise Failed(400, f"Format error in JSON body: value {given} is not a valid point ID") from None


def filter_of(one: Collection, given: Any) -> Filter | None:
    if given is None:
        return None
    if set(given) - {"must", "should", "must_not"}:
        raise Failed(400, f"Format error in JSON body: unknown field `{next(iter(given))}`")
    return Filter(**{name: [condition_of(one, each) for each in some] for name, some in given.items()})


def condition_of(one: Collection, given: Any) -> Any:
    if "has_id" in given:
        return HasIdCondition({key_of(each) for each in given["has_id"]})
    if "is_empty" in given:
        return IsEmptyCondition(given["is_empty"]["key"])
    if "key" not in given:
        return filter_of(one, given)
    if "range" in given:
        bounds = given["range"]
        kind = RangeDateTime if isinstance(next(iter(bounds.values())), str) else RangeFloat
        return FieldCondition(given["key"], range=kind(**bounds))
    match = given["match"]
    if isinstance(match.get("value"), bool):
        return HasIdCondition(truths(one, given["key"], match["value"]))
    return FieldCondition(given["key"], match=MatchAny(match["any"]) if "any" in match else MatchValue(match["value"]))


def truths(one: Collection, key: str, value: bool) -> set[Any]:
    """Points with that truth value: the engine has them, but its Python binding makes `True` a 1."""
    points, _ = one.shard.scroll(ScrollRequest(limit=100_000, with_payload=True))
    *above, last = key.split(".")
    found = set()
    for point in points:
        inside = point.payload
        for name in above:
            inside = inside.get(name, {})
        if inside.get(last) is value:
            found.add(point.id)
    return found
