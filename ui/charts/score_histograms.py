"""Score histograms, one panel a step, each on its own axis in its own score space: before reranking, and after it."""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from rag_core.analysis.score_distribution import histogram
from rag_core.schema.once import once
from rag_core.schema.steps import Step, StepKind, StepName
from rag_core.schema.trace import Trace
from rag_core.wording.numbers import cut_text
from ui.charts.axes import axis
from ui.charts.palette import Palette, layout, plain

NAMES: dict[str, str] = {
    StepName.DENSE: "Dense",
    StepName.LEXICAL: "Lexical",
    StepName.FUSED: "Fused",
    StepName.FIRST_PASS: "First pass",
    StepName.RERANKED: "Reranked",
    StepName.ADJUSTED: "Final",
}

GAP = 0.035
"""Between two panels, in shares of the width."""


def title(step: Step) -> str:
    """What a panel is called; a step of a foreign pipeline by its own name."""
    return NAMES.get(step.name, step.name)


def panels(trace: Trace) -> list[Step]:
    """The steps that are drawn: the final scores only where they are not the reranker's own again."""
    same = trace.final_step.space is trace.reranked_step.space
    left_out = (StepKind.SELECT, StepKind.ADJUST) if same else (StepKind.SELECT,)
    return [step for step in trace.steps if step.kind not in left_out]


def parts(trace: Trace) -> list[tuple[str, ...]]:
    """The steps that are drawn, by name: those before the ones that the threshold cuts, then the rest. A part is a
    picture of its own, so that another threshold leaves the first one as it is."""
    steps = panels(trace)
    begin = next((place for place, step in enumerate(steps) if _cuttable(trace, step)), 0)
    return [tuple(step.name for step in part) for part in (steps[:begin], steps[begin:]) if part]


def when(trace: Trace, step: Step) -> str:
    """`before` or `after` reranking; nothing of a reranker that another follows, which is neither."""
    if step.kind in (StepKind.SEARCH, StepKind.FUSION):
        return "before"
    return "after" if step.kind is not StepKind.RERANK or step is trace.reranked_step else ""


@once
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
    drawn = any(_cut(trace, step) for step in panels(trace))
    line = f" The dashed line is the threshold, {cut_text(trace)}." if drawn else ""
    read = f" The reranker read {len(trace.pool)} of the {len(trace.head)} that the first pass scored."
    return (
        f"Before and after reranking, each step in its own score space, so no axis is shared: {told}."
        f"{read if trace.cut_by_first_pass else ''}{line}"
    )


@once
def figure(trace: Trace, palette: Palette, part: tuple[str, ...] = ()) -> go.Figure:
    """The panels side by side, in the order of the steps. part: of these steps alone, as `parts` gives them.

    Built from plain dicts in one go: plotly takes 20 times as long over panels that are added one by one.
    """
    table, every = bins(trace), panels(trace)
    steps = [step for step in every if step.name in part] if part else every
    layouts, bars = {}, []
    for place, step in enumerate(steps):
        number = str(place + 1) if place else ""
        left, right = _span(place, len(steps))
        layouts[f"xaxis{number}"] = axis(palette, step.space.value, nticks=5, domain=[left, right], anchor=f"y{number}")
        layouts[f"yaxis{number}"] = axis(
            palette, "candidates" if step is every[0] else "", rangemode="tozero", anchor=f"x{number}"
        )
        bars.append(
            {
                **_bars(table[table["step"] == step.name], _colour(step, palette)),
                "xaxis": f"x{number}",
                "yaxis": f"y{number}",
            }
        )
    return go.Figure(
        data=bars,
        layout=layout(
            palette,
            230,
            bargap=0.06,
            margin={"l": 8, "r": 8, "t": 30, "b": 8},
            annotations=[
                _head(trace, step, sum(_span(place, len(steps))) / 2, palette) for place, step in enumerate(steps)
            ],
            shapes=[_threshold(trace, place, palette) for place, step in enumerate(steps) if _cut(trace, step)],
            **layouts,
        ),
    )


def _span(place: int, panels: int) -> tuple[float, float]:
    """Where a panel begins and ends, in shares of the width."""
    width = (1 - GAP * (panels - 1)) / panels
    return place * (width + GAP), place * (width + GAP) + width


def _cut(trace: Trace, step: Step) -> bool:
    """True for a panel whose scores the threshold cuts, in their own space."""
    return _cuttable(trace, step) and trace.lowest_kept is not None


def _cuttable(trace: Trace, step: Step) -> bool:
    """True for a panel whose scores a threshold would cut."""
    return step in (trace.reranked_step, trace.final_step) and step.space is trace.relevance_space


def _threshold(trace: Trace, place: int, palette: Palette) -> dict[str, Any]:
    """The threshold as a dashed line in a panel."""
    number = str(place + 1) if place else ""
    line = {"color": palette.text, "width": 1.5, "dash": "dash"}
    at = {"x0": trace.lowest_kept, "x1": trace.lowest_kept, "y0": 0, "y1": 1}
    return {"type": "line", "xref": f"x{number}", "yref": f"y{number} domain", "line": line, **at}


def _colour(step: Step, palette: Palette) -> str:
    return palette.same if step.kind in (StepKind.SEARCH, StepKind.FUSION) else palette.up


def _head(trace: Trace, step: Step, x: float, palette: Palette) -> dict[str, Any]:
    """What stands over a panel."""
    text = f"<b>{plain(title(step), 40)}</b> {when(trace, step)}".strip()
    font = {"size": 12, "color": palette.text}
    place = {"x": x, "xref": "paper", "xanchor": "center", "y": 1.0, "yref": "paper", "yanchor": "bottom"}
    return {"text": text, "showarrow": False, "font": font, **place}


def _bars(rows: pd.DataFrame, colour: str) -> dict[str, Any]:
    return {
        "type": "bar",
        "x": list((rows["from"] + rows["to"]) / 2),
        "y": list(rows["count"]),
        "width": list((rows["to"] - rows["from"]) * 0.94),
        "marker": {"color": colour},
        "customdata": rows[["from", "to"]].to_numpy().tolist(),
        "hovertemplate": "%{customdata[0]:.4g} to %{customdata[1]:.4g}: %{y} candidates<extra></extra>",
    }
