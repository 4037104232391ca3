"""Reranking time against the number of pairs: measured points, the fitted line, a budget and the pool that fits it."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from rag_core.analysis.latency_model import LatencyLine, LatencyPoint, pool_for
from rag_core.schema.once import once
from ui.charts.axes import axis, mark
from ui.charts.palette import Palette, layout


def table(points: Sequence[LatencyPoint]) -> pd.DataFrame:
    """A row per measurement: pairs, took_ms, tokens."""
    return pd.DataFrame([point.model_dump() for point in points], columns=["pairs", "took_ms", "tokens"])


def caption(line: LatencyLine, budget_ms: float, other_ms: float) -> str:
    """The line, and the pool that fits the budget."""
    pool = pool_for(line, budget_ms, other_ms)
    speed = f"{line.pairs_per_second:.3g} pairs a second plus {line.fixed_ms:.0f} ms fixed ({line.points} measurements)"
    if not pool:
        return f"{speed}: no pool fits {budget_ms:.0f} ms; the other steps take {other_ms:.0f} ms."
    return f"{speed}: a pool of {pool} fits {budget_ms:.0f} ms; the other steps take {other_ms:.0f} ms."


@once
def figure(
    points: Sequence[LatencyPoint], line: LatencyLine, budget_ms: float, other_ms: float, palette: Palette
) -> go.Figure:
    """Points and line; the budget left for reranking as a line across, the pool that fits it as a line down."""
    measured = table(points)
    pool = pool_for(line, budget_ms, other_ms)
    end = max(float(measured["pairs"].max()), min(pool, 2 * FURTHEST)) * 1.1
    fig = go.Figure(
        [
            go.Scatter(
                x=[0, end],
                y=[line.fixed_ms, line.fixed_ms + line.per_pair_ms * end],
                mode="lines",
                line={"color": palette.same, "dash": "dot"},
                hoverinfo="skip",
            ),
            go.Scatter(
                x=measured["pairs"],
                y=measured["took_ms"],
                mode="markers",
                marker={"color": palette.up, "size": 10, "symbol": "diamond"},
                hovertemplate="%{x} pairs in %{y:.0f} ms<extra></extra>",
            ),
        ]
    )
    mark(fig, palette, f"left for reranking: {max(0.0, budget_ms - other_ms):.0f} ms", y=max(0.0, budget_ms - other_ms))
    if 0 < pool <= end:
        mark(fig, palette, f"pool {pool}", x=pool)
    fig.update_layout(
        **layout(
            palette,
            300,
            xaxis=axis(palette, "pairs scored by the model (pool)", range=[0, end]),
            yaxis=axis(palette, "reranking, ms", rangemode="tozero", tickformat=",.0f"),
            margin={"l": 8, "r": 8, "t": 24, "b": 8},
        )
    )
    return fig


FURTHEST = 200
"""A pool beyond twice this is not drawn: nobody sets one, and the measured points would shrink to a corner."""
