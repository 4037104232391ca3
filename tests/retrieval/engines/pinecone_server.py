"""Pinecone behind HTTP: its service and the host of an index, at one address. Written from docs.pinecone.io."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from tests.retrieval.engines.http_server import KEY, Asked, HttpServer

DEFAULT = "__default__"
"""What newer versions of the API call the namespace without a name."""


class Failed(Exception):
    """An answer that is an error: status and message."""


def same(one: Any, other: Any) -> bool:
    return one == other and isinstance(one, bool) == isinstance(other, bool)


OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "$eq": same,
    "$ne": lambda found, given: found is not None and not same(found, given),
    "$exists": lambda found, given: (found is not None) is given,
}
"""`$ne` is taken not to find what lacks the field: the documentation does not say."""


def holds(filter_: Any, metadata: dict[str, Any]) -> bool:
    for name, given in filter_.items():
        if name in ("$and", "$or"):
            if not given:
                raise Failed(400, f"{name} must be a non-empty list")
            if not (all if name == "$and" else any)(holds(one, metadata) for one in given):
                return False
            continue
        for operator, value in given.items():
            if operator not in OPERATORS:
                raise Failed(400, f"{operator} is not supported")
            if not OPERATORS[operator](metadata.get(name), value):
                return False
    return True


def unit(one: Any) -> Any:
    return one / np.linalg.norm(one)


METRICS: dict[str, Callable[[Any, Any], float]] = {
    "cosine": lambda one, other: float(unit(one) @ unit(other)),
    "dotproduct": lambda one, other: float(one @ other),
    "euclidean": lambda one, other: float(np.sum((one - other) ** 2)),
}


class PineconeServer:
    """One index, `shop`. `records` by namespace and id: values and metadata."""

    def __init__(self, size: int = 4) -> None:
        self.size = size
        self.metric = "cosine"
        self.records: dict[str, dict[str, tuple[list[float], dict[str, Any]]]] = {"": {}}
        self.http = HttpServer(self.answer)
        self.host = urlsplit(self.http.address).netloc

    def answer(self, asked: Asked) -> tuple[int, Any]:
        if asked.headers.get("api-key") != KEY:
            return 401, "Unauthorized"
        assert asked.headers["x-pinecone-api-version"] == "2025-04"
        try:
            return 200, self.result(asked)
        except Failed as exc:
            status, message = exc.args
            return status, {"error": {"code": "INVALID_ARGUMENT", "message": message}, "status": status}

    def result(self, asked: Asked) -> Any:
        space = self.records.get(asked.params.get("namespace", ""), {})
        match asked.method, asked.path:
            case "GET", ("indexes",):
                return {"indexes": [self.index()]}
            case "GET", ("indexes", "shop"):
                return self.index()
            case "POST", ("query",):
                return {"matches": self.queried(asked.body), "namespace": ""}
            case "GET", ("vectors", "fetch"):
                found = {one: space[one] for one in asked.several["ids"] if one in space}
                return {"vectors": {one: {"id": one, "values": values, "metadata": metadata}
                                    for one, (values, metadata) in found.items()}}  # fmt: skip
            case "GET", ("vectors", "list"):
                first = int(asked.params.get("paginationToken", 0))
                last = first + int(asked.params.get("limit", 100))
                more = {"pagination": {"next": str(last)}} if last < len(space) else {}
                return {"vectors": [{"id": one} for one in sorted(space)[first:last]], **more}
            case "POST", ("describe_index_stats",):
                counts = {
                    name or DEFAULT: {"vectorCount": len(records)} for name, records in self.records.items() if records
                }
                return {"namespaces": counts, "dimension": self.size, "metric": self.metric, "totalVectorCount": 0}
        raise Failed(404, f"Resource {'/'.join(asked.path)} not found")

    def index(self) -> Any:
        return {"name": "shop", "dimension": self.size, "metric": self.metric, "host": self.host,
                "status": {"ready": True, "state": "Ready"}}  # fmt: skip

    def queried(self, body: Any) -> Any:
        if (given := len(body["vector"])) != self.size:
            raise Failed(400, f"Vector dimension {given} does not match the dimension of the index {self.size}")
        vector, metric = np.array(body["vector"]), METRICS[self.metric]
        scores = {one: metric(vector, np.array(values))
                  for one, (values, metadata) in self.records.get(body["namespace"], {}).items()
                  if holds(body.get("filter", {}), metadata)}  # fmt: skip
        best = sorted(scores, key=lambda one: scores[one], reverse=self.metric != "euclidean")[: body["topK"]]
        return [{"id": one, "score": scores[one], "values": []} for one in best]
