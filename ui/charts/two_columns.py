"""Two runs over the same pool, side by side: rank on the left, rank on the right, joined by a line.

Kept by both is a full dot, kept by one side a triangle that points to it, kept by neither a small open dot. Ranks
without a title stand closer together, alike in both columns.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from rag_core.analysis.rank_agreement import Agreement, compare_rankings
from rag_core.schema.once import once
from rag_core.schema.trace import Trace
from rag_core.wording.numbers import score_text, titles_of
from rag_core.wording.outcomes import outcome_text
from ui.charts import axes
from ui.charts.palette import Palette, layout, plain, scatter, squeezed

ROW_PX = 17
CLOSE = 0.45
"""How far apart the ranks stand that have no title, in rows."""
SHOWN = 20
"""Candidates of either side that are drawn although no side keeps them."""
SYMBOLS = {"both": "circle", "left": "triangle-left", "right": "triangle-right", "neither": "circle-open"}


@once
def joined(left: Trace, right: Trace) -> pd.DataFrame:
    """A row per candidate of the pool in the left side's order: passage_id, title, left_rank, right_rank, moved (places
    gained on the right), kept ("both", "left", "right", "neither"), left_score and right_score (relevance; none where
    a first pass did not hand it on)."""
    keepers = [trace.kept_step.by_passage for trace in (left, right)]
    titles = titles_of(left.passages[passage_id] for passage_id in left.places)
    rows = []
    for passage_id, place in left.places.items():
        other = right.places[passage_id]
        here, there = (passage_id in kept for kept in keepers)
        rows.append(
            {
                "passage_id": passage_id,
                "title": titles[passage_id],
                "left_rank": place,
                "right_rank": other,
                "moved": place - other,
                "kept": {(True, True): "both", (True, False): "left", (False, True): "right"}.get(
                    (here, there), "neither"
                ),
                "left_score": left.relevance.get(passage_id),
                "right_score": right.relevance.get(passage_id),
            }
        )
    names = ["passage_id", "title", "left_rank", "right_rank", "moved", "kept", "left_score", "right_score"]
    return pd.DataFrame(rows, columns=names)


def first_pass_places(left: Trace, right: Trace) -> str:
    """Which places are the first pass's, for a side whose reranker did not read them: ` B's places past 10 are ...`."""
    sides = [
        f"{name}'s places past {len(trace.pool)}"
        for name, trace in (("A", left), ("B", right))
        if trace.cut_by_first_pass
    ]
    return f" {' and '.join(sides)} are its first pass's." if sides else ""


def caption(agreement: Agreement) -> str:
    """Counts and the two measures of agreement, each with its scale."""
    tau = "" if agreement.tau is None else f" Kendall tau {agreement.tau:.2f} (1 same order, -1 reversed),"
    both, left, right = (len(ids) for ids in (agreement.common, agreement.only_left, agreement.only_right))
    return (
        f"Kept: {both} by both, {left} only by A, {right} only by B.{tau} RBO {agreement.rbo:.2f} (1 same, top places "
        f"count most); {agreement.moved} of {agreement.pool} moved."
        + f" The first {SHOWN} of either side are drawn; the table has all."
        * (agreement.pool > SHOWN)
    )


@once
def figure(left: Trace, right: Trace, names: tuple[str, str], palette: Palette) -> go.Figure:
    """The chart: what either side keeps or ranks among the first `SHOWN`."""
    compare_rankings(left, right)
    table = joined(left, right)
    first = (table["left_rank"] <= SHOWN) | (table["right_rank"] <= SHOWN)
    table = table[first | (table["kept"] != "neither")]
    told = table[table["kept"] != "neither"]
    heights = _heights(table, {*told["left_rank"], *told["right_rank"]})
    strength = {"neither": 0, "both": 1, "left": 2, "right": 2}
    lines = [
        _line({str(name): value for name, value in row.items()}, heights, left, right, palette)
        for row in sorted(table.to_dict("records"), key=lambda row: strength[row["kept"]])
    ]
    titles = [_labels(told, side, heights, palette) for side in ("left", "right")]
    places, font = max(heights.values(), default=1.0), {"size": 12, "color": palette.muted}
    return go.Figure(
        data=[*lines, *titles],
        layout=layout(
            palette,
            max(220, round(70 + ROW_PX * places)),
            xaxis={"visible": False, "range": [-0.95, 1.95], "fixedrange": True},
            yaxis={"visible": False, "range": [places + 0.8, -1.0], "fixedrange": True},
            hovermode="closest",
            annotations=[
                {"x": x, "y": -0.4, "text": f"<b>{plain(f'{side}: {name}')}</b>", "showarrow": False, "font": font}
                for x, (side, name) in enumerate(zip("AB", names, strict=True))
            ],
        ),
    )


def _heights(table: pd.DataFrame, titled: Container[int]) -> dict[int, float]:
    """Where each rank is drawn, from the top. One with a title in either column takes a whole row."""
    used = {*table["left_rank"], *table["right_rank"]}
    return axes.heights(
        1.0 if rank in titled else CLOSE if rank in used else axes.EMPTY for rank in range(1, max(used, default=0) + 1)
    )


def _line(
    row: dict[str, Any], heights: Mapping[int, float], left: Trace, right: Trace, palette: Palette
) -> dict[str, Any]:
    kept = str(row["kept"])
    colour = {"both": palette.same, "left": palette.down, "right": palette.up}.get(kept, palette.faint)
    scores = [_score(trace, str(row["passage_id"])) for trace in (left, right)]
    hover = (
        f"<b>{plain(str(row['title']), 80)}</b><br>A #{row['left_rank']} ({scores[0]})<br>B #{row['right_rank']} "
        f"({scores[1]})<br>kept by {kept}<extra></extra>"
    )
    return scatter(
        x=[0, 1],
        y=[heights[row["left_rank"]], heights[row["right_rank"]]],
        mode="lines+markers",
        line={"color": colour, "width": 1 if kept == "neither" else 2.5},
        marker={"color": colour, "symbol": SYMBOLS[kept], "size": 6 if kept == "neither" else 11},
        hovertemplate=hover,
    )


def _score(trace: Trace, passage_id: str) -> str:
    score = trace.relevance.get(passage_id)
    if score is None:
        return outcome_text(trace, trace.outcome(passage_id))
    return score_text(score, trace.relevance_space)


def _labels(rows: pd.DataFrame, side: str, heights: Mapping[int, float], palette: Palette) -> dict[str, Any]:
    ranks = rows[f"{side}_rank"]
    pairs = list(zip(rows["title"], ranks, strict=True))
    if side == "left":
        text = [f"{plain(squeezed(title, 44))}  <b>{rank}</b>" for title, rank in pairs]
    else:
        text = [f"<b>{rank}</b>  {plain(squeezed(title, 44))}" for title, rank in pairs]
    return scatter(
        x=[-0.03 if side == "left" else 1.03] * len(rows),
        y=[heights[rank] for rank in ranks],
        mode="text",
        text=text,
        textposition="middle left" if side == "left" else "middle right",
        textfont={"size": 12, "color": palette.text},
        hoverinfo="skip",
    )
