"""Monthly cost against queries a day: the hosted service rises with every query, own machines rise in steps."""

from __future__ import annotations

import math

import pandas as pd
import plotly.graph_objects as go

from rag_core.analysis.cost import Load, Rates, break_even, monthly
from rag_core.schema.once import once
from ui.charts.axes import axis
from ui.charts.palette import Palette, layout

POINTS = 160


@once
def table(load: Load, rates: Rates) -> pd.DataFrame:
    """A row per load: queries_a_day, hosted and own (dollars a month), machines; a hundredth to a hundred times the
    load that was asked about, in equal ratios."""
    rows = []
    for step in range(POINTS + 1):
        queries = load.queries_a_day * 10 ** (4 * step / POINTS - 2)
        rows.append(
            {
                "queries_a_day": queries,
                **monthly(load.model_copy(update={"queries_a_day": queries}), rates).model_dump(),
            }
        )
    return pd.DataFrame(rows, columns=["queries_a_day", "hosted", "own", "machines"])


@once
def figure(load: Load, rates: Rates, palette: Palette) -> go.Figure:
    """Both lines on logarithmic axes, the load asked about and the break-even as lines down."""
    rows = table(load, rates)
    lines = {"hosted": ("hosted", "solid", palette.down), "own": ("self-hosted", "dash", palette.up)}
    fig = go.Figure(
        [
            go.Scatter(
                x=rows["queries_a_day"],
                y=rows[name],
                mode="lines",
                name=label,
                line={"color": colour, "dash": dash, "width": 2.5, "shape": "hv" if name == "own" else "linear"},
                hovertemplate=f"{label}: $%{{y:,.0f}} a month at %{{x:,.0f}} queries a day<extra></extra>",
            )
            for name, (label, dash, colour) in lines.items()
        ]
    )
    _mark(fig, palette, "your load", load.queries_a_day, "right")
    even = break_even(load, rates)
    if even is not None and rows["queries_a_day"].min() <= even <= rows["queries_a_day"].max():
        _mark(fig, palette, "break-even", even, "left")
    fig.update_layout(
        **layout(
            palette,
            300,
            xaxis=axis(palette, "queries a day", type="log", dtick=1, tickformat=",.0f"),
            yaxis=axis(palette, "dollars a month", type="log", dtick=1, tickprefix="$", tickformat=",.0f"),
            showlegend=True,
            legend={"orientation": "h", "y": 1.16, "x": 0},
            margin={"l": 8, "r": 8, "t": 30, "b": 8},
        )
    )
    return fig


def _mark(fig: go.Figure, palette: Palette, text: str, queries: float, side: str) -> None:
    """A dashed line down with its name on one side; on a logarithmic axis a note stands at the logarithm."""
    dash = {"right": "dash", "left": "dot"}[side]
    fig.add_vline(x=queries, line={"color": palette.text, "dash": dash, "width": 1.5})
    fig.add_annotation(
        x=math.log10(queries),
        y=1,
        yref="paper",
        yanchor="top",
        xanchor={"right": "left", "left": "right"}[side],
        xshift={"right": 5, "left": -5}[side],
        text=text,
        showarrow=False,
        font={"size": 12, "color": palette.text},
    )
