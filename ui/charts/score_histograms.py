"""Score histograms, one panel a step, each on its own axis in its own score space: before reranking, and after it."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from rag_core.analysis.score_distribution import histogram
from rag_core.schema.steps import Step, StepKind, StepName
from rag_core.schema.trace import Trace
from ui.charts.axes import axis
from ui.charts.palette import Palette, layout

NAMES: dict[str, str] = {
    StepName.DENSE: "Dense",
    StepName.LEXICAL: "Lexical",
    StepName.FUSED: "Fused",
    StepName.FIRST_PASS: "First pass",
    StepName.RERANKED: "Reranked",
    StepName.ADJUSTED: "Final",
}


def title(step: Step) -> str:
    """What a panel is called; a step of a foreign pipeline by its own name."""
    return NAMES.get(step.name, step.name)


def panels(trace: Trace) -> list[Step]:
    """The steps that are drawn: the final scores only where they are not the reranker's own again."""
    same = trace.final_step.space is trace.reranked_step.space
    left_out = (StepKind.SELECT, StepKind.ADJUST) if same else (StepKind.SELECT,)
    return [step for step in trace.steps if step.kind not in left_out]


def when(trace: Trace, step: Step) -> str:
    """`before` or `after` reranking; nothing of a reranker that another follows, which is neither."""
    if step.kind in (StepKind.SEARCH, StepKind.FUSION):
        return "before"
    return "after" if step.kind is not StepKind.RERANK or step is trace.reranked_step else ""


def bins(trace: Trace) -> pd.DataFrame:
    """A row per bin: step, space, when ("before", "after" or, of a first pass, "between"), from, to, count."""
    rows = [
        {
            "step": one.step,
            "space": one.space.value,
            "when": when(trace, trace[one.step]) or "between",
            "from": low,
            "to": high,
            "count": count,
        }
        for one in map(histogram, panels(trace))
        for low, high, count in zip(one.edges, one.edges[1:], one.counts, strict=False)
    ]
    return pd.DataFrame(rows, columns=["step", "space", "when", "from", "to", "count"])


def caption(trace: Trace) -> str:
    """The spans before and after reranking, each with its space."""
    spans = [
        f"{title(step).lower()} {step.space} {step.hits[-1].score:.3g} to {step.hits[0].score:.3g}"
        for step in trace.steps
        if step.hits and step in (trace.steps[0], trace.fused_step, trace.final_step)
    ]
    if not spans:
        return "There are no scores to count."
    told = "; ".join(spans)
    read = f" The reranker read {len(trace.pool)} of the {len(trace.head)} that the first pass scored."
    return (
        f"Before and after reranking, each step in its own score space, so no axis is shared: {told}."
        f"{read if trace.cut_by_first_pass else ''}"
    )


def figure(trace: Trace, palette: Palette) -> go.Figure:
    """The panels side by side, in the order of the steps."""
    table = bins(trace)
    steps = panels(trace)
    titles = [f"<b>{title(step)}</b> {when(trace, step)}".strip() for step in steps]
    fig = make_subplots(rows=1, cols=len(steps), subplot_titles=titles, horizontal_spacing=0.035)
    for place, step in enumerate(steps, start=1):
        rows = table[table["step"] == step.name]
        colour = palette.same if step.kind in (StepKind.SEARCH, StepKind.FUSION) else palette.up
        fig.add_trace(_bars(rows, colour), row=1, col=place)
        fig.update_xaxes(**axis(palette, step.space.value, nticks=5), row=1, col=place)
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
