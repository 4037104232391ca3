"""What a collection of Qdrant is made of: its vectors, dense and sparse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rag_core.errors import MissingField
from rag_core.retrieval.engines.index_config import Distance
from rag_core.schema.spaces import ScoreSpace

SPACES = {
    "Cosine": ScoreSpace.COSINE,
    "Dot": ScoreSpace.DOT,
    "Euclid": ScoreSpace.DISTANCE,
    "Manhattan": ScoreSpace.DISTANCE,
}
"""What a score is, by the distance of the vector. Qdrant answers with the distance itself where lower is better."""

DISTANCES: dict[str, Distance] = {"Cosine": "cosine", "Dot": "dot", "Euclid": "l2"}


@dataclass(frozen=True)
class Dense:
    """A dense vector: its name (empty: the one without), how many numbers it has, how it is compared."""

    name: str
    size: int
    distance: str

    @property
    def space(self) -> ScoreSpace:
        """What the scores of a search by it are."""
        return SPACES.get(self.distance, ScoreSpace.UNKNOWN)


@dataclass(frozen=True)
class Layout:
    """The vectors of a collection. `sparse`: by name, whether the server weighs their terms by rarity (`idf`)."""

    dense: dict[str, Dense]
    sparse: dict[str, bool]

    @classmethod
    def of(cls, answer: Any) -> Layout:
        """From the answer about a collection. Multi-vectors are left out: they are no search of one vector."""
        params = answer["config"]["params"]
        given = params.get("vectors") or {}
        named = {"": given} if "size" in given else given
        single = {name: one for name, one in named.items() if not one.get("multivector_config")}
        sparse = params.get("sparse_vectors") or {}
        return cls(
            {name: Dense(name, one["size"], one["distance"]) for name, one in single.items()},
            {name: (one or {}).get("modifier") == "idf" for name, one in sparse.items()},
        )

    def searched(self, name: str, place: str) -> Dense:
        """The vector of that name, or the only one. Raises MissingField."""
        if not name and len(self.dense) == 1:
            return next(iter(self.dense.values()))
        if name not in self.dense:
            raise MissingField(place, name or "of the vector", (one for one in self.dense if one))
        return self.dense[name]

    def idf(self, name: str, place: str) -> bool:
        """Whether the sparse vector of that name has its terms weighed. Raises MissingField."""
        if name not in self.sparse:
            raise MissingField(place, name, self.sparse)
        return self.sparse[name]
