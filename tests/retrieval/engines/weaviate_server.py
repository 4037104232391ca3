"""Weaviate behind HTTP, as far as it is searched: its schema, and queries of GraphQL, read by `graphql-core`.

Written from docs.weaviate.io, not from the project's engine: `where` by the type and the tokenization of a property,
BM25, hybrid search by relative scores, tenants. An argument or property that is not there is an error, as it is there.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np
from graphql import parse
from graphql.utilities import value_from_ast_untyped

from tests.retrieval.engines.http_server import KEY, Asked, HttpServer


class Failed(Exception):
    """A message of GraphQL's `errors`."""


def unit(one: Any) -> Any:
    return one / np.linalg.norm(one)


DISTANCES: dict[str, Callable[[Any, Any], float]] = {
    "cosine": lambda one, other: float(1 - unit(one) @ unit(other)),
    "dot": lambda one, other: float(-(one @ other)),
    "l2-squared": lambda one, other: float(np.sum((one - other) ** 2)),
}

COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "LessThan": lambda found, value: found < value,
    "GreaterThanEqual": lambda found, value: found >= value,
    "Like": lambda found, value: bool(re.fullmatch(re.escape(value).replace(r"\?", ".").replace(r"\*", ".*"), found)),
}
TYPES = {"text": "valueText", "uuid": "valueText", "int": "valueInt", "number": "valueNumber",
         "boolean": "valueBoolean", "date": "valueDate"}  # fmt: skip
ARGUMENTS = {"limit", "where", "tenant", "nearVector", "bm25", "hybrid"}


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


class WeaviateServer:
    """Classes by name; objects of a class by tenant and id: (properties, vectors by name)."""

    def __init__(self) -> None:
        self.classes: dict[str, Any] = {}
        self.objects: dict[str, dict[str, dict[str, tuple[dict[str, Any], dict[str, list[float]]]]]] = {}
        self.http = HttpServer(self.answer)

    def create(self, name: str, properties: list[Any], objects: dict[str, Any], tenant: str = "", **told: Any) -> None:
        self.classes[name] = {"class": name, "properties": properties, **told}
        self.objects.setdefault(name, {})[tenant] = objects

    def answer(self, asked: Asked) -> tuple[int, Any]:
        if asked.headers.get("authorization") != f"Bearer {KEY}":
            return 401, {"code": 401, "message": "unauthorized: invalid api key"}
        match asked.method, asked.path:
            case "GET", ("v1", "schema"):
                return 200, {"classes": [*self.classes.values()]}
            case "GET", ("v1", "schema", name):
                return (200, self.classes[name]) if name in self.classes else (404, "")
            case "POST", ("v1", "graphql"):
                try:
                    return 200, {"data": self.result(asked.body["query"])}
                except Failed as exc:
                    return 200, {"data": None, "errors": [{"message": str(exc), "path": ["Get"]}]}
        return 404, {"code": 404, "message": f"path {'/'.join(asked.path)} was not found"}

    def result(self, query: str) -> Any:
        (asked,) = parse(query).definitions[0].selection_set.selections  # type: ignore[attr-defined]
        (chosen,) = asked.selection_set.selections
        name = chosen.name.value
        if name not in self.classes:
            raise Failed(f'Cannot query field "{name}" on type "GetObjectsObj".')
        given = {one.name.value: value_from_ast_untyped(one.value) for one in chosen.arguments}
        if unknown := set(given) - ARGUMENTS:
            raise Failed(f'Unknown argument "{unknown.pop()}" on field "{name}"')
        searched = Searched(self.classes[name], self.objects[name].get(given.get("tenant", ""), {}))
        found = searched.matching(given["where"]) if "where" in given else set(searched.objects)
        allowed = [one for one in searched.objects if one in found]
        if asked.name.value == "Aggregate":
            return {"Aggregate": {name: [{"meta": {"count": len(allowed)}}]}}
        rows = searched.ranked(given, allowed)[: given.get("limit", 100)]
        return {"Get": {name: [searched.row(one, more, chosen.selection_set) for one, more in rows]}}


class Searched:
    """The objects of a class and a tenant."""

    def __init__(self, told: Any, objects: dict[str, Any]) -> None:
        self.objects = objects
        self.inverted: dict[str, dict[Any, set[str]]] = {}
        self.properties = {one["name"]: one for one in told["properties"]}
        self.nulls = told.get("invertedIndexConfig", {}).get("indexNullState", False)
        named = told.get("vectorConfig")
        configs = named or {"": {"vectorIndexConfig": told.get("vectorIndexConfig", {})}}
        self.distances = {name: one["vectorIndexConfig"].get("distance", "cosine") for name, one in configs.items()}

    def matching(self, where: Any) -> set[str]:
        operator = where["operator"]
        if operator in ("And", "Or"):
            several = [self.matching(each) for each in where["operands"]]
            return set.intersection(*several) if operator == "And" else set.union(*several)
        (path,) = where["path"]
        if path == "id":
            same = {where["valueText"]} & set(self.objects)
            return same if operator == "Equal" else set(self.objects) - same
        told = self.properties.get(path)
        if told is None:
            raise Failed(f"no such prop with name '{path}' found in class")
        if operator == "IsNull":
            if not self.nulls:
                raise Failed("Nullstate must be indexed to be filterable! add `indexNullState: true`")
            there = set().union(*self.having(path).values())
            return set(self.objects) - there if where["valueBoolean"] else there
        kind = told["dataType"][0]
        if TYPES[kind] not in where:
            raise Failed(f"data type filter cannot use on type {kind}, use {TYPES[kind]} instead")
        value = where[TYPES[kind]]
        if kind == "text" and told.get("tokenization", "word") == "word":
            raise Failed("this double compares whole texts only")
        if operator in ("Equal", "NotEqual"):
            same = self.having(path).get(value, set())
            return same if operator == "Equal" else set(self.objects) - same
        return set().union(*(some for found, some in self.having(path).items() if COMPARED[operator](found, value)))

    def having(self, path: str) -> dict[Any, set[str]]:
        """The objects by what they have there."""
        if path not in self.inverted:
            made = self.inverted[path] = defaultdict(set)
            for one, (properties, _) in self.objects.items():
                if properties.get(path) is not None:
                    made[properties[path]].add(one)
        return self.inverted[path]

    def ranked(self, given: Any, allowed: list[str]) -> list[tuple[str, dict[str, Any]]]:
        if "nearVector" in given:
            far = self.far(given["nearVector"], allowed)
            return [(one, {"distance": far[one]}) for one in sorted(far, key=lambda one: far[one])]
        if "bm25" in given:
            found = self.bm25(given["bm25"], allowed)
        elif "hybrid" in given:
            near = {one: -far for one, far in self.far(given["hybrid"], allowed).items()}
            found = Counter(dict.fromkeys(near, 0.0))
            for weight, scores in ((0.75, near), (0.25, self.bm25(given["hybrid"], allowed))):
                low, high = min(scores.values(), default=0), max(scores.values(), default=0)
                for one, score in scores.items():
                    found[one] += weight * ((score - low) / (high - low) if high > low else 1)
        else:
            return [(one, {}) for one in sorted(allowed)]
        return [(one, {"score": str(found[one])}) for one in sorted(found, key=lambda one: -found[one])]

    def far(self, given: Any, allowed: list[str]) -> dict[str, float]:
        (name,) = given.get("targetVectors", [""])
        vector = np.array(list(map(float, given["vector"])))
        distance = DISTANCES[self.distances[name]]
        return {one: distance(vector, np.array(self.objects[one][1][name])) for one in allowed}

    def bm25(self, given: Any, allowed: list[str]) -> Counter[str]:
        """k1 1.2, b .75 over the one property that is named."""
        (name,) = given["properties"]
        bags = {one: Counter(words(text[0].get(name) or "")) for one, text in self.objects.items()}
        mean = sum(bag.total() for bag in bags.values()) / max(1, len(bags))
        total: Counter[str] = Counter()
        for word in words(given["query"]):
            having = [one for one in bags if bags[one][word]]
            idf = math.log(1 + (len(bags) - len(having) + 0.5) / (len(having) + 0.5))
            for one in set(having) & set(allowed):
                count = bags[one][word]
                total[one] += idf * count * 2.2 / (count + 1.2 * (0.25 + 0.75 * bags[one].total() / mean))
        return total

    def row(self, one: str, more: dict[str, Any], selection: Any) -> Any:
        properties, vectors = self.objects[one]
        told: dict[str, Any] = {"id": one, "vector": vectors.get(""), "vectors": vectors, **more}
        row: dict[str, Any] = {}
        for field in selection.selections:
            name = field.name.value
            if name == "_additional":
                row[name] = {each.name.value: told[each.name.value] for each in field.selection_set.selections}
            elif name in self.properties:
                row[name] = properties.get(name)
            else:
                raise Failed(f'Cannot query field "{name}" on type')
        return row
