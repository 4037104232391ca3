"""What an index of Elasticsearch or OpenSearch is made of: the types of its fields, by their paths."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rag_core.errors import MissingField

VECTORS = ("dense_vector", "knn_vector")
NUMBERS = ("long", "integer", "short", "byte", "double", "float", "half_float", "scaled_float", "unsigned_long")
KEYWORDS = ("keyword", "constant_keyword", "wildcard", "version", "ip")
TEXTS = ("text", "match_only_text", "semantic_text", "search_as_you_type")
DATES = ("date", "date_nanos")
FLAT = ("flattened", "flat_object")
KNOWN = frozenset((*NUMBERS, *KEYWORDS, *DATES, "boolean"))
"""Types whose values can be compared as they are."""


@dataclass(frozen=True)
class Layout:
    """The fields of an index.

    fields   type and definition by path; a field inside another, and a text's `keyword`, are `a.b`
    hidden   objects whose fields are kept and not indexed, so that no filter can see them
    several  whether it is an alias of several indices, in which documents may have the same `_id`
    """

    fields: Mapping[str, Mapping[str, Any]]
    hidden: frozenset[str] = frozenset()
    several: bool = False

    @classmethod
    def of(cls, mappings: Mapping[str, Any]) -> Layout:
        """From the answer about the mapping, of one index or of several behind one alias."""
        found = [one.get("mappings") or {} for one in mappings.values()]
        fields = {path: given for one in found for path, given in _paths(one.get("properties") or {}, "")}
        hidden = {path for one in found for path in _hidden(one, "")}
        return cls(fields, frozenset(hidden), len(mappings) > 1)

    def type(self, path: str) -> str:
        """The type of the field; empty where there is none."""
        return str(self.fields.get(path, {}).get("type", ""))

    def needed(self, path: str, place: str) -> str:
        """The path, if it is there. Raises MissingField, with those that are."""
        if path not in self.fields and not self.concealed(path) and not self.flat(path):
            raise MissingField(place, path, self.names)
        return path

    def keyword(self, path: str) -> str:
        """The path by which whole values of a text can be compared; empty where there is none."""
        inner = self.fields.get(path, {}).get("fields") or {}
        return next((f"{path}.{name}" for name, one in inner.items() if one.get("type") in KEYWORDS), "")

    def flat(self, path: str) -> bool:
        """Whether it lies in an object that is indexed as keywords."""
        return any(path.startswith(f"{one}.") for one, given in self.fields.items() if given.get("type") in FLAT)

    def concealed(self, path: str) -> bool:
        """Whether it may be there without being indexed."""
        return path not in self.fields and any(not one or path.startswith(f"{one}.") for one in self.hidden)

    @property
    def names(self) -> list[str]:
        """The fields that can be mapped: all but the inner ones of texts."""
        inner = {f"{path}.{name}" for path, one in self.fields.items() for name in one.get("fields") or {}}
        return [path for path in self.fields if path not in inner]

    @property
    def vectors(self) -> list[str]:
        """The fields with vectors."""
        return [path for path in self.fields if self.type(path) in VECTORS]


def _paths(properties: Mapping[str, Any], before: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, one in properties.items():
        path = f"{before}{name}"
        if "properties" in one:
            yield path, {"type": "object"}
            yield from _paths(one["properties"], f"{path}.")
        else:
            yield path, {"type": "object", **one}
        yield from ((f"{path}.{inner}", given) for inner, given in (one.get("fields") or {}).items())


def _hidden(one: Mapping[str, Any], path: str) -> Iterator[str]:
    """Objects that take fields without indexing them."""
    if one.get("enabled") is False or str(one.get("dynamic", "true")).lower() == "false":
        yield path
    for name, inner in (one.get("properties") or {}).items():
        yield from _hidden(inner, f"{path}.{name}" if path else name)
