"""Precision, recall and answered share against the threshold, and the chosen threshold with its interval."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from rag_core.analysis.query_scores import QueryScores, outcomes
from rag_core.analysis.threshold_choice import Choice
from rag_core.schema.once import once
from rag_core.schema.spaces import ScoreSpace
from rag_core.wording.numbers import threshold_text
from ui.charts.axes import axis, mark
from ui.charts.palette import Palette, layout

LINES = {"precision": "solid", "recall": "dash", "answered_share": "dot"}
NAMES = {"precision": "precision", "recall": "recall", "answered_share": "answered"}
STEPS = 101


def rates(queries: Sequence[QueryScores]) -> pd.DataFrame:
    """`outcomes` at equal steps over the span of the best scores (0 to 1 where they lie in it)."""
    best = [query.best for query in queries if query.best is not None]
    low, high = (0.0, 1.0) if not best or (min(best) >= 0 and max(best) <= 1) else (min(best), max(best))
    return outcomes(queries, [low + (high - low) * step / (STEPS - 1) for step in range(STEPS)])


def caption(queries: Sequence[QueryScores], choice: Choice) -> str:
    """What the threshold that costs least does to the set, and what the band is."""
    row = outcomes(queries, [choice.minimum]).iloc[0]
    cut, low, high = map(threshold_text, (choice.minimum, choice.low, choice.high))
    band = f"The band is the 95% interval of the threshold that costs least: {low} to {high}."
    if not row["answered"]:
        return f"At {cut} no question is answered. {band}"
    return (
        f"At {cut}, {row['answered']:.0f} of {len(queries)} questions are answered, {row['right']:.0f} of them "
        f"correctly (precision {row['precision']:.2f}, recall {row['recall']:.2f}); "
        f"{row['refused']:.0f} that have an answer are refused. {band}"
    )


@once
def figure(queries: Sequence[QueryScores], choice: Choice, space: ScoreSpace, palette: Palette) -> go.Figure:
    """The three lines, each named at its end and drawn in its own dash; a band shows the choice's 95% interval."""
    table = rates(queries)
    colours = {"precision": palette.up, "recall": palette.down, "answered_share": palette.same}
    fig = go.Figure()
    for name, dash in LINES.items():
        fig.add_trace(
            go.Scatter(
                x=table["threshold"],
                y=table[name],
                mode="lines",
                name=NAMES[name],
                line={"color": colours[name], "dash": dash, "width": 2.5},
                hovertemplate=f"{NAMES[name]} %{{y:.2f}} at %{{x:.3g}}<extra></extra>",
            )
        )
    fig.add_vrect(x0=choice.low, x1=choice.high, fillcolor=palette.band, line_width=0, layer="below")
    if choice.separates:
        mark(fig, palette, f"costs least: {threshold_text(choice.minimum)}", x=choice.minimum)
    fig.update_layout(
        **layout(
            palette,
            300,
            xaxis=axis(palette, f"threshold ({space})"),
            yaxis=axis(palette, "share", range=[0, 1.05], tickformat=".0%"),
            showlegend=True,
            legend={"orientation": "h", "y": 1.14, "x": 0},
        )
    )
    return fig
