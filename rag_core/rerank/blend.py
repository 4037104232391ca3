"""A cross-encoder and late interaction, added: one logit per pair from both.

The two err in different ways: the cross-encoder reads question and passage together but was trained on little,
MaxSim compares words and was not trained at all. Weights stand in the cross-encoder's config; `training.blend` fits
them:

    "second_pass": {..., "blend": {"cross_encoder": a, "late_interaction": b, "bias": c, "default_threshold": p}}

    logit = a x the cross-encoder's calibrated logit + b x MaxSim + c
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field, FiniteFloat, ValidationError

from rag_core.errors import ModelError
from rag_core.rerank.base import Reranker, Scored
from rag_core.rerank.platt import BLEND
from rag_core.schema.base import Frozen
from rag_core.schema.progress import Progress
from rag_core.schema.spaces import ScoreSpace

DECIMALS = 6


class Weights(Frozen):
    """What each part's score counts, the bias of the sum, and the probability from which to keep a passage."""

    cross_encoder: Annotated[FiniteFloat, Field(gt=0)]
    late_interaction: Annotated[FiniteFloat, Field(gt=0)]
    bias: FiniteFloat
    default_threshold: Annotated[float | None, Field(ge=0, le=1)] = None

    def logit(self, cross_encoder: float, late_interaction: float) -> float:
        """Weights(cross_encoder=1, late_interaction=8, bias=-4).logit(2, 0.5) -> 2 + 4 - 4."""
        return self.cross_encoder * cross_encoder + self.late_interaction * late_interaction + self.bias

    @classmethod
    def of(cls, folder: Path) -> Weights | None:
        """The weights in the folder's config.json; None where it holds none. Raises ModelError."""
        try:
            config = json.loads((folder / "config.json").read_text("utf-8"))
            said = config.get("second_pass", {}).get(BLEND)
            return None if said is None else cls.model_validate(said)
        except (OSError, ValueError, AttributeError, ValidationError) as exc:
            raise ModelError(f"The blend in {folder / 'config.json'} cannot be read: {exc}") from exc


class BlendReranker:
    """The weighted sum of a cross-encoder and late interaction (the `Reranker` protocol). Scores are logits.

    What a passage's `unseen_tokens` says is the cross-encoder's: it reads further than late interaction does.
    """

    space = ScoreSpace.LOGIT

    def __init__(self, cross_encoder: Reranker, late_interaction: Reranker, weights: Weights) -> None:
        self.parts = (cross_encoder, late_interaction)
        self._weights = weights

    @property
    def model(self) -> str:
        """Both models' identities with their weights; loads nothing."""
        (one, other), by = self.parts, self._weights
        return f"{by.cross_encoder} x {one.model} + {by.late_interaction} x {other.model} + {by.bias}"

    @property
    def runs_on(self) -> str:
        """What computes the parts' scores, in words: `OpenVINO, bf16/int8 and bf16`."""
        said = [on.partition(", ") for part in self.parts if (on := getattr(part, "runs_on", ""))]
        engines: dict[str, dict[str, None]] = {}
        for engine, _, how in said:
            engines.setdefault(engine, {}).update({how: None} if how else {})
        return "; ".join(f"{engine}, {' and '.join(hows)}" if hows else engine for engine, hows in engines.items())

    @property
    def load_ms(self) -> float:
        """What loading both took, in milliseconds; 0 before they are loaded."""
        return sum(part.load_ms for part in self.parts)

    def load(self) -> None:
        """Load both if they are not loaded. Raises ModelError or MissingPackage."""
        for part in self.parts:
            part.load()

    def score(self, query: str, passages: Sequence[str], progress: Progress | None = None) -> Scored:
        """The sum's logits. Raises ModelError if either part fails: half a sum is no score."""
        one, other = (part.score(query, passages, progress) for part in self.parts)
        return Scored(
            pairs=tuple(
                a.model_copy(update={"score": self.added(a.score, b.score)})
                for a, b in zip(one.pairs, other.pairs, strict=True)
            ),
            tokens=one.tokens + other.tokens,
            batches=one.batches + other.batches,
            tokenise_ms=one.tokenise_ms + other.tokenise_ms,
        )

    def added(self, cross_encoder: float, late_interaction: float) -> float:
        """The logit of a pair from both parts' scores of it."""
        return round(self._weights.logit(cross_encoder, late_interaction), DECIMALS)
