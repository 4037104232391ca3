"""Rank movement: the candidates that were read, fused rank on the left, final rank on the right, joined by a line.

Up is blue with a triangle up, down is orange with a triangle down, unmoved is grey with a dot; what was not kept
is drawn open: a circle where top-k cut it, a cross where it was under the threshold. Where there is a first pass, its
ranks stand between the two, and what it did not hand on ends there with a diamond; of those, only the ones with a title
are drawn unless all are asked for. What another pipeline's reranker did not return has no final rank: its line ends
with a square. Ranks without a title are closer together, alike in every column, so that a level line is always a
candidate that kept its rank.
"""

from __future__ import annotations

from rag_core.analysis.run_tables import CUT, ENDED, movement
from rag_core.wording.run_captions import movement_caption as caption

__all__ = ["caption", "figure", "key", "movement"]

from collections.abc import Collection, Hashable, Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from rag_core.schema.once import once
from rag_core.schema.trace import Trace
from rag_core.wording.outcomes import NOT_KEPT, outcome_text
from ui.charts import axes
from ui.charts.palette import Palette, layout, plain, scatter, squeezed

Row = Mapping[Hashable, Any]
ROW_PX = 13
LABEL_CHARS = 52
MARKS = {"up": "triangle-up", "down": "triangle-down", "same": "circle"}
OPEN = {
    "cut by top-k": "circle-open",
    "under the threshold": "x-thin-open",
    "cut by the first pass": "diamond-open",
    "not returned by the reranker": "square-open",
}

CLOSE = 0.45
"""How far apart the ranks stand that have no title, in rows."""
CUT_CLOSE = 0.2
"""How far apart the ranks stand that the first pass did not hand on, in rows."""

SIGNS = {
    "cut by top-k": "○",
    "under the threshold": "×",
    "cut by the first pass": "◇",
    "not returned by the reranker": "□",
}


@once
def drawn(trace: Trace, chosen: str | None = None, whole: bool = False) -> pd.DataFrame:
    """The candidates that the chart draws, a row each; `whole`: also those without a title that a first pass cut."""
    table = movement(trace)
    shown = (table["outcome"] != CUT) | table["passage_id"].isin(_told(table, trace.policy.top_k) | {chosen})
    return table if whole else table[shown]


def key(trace: Trace, chosen: str | None = None, whole: bool = False) -> str:
    """What the marks at the ends of the lines mean, as far as they are drawn."""
    marks = signs(trace, set(drawn(trace, chosen, whole)["outcome"]))
    return f"{marks} Titles: what is kept, what was first before, and the chosen one."


def signs(trace: Trace, outcomes: Collection[str]) -> str:
    """The marks of these outcomes in words."""
    told = {one: outcome_text(trace, one) for one in outcomes}
    cut = ", ".join(
        sign if told[one] == NOT_KEPT else f"{sign} {told[one]}" for one, sign in SIGNS.items() if one in told
    )
    kept = f"{told['kept'].capitalize()}: ▲ moved up, ▼ moved down, ● same place. " if "kept" in told else ""
    return f"{kept}{f'Not kept: {cut}.' if cut else ''}"


@once
def figure(trace: Trace, palette: Palette, chosen: str | None = None, whole: bool = False) -> go.Figure:
    """The chart. `chosen`: the passage id to draw on top of the others. `whole`: see `drawn`."""
    table = drawn(trace, chosen, whole)
    told = _told(table, trace.policy.top_k)
    labelled = table[table["passage_id"].isin(told | {chosen})]
    heights = _heights(trace, table, labelled)
    order = sorted(table.to_dict("records"), key=lambda row: (row["passage_id"] == chosen, row["passage_id"] in told))
    words = {one: outcome_text(trace, one) for one in table["outcome"]}
    lines = [
        _line(row, words, heights, palette, row["passage_id"] in told, row["passage_id"] == chosen) for row in order
    ]
    titles = [
        _labels(labelled, "before", heights, palette),
        _labels(labelled[~labelled["outcome"].isin(ENDED)], "after", heights, palette),
    ]
    return go.Figure(data=[*lines, *titles], layout=_frame(heights, trace, palette))


def _told(table: pd.DataFrame, top_k: int) -> set[str]:
    """The candidates with a label: the kept ones, and those that were among the first before."""
    return set(table[(table["outcome"] == "kept") | (table["before"] <= top_k)]["passage_id"])


def _colour(row: Row, palette: Palette, strong: bool) -> str:
    colours = {"up": palette.up, "down": palette.down, "same": palette.same}
    return colours[str(row["direction"])] if strong else palette.faint


def _heights(trace: Trace, table: pd.DataFrame, labelled: pd.DataFrame) -> dict[int, float]:
    """Where each rank is drawn, from the top. A rank takes a whole row where a title stands at it in any column."""
    whole = {*labelled["before"], *labelled["after"]}
    used = {*table["before"], *table["first_pass"].dropna(), *table["after"]}
    last, pool = max([int(rank) for rank in used] + [len(trace.pool), 1]), len(trace.pool)
    cut = CLOSE if trace.first_pass_summary is None else CUT_CLOSE
    ranks = range(1, last + 1)
    return axes.heights(
        1.0 if rank in whole else axes.EMPTY if rank not in used else CLOSE if rank <= pool else cut for rank in ranks
    )


def _line(
    row: Row, words: Mapping[str, str], heights: Mapping[int, float], palette: Palette, told: bool, chosen: bool
) -> dict[str, Any]:
    colour = _colour(row, palette, told or chosen)
    mark = OPEN.get(str(row["outcome"]), MARKS[str(row["direction"])])
    strong, small = told or chosen, 2 if row["outcome"] == CUT else 6
    stops = [(0.0, row["before"], "fused")]
    stops += [(0.5, row["first_pass"], "first pass")] * bool(pd.notna(row["first_pass"]))
    stops += [(1.0, row["after"], "final")] * (row["outcome"] not in ENDED)
    x, y = [place for place, _, _ in stops], [rank for _, rank, _ in stops]
    way = " → ".join(f"{name} #{rank:.0f}" for _, rank, name in stops)
    hover = (
        f"<b>{plain(str(row['title']), 80)}</b><br>{way}<br>{row['score']}<br>{words[row['outcome']]}<extra></extra>"
    )
    return scatter(
        x=x,
        y=[heights[int(rank)] for rank in y],
        mode="lines+markers",
        line={"color": colour, "width": 3.5 if chosen else 2 if told else 1},
        marker={
            "color": colour,
            "symbol": [*["circle"] * (len(x) - 1), mark],
            "size": [*[6 if strong else small] * (len(x) - 1), 11 if strong else small + 1],
            "line": {"color": colour, "width": 1.5},
        },
        customdata=[row["passage_id"]] * len(x),
        hovertemplate=hover,
    )


def _labels(rows: pd.DataFrame, side: str, heights: Mapping[int, float], palette: Palette) -> dict[str, Any]:
    """Titles beside the ends of the told lines."""
    left = side == "before"
    titles = [plain(squeezed(str(title), LABEL_CHARS)) for title in rows["title"]]
    pairs = zip(titles, rows[side], strict=True)
    text = [f"{title}  <b>{rank}</b>" if left else f"<b>{rank}</b>  {title}" for title, rank in pairs]
    return scatter(
        x=[-0.03 if left else 1.03] * len(rows),
        y=[heights[int(rank)] for rank in rows[side]],
        mode="text",
        text=text,
        textposition="middle left" if left else "middle right",
        textfont={"size": 11.5, "color": palette.text},
        hoverinfo="skip",
    )


def _drawn(trace: Trace) -> str:
    """`pool of 50`, or `24 of a pool of 50` where the reranker was stopped."""
    size = f"pool of {len(trace.pool)}"
    return f"{len(trace.pool_read)} of a {size}" if trace.pool_unread else size


def _heads(trace: Trace) -> list[tuple[float, str]]:
    """What stands over each column, and where."""
    if not trace.first_pass_summary:
        before = f"Rank in {plain(trace.fused_step.name, 30)}" if trace.origin else "Fused rank"
        return [(0.0, f"{before} ({_drawn(trace)})"), (1.0, "Final rank")]
    return [
        (0.0, "Fused rank"),
        (0.5, f"First pass: {len(trace.head)} → {len(trace.pool)}"),
        (1.0, "Final rank"),
    ]


def _frame(heights: Mapping[int, float], trace: Trace, palette: Palette) -> dict[str, Any]:
    """The layout: axes, the band of kept places, the end of what the first pass hands on, the column heads."""
    places = max(heights.values())
    font = {"size": 12, "color": palette.muted}
    return layout(
        palette,
        max(220, round(70 + ROW_PX * places)),
        xaxis={"visible": False, "range": [-1.25, 2.25], "fixedrange": True},
        yaxis={"visible": False, "range": [places + 0.8, -1.0], "fixedrange": True},
        hovermode="closest",
        shapes=[*_band(heights, trace, palette), *_handed_on(heights, trace, palette)],
        annotations=[
            {"x": x, "y": -0.4, "text": f"<b>{text}</b>", "showarrow": False, "font": font} for x, text in _heads(trace)
        ],
    )


def _band(heights: Mapping[int, float], trace: Trace, palette: Palette) -> list[dict[str, Any]]:
    """Behind the places that are kept."""
    if not trace.kept_step.hits:
        return []
    bottom = heights[len(trace.kept_step.hits)] + 0.5
    place = {"x0": 0.97, "x1": 2.25, "y0": 0.5, "y1": bottom}
    return [{"type": "rect", **place, "fillcolor": palette.band, "line": {"width": 0}, "layer": "below"}]


def _handed_on(heights: Mapping[int, float], trace: Trace, palette: Palette) -> list[dict[str, Any]]:
    """A line under what the first pass hands on."""
    if not trace.first_pass_summary:
        return []
    place = heights[len(trace.pool)] + 0.5 * CUT_CLOSE
    line = {"color": palette.muted, "dash": "dot"}
    return [{"type": "line", "x0": 0.4, "x1": 0.6, "y0": place, "y1": place, "line": line}]
