"""How the total time of many runs changed: percentiles of equal stretches of time. `latency_of_runs` has the steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

MINUTE, HOUR, DAY = 60, 3600, 86_400
WIDTHS_S = (MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, DAY, 7 * DAY, 30 * DAY)
"""Stretches of time to choose from, in seconds."""

MOST = 40
"""Stretches at most."""

SHARES = {"p50": 0.5, "p90": 0.9, "p99": 0.99}


@dataclass(frozen=True)
class TimesOfRuns:
    """runs     how many have a recorded time
    whole    their percentiles in milliseconds: p50, p90, p99
    width_s  how long a stretch is, in seconds
    table    a row for each stretch that has runs: started (UTC), runs, p50, p90, p99
    """

    runs: int
    whole: dict[str, float]
    width_s: int
    table: pd.DataFrame


def times_of_runs(started_s: npt.NDArray[np.int64], took_ms: npt.NDArray[np.float64]) -> TimesOfRuns:
    """The percentiles of runs by their start (seconds since 1970) and time. Each is a time that a run took.

    >>> times_of_runs(np.array([0, 10, 70]), np.array([5.0, 7.0, 9.0])).table["p50"].tolist()
    [5.0, 9.0]
    """
    if not len(took_ms):
        return TimesOfRuns(0, {}, WIDTHS_S[0], pd.DataFrame(columns=["started", "runs", *SHARES]))
    width_s = _width(int(started_s.max() - started_s.min()))
    places = started_s // width_s * width_s
    rows = [
        {"started": pd.Timestamp(int(place), unit="s", tz="UTC"), "runs": len(some), **_percentiles(some)}
        for place in np.unique(places)
        for some in (took_ms[places == place],)
    ]
    return TimesOfRuns(len(took_ms), _percentiles(took_ms), width_s, pd.DataFrame(rows))


def _width(span_s: int) -> int:
    """The shortest stretch of which few cover the span."""
    fits = [width for width in WIDTHS_S if span_s <= width * MOST]
    return fits[0] if fits else WIDTHS_S[-1] * -(-span_s // (WIDTHS_S[-1] * MOST))


def _percentiles(took_ms: npt.NDArray[np.float64]) -> dict[str, float]:
    return {name: float(np.quantile(took_ms, share, method="inverted_cdf")) for name, share in SHARES.items()}
