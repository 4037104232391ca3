"""What a class of Weaviate is made of: its properties, and how its vectors are compared."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rag_core.errors import MissingField
from rag_core.retrieval.engines.index_config import Distance
from rag_core.schema.spaces import ScoreSpace

SPACES: dict[str, tuple[ScoreSpace, Callable[[float], float]]] = {
    "cosine": (ScoreSpace.COSINE, lambda far: 1 - far),
    "dot": (ScoreSpace.DOT, lambda far: -far),
    "l2-squared": (ScoreSpace.DISTANCE, lambda far: math.sqrt(max(0.0, far))),
    "manhattan": (ScoreSpace.DISTANCE, float),
}
"""What Weaviate calls distance (1 - cosine, minus the product, the square) as a score."""

DISTANCES: dict[str, Distance] = {"cosine": "cosine", "dot": "dot", "l2-squared": "l2"}
PLAIN = ("text", "int", "number", "boolean", "date", "uuid")
OBJECT = "object"


@dataclass(frozen=True)
class Layout:
    """The properties of a class.

    types     by name; those inside an object as `meta.origin`
    whole     texts whose whole value can be compared: they are indexed as one (`tokenization: field`)
    hidden    properties that cannot be filtered
    vectors   how each vector is compared, by name; `""`: the one without
    nulls     whether the class knows which objects lack a property (`indexNullState`)
    tenants   whether each tenant has objects of its own
    """

    types: Mapping[str, str]
    whole: frozenset[str]
    hidden: frozenset[str]
    vectors: Mapping[str, str]
    nulls: bool
    tenants: bool

    @classmethod
    def of(cls, told: Any) -> Layout:
        """From the answer about a class."""
        given = told.get("properties") or []
        inner = [
            (f"{one['name']}.{each['name']}", each)
            for one in given
            if one["dataType"] == [OBJECT]
            for each in one.get("nestedProperties") or []
        ]
        flat = [(str(one["name"]), one) for one in given]
        named = told.get("vectorConfig") or {}
        one_vector = {} if named else {"": (told.get("vectorIndexConfig") or {}).get("distance") or "cosine"}
        return cls(
            types={name: one["dataType"][0] for name, one in (*flat, *inner)},
            whole=frozenset(name for name, one in flat if one.get("tokenization") == "field"),
            hidden=frozenset(
                {name for name, one in flat if one.get("indexFilterable") is False} | {name for name, _ in inner}
            ),
            vectors={
                name: (one.get("vectorIndexConfig") or {}).get("distance") or "cosine" for name, one in named.items()
            }
            | one_vector,
            nulls=bool((told.get("invertedIndexConfig") or {}).get("indexNullState")),
            tenants=bool((told.get("multiTenancyConfig") or {}).get("enabled")),
        )

    def needed(self, path: str, place: str) -> str:
        """The path. Raises MissingField where there is no such property."""
        if path not in self.types:
            raise MissingField(place, path, self.types)
        return path

    def vector(self, name: str, place: str) -> str:
        """The vector of that name, or the only one. Raises MissingField."""
        if not name and len(self.vectors) == 1:
            return next(iter(self.vectors))
        if name not in self.vectors:
            raise MissingField(place, name or "of the vector", self.vectors)
        return name

    @property
    def selection(self) -> str:
        """All plain properties, as a query asks for them."""
        plain = [name for name, kind in self.types.items() if kind.removesuffix("[]") in PLAIN]
        objects = [name for name, kind in self.types.items() if kind == OBJECT and "." not in name]
        inside = {one: [name.partition(".")[2] for name in plain if name.startswith(f"{one}.")] for one in objects}
        nested = [f"{one} {{ {' '.join(names)} }}" for one, names in inside.items() if names]
        return " ".join([*(name for name in plain if "." not in name), *nested])
