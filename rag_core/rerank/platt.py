"""What a cross-encoder's config says about its scores: calibration and default threshold. Fitting it is training's.

A model that was calibrated holds `{"second_pass": {"temperature": 1.3, "bias": -0.2, "default_threshold": 0.4}}`
in its config.json. Platt scaling: calibrated logit = logit / temperature + bias, whose sigmoid is a probability.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

from pydantic import Field, FiniteFloat, ValidationError

from rag_core.errors import ModelError
from rag_core.schema.base import Frozen

BLEND = "blend"
"""Beside these stand the weights of a blend, which `rag_core.rerank.blend` reads."""


class PlattScaling(Frozen):
    """Temperature and bias of the logit (1 and 0: as it is), and the probability from which to keep a passage."""

    temperature: Annotated[FiniteFloat, Field(gt=0)] = 1.0
    bias: FiniteFloat = 0.0
    default_threshold: Annotated[float | None, Field(ge=0, le=1)] = None

    def apply(self, logit: float) -> float:
        """The calibrated logit: Calibration(temperature=2, bias=1).apply(3) -> 3/2 + 1."""
        return logit / self.temperature + self.bias

    @classmethod
    def of(cls, folder: Path) -> PlattScaling:
        """The calibration in the folder's config.json; the neutral one where it holds none. Raises ModelError."""
        try:
            config = json.loads((folder / "config.json").read_text("utf-8"))
            said = config.get("second_pass", {})
            return cls.model_validate({key: value for key, value in said.items() if key != BLEND})
        except (OSError, ValueError, AttributeError, ValidationError) as exc:
            raise ModelError(f"{folder / 'config.json'} cannot be read as a model's configuration: {exc}") from exc
