"""Elasticsearch and OpenSearch behind HTTP, as far as they are searched: mappings, bool queries, BM25, k-NN, fusion.

Written from the reference of both servers, not from the project's engine. Values are kept by the type of the mapping,
unknown parts of a request are refused as the servers refuse them, and errors have their form.
"""

from __future__ import annotations

import base64
import math
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from tests.retrieval.engines.http_server import KEY, Asked, HttpServer

Scores = dict[str, float]


class Failed(Exception):
    """An answer that is an error: status, type and reason."""


def words(text: str) -> list[str]:
    """The standard analyser: runs of letters and digits, in small letters."""
    return re.findall(r"\w+", text.lower())


class SearchEngineServer:
    """`elastic`: which of both it is. Indices are made by the test: a mapping, and documents by `_id`."""

    def __init__(self, elastic: bool) -> None:
        self.elastic = elastic
        self.mappings: dict[str, Any] = {}
        self.settings: dict[str, Any] = {}
        self.aliases: dict[str, list[str]] = {}
        self.documents: dict[str, dict[str, Any]] = {}
        self.http = HttpServer(self.answer)

    def create(self, name: str, properties: Any, documents: dict[str, Any], **mapping: Any) -> None:
        self.mappings[name] = {"properties": properties, **mapping}
        self.documents[name] = documents

    def answer(self, asked: Asked) -> tuple[int, Any]:
        given = asked.headers.get("authorization", "")
        scheme = "ApiKey" if self.elastic else "Bearer"
        if given not in (f"{scheme} {KEY}", "Basic " + base64.b64encode(f"reader:{KEY}".encode()).decode()):
            return 401, error("security_exception", "unable to authenticate user for REST request", 401)
        try:
            return 200, self.result(asked)
        except Failed as exc:
            status, kind, reason = exc.args
            return status, error(kind, reason, status)

    def result(self, asked: Asked) -> Any:
        match asked.method, asked.path:
            case "GET", ("_mapping",):
                return {name: {"mappings": one} for name, one in self.mappings.items()}
            case _, (name, *rest) if name in self.aliases:
                each = [self.result(replace(asked, path=(one, *rest))) for one in self.aliases[name]]
                return together(each, asked.body)
            case _, (name, *_) if name not in self.mappings:
                raise Failed(404, "index_not_found_exception", f"no such index [{name}]")
            case "GET", (name, "_mapping"):
                return {name: {"mappings": self.mappings[name]}}
            case "GET", (name, "_settings", "index.search.default_pipeline"):
                return {name: {"settings": self.settings}} if self.settings else {}
            case "POST", (name, "_count"):
                body = asked.body or {"query": {"match_all": {}}}
                return {"count": len(Shard(self, name).scores(body["query"]))}
            case "POST", (name, "_search"):
                return searched(Shard(self, name), asked.body)
        raise Failed(400, "illegal_argument_exception", "no handler found")


def error(kind: str, reason: str, status: int) -> Any:
    return {"error": {"root_cause": [{"type": kind, "reason": reason}], "type": kind, "reason": reason},
            "status": status}  # fmt: skip


def together(answers: list[Any], body: Any) -> Any:
    """The answer of an alias: mappings by index, counts added, hits best first."""
    if "count" in answers[0]:
        return {"count": sum(one["count"] for one in answers)}
    if "hits" not in answers[0]:
        return {name: told for one in answers for name, told in one.items()}
    hits = sorted((hit for one in answers for hit in one["hits"]["hits"]), key=lambda hit: -hit["_score"])
    return {**answers[0], "hits": {"hits": hits[: body.get("size", 10)]}}


def searched(shard: Shard, body: Any) -> Any:
    size = body.get("size", 10)
    if size > 10_000:
        raise Failed(400, "illegal_argument_exception", "Result window is too large")
    if shard.elastic and "search_pipeline" in body:
        raise Failed(400, "parsing_exception", "unknown key for a START_OBJECT in [search_pipeline].")
    if "knn" in body:
        found = shard.nearest(body["knn"]["field"], body["knn"]["query_vector"], body["knn"])
    elif "retriever" in body:
        found = shard.fused(body["retriever"]["rrf"])
    else:
        found = shard.scores(body["query"])
    if body.get("sort") == ["_doc"]:
        found = dict.fromkeys(found, 0.0)
    best = sorted(found.items(), key=lambda one: -one[1])[:size]
    hits = [{"_index": shard.name, "_id": one, "_score": score, **shard.source(one, body)} for one, score in best]
    if body.get("explain"):
        for hit in hits:
            hit["_explanation"] = explained(shard, hit, body["query"])
    return {"took": 1, "timed_out": False, "_shards": {"total": 1, "successful": 1, "failed": 0},
            "hits": {"total": {"value": len(found), "relation": "eq"}, "hits": hits}}  # fmt: skip


def explained(shard: Shard, hit: Any, query: Any) -> Any:
    """As Lucene explains a `bool` of words that count and a filter that does not: a sum over the words there."""
    match = query["bool"]["must"][0]["match"]
    field = next(iter(match))
    parts = []
    for word in words(match[field]["query"]):
        worth = shard.match({field: {"query": word}}).get(hit["_id"])
        if worth is not None:
            score = told(worth, "score(freq=1.0), computed as boost * idf * tf from:")
            parts.append(told(worth, f"weight({field}:{word} in 0) [PerFieldSimilarity], result of:", score))
    sums = told(hit["_score"], "sum of:", *parts) if len(parts) > 1 else parts[0]
    clause = told(0.0, "match on required clause, product of:", told(0.0, "# clause"), told(1.0, "_id:([61])"))
    return told(hit["_score"], "sum of:", sums, clause)


def told(value: float, description: str, *details: Any) -> Any:
    return {"value": value, "description": description, "details": list(details)}


class Shard:
    """One index, searched."""

    def __init__(self, server: SearchEngineServer, name: str) -> None:
        self.elastic = server.elastic
        self.pipeline = server.settings.get("index", {}).get("search", {}).get("default_pipeline")
        self.name = name
        self.documents = server.documents[name]
        self.types = dict(paths(server.mappings[name]["properties"], ""))

    def source(self, one: str, body: Any) -> Any:
        wanted, found = body.get("_source", True), self.documents[one]
        if self.elastic:  # from 9.2 on: vectors are not in the source, unless asked for as `fields`
            vectors = {name for name, (kind, _) in self.types.items() if kind.get("type") == "dense_vector"}
            asked = {name: at(found, name) for name in body.get("fields", []) if at(found, name) is not None}
            found = {name: value for name, value in found.items() if name not in vectors}
            return {**self.kept(found, wanted), **({"fields": asked} if asked else {})}
        return self.kept(found, wanted)

    @staticmethod
    def kept(found: dict[str, Any], wanted: Any) -> Any:
        if wanted is False:
            return {}
        if isinstance(wanted, dict) and "includes" in wanted:
            heads = {path.partition(".")[0] for path in wanted["includes"]}
            return {"_source": {name: value for name, value in found.items() if name in heads}}
        left_out = wanted.get("excludes", []) if isinstance(wanted, dict) else []
        return {"_source": {name: value for name, value in found.items() if name not in left_out}}

    def scores(self, query: Any) -> Scores:
        (kind, given), *more = query.items()
        if more or kind not in QUERIES:
            raise Failed(400, "parsing_exception", f"unknown query [{kind}]")
        return QUERIES[kind](self, given)

    def values(self, path: str) -> dict[str, list[Any]]:
        """What is indexed of a field, by document."""
        kind, parent = self.types.get(path, ({}, ""))
        keep = KINDS.get(kind.get("type", ""))
        if keep is None:
            return {}
        found = {one: at(document, parent or path) for one, document in self.documents.items()}
        return {one: [keep(each) for each in (value if isinstance(value, list) else [value])]
                for one, value in found.items() if value is not None}  # fmt: skip

    def where(self, path: str, holds: Callable[[Any], bool]) -> Scores:
        return {one: 1.0 for one, values in self.values(path).items() if any(map(holds, values))}

    def nearest(self, field: str, vector: list[float], given: Any) -> Scores:
        kind = self.types.get(field, ({}, ""))[0]
        if kind.get("type") not in ("dense_vector", "knn_vector"):
            raise Failed(400, "query_shard_exception", f"failed to create query: field [{field}] does not exist")
        size = kind.get("dims") or kind.get("dimension")
        if size != len(vector):
            raise Failed(400, "query_shard_exception", f"invalid dimension: {len(vector)}, expected {size}")
        if self.elastic and given["k"] > given["num_candidates"]:
            raise Failed(400, "x_content_parse_exception", "[num_candidates] cannot be less than [k]")
        allowed = self.scores(given["filter"]) if "filter" in given else dict.fromkeys(self.documents, 0.0)
        stored = {one: at(self.documents[one], field) for one in allowed}
        score = SIMILARITIES[kind.get("similarity") or kind.get("space_type") or ("cosine" if self.elastic else "l2")]
        asked = np.array(vector)
        found = {one: score(asked, np.array(value)) for one, value in stored.items() if value}
        return dict(sorted(found.items(), key=lambda one: -one[1])[: given["k"]])

    def fused(self, given: Any) -> Scores:
        """Reciprocal rank fusion of retrievers."""
        lists = []
        for one in given["retrievers"]:
            kind, inside = next(iter(one.items()))
            lists.append(self.scores(inside["query"]) if kind == "standard"
                         else self.nearest(inside["field"], inside["query_vector"], inside))  # fmt: skip
        total: Counter[str] = Counter()
        for found in lists:
            ranked = sorted(found, key=lambda one: -found[one])[: given["rank_window_size"]]
            for rank, one in enumerate(ranked, 1):
                total[one] += 1 / (given["rank_constant"] + rank)
        return dict(total)

    def match(self, given: Any) -> Scores:
        """Lucene's BM25: k1 1.2, b .75, idf ln(1 + (N - n + .5) / (n + .5))."""
        field, asked = next(iter(given.items()))
        bags = {one: Counter(words(" ".join(values))) for one, values in self.values(field).items()}
        mean = sum(bag.total() for bag in bags.values()) / max(1, len(bags))
        total: Counter[str] = Counter()
        for word in words(asked["query"]):
            having = [one for one in bags if bags[one][word]]
            idf = math.log(1 + (len(bags) - len(having) + 0.5) / (len(having) + 0.5))
            for one in having:
                count = bags[one][word]
                total[one] += idf * count / (count + 1.2 * (0.25 + 0.75 * bags[one].total() / mean))
        return dict(total)

    def boolean(self, given: Any) -> Scores:
        if set(given) - {"must", "filter", "should", "must_not", "minimum_should_match"}:
            raise Failed(400, "parsing_exception", "[bool] query does not support this")
        scored = [self.scores(one) for one in given.get("must", [])]
        needed = scored + [self.scores(one) for one in given.get("filter", [])]
        if given.get("should"):
            needed.append({one: 1.0 for each in given["should"] for one in self.scores(each)})
        refused = {one for each in given.get("must_not", []) for one in self.scores(each)}
        kept = [one for one in self.documents if all(one in each for each in needed) and one not in refused]
        return {one: sum(each[one] for each in scored) for one in kept}

    def hybrid(self, given: Any) -> Scores:
        """Min-max of each list, then the arithmetic mean."""
        total: Counter[str] = Counter()
        for query in given["queries"]:
            found = self.scores(query)
            low, high = min(found.values(), default=0), max(found.values(), default=0)
            for one, score in found.items():
                total[one] += ((score - low) / (high - low) if high > low else 1.0) / len(given["queries"])
        return dict(total)

    def term(self, given: Any) -> Scores:
        path, one = next(iter(given.items()))
        if path == "_index":
            return dict.fromkeys(self.documents, 1.0) if one["value"] == self.name else {}
        return self.where(path, lambda value: value == KINDS[self.types[path][0]["type"]](one["value"]))

    def ranged(self, given: Any) -> Scores:
        path, bounds = next(iter(given.items()))
        low, high = str(bounds["gte"]), bounds.get("lt")
        return self.where(path, lambda value: low <= value and (high is None or value < high))


def paths(properties: Mapping[str, Any], before: str) -> Any:
    """(path, (definition, the path of what it is kept of))."""
    for name, one in properties.items():
        if "properties" in one:
            yield from paths(one["properties"], f"{before}{name}.")
            continue
        yield f"{before}{name}", (one, "")
        yield from (
            (f"{before}{name}.{inner}", (given, f"{before}{name}")) for inner, given in one.get("fields", {}).items()
        )


def at(document: Any, path: str) -> Any:
    for name in path.split("."):
        document = document.get(name) if isinstance(document, dict) else None
    return document


def day(value: str) -> str:
    """The day in UTC."""
    if not re.search(r"[+-]\d\d:\d\d$", value):
        return value[:10]
    return datetime.fromisoformat(value[:19] + value[-6:]).astimezone(UTC).date().isoformat()


def unit(one: Any) -> Any:
    return one / np.linalg.norm(one)


KINDS: dict[str, Callable[[Any], Any]] = {
    "text": str, "keyword": str, "date": lambda value: day(str(value)), "long": float, "float": float, "boolean": bool,
}  # fmt: skip
"""How a value of a type is indexed; a date by its day, which is all that is asked for."""

SIMILARITIES: dict[str, Callable[[Any, Any], float]] = {
    "cosine": lambda one, other: float((1 + unit(one) @ unit(other)) / 2),
    "cosinesimil": lambda one, other: float((1 + unit(one) @ unit(other)) / 2),
    "dot_product": lambda one, other: float((1 + one @ other) / 2),
    "innerproduct": lambda one, other: float(one @ other + 1 if one @ other >= 0 else 1 / (1 - one @ other)),
    "max_inner_product": lambda one, other: float(one @ other + 1 if one @ other >= 0 else 1 / (1 - one @ other)),
    "l2_norm": lambda one, other: float(1 / (1 + np.sum((one - other) ** 2))),
    "l2": lambda one, other: float(1 / (1 + np.sum((one - other) ** 2))),
}

QUERIES: dict[str, Callable[[Shard, Any], Scores]] = {
    "match_all": lambda shard, _: dict.fromkeys(shard.documents, 1.0),
    "match_none": lambda shard, _: {},
    "match": Shard.match,
    "bool": Shard.boolean,
    "hybrid": Shard.hybrid,
    "term": Shard.term,
    "terms": lambda shard, given: {
        one: 1.0 for path, wanted in given.items() for one in shard.where(path, {*wanted}.__contains__)
    },
    "range": Shard.ranged,
    "regexp": lambda shard, given: {
        one: 1.0
        for path, way in given.items()
        for one in shard.where(path, re.compile(way).fullmatch)  # type: ignore[arg-type]
    },
    "exists": lambda shard, given: shard.where(given["field"], lambda _: True),
    "ids": lambda shard, given: {one: 1.0 for one in given["values"] if one in shard.documents},
    "knn": lambda shard, given: shard.nearest(*next((field, one["vector"], one) for field, one in given.items())),
}
