"""Weights for combining a cross-encoder with late interaction, as its config.json states them.

`training.blend` fits them, `benchmarks.best_probability` the last:

"second_pass": {..., "blend": {"cross_encoder": a, "late_interaction": b, "bias": c, "default_threshold": p,
                                     "best": {...}}}
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

from pydantic import Field, FiniteFloat, ValidationError

from rag_core.errors import ModelError, first_line
from rag_core.rerank.platt import BLEND
from rag_core.schema.base import Frozen
from rag_core.schema.calibration import BestProbability


class BlendWeights(Frozen):
    """Weights of both scores and a bias.

    default_threshold  the probability from which to keep a passage
    best  the probability that the best passage of a question answers, from the sum's logits
    """

    cross_encoder: Annotated[FiniteFloat, Field(gt=0)]
    late_interaction: Annotated[FiniteFloat, Field(gt=0)]
    bias: FiniteFloat
    default_threshold: Annotated[float | None, Field(ge=0, le=1)] = None
    best: BestProbability | None = None

    def logit(self, cross_encoder: float, late_interaction: float) -> float:
        """The combined logit: BlendWeights(cross_encoder=1, late_interaction=8, bias=-4).logit(2, 0.5) -> 2 + 4 - 4."""
        return self.cross_encoder * cross_encoder + self.late_interaction * late_interaction + self.bias

    @classmethod
    def of(cls, folder: Path) -> BlendWeights | None:
        """Read the weights from the folder's config.json; None if it has none. Raises ModelError."""
        try:
            config = json.loads((folder / "config.json").read_text("utf-8"))
            said = config.get("second_pass", {}).get(BLEND)
            return None if said is None else cls.model_validate(said)
        except (OSError, ValueError, AttributeError, ValidationError) as exc:
            raise ModelError(f"The blend in {folder / 'config.json'} cannot be read: {first_line(exc)}") from exc
