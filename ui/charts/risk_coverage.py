"""Risk against coverage: of the questions answered, how many are answered wrongly, as more of them are answered."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from rag_core.analysis.query_scores import QueryScores, outcomes
from rag_core.analysis.query_scores import risk_coverage as table_of
from rag_core.schema.once import once
from rag_core.wording.numbers import threshold_text
from ui.charts.axes import axis
from ui.charts.palette import Palette, layout


def steps(queries: Sequence[QueryScores]) -> pd.DataFrame:
    """threshold, coverage, risk; a row per best score, highest threshold first."""
    return table_of(queries)


def caption(queries: Sequence[QueryScores]) -> str:
    """Risk when everything is answered, and when half is."""
    table = steps(queries)
    if table.empty:
        return "Nothing was found, so nothing can be answered."
    half = table[table["coverage"] <= 0.5]
    last = table.iloc[-1]
    told = f"Answering {last['coverage']:.0%} of the questions is wrong in {last['risk']:.0%} of them"
    if half.empty:
        return f"{told}."
    return f"{told}; answering only the best scored {half.iloc[-1]['coverage']:.0%}, in {half.iloc[-1]['risk']:.0%}."


@once
def figure(queries: Sequence[QueryScores], minimum: float, palette: Palette) -> go.Figure:
    """The curve, and where the threshold `minimum` stands on it."""
    table = steps(queries)
    fig = go.Figure(
        go.Scatter(
            x=table["coverage"],
            y=table["risk"],
            mode="lines",
            line={"color": palette.up, "width": 2.5},
            customdata=table["threshold"],
            hovertemplate="threshold %{customdata:.3g}: %{x:.0%} answered, %{y:.0%} of them wrongly<extra></extra>",
        )
    )
    here = outcomes(queries, [minimum]).iloc[0]
    if here["answered"]:
        fig.add_trace(
            go.Scatter(
                x=[here["answered_share"]],
                y=[here["risk"]],
                mode="markers+text",
                text=[f"at {threshold_text(minimum)}"],
                textposition="top left",
                marker={"symbol": "diamond", "size": 12, "color": palette.down},
                hoverinfo="skip",
            )
        )
    fig.update_layout(
        **layout(
            palette,
            300,
            xaxis=axis(palette, "coverage (share of questions answered)", range=[0, 1.03], tickformat=".0%"),
            yaxis=axis(palette, "risk (wrong of answered)", rangemode="tozero", tickformat=".0%"),
        )
    )
    return fig
