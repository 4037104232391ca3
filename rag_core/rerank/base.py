"""The protocol of every reranker: pairs in, one score per pair out. No implementation here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from rag_core.schema.progress import Progress
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import PairScore, StepWarning


@dataclass(frozen=True)
class Scored:
    """What one call of `score` returns.

    pairs        one score per passage, in the order of the passages
    tokens       tokens the model read, or the service billed
    batches      batches or requests
    tokenise_ms  milliseconds spent on tokenising
    units        what a service billed in units of its own (search units); 0 if it bills tokens or does not say
    notes        what a reader of the run should know of how the pairs were scored
    """

    pairs: tuple[PairScore, ...]
    tokens: int = 0
    batches: int = 0
    tokenise_ms: float = 0.0
    units: float = 0.0
    notes: tuple[StepWarning, ...] = ()


class Reranker(Protocol):
    """A model that scores (query, passage) pairs. Loads lazily, once; safe to call from several threads."""

    @property
    def space(self) -> ScoreSpace:
        """What a score means."""
        ...

    @property
    def model(self) -> str:
        """The model's identity: its name with a content hash or revision, and whatever else changes a score.

        Pair scores are cached under it, so two models that score differently must never share one. Stable across
        processes. Reading it loads nothing; for your own server, it may ask the server what it runs. Never raises.
        """
        ...

    @property
    def identified(self) -> bool:
        """Whether `model` tells this model from any other. If it cannot, its scores are not stored."""
        ...

    @property
    def runs_on(self) -> str:
        """What computes the scores on this machine (`OpenVINO, bf16`); empty for a service, or if unknown."""
        ...

    @property
    def slice_size(self) -> int:
        """How many passages cost about as much as one: what a service takes in a request; 1 for a model that reads them
        here. It may differ within `rag_core.rerank.stored_tokens.reading_from`."""
        ...

    @property
    def load_ms(self) -> float:
        """How long loading took, in milliseconds; 0 before the model is loaded."""
        ...

    def load(self) -> None:
        """Load the model unless it is loaded. Raises ModelError or MissingPackage with a message for users."""
        ...

    def score(self, query: str, passages: Sequence[str], progress: Progress | None = None) -> Scored:
        """Score every pair. Scores are finite and deterministic, and do not depend on the order of the passages.

        Raises ModelError if the model fails or returns something that is not a finite number.
        """
        ...
