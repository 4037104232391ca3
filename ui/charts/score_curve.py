"""The sorted scores of the reranked candidates, the threshold as a line across them, and their widest gap.

Kept is a full dot, cut by top-k an open one, under the threshold a cross.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from rag_core.distribution import Gap, curve, widest_gap
from rag_core.narrative import cut_text, ordinal, score_number, threshold_text, title_of
from rag_core.threshold import applies
from rag_core.trace import Trace
from rag_core.types import ScoreSpace
from ui.charts.axes import axis
from ui.charts.palette import Palette, layout, plain

Mark = tuple[dict[str, Any], dict[str, Any]]
"""A shape and its annotation."""

SYMBOLS = {"kept": "circle", "cut by top-k": "circle-open", "under the threshold": "x-thin-open"}


def places(trace: Trace) -> pd.DataFrame:
    """A row per reranked candidate, highest score first: place, chunk_id, title, score (relevance), fate."""
    rows = [
        {
            "place": place,
            "chunk_id": chunk_id,
            "title": title_of(trace.chunks[chunk_id]),
            "score": score,
            "fate": trace.fate(chunk_id),
        }
        for place, (chunk_id, score) in enumerate(curve(trace), start=1)
    ]
    return pd.DataFrame(rows, columns=["place", "chunk_id", "title", "score", "fate"])


def reading(trace: Trace) -> str:
    """How many are over the threshold, and where the widest gap lies."""
    table = places(trace)
    if table.empty:
        return "There is nothing to keep or to drop."
    cut, space = trace.policy.threshold, trace.relevance_space
    if applies(cut, space):
        over = int((table["score"] >= cut.minimum).sum())
        first = f"{over} of {len(table)} candidates are at or over {cut_text(cut)}"
    else:
        first = f"No threshold cuts these {len(table)} candidates ({space} scores)"
    gap = widest_gap(list(table["score"]))
    if gap is None:
        return f"{first}; there is no gap between their scores."
    upper, lower = (score_number(score, space) for score in (gap.upper, gap.lower))
    places_ = f"between the {ordinal(gap.after)} and the {ordinal(gap.after + 1)}"
    return f"{first}; the gap {places_} is the widest ({upper} to {lower})."


def figure(trace: Trace, palette: Palette) -> go.Figure:
    """The chart. The threshold line stands at the trace's own policy.

    Built from plain dicts in one go: a slider redraws it, and plotly checks a figure grown piece by piece many times.
    """
    table = places(trace)
    cut, space = trace.policy.threshold, trace.relevance_space
    minimum = cut.minimum if applies(cut, space) else None
    marks = [*_gap(widest_gap(list(table["score"])), len(table), palette), *_threshold(minimum, palette)]
    unit = {"range": _span(table, minimum)} if space is ScoreSpace.PROBABILITY else {}
    return go.Figure(
        data=[
            _line(table, palette),
            *(_dots(table[table["fate"] == fate], fate, symbol, palette) for fate, symbol in SYMBOLS.items()),
        ],
        layout=layout(
            palette,
            330,
            xaxis=axis(palette, "place after reranking", range=[0.2, max(len(table), 2) + 0.8]),
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


def _dots(rows: pd.DataFrame, fate: str, symbol: str, palette: Palette) -> dict[str, Any]:
    colour = palette.up if fate == "kept" else palette.down if fate == "under the threshold" else palette.same
    return {
        "type": "scatter",
        "x": list(rows["place"]),
        "y": list(rows["score"]),
        "mode": "markers",
        "name": f"{fate} ({len(rows)})",
        "marker": {"symbol": symbol, "size": 9, "color": colour, "line": {"width": 1.5, "color": colour}},
        "text": [plain(title, 80) for title in rows["title"]],
        "hovertemplate": f"<b>%{{text}}</b><br>place %{{x}}, %{{y:.4g}}<br>{fate}<extra></extra>",
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
