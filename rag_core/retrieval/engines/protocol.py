"""What the pipeline asks of an engine that holds a collection, and a collection of its vector index. No implementation.

An engine is embedded or distributed, and may be put together from parts: dense search, lexical search, the passages.
What else it can do (several passages at once, counting, listing) is a protocol each, and `Capabilities` says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, get_args, runtime_checkable

from rag_core.errors import BadInput
from rag_core.retrieval.engines.score_parts import ScorePart
from rag_core.schema.base import Frozen
from rag_core.schema.documents import CollectionRef, Passage
from rag_core.schema.filters import ConditionKind, Filter
from rag_core.schema.spaces import ScoreSpace

if TYPE_CHECKING:
    from pathlib import Path

    from rag_core.retrieval.topk import Mask, Rows
    from rag_core.schema.vectors import Vectors

EVERY_CONDITION: frozenset[ConditionKind] = frozenset(get_args(ConditionKind))

IN_WORDS: dict[ConditionKind, str] = {
    "equal": "“equal”",
    "in": "“one of”",
    "dated": "dates",
    "all": "“and” inside another condition",
    "any": "“or”",
    "not": "“not”",
}


@dataclass(frozen=True)
class SearchResult:
    """A ranked list, best first: (passage id, score).

    terms        query terms that matched (lexical search only)
    space        what the scores mean; None: cosine of a dense search, BM25 of a lexical one
    unavailable  why there is no list, in a sentence, where the engine has no such search; empty where it was searched
    approximate  how it was searched, where some of the nearest may be missing; empty where that is not so, or not known
    """

    hits: list[tuple[str, float]]
    terms: tuple[str, ...] = ()
    space: ScoreSpace | None = None
    unavailable: str = ""
    approximate: str = ""


class Capabilities(Frozen):
    """What an engine can do.

    dense, lexical, hybrid  its searches; `hybrid` is the server's own fusion of both
    counting, listing       whether it counts passages, and gives some without a question
    conditions              which conditions of a filter it can translate
    """

    dense: bool = True
    lexical: bool = True
    hybrid: bool = False
    counting: bool = True
    listing: bool = True
    conditions: frozenset[ConditionKind] = EVERY_CONDITION

    def check(self, where: Filter | None, name: str) -> None:
        """Raises BadInput, in words, for a filter with a condition that it cannot translate. Nothing was sent then."""
        lacking = sorted(where.kinds - self.conditions) if where else []
        if lacking:
            told = " and ".join(IN_WORDS[one] for one in lacking)
            raise BadInput(
                f"{name} cannot filter by {told}, so nothing was searched. Use another filter than “{where}”."
            )


class DenseSearch(Protocol):
    """Finds passages by meaning. Safe to call from several threads at once."""

    def dense(self, vector: Vectors, depth: int, where: Filter | None = None) -> SearchResult:
        """The `depth` passages with the highest cosine among those that match the filter."""
        ...


class LexicalSearch(Protocol):
    """Finds passages by words. Safe to call from several threads at once."""

    def lexical(self, query: str, depth: int, where: Filter | None = None) -> SearchResult:
        """The `depth` passages with the highest score (BM25 over 0) among those that match the filter."""
        ...


@runtime_checkable
class HybridSearch(Protocol):
    """Finds passages by both, fused by the server in its own way. Safe to call from several threads at once."""

    def hybrid(self, query: str, vector: Vectors, depth: int, where: Filter | None = None) -> SearchResult:
        """The `depth` best passages of the server's fusion among those that match the filter."""
        ...


@runtime_checkable
class ExplainsScores(Protocol):
    """Says how it comes to a lexical score."""

    def explained(self, query: str, passage_id: str) -> ScorePart | None:
        """What the score of this passage is made of; None where the query does not find it by its words."""
        ...


@runtime_checkable
class SaysWhatItCan(Protocol):
    """Says which searches it has; an engine that does not has both."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""
        ...


@runtime_checkable
class KnowsItsModel(Protocol):
    """Knows the embedding model that made its vectors."""

    @property
    def embedder_key(self) -> str:
        """The key of that model (`retrieval.embedders.naming`); empty where it was not recorded."""
        ...


@runtime_checkable
class ManyPassages(Protocol):
    """Gives several passages in one request, where one by one would be slow."""

    def passages_by_id(self, ids: Sequence[str]) -> dict[str, Passage]:
        """The passages of these ids, in this order; those that are not there are left out."""
        ...


class Counting(Protocol):
    """Counts passages."""

    def count(self, where: Filter | None = None) -> int:
        """How many passages match the filter; all of them without one. May be an estimate without a filter."""
        ...


class Listing(Protocol):
    """Gives passages without a question."""

    def listed(self, first: int, where: Filter | None = None) -> list[Passage]:
        """The first passages that match the filter, in an order that stays."""
        ...


class Passages(Protocol):
    """A named set of passages."""

    @property
    def ref(self) -> CollectionRef:
        """Which collection this is."""
        ...

    def passage(self, passage_id: str) -> Passage:
        """The passage of that id. KeyError if there is none."""
        ...


class Engine(DenseSearch, LexicalSearch, Passages, Protocol):
    """A searchable collection. One of both searches may be `SearchResult.unavailable`."""


class IndexEngine(DenseSearch, LexicalSearch, ManyPassages, Counting, Listing, Protocol):
    """An index that somebody else keeps: read-only, over its own connection, safe to use from several threads.

    Dense scores are in the space of its distance, and the result says which. Every call raises EngineError in words:
    EngineGone, EngineTimeout, EngineRefused, MissingIndex, MissingField, WrongDimension; and works again once the
    server does. Calls that `capabilities` leaves out are never made. Filters were checked against it before.
    """

    @property
    def capabilities(self) -> Capabilities:
        """What it can do. May ask the server once."""
        ...

    def dimensions(self) -> int:
        """The length of its vectors; 0 where it cannot be told before a passage is there."""
        ...

    def vectors_by_id(self, ids: Sequence[str]) -> dict[str, Vectors]:
        """The stored vectors of these passages, float32, as they are; those without one are left out."""
        ...

    def close(self) -> None:
        """Let its connections go. A later call opens new ones."""
        ...


class VectorIndex(Protocol):
    """The vectors of an embedded collection. Read-only once made, and safe to search from several threads."""

    @property
    def kind(self) -> str:
        """Which kind of index it is; the manifest of a collection names it, and the registry reads it again by it."""
        ...

    @property
    def rows(self) -> int:
        """How many vectors it holds."""
        ...

    def search(self, vector: Vectors, depth: int, allowed: Mask | None = None) -> tuple[Rows, Vectors]:
        """Rows (int64) and cosines (float32) of the `depth` nearest rows, best first, ties in row order.

        `vector`: unit, shape (dimensions,). `allowed`: bool, shape (rows,); only those rows can be found. Fewer than
        `depth` come back only where fewer are allowed. Raises BadInput for a vector or filter of another shape.
        """
        ...

    def approximate(self, depth: int, allowed: Mask | None = None) -> str:
        """How it searches for so many among the allowed rows, where that may miss some of the nearest, in a few words:
        `HNSW graph, breadth 256`. Empty where the search is exact."""
        ...

    def save(self, folder: Path) -> None:
        """Write what `load` needs beside the vectors."""
        ...


class VectorEngine(Protocol):
    """What makes vector indexes: the class that a row of the registry names."""

    def build(self, vectors: Vectors, exact_limit: int) -> VectorIndex:
        """Index unit vectors, float32, shape (rows, dimensions). Up to `exact_limit` rows the search must be exact.

        Raises BadInput where the vectors are not finite unit vectors.
        """
        ...

    def load(self, folder: Path, vectors: Vectors) -> VectorIndex:
        """Read an index that `save` wrote, over the same vectors. Raises CollectionError where it does not fit."""
        ...
