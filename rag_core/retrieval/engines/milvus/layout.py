"""What a collection of Milvus is made of: its fields, which vectors are compared how, and its BM25."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rag_core.errors import MissingField
from rag_core.retrieval.engines.index_config import Distance
from rag_core.schema.spaces import ScoreSpace

if TYPE_CHECKING:
    from rag_core.schema.vectors import Vectors

DENSE = ("FloatVector", "Float16Vector", "BFloat16Vector")
SPARSE = "SparseFloatVector"
VECTORS = (*DENSE, SPARSE, "BinaryVector", "Int8Vector")
WHOLE = ("Int8", "Int16", "Int32", "Int64")
NUMBERS = (*WHOLE, "Float", "Double")
TEXTS = ("VarChar", "String")
DYNAMIC = "$meta"
"""What Milvus calls the object of a row's fields that its schema does not have."""

SPACES: dict[str, tuple[ScoreSpace, Callable[[float], float]]] = {
    "COSINE": (ScoreSpace.COSINE, float),
    "IP": (ScoreSpace.DOT, float),
    "L2": (ScoreSpace.DISTANCE, lambda square: math.sqrt(max(0.0, square))),
    "BM25": (ScoreSpace.BM25, abs),
}
"""What Milvus calls distance, by metric: the cosine, the product, the square of the distance. Milvus Lite gives BM25
with a minus."""

BM25 = ("1", "BM25")
"""How the answer about a collection tells that a function is BM25: by its number, or its name."""

DISTANCES: dict[str, Distance] = {"COSINE": "cosine", "IP": "dot", "L2": "l2"}


@dataclass(frozen=True)
class Layout:
    """The fields of a collection.

    types    by name
    primary  the name of the primary key
    sizes    of vectors
    metrics  by which vectors are compared, as their indexes say
    words    the sparse fields that the server makes by BM25
    dynamic  whether a row can have fields that the schema does not have
    """

    types: Mapping[str, str]
    primary: str
    sizes: Mapping[str, int]
    metrics: Mapping[str, str]
    words: tuple[str, ...]
    dynamic: bool

    @classmethod
    def of(cls, told: Any) -> Layout:
        """From the answer about a collection."""
        fields = told["fields"]
        params = {one["name"]: {given["key"]: given["value"] for given in one.get("params") or []} for one in fields}
        return cls(
            types={one["name"]: one["type"] for one in fields},
            primary=next(one["name"] for one in fields if one.get("primaryKey")),
            sizes={name: int(given["dim"]) for name, given in params.items() if "dim" in given},
            metrics={one["fieldName"]: one.get("metricType", "") for one in told.get("indexes") or []},
            words=tuple(
                name
                for one in told.get("functions") or []
                if str(one.get("type")).upper() in BM25
                for name in one["outputFieldNames"]
            ),
            dynamic=bool(told.get("enableDynamicField")),
        )

    @property
    def dense(self) -> list[str]:
        """The fields of dense vectors."""
        return [name for name, kind in self.types.items() if kind in DENSE]

    @property
    def plain(self) -> list[str]:
        """The fields that are no vectors."""
        return [name for name, kind in self.types.items() if kind not in VECTORS]

    def known(self, path: str) -> bool:
        """Whether there can be something at a path: in a field, or inside an object."""
        return path in self.types or self.dynamic or self.types.get(path.partition(".")[0]) == "JSON"

    def needed(self, path: str, place: str) -> str:
        """The path. Raises MissingField where nothing can be there."""
        if not self.known(path):
            raise MissingField(place, path, self.types)
        return path

    def vector(self, name: str, place: str) -> str:
        """The dense field of that name, or the only one. Raises MissingField."""
        if not name and len(self.dense) == 1:
            return self.dense[0]
        if name not in self.dense:
            raise MissingField(place, name or "of the vector", self.dense)
        return name

    def meaning(self, field: str) -> tuple[ScoreSpace, Callable[[float], float]]:
        """The space of a field's scores, and the way there from what Milvus answers."""
        return SPACES.get(self.metrics.get(field, "COSINE"), (ScoreSpace.UNKNOWN, float))

    def parsed(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """A row with what is in its fields of JSON, which come as texts."""
        texts = {
            name: row[name] for name, kind in self.types.items() if kind == "JSON" and isinstance(row.get(name), str)
        }
        return {**row, **{name: json.loads(text) for name, text in texts.items()}}


def numbers(vector: Any, kind: str) -> Vectors:
    """A stored vector as float32. Milvus gives the bytes of half-precision ones, in base64."""
    if isinstance(vector, str) and kind == "Float16Vector":
        return np.frombuffer(base64.b64decode(vector), np.float16).astype(np.float32)
    if isinstance(vector, str) and kind == "BFloat16Vector":
        halves = np.frombuffer(base64.b64decode(vector), np.uint16).astype(np.uint32)
        return (halves << 16).view(np.float32)
    return np.array(vector, np.float32)
