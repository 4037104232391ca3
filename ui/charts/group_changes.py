"""Before and after by kind of query: the mean change of each group with its 95% interval, the most harmed first."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from rag_core.evaluation.compare import Comparison
from rag_core.schema.once import once
from rag_core.wording.metric_changes import TOO_FEW
from ui.charts.axes import axis
from ui.charts.palette import Palette, layout, plain

ROW_PX = 34
HOVER = "%{customdata[0]:.3f} → %{customdata[1]:.3f}; %{customdata[2]}<extra></extra>"


def table(groups: Mapping[str, Comparison]) -> pd.DataFrame:
    """A row per group: queries, before, after, change, low, high, wins, ties, losses; no low or high for too few."""
    rows = [
        {
            "group": name,
            "queries": one.queries,
            "before": one.before,
            "after": one.after,
            "change": one.difference,
            "low": one.low if one.bounded else None,
            "high": one.high if one.bounded else None,
            "wins": one.wins,
            "ties": one.ties,
            "losses": one.losses,
        }
        for name, one in groups.items()
    ]
    return pd.DataFrame(rows)


def caption(groups: Mapping[str, Comparison]) -> str:
    """Which groups are clearly helped, which clearly hurt; and why some have no interval."""
    helped = [name for name, one in groups.items() if one.clear and one.difference > 0]
    hurt = [name for name, one in groups.items() if one.clear and one.difference < 0]
    told = [
        f"Clearly better for {', '.join(helped)}." if helped else "",
        f"Worse for {', '.join(hurt)}." if hurt else "",
    ]
    clear = " ".join(part for part in told if part) or "The change is not significant in any group."
    few = "" if all(one.bounded for one in groups.values()) else f" {TOO_FEW}"
    return f"{clear}{few}"


def _span(groups: Mapping[str, Comparison]) -> list[float]:
    """From the lowest to the highest value that is drawn, with room for a mark on the left and a note on the right."""
    drawn = [(one.low, one.high) if one.bounded else (one.difference,) * 2 for one in groups.values()]
    low, high = min(0.0, *(low for low, _ in drawn)), max(0.0, *(high for _, high in drawn))
    wide = max(high - low, 0.05)
    return [low - 0.05 * wide, high + 0.2 * wide]


@once
def figure(groups: Mapping[str, Comparison], metric: str, palette: Palette) -> go.Figure:
    """A mark and a bar per group around zero: up triangles gain, down triangles lose, circles cannot be told."""
    rows = list(groups.items())[::-1]
    verdicts = ["same" if not one.clear else "up" if one.difference > 0 else "down" for _, one in rows]
    colours = {"up": palette.up, "down": palette.down, "same": palette.same}
    marks = {"up": "triangle-up", "down": "triangle-down", "same": "circle"}
    fig = go.Figure(
        go.Scatter(
            x=[one.difference for _, one in rows],
            y=[f"{plain(name, 28)} ({one.queries})" for name, one in rows],
            mode="markers+text",
            text=["" if one.bounded else f"too few ({one.queries})" for _, one in rows],
            textposition="middle right",
            textfont={"size": 12, "color": palette.muted},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [one.high - one.difference if one.bounded else 0 for _, one in rows],
                "arrayminus": [one.difference - one.low if one.bounded else 0 for _, one in rows],
                "color": palette.same,
            },
            marker={
                "size": 11,
                "color": [colours[one] for one in verdicts],
                "symbol": [marks[one] for one in verdicts],
            },
            customdata=[
                [one.before, one.after, f"{one.wins} better, {one.ties} equal, {one.losses} worse"] for _, one in rows
            ],
            hovertemplate=HOVER,
        )
    )
    fig.add_vline(x=0, line_color=palette.text, line_width=1)
    fig.update_layout(
        **layout(
            palette,
            80 + ROW_PX * len(rows),
            xaxis=axis(palette, f"change of {metric}, 95% interval", tickformat="+.2f", range=_span(groups)),
            yaxis=axis(palette),
        )
    )
    return fig
