"""How long the passages of a collection are, in tokens of its bi-encoder, against the limit they were cut to."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from ui.charts.palette import Palette, layout

BIN = 10


def reading(lengths: Sequence[int], limit: int) -> str:
    """The chart in one sentence."""
    if not lengths:
        return "There are no passages."
    ordered = sorted(lengths)
    short = sum(length < 20 for length in lengths)
    scraps = f" {short} have fewer than 20, too little to answer much." if short else ""
    return (
        f"{len(lengths):,} passages of {ordered[0]} to {ordered[-1]} tokens, half of them over "
        f"{ordered[len(ordered) // 2]}; they were cut at {limit}.{scraps}"
    )


def figure(lengths: Sequence[int], limit: int, palette: Palette) -> go.Figure:
    """A histogram with bins of ten tokens, and the limit as a line."""
    fig = go.Figure(
        go.Histogram(
            x=list(lengths),
            xbins={"start": 0, "size": BIN},
            marker={"color": palette.up},
            hovertemplate="%{x} tokens: %{y} passages<extra></extra>",
        )
    )
    fig.add_vline(x=limit, line={"color": palette.down, "dash": "dash", "width": 2}, annotation_text=f"limit {limit}")
    axis = {"gridcolor": palette.grid, "zeroline": False, "fixedrange": True}
    fig.update_layout(
        **layout(
            palette,
            240,
            bargap=0.08,
            xaxis={**axis, "title": "Tokens"},
            yaxis={**axis, "title": "Passages"},
            margin={"l": 8, "r": 8, "t": 24, "b": 8},
        )
    )
    return fig
