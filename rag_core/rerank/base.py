"""The one protocol of every reranker: pairs in, one score per pair out. No implementation here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from rag_core.schema.progress import Progress
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import PairScore


@dataclass(frozen=True)
class Scored:
    """One `PairScore` per passage, in the order of the passages, and what it cost (milliseconds).

    `units`: what a hosted service billed in units of its own (search units); 0 where it bills tokens or says nothing.
    """

    pairs: tuple[PairScore, ...]
    tokens: int = 0
    batches: int = 0
    tokenise_ms: float = 0.0
    units: float = 0.0


class Reranker(Protocol):
    """A model that scores (query, passage) pairs. Loads lazily, once; safe to call from several threads.

    `model` identifies weights, calibration and everything else that changes a score (it is the cache key):
    name and content hash or revision. `space` is the score space of what `score` returns.
    """

    space: ScoreSpace

    @property
    def model(self) -> str:
        """Identity of the model, stable across processes."""
        ...

    @property
    def load_ms(self) -> float:
        """What loading took, in milliseconds; 0 before it is loaded."""
        ...

    def load(self) -> None:
        """Load the model if it is not loaded. Raises ModelError or MissingPackage in words for a user."""
        ...

    def score(self, query: str, passages: Sequence[str], progress: Progress | None = None) -> Scored:
        """Scores of all pairs, finite, deterministic, independent of the passages' order.

        Raises ModelError if the model fails or returns something that is not a finite number.
        """
        ...
