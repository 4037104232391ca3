"""The sorted scores of the reranked candidates, the threshold as a line across them, and their widest gap.

Kept is a full dot, cut by top-k an open one, under the threshold a cross.
"""

from __future__ import annotations

from rag_core.analysis.run_tables import score_places as places
from rag_core.wording.run_captions import score_caption as caption

__all__ = ["caption", "figure", "places"]

from collections.abc import Sequence
from typing import Any, Literal

import pandas as pd
import plotly.graph_objects as go

from rag_core.analysis.score_distribution import Gap, widest_gap
from rag_core.schema.once import once
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.trace import Trace
from rag_core.wording.numbers import threshold_text
from rag_core.wording.outcomes import outcome_text
from ui.charts.axes import axis
from ui.charts.palette import Palette, layout, plain

Mark = tuple[dict[str, Any], dict[str, Any]]
"""A shape and its annotation."""

Side = tuple[Literal["left", "right"], Literal["bottom", "top"]]
"""At which end of a line its name is, and whether with its bottom or its top on the line."""

SIDES: tuple[Side, ...] = (("right", "bottom"), ("right", "top"), ("left", "bottom"), ("left", "top"))
NAME_WIDTH, NAME_HEIGHT, DOT = 0.24, 0.08, 0.03
"""What a name takes of the width and of the height of the picture on a page of 1280 pixels, and half a dot."""

WOULD_BE = "would be "
SYMBOLS = {"kept": "circle", "cut by top-k": "circle-open", "under the threshold": "x-thin-open"}


@once
def figure(trace: Trace, palette: Palette) -> go.Figure:
    """The chart. The threshold line stands at the trace's own policy.

    Built from plain dicts in one go: a slider redraws it, and plotly checks a figure grown piece by piece many times.
    """
    table = places(trace)
    minimum, space = trace.lowest_kept, trace.relevance_space
    gap = widest_gap(list(table["score"]))
    across, up = (0.2, max(len(table), 2) + 0.8), _span(table, minimum, space)
    marks = _gap(gap, len(table), palette)
    if minimum is not None:
        marks += _threshold(minimum, _side(minimum, _drawn(table, gap), across, up), palette)
    words = {one: outcome_text(trace, one) for one in SYMBOLS}
    begin = WOULD_BE if trace.origin and trace.origin.replayed else ""
    shown = [one for one in SYMBOLS if trace.origin is None or one in set(table["outcome"])]
    return go.Figure(
        data=[
            _line(table, palette),
            *(_dots(table[table["outcome"] == outcome], outcome, words[outcome], begin, palette) for outcome in shown),
        ],
        layout=layout(
            palette,
            330,
            xaxis=axis(palette, "rank after reranking", range=list(across)),
            yaxis=axis(palette, str(space), range=list(up)),
            showlegend=True,
            legend={
                "orientation": "h",
                "y": 1.02,
                "yanchor": "bottom",
                "x": 0,
                "title": {"text": begin, "font": {"size": 12}},
            },
            shapes=[shape for shape, _ in marks],
            annotations=[note for _, note in marks],
        ),
    )


def _span(table: pd.DataFrame, minimum: float | None, space: ScoreSpace) -> tuple[float, float]:
    """From the lowest to the highest score or the threshold, with some room; of probabilities from 0, to 1 where that
    is near."""
    there = [*table["score"], *([] if minimum is None else [minimum])]
    if space is ScoreSpace.PROBABILITY:
        highest = max([*there, 0.01])
        top = 1.06 if highest > 0.6 else 1.25 * highest
        return -0.03 * top, top
    low, high = min(there, default=0.0), max(there, default=1.0)
    room = 0.06 * (high - low) or 1.0
    return low - room, high + room


def _drawn(table: pd.DataFrame, gap: Gap | None) -> list[tuple[float, float]]:
    """What a name must not cover: dots, the line of the gap and its name."""
    points = [(float(place), float(score)) for place, score in zip(table["place"], table["score"], strict=True)]
    if gap is None:
        return points
    x, beside = gap.after + 0.5, NAME_WIDTH * len(table)
    right = gap.after < len(table) / 2
    name = [(x + at * beside * (1 if right else -1), gap.upper if right else gap.lower) for at in (0.25, 0.5, 0.75, 1)]
    return [*points, *name, *((x, gap.lower + gap.size * at / 8) for at in range(9))]


def _side(
    minimum: float, points: Sequence[tuple[float, float]], across: tuple[float, float], up: tuple[float, float]
) -> Side:
    """Where along the line its name covers nothing; else where it is furthest from what it might cover."""
    wide, (high, dot) = NAME_WIDTH * (across[1] - across[0]), (one * (up[1] - up[0]) for one in (NAME_HEIGHT, DOT))

    def room(side: Side) -> float:
        near = [y for x, y in points if (x >= across[1] - wide if side[0] == "right" else x <= across[0] + wide)]
        bottom = minimum if side[1] == "bottom" else minimum - high
        inside = (bottom - up[0], up[1] - bottom - high)
        return min([*inside, *(max(bottom - y, y - bottom - high) - dot for y in near)])

    return next((side for side in SIDES if room(side) > 0), max(SIDES, key=room))


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


def _dots(rows: pd.DataFrame, outcome: str, told: str, begin: str, palette: Palette) -> dict[str, Any]:
    """The dots of one outcome; `begin`: how the legend begins, for all of them at once."""
    colour = palette.up if outcome == "kept" else palette.down if outcome == "under the threshold" else palette.same
    return {
        "type": "scatter",
        "x": list(rows["place"]),
        "y": list(rows["score"]),
        "mode": "markers",
        "name": f"{told.removeprefix(begin)} ({len(rows)})",
        "marker": {"symbol": SYMBOLS[outcome], "size": 9, "color": colour, "line": {"width": 1.5, "color": colour}},
        "text": [plain(title, 80) for title in rows["title"]],
        "hovertemplate": f"<b>%{{text}}</b><br>rank %{{x}}, %{{y:.4g}}<br>{told}<extra></extra>",
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


def _threshold(minimum: float, side: Side, palette: Palette) -> list[Mark]:
    """The threshold as a dashed line across, named at one of its ends, over or under it."""
    line = {"color": palette.text, "width": 1.5, "dash": "dash"}
    shape = {"type": "line", "xref": "x domain", "x0": 0, "x1": 1, "y0": minimum, "y1": minimum, "line": line}
    told = f"threshold {threshold_text(minimum)}"
    end, anchor = side
    note = {"xref": "x domain", "x": float(end == "right"), "y": minimum, "text": told, "showarrow": False}
    return [(shape, {**note, "xanchor": end, "yanchor": anchor, "font": {"size": 12, "color": palette.text}})]
