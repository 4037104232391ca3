"""Logistic curves of the highest likelihood: of a pair's score, and of a best candidate's score and margin.

SciPy is imported where it fits, since every command and the collector import this module.
"""

from __future__ import annotations

import numpy as np

from rag_core.evaluation.pools import Flags, Floats
from rag_core.schema.calibration import BestProbability
from rag_core.schema.sigmoid import sigmoids


def platt(scores: Floats, right: Flags) -> tuple[float, float]:
    """Slope and bias of the highest likelihood, with Platt's targets (1999): a little short of 0 and 1."""
    positive, negative = int(right.sum()), int((~right).sum())
    target = np.where(right, (positive + 1) / (positive + 2), 1 / (negative + 2))
    centre, width = scores.mean(), scores.std() or 1.0
    scaled = (scores - centre) / width

    def loss(values: Floats) -> tuple[float, Floats]:
        raw = values[0] * scaled + values[1]
        off = sigmoids(raw) - target
        return float(np.mean(np.logaddexp(0, raw) - target * raw)), np.array([np.mean(off * scaled), np.mean(off)])

    from scipy.optimize import minimize

    slope, bias = minimize(loss, np.array([1.0, 0.0]), jac=True, method="BFGS").x
    return float(slope / width), float(bias - slope * centre / width)


def fitted_best(heads: Floats, right: Flags | Floats) -> BestProbability:
    """What fits best candidates: `heads` holds score and margin of each (Q, 2). A ridge keeps few questions steady."""
    centre, width = heads.mean(axis=0), np.maximum(heads.std(axis=0), 1e-9)
    scaled, target = (heads - centre) / width, np.asarray(right, dtype=np.float64)

    def loss(values: Floats) -> float:
        raw = scaled @ values[:2] + values[2]
        ridge = float(values[:2] @ values[:2]) / (2 * len(target))
        return float(np.mean(np.logaddexp(0, raw) - target * raw)) + ridge

    from scipy.optimize import minimize

    values = minimize(loss, np.zeros(3), method="BFGS").x
    slope, margin = (float(one) for one in values[:2] / width)
    return BestProbability(slope=slope, margin=margin, bias=float(values[2] - values[:2] / width @ centre))
