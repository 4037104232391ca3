"""The sorted scores of the reranked candidates, the threshold as a line across them, and their widest gap.

Kept is a full dot, cut by top-k an open one, under the threshold a cross.
"""

from __future__ import annotations

from rag_core.analysis.run_tables import score_places as places
from rag_core.wording.run_captions import score_caption as caption

__all__ = ["caption", "figure", "places"]

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from rag_core.analysis.score_distribution import Gap, widest_gap
from rag_core.schema.once import once
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.trace import Trace
from rag_core.wording.numbers import threshold_text
from ui.charts.axes import axis
from ui.charts.palette import Palette, layout, plain

Mark = tuple[dict[str, Any], dict[str, Any]]
"""A shape and its annotation."""

SYMBOLS = {"kept": "circle", "cut by top-k": "circle-open", "under the threshold": "x-thin-open"}


@once
def figure(trace: Trace, palette: Palette) -> go.Figure:
    """The chart. The threshold line stands at the trace's own policy.

    Built from plain dicts in one go: a slider redraws it, and plotly checks a figure grown piece by piece many times.
    """
    table = places(trace)
    minimum, space = trace.lowest_kept, trace.relevance_space
    marks = [*_gap(widest_gap(list(table["score"])), len(table), palette), *_threshold(minimum, palette)]
    unit = {"range": _span(table, minimum)} if space is ScoreSpace.PROBABILITY else {}
    return go.Figure(
        data=[
            _line(table, palette),
            *(
                _dots(table[table["outcome"] == outcome], outcome, symbol, palette)
                for outcome, symbol in SYMBOLS.items()
            ),
        ],
        layout=layout(
            palette,
            330,
            xaxis=axis(palette, "rank after reranking", range=[0.2, max(len(table), 2) + 0.8]),
            yaxis=axis(palette, str(space), **unit),
            showlegend=True,
            legend={"orientation": "h", "y": 1.12, "x": 0},
            shapes=[shape for shape, _ in marks],
            annotations=[note for _, note in marks],
        ),
    )


def _span(table: pd.DataFrame, minimum: float | None) -> list[float]:
    """Of a probability axis: from 0 to the highest score or the threshold with some room, to 1 where that is near."""
    highest = max([*table["score"], minimum or 0.0, 0.01])
    top = 1.06 if highest > 0.6 else 1.25 * highest
    return [-0.03 * top, top]


def _line(table: pd.DataFrame, palette: Palette) -> dict[str, Any]:
    return {
        "type": "scatter",
        "x": list(table["place"]),
        "y": list(table["score"]),
        "mode": "lines",
        "line": {"color": palette.faint},
        "hoverinfo": "skip",
        "showlegend": False,
    }


def _dots(rows: pd.DataFrame, outcome: str, symbol: str, palette: Palette) -> dict[str, Any]:
    colour = palette.up if outcome == "kept" else palette.down if outcome == "under the threshold" else palette.same
    return {
        "type": "scatter",
        "x": list(rows["place"]),
        "y": list(rows["score"]),
        "mode": "markers",
        "name": f"{outcome} ({len(rows)})",
        "marker": {"symbol": symbol, "size": 9, "color": colour, "line": {"width": 1.5, "color": colour}},
        "text": [plain(title, 80) for title in rows["title"]],
        "hovertemplate": f"<b>%{{text}}</b><br>rank %{{x}}, %{{y:.4g}}<br>{outcome}<extra></extra>",
    }


def _gap(gap: Gap | None, of: int, palette: Palette) -> list[Mark]:
    """The widest gap of `of` scores as a thick line between its two; its name stands where the curve leaves room."""
    if gap is None:
        return []
    x = gap.after + 0.5
    line = {"color": palette.muted, "width": 4}
    right = {"xanchor": "left", "xshift": 8, "y": gap.upper}
    left = {"xanchor": "right", "xshift": -8, "y": gap.lower}
    note = {"x": x, "text": "widest gap", "showarrow": False, **(right if gap.after < of / 2 else left)}
    shape = {"type": "line", "x0": x, "x1": x, "y0": gap.lower, "y1": gap.upper, "line": line}
    return [(shape, {**note, "font": {"size": 12, "color": palette.muted}})]


def _threshold(minimum: float | None, palette: Palette) -> list[Mark]:
    """The threshold as a dashed line across, named at its right end."""
    if minimum is None:
        return []
    line = {"color": palette.text, "width": 1.5, "dash": "dash"}
    shape = {"type": "line", "xref": "x domain", "x0": 0, "x1": 1, "y0": minimum, "y1": minimum, "line": line}
    told = f"threshold {threshold_text(minimum)}"
    note = {"xref": "x domain", "x": 1, "y": minimum, "text": told, "showarrow": False}
    return [(shape, {**note, "xanchor": "right", "yanchor": "bottom", "font": {"size": 12, "color": palette.text}})]
