"""Score histograms, one panel a stage, each on its own axis in its own score space: before reranking, and after it."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from rag_core.distribution import histogram
from rag_core.trace import Trace
from rag_core.types import Stage, StageName
from ui.charts.axes import axis
from ui.charts.palette import Palette, layout

BEFORE = (StageName.DENSE, StageName.LEXICAL, StageName.FUSED)
NAMES = {
    StageName.DENSE: "Dense",
    StageName.LEXICAL: "Lexical",
    StageName.FUSED: "Fused",
    StageName.SCREENED: "First pass",
    StageName.RERANKED: "Reranked",
    StageName.ADJUSTED: "Final",
}


def panels(trace: Trace) -> list[Stage]:
    """The stages that are drawn: the final scores only where they are not the reranker's own again."""
    same = trace[StageName.ADJUSTED].space is trace[StageName.RERANKED].space
    left_out = {StageName.KEPT, StageName.ADJUSTED} if same else {StageName.KEPT}
    return [stage for stage in trace.stages if stage.name not in left_out]


def when(name: StageName) -> str:
    """`before` or `after` reranking; nothing of the first pass, which is neither."""
    return "" if name is StageName.SCREENED else "before" if name in BEFORE else "after"


def bins(trace: Trace) -> pd.DataFrame:
    """A row per bin: stage, space, when ("before", "after" or, of a first pass, "between"), from, to, count."""
    rows = [
        {
            "stage": one.stage.value,
            "space": one.space.value,
            "when": when(one.stage) or "between",
            "from": low,
            "to": high,
            "count": count,
        }
        for one in map(histogram, panels(trace))
        for low, high, count in zip(one.edges, one.edges[1:], one.counts, strict=False)
    ]
    return pd.DataFrame(rows, columns=["stage", "space", "when", "from", "to", "count"])


def reading(trace: Trace) -> str:
    """The spans before and after reranking, each with its space."""
    spans = [
        f"{NAMES[stage.name].lower()} {stage.space} {stage.hits[-1].score:.3g} to {stage.hits[0].score:.3g}"
        for stage in trace.stages
        if stage.hits and stage.name in (StageName.DENSE, StageName.FUSED, StageName.ADJUSTED)
    ]
    if not spans:
        return "There are no scores to count."
    told = "; ".join(spans)
    return f"Before and after reranking, each stage in its own score space, so no axis is shared: {told}."


def figure(trace: Trace, palette: Palette) -> go.Figure:
    """The panels side by side, in the order of the stages."""
    table = bins(trace)
    stages = panels(trace)
    titles = [f"<b>{NAMES[stage.name]}</b> {when(stage.name)}".strip() for stage in stages]
    fig = make_subplots(rows=1, cols=len(stages), subplot_titles=titles, horizontal_spacing=0.035)
    for place, stage in enumerate(stages, start=1):
        rows = table[table["stage"] == stage.name.value]
        colour = palette.same if stage.name in BEFORE else palette.up
        fig.add_trace(_bars(rows, colour), row=1, col=place)
        fig.update_xaxes(**axis(palette, stage.space.value, nticks=5), row=1, col=place)
        fig.update_yaxes(**axis(palette, "candidates" if place == 1 else "", rangemode="tozero"), row=1, col=place)
    fig.update_layout(**layout(palette, 230, bargap=0.06, margin={"l": 8, "r": 8, "t": 30, "b": 8}))
    fig.update_annotations(font={"size": 12, "color": palette.text})
    return fig


def _bars(rows: pd.DataFrame, colour: str) -> go.Bar:
    return go.Bar(
        x=(rows["from"] + rows["to"]) / 2,
        y=rows["count"],
        width=list((rows["to"] - rows["from"]) * 0.94),
        marker_color=colour,
        customdata=rows[["from", "to"]],
        hovertemplate="%{customdata[0]:.4g} to %{customdata[1]:.4g}: %{y} candidates<extra></extra>",
    )
