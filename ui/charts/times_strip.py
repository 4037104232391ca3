"""The total time of runs over time: how long half, 90% and 99% of them took at most, a point a stretch of time."""

from __future__ import annotations

import plotly.graph_objects as go

from rag_core.analysis.times_of_runs import TimesOfRuns
from rag_core.schema.once import once
from ui.charts.axes import axis
from ui.charts.palette import Palette, layout

HEIGHT = 170


@once
def figure(times: TimesOfRuns, palette: Palette) -> go.Figure:
    """Three lines, told apart by dashes and colour."""
    rows = times.table
    lines = {
        "p99": ("99%", "dot", palette.down),
        "p90": ("90%", "dash", palette.same),
        "p50": ("half", "solid", palette.up),
    }
    fig = go.Figure(
        [
            go.Scatter(
                x=rows["started"],
                y=rows[name],
                customdata=rows["runs"],
                mode="lines+markers",
                name=label,
                line={"color": colour, "dash": dash, "width": 2},
                marker={"size": 5},
                hovertemplate=f"{label} of %{{customdata:,}} runs took at most %{{y:,.0f}} ms<br>%{{x}}<extra></extra>",
            )
            for name, (label, dash, colour) in lines.items()
        ]
    )
    fig.update_layout(
        **layout(
            palette,
            HEIGHT,
            xaxis=axis(palette),
            yaxis=axis(palette, "ms", rangemode="tozero", nticks=4),
            showlegend=True,
            legend={"orientation": "h", "y": 1.25, "x": 0},
            margin={"l": 8, "r": 8, "t": 26, "b": 8},
        )
    )
    return fig
