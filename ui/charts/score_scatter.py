"""The scores of two runs against each other, a dot per candidate. The axes may be of different score spaces."""

from __future__ import annotations

import plotly.graph_objects as go

from rag_core.schema.once import once
from rag_core.schema.trace import Trace
from rag_core.wording.numbers import verb
from ui.charts.axes import axis
from ui.charts.palette import Palette, layout, plain
from ui.charts.two_columns import SYMBOLS, joined

LEGEND = {"both": "kept by both", "left": "only by A", "right": "only by B", "neither": "by neither"}


def caption(left: Trace, right: Trace) -> str:
    """What the axes are, so that nobody reads one score as the other."""
    one_sided = len(set(left.relevance) ^ set(right.relevance))
    dropped = "" if left.origin else " that the first pass dropped"
    cut = (
        f" {one_sided}{dropped} {verb(one_sided, 'has', 'have')} only one score and {verb(one_sided)} not drawn."
        * bool(one_sided)
    )
    if left.relevance_space is right.relevance_space:
        return f"Both axes are {left.relevance_space} scores; dots on the diagonal score the same on both sides.{cut}"
    return (
        f"A's axis is {left.relevance_space}, B's {right.relevance_space}: two score spaces, so only the order of the "
        f"dots can be compared.{cut}"
    )


@once
def figure(left: Trace, right: Trace, names: tuple[str, str], palette: Palette) -> go.Figure:
    """The scatter; a diagonal only where both axes are of one space."""
    table = joined(left, right).dropna(subset=["left_score", "right_score"])
    colours = {"both": palette.same, "left": palette.down, "right": palette.up, "neither": palette.muted}
    fig = go.Figure()
    if left.relevance_space is right.relevance_space and len(table):
        scores = [*table["left_score"], *table["right_score"]]
        ends = [min(scores), max(scores)]
        line = {"color": palette.grid}
        fig.add_trace(go.Scatter(x=ends, y=ends, mode="lines", line=line, hoverinfo="skip", showlegend=False))
    for kept, label in LEGEND.items():
        rows = table[table["kept"] == kept]
        fig.add_trace(
            go.Scatter(
                x=rows["left_score"],
                y=rows["right_score"],
                mode="markers",
                name=f"{label} ({len(rows)})",
                marker={"symbol": SYMBOLS[kept], "size": 10, "color": colours[kept]},
                text=[plain(title, 80) for title in rows["title"]],
                hovertemplate="<b>%{text}</b><br>A %{x:.4g}<br>B %{y:.4g}<extra></extra>",
            )
        )
    fig.update_layout(
        **layout(
            palette,
            360,
            xaxis=axis(palette, f"A: {plain(names[0], 40)} ({left.relevance_space})"),
            yaxis=axis(palette, f"B: {plain(names[1], 40)} ({right.relevance_space})"),
            showlegend=True,
            legend={"orientation": "h", "y": 1.12, "x": 0},
        )
    )
    return fig
