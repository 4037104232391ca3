"""Where this machine stands against the assumed budget for everything before the language model."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from rag_core.analysis.latency import USUAL_BUDGET_MS, duration, standing
from rag_core.schema.once import once
from rag_core.wording.numbers import count_of, verb
from ui.charts.axes import axis
from ui.charts.palette import Palette, layout, squeezed

SLOWER = " A smaller model or fewer candidates make it faster."
WORDS = {"under": "faster than", "within": "within", "over": "slower than"}


def table(p50: float, p95: float) -> pd.DataFrame:
    """The figures that are drawn: name, ms."""
    low, high = USUAL_BUDGET_MS
    names = {"median run": p50, "95th percentile": p95, "assumed budget from": low, "assumed budget to": high}
    return pd.DataFrame({"name": list(names), "ms": list(names.values())})


def caption(p50: float, runs: int, only: str | None = None, left_out: int = 0) -> str:
    """Where the median run is. `only`: the question of the one run that counts, where it is not the page's run;
    `left_out`: how many runs of the page do not count."""
    low, high = USUAL_BUDGET_MS
    one = "This run" if only is None else f"The run of “{squeezed(only, 60)}”"
    run = f"The median of {runs} runs" if runs > 1 else one
    those = "them" if left_out > 1 else "it"
    out = f" {count_of(left_out, 'run')} {verb(left_out)} left out: estimated, or no model scored in {those}."
    return (
        f"{run} takes {duration(p50)} before the answer: {WORDS[standing(p50)]} the assumed "
        f"{low:.0f} to {high:.0f} ms (a rule of thumb, not a measurement; set your own budget below)."
        f"{SLOWER * (standing(p50) == 'over')}{out * bool(left_out)}"
    )


@once
def figure(p50: float, p95: float, palette: Palette) -> go.Figure:
    """A bar for the median, a tick for the 95th percentile, the band of the assumed budget behind them."""
    low, high = USUAL_BUDGET_MS
    fig = go.Figure(
        [
            go.Bar(
                x=[p50],
                y=[""],
                orientation="h",
                marker_color=palette.up,
                width=0.34,
                hovertemplate="median %{x:.0f} ms<extra></extra>",
            ),
            go.Scatter(
                x=[p95],
                y=[""],
                mode="markers",
                marker={"symbol": "line-ns-open", "size": 26, "color": palette.text, "line": {"width": 3}},
                hovertemplate="95th percentile %{x:.0f} ms<extra></extra>",
            ),
        ]
    )
    fig.add_vrect(x0=low, x1=high, fillcolor=palette.faint, opacity=0.55, line_width=0, layer="below")
    fig.add_annotation(
        x=low,
        xanchor="left",
        y=1.02,
        yref="paper",
        yanchor="bottom",
        text=f"assumed budget {low:.0f} to {high:.0f} ms",
        showarrow=False,
        font={"size": 12, "color": palette.muted},
    )
    end = max(high, p95) * 1.12
    fig.update_layout(
        **layout(
            palette,
            110,
            xaxis=axis(palette, range=[0, end], ticksuffix=" ms", tickformat=",.0f"),
            yaxis={"visible": False, "fixedrange": True},
            margin={"l": 8, "r": 8, "t": 26, "b": 8},
        )
    )
    return fig
