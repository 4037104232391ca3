"""Quality against time: every reranker at every pool on one plot, the Pareto front marked."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from rag_core.evaluation.quality_time import Way
from rag_core.evaluation.sweeps import pareto
from rag_core.rerank.catalogue import called
from rag_core.schema.once import once
from ui.charts.axes import axis
from ui.charts.palette import Palette, layout, plain

SYMBOLS = ("circle", "square", "diamond", "cross", "triangle-up", "star", "hexagon", "x")


def table(ways: Sequence[Way]) -> pd.DataFrame:
    """A row per way: reranker, pool, took_ms, quality, front (nothing is both faster and better)."""
    frame = pd.DataFrame([way.model_dump() for way in ways], columns=list(Way.model_fields))
    return frame.assign(front=pareto([way.took_ms for way in ways], [way.quality for way in ways]))


def caption(ways: Sequence[Way], metric: str) -> str:
    """The best way, and the fastest that comes within 0.01 of it."""
    if not ways:
        return "No time is measured yet."
    best = max(ways, key=lambda way: (way.quality, -way.took_ms))
    near = min((way for way in ways if way.quality >= best.quality - 0.01), key=lambda way: way.took_ms)
    told = f"{metric} {best.quality:.3f} at best: {_name(best)}, {best.took_ms:.0f} ms."
    if near != best:
        told += f" {_name(near)} comes within 0.01 of it in {near.took_ms:.0f} ms."
    return told


def _name(way: Way) -> str:
    return f"{_reranker(way)}, pool {way.pool}" if way.pool else _reranker(way)


def _reranker(way: Way) -> str:
    """What its keys are called: `Late interaction (MaxSim) → Cross-encoder + MaxSim`."""
    return " → ".join(map(called, way.reranker.split(" → ")))


@once
def figure(ways: Sequence[Way], metric: str, palette: Palette) -> go.Figure:
    """A marker shape per reranker, pools as labels; the front is filled and joined, the rest is open."""
    best = pareto([way.took_ms for way in ways], [way.quality for way in ways])
    front = sorted((way.took_ms, way.quality) for way, on in zip(ways, best, strict=True) if on)
    fig = go.Figure(
        go.Scatter(
            x=[took for took, _ in front],
            y=[quality for _, quality in front],
            mode="lines",
            line={"color": palette.up, "dash": "dot", "width": 1.5, "shape": "hv"},
            hoverinfo="skip",
            showlegend=False,
        )
    )
    for number, name in enumerate(dict.fromkeys(way.reranker for way in ways)):
        mine = [(way, on) for way, on in zip(ways, best, strict=True) if way.reranker == name]
        fig.add_trace(_marks(mine, SYMBOLS[number % len(SYMBOLS)], palette))
    shared = layout(palette, 360, margin={"l": 8, "r": 8, "t": 40, "b": 8})
    shared["showlegend"] = True
    fig.update_layout(
        **shared,
        legend={"orientation": "h", "y": 1.14, "x": 0},
        xaxis=axis(palette, "time a query before the answer, ms (logarithmic)", type="log"),
        yaxis=axis(palette, f"mean {metric}", tickformat=".2f"),
    )
    return fig


def _marks(ways: Sequence[tuple[Way, bool]], symbol: str, palette: Palette) -> go.Scatter:
    """One reranker's points, each with whether it is on the front."""
    name = plain(_reranker(ways[0][0]), 60)
    return go.Scatter(
        x=[way.took_ms for way, _ in ways],
        y=[way.quality for way, _ in ways],
        name=name,
        mode="markers+text",
        text=[str(way.pool) if way.pool else "" for way, _ in ways],
        textposition="top center",
        marker={
            "symbol": [symbol if on else f"{symbol}-open" for _, on in ways],
            "size": 11,
            "color": [palette.up if on else palette.same for _, on in ways],
            "line": {"width": 1.5},
        },
        hovertemplate=f"{name}, pool %{{text}}: %{{y:.3f}} in %{{x:.0f}} ms<extra></extra>",
    )
