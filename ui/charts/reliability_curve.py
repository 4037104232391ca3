"""Whether probabilities hold: the share that is right against the mean probability, a point a bin, larger where more
are. On the diagonal a probability means what it says.
"""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from rag_core.evaluation.calibrating import CalibrationFit
from rag_core.evaluation.reliability import Reliability
from rag_core.schema.once import once
from ui.charts.axes import axis
from ui.charts.palette import Palette, layout

SMALLEST, LARGEST = 7.0, 26.0
"""Diameters of the points, in pixels."""


def table(fit: CalibrationFit) -> pd.DataFrame:
    """A row a bin, of all pairs and of the best candidates: of, from, to, count, mean probability, share right."""
    rows = [
        {
            "of": name,
            "from": one.low,
            "to": one.high,
            "count": one.count,
            "mean probability": one.mean,
            "share right": one.right,
        }
        for name, held in _both(fit)
        for one in held.bins
    ]
    return pd.DataFrame(rows)


def caption(fit: CalibrationFit) -> str:
    """How far the probabilities are off, on average."""
    return (
        f"On the line a probability means what it says. Calibration error: {fit.pairs.error:.3f} over "
        f"{fit.pairs.count:,} pairs, {fit.best.error:.3f} over the best candidates of {fit.best.count} questions."
    )


@once
def figure(fit: CalibrationFit, palette: Palette) -> go.Figure:
    """Two clouds of points, and the diagonal."""
    fig = go.Figure()
    fig.add_shape(type="line", x0=0, y0=0, x1=1, y1=1, line={"color": palette.muted, "width": 1, "dash": "dot"})
    marks = (("circle", palette.up), ("diamond", palette.down))
    for (name, held), (symbol, colour) in zip(_both(fit), marks, strict=True):
        fig.add_trace(_points(name, held, symbol, colour))
    fig.update_xaxes(**axis(palette, "mean probability", range=[-0.02, 1.02], tickformat=".0%"))
    fig.update_yaxes(**axis(palette, "share right", range=[-0.05, 1.08], tickformat=".0%"))
    fig.update_layout(
        **layout(palette, 320, showlegend=True, legend={"orientation": "h", "y": 1.1, "x": 0}, margin={"t": 34})
    )
    return fig


def _both(fit: CalibrationFit) -> tuple[tuple[str, Reliability], tuple[str, Reliability]]:
    return (("all pairs", fit.pairs), ("best candidates", fit.best))


def _points(name: str, held: Reliability, symbol: str, colour: str) -> go.Scatter:
    most = max(one.count for one in held.bins)
    return go.Scatter(
        x=[one.mean for one in held.bins],
        y=[one.right for one in held.bins],
        mode="markers",
        name=name,
        marker={
            "symbol": symbol,
            "color": colour,
            "size": [SMALLEST + (LARGEST - SMALLEST) * (one.count / most) ** 0.5 for one in held.bins],
            "opacity": 0.8,
        },
        customdata=[(one.count, one.low, one.high) for one in held.bins],
        hovertemplate=f"%{{customdata[0]}} {name}, %{{customdata[1]:.2f}} to %{{customdata[2]:.2f}}: "
        "%{y:.0%} right<extra></extra>",
    )
