"""Axes that all charts share: quiet grid, titled, not zoomable; and the line and the band that mark a value."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import accumulate
from typing import Any

import plotly.graph_objects as go

from ui.charts.palette import Palette

EMPTY = 0.05
"""How far apart the ranks stand at which nothing is drawn, in rows."""


def heights(rows: Iterable[float]) -> dict[int, float]:
    """Where each rank is drawn, from the top; rows: how many rows each takes, from the first on.

    >>> heights([1, 0.5])
    {1: 1, 2: 1.5}
    """
    return dict(enumerate(accumulate(rows), start=1))


def axis(palette: Palette, title: str = "", **more: Any) -> dict[str, Any]:
    """One axis. `title` names the quantity and, for a score, its space."""
    return {
        "title": {"text": title, "font": {"size": 12, "color": palette.muted}, "standoff": 8},
        "gridcolor": palette.grid,
        "linecolor": palette.grid,
        "tickfont": {"size": 11, "color": palette.muted},
        "zeroline": False,
        "fixedrange": True,
        "automargin": True,
        **more,
    }


def mark(
    fig: go.Figure,
    palette: Palette,
    text: str,
    *,
    x: float | None = None,
    y: float | None = None,
    above: bool = False,
    log: bool = False,
) -> None:
    """A dashed line at one value of an axis, with its name at the line's end; `above` the plot, in a margin of 24,
    where lines run along its top; `log` where the x axis is logarithmic."""
    style = {"line_dash": "dash", "line_width": 1.5, "line_color": palette.text}
    label = {"annotation_text": text, "annotation_font_size": 12, "annotation_font_color": palette.text}
    if x is not None:
        lifted = {"annotation_yanchor": "bottom"} if above else {}
        fig.add_vline(x=x, annotation_position="top right", **style, **label, **lifted)
        if log:  # plotly places a line by its value, and its name by the value's logarithm
            fig.layout.annotations[-1].x = math.log10(x)
    if y is not None:
        fig.add_hline(y=y, annotation_position="top right", **style, **label)
