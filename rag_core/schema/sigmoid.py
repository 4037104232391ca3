"""The logistic function, which makes a logit a probability, without overflow."""

from __future__ import annotations

import math
from collections.abc import Callable
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
    """`sigmoid` of many, equal to the last bit; NaN where there is none."""
    import numpy as np

    power = each(math.exp, -np.abs(logits))
    found: Floats = np.where(logits >= 0, 1.0, power) / (1.0 + power)
    return found


def each(function: Callable[[float], float], values: Floats) -> Floats:
    """A function of `math` at every place of an array: NumPy's own `exp` and `log` can differ from it in the last bit.

    each(math.exp, np.array([[0.0, 1.0]])) -> [[1.0, 2.718281828459045]]
    """
    import numpy as np

    found: Floats = np.array([function(value) for value in values.ravel().tolist()], dtype=np.float64)
    return found.reshape(values.shape)
