"""How long the passages of a collection are, in tokens of its bi-encoder, against the limit they were cut to."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from rag_core.schema.once import once
from rag_core.wording.numbers import verb
from ui.charts.axes import axis, mark
from ui.charts.palette import Palette, layout

BIN = 10
FEW = 6
"""Up to this many passages the axis counts one by one; plotly alone would draw half passages."""


def caption(lengths: Sequence[int], limit: int) -> str:
    """The chart in one sentence."""
    if not lengths:
        return "There are no passages."
    ordered = sorted(lengths)
    short = sum(length < 20 for length in lengths)
    scraps = f" {short} {verb(short, 'has', 'have')} fewer than 20, too little to answer much." if short else ""
    return (
        f"{len(lengths):,} passages of {ordered[0]} to {ordered[-1]} tokens, half of them over "
        f"{ordered[len(ordered) // 2]}; they were cut at {limit}.{scraps}"
    )


@once
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
    mark(fig, palette, f"limit {limit}", x=limit)
    fig.update_layout(
        **layout(
            palette,
            240,
            bargap=0.08,
            xaxis=axis(palette, "tokens"),
            yaxis=axis(palette, "passages", dtick=1 if len(lengths) <= FEW else None),
            margin={"l": 8, "r": 56, "t": 24, "b": 8},
        )
    )
    return fig
