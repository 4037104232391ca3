"""The logistic function, which makes a logit a probability, without overflow."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]


def sigmoid(logit: float) -> float:
    """1 / (1 + e^-logit) in double precision."""
    if logit >= 0:
        return 1.0 / (1.0 + math.exp(-logit))
    power = math.exp(logit)
    return power / (1.0 + power)


def sigmoids(logits: Floats) -> Floats:
    """`sigmoid` of many; NaN where there is none."""
    import numpy as np

    power = np.exp(-np.abs(logits))
    found: Floats = np.where(logits >= 0, 1.0, power) / (1.0 + power)
    return found
