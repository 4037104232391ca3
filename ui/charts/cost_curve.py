"""Monthly cost against queries a day: the hosted service rises with every query, own machines rise in steps."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from rag_core.cost import Load, Rates, break_even, monthly
from ui.charts.axes import axis, mark
from ui.charts.palette import Palette, layout

POINTS = 160


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
    mark(fig, palette, "your load", x=load.queries_a_day)
    even = break_even(load, rates)
    if even is not None and rows["queries_a_day"].min() <= even <= rows["queries_a_day"].max():
        fig.add_vline(
            x=even,
            line={"color": palette.muted, "dash": "dot", "width": 1.5},
            annotation={"text": "break-even", "font": {"size": 12, "color": palette.muted}},
            annotation_position="bottom right",
        )
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
