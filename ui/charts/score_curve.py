"""The sorted scores of the reranked candidates, the threshold as a line across them, and their widest gap.

Kept is a full dot, cut by top-k an open one, under the threshold a cross.
"""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from rag_core.distribution import Gap, curve, widest_gap
from rag_core.narrative import ordinal, score_text, title_of
from rag_core.threshold import applies
from rag_core.trace import Trace
from rag_core.types import ScoreSpace
from ui.charts.axes import axis, mark
from ui.charts.palette import Palette, layout, plain

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
        first = f"{over} of {len(table)} candidates are at or over {space} {cut.minimum:.2f}"
    else:
        first = f"No threshold cuts these {len(table)} candidates ({space} scores)"
    gap = widest_gap(list(table["score"]))
    if gap is None:
        return f"{first}; there is no gap between their scores."
    upper, lower = (score_text(score, space).split()[-1] for score in (gap.upper, gap.lower))
    places_ = f"between the {ordinal(gap.after)} and the {ordinal(gap.after + 1)}"
    return f"{first}; the gap {places_} is the widest ({upper} to {lower})."


def figure(trace: Trace, palette: Palette) -> go.Figure:
    """The chart. The threshold line stands at the trace's own policy."""
    table = places(trace)
    fig = go.Figure()
    fig.add_trace(_line(table, palette))
    for fate, symbol in SYMBOLS.items():
        fig.add_trace(_dots(table[table["fate"] == fate], fate, symbol, palette))
    _gap(fig, widest_gap(list(table["score"])), palette)
    cut, space = trace.policy.threshold, trace.relevance_space
    if applies(cut, space):
        mark(fig, palette, f"threshold {cut.minimum:.2f}", y=cut.minimum)
    unit = {"range": [-0.03, 1.06]} if space is ScoreSpace.PROBABILITY else {}
    fig.update_layout(
        **layout(
            palette,
            330,
            xaxis=axis(palette, "place after reranking", range=[0.2, max(len(table), 2) + 0.8]),
            yaxis=axis(palette, str(space), **unit),
            showlegend=True,
            legend={"orientation": "h", "y": 1.12, "x": 0},
        )
    )
    return fig


def _line(table: pd.DataFrame, palette: Palette) -> go.Scatter:
    return go.Scatter(
        x=table["place"],
        y=table["score"],
        mode="lines",
        line_color=palette.faint,
        hoverinfo="skip",
        showlegend=False,
    )


def _dots(rows: pd.DataFrame, fate: str, symbol: str, palette: Palette) -> go.Scatter:
    colour = palette.up if fate == "kept" else palette.down if fate == "under the threshold" else palette.same
    return go.Scatter(
        x=rows["place"],
        y=rows["score"],
        mode="markers",
        name=f"{fate} ({len(rows)})",
        marker={"symbol": symbol, "size": 9, "color": colour, "line": {"width": 1.5, "color": colour}},
        text=[plain(title, 80) for title in rows["title"]],
        hovertemplate=f"<b>%{{text}}</b><br>place %{{x}}, %{{y:.4g}}<br>{fate}<extra></extra>",
    )


def _gap(fig: go.Figure, gap: Gap | None, palette: Palette) -> None:
    if gap is None:
        return
    x = gap.after + 0.5
    fig.add_shape(type="line", x0=x, x1=x, y0=gap.lower, y1=gap.upper, line={"color": palette.muted, "width": 4})
    fig.add_annotation(
        x=x,
        y=gap.middle,
        text="widest gap",
        showarrow=False,
        xanchor="left",
        xshift=8,
        font={"size": 12, "color": palette.muted},
    )
