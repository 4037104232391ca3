"""Sums of arrays, place by place, as `math.fsum` gives them: rounded once, in whatever order the terms come.

Adding one after another rounds at each step, so that 0.1 + 0.2 + 0.3 and 0.3 + 0.2 + 0.1 differ in the last bit. A tie
then breaks one way in the arrays and another way in `replay`, which sums with `fsum`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from rag_core.evaluation.pools import Floats

BLOCK = 4096
"""Places that are summed at a time: what they take stays in the processor's cache."""


def exact_sum(terms: Sequence[Floats]) -> Floats:
    """The double nearest to the true sum at every place, of one or more arrays of one shape; NaN where a term is.

    >>> exact_sum([np.array([0.1]), np.array([0.2]), np.array([0.3])]).tolist(), 0.1 + 0.2 + 0.3
    ([0.6], 0.6000000000000001)
    """
    if len(terms) <= 2:
        return sum(terms[1:], start=terms[0])
    flat = [term.ravel() for term in terms]
    found = np.empty(flat[0].shape)
    for start in range(0, found.size, BLOCK):
        found[start : start + BLOCK] = _summed([term[start : start + BLOCK] for term in flat])
    return found.reshape(terms[0].shape)


def _summed(terms: Sequence[Floats]) -> Floats:
    """What each addition rounds off is itself a double, and those are added up beside the sum. Where that rounds as
    well, which takes terms of very different sizes, `fsum` sums the place."""
    total, left = terms[0], np.zeros(terms[0].shape)
    rounded = np.zeros(total.shape, dtype=bool)
    for term in terms[1:]:
        total, error = _two_sum(total, term)
        left, lost = _two_sum(left, error)
        rounded |= np.abs(lost) > 0  # False where a term is NaN
    found: Floats = total + left
    for at in np.flatnonzero(rounded):
        found[at] = math.fsum(term[at] for term in terms)
    return found


def _two_sum(one: Floats, other: Floats) -> tuple[Floats, Floats]:
    """Their sum and what it rounded off, exactly (Knuth, The Art of Computer Programming, 4.2.2)."""
    total = one + other
    of_other = total - one
    return total, (one - (total - of_other)) + (other - of_other)
