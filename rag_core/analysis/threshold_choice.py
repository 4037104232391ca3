"""The threshold that costs least on a labelled set, with its interval, or the plain statement that none helps.

A wrong answer costs `wrong_cost`; a refused question that has an answer costs 1; refusing one that has none costs
nothing. What answered, right and refused mean is in `rag_core.analysis.query_scores`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from rag_core.analysis.query_scores import QueryScores, ScoreColumns
from rag_core.errors import BadInput
from rag_core.schema.base import Frozen

if TYPE_CHECKING:
    import numpy as np

    from rag_core.analysis.query_scores import Floats

RESAMPLES = 1000
FOLDS = 10
SEED = 20_261_101


class Choice(Frozen):
    """The threshold that costs least on a labelled set, per 100 queries at `wrong_cost`.

    low, high: middle 95% of the thresholds that resampled sets choose. saving: cost saved against the better of
    answering all and refusing all, cross-fitted (chosen on nine tenths of the queries, paid on the rest), with its
    95% interval. `separates` is True where that interval is over 0.
    """

    minimum: float
    low: float
    high: float
    cost: float
    saving: float
    saving_low: float
    saving_high: float
    wrong_cost: Annotated[float, Field(gt=0)]
    queries: int

    @property
    def separates(self) -> bool:
        """Whether choosing a threshold saves anything beyond chance."""
        return self.saving_low > 0


def choose(
    queries: Sequence[QueryScores], wrong_cost: float = 1.0, resamples: int = RESAMPLES, seed: int = SEED
) -> Choice:
    """The threshold that costs least, its interval, and whether it saves anything. Deterministic for a seed.

    Raises BadInput for a set without both kinds of outcome to weigh: at least two queries.
    """
    import numpy as np

    if len(queries) < 2:
        raise BadInput("A threshold cannot be chosen from fewer than two labelled queries.")
    table = ScoreColumns(queries)
    cuts, widths = _candidates(table)
    costs = table.costs(cuts, wrong_cost)
    rng = np.random.default_rng(seed)
    n = len(queries)
    weights = rng.multinomial(n, np.full(n, 1 / n), size=resamples)
    chosen = [cuts[_cheapest(row, widths)] for row in weights @ costs]
    best = _cheapest(costs.sum(axis=0), widths)
    saved = _cross_fitted(costs, widths, rng)
    spread = weights @ saved / n
    low, high, saving_low, saving_high = (
        float(value) for value in (*np.percentile(chosen, [2.5, 97.5]), *np.percentile(spread, [2.5, 97.5]))
    )
    return Choice(
        minimum=float(cuts[best]),
        low=low,
        high=high,
        cost=100 * float(costs[:, best].mean()),
        saving=100 * float(saved.mean()),
        saving_low=100 * saving_low,
        saving_high=100 * saving_high,
        wrong_cost=wrong_cost,
        queries=n,
    )


def _candidates(table: ScoreColumns) -> tuple[Floats, Floats]:
    """Thresholds to choose among and how wide the stretch is on which each makes no difference.

    One half-way between each two neighbouring scores, the lowest score (all answered), and one just over the highest
    (none answered); the last two are stretches of no width.
    """
    import numpy as np

    scores = np.unique(np.concatenate([table.best, table.right]))
    scores = scores[np.isfinite(scores)]
    if not len(scores):
        return np.array([0.0]), np.array([0.0])
    over = np.nextafter(scores[-1], np.inf)
    cuts = np.concatenate([[scores[0]], (scores[:-1] + scores[1:]) / 2, [over]])
    return cuts, np.concatenate([[0.0], np.diff(scores), [0.0]])


def _cheapest(costs: Floats, widths: Floats) -> int:
    """The threshold that costs least; of equals the one in the widest stretch."""
    import numpy as np

    cheapest = np.flatnonzero(costs <= costs.min() + 1e-9)
    return int(cheapest[np.argmax(widths[cheapest])])


def _cross_fitted(costs: Floats, widths: Floats, rng: np.random.Generator) -> Floats:
    """What each query saves when threshold and rival are chosen on the other folds: rival's cost minus its own.

    The rivals are answering all (the first threshold) and refusing all (the last).
    """
    import numpy as np

    n = len(costs)
    fold = rng.permutation(n) % min(FOLDS, n)
    saved = np.zeros(n)
    for number in range(int(fold.max()) + 1):
        held = fold == number
        training = costs[~held].sum(axis=0)
        rival = 0 if training[0] <= training[-1] else -1
        saved[held] = costs[held][:, rival] - costs[held][:, _cheapest(training, widths)]
    return saved
