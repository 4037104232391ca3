"""Quality against one setting: before and after reranking, the policy's value, the knee.

A point whose pairs nobody has scored is not drawn after reranking; the sentence says how many there are.
"""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from rag_core.evaluation.compare import Comparison
from rag_core.evaluation.sweeps import Sweep
from rag_core.schema.once import once
from rag_core.wording.metric_changes import bounds_text
from ui.charts.axes import axis, mark
from ui.charts.palette import Palette, layout

TITLES = {
    "pool": "pool (candidates the reranker reads)",
    "depth": "depth (candidates each search returns)",
    "lexical share": "lexical share of the fusion weights",
    "RRF k": "RRF k",
    "search": "weight of the retrieval score",
    "freshness": "weight of freshness",
    "authority": "weight of authority",
    "diversity": "weight of diversity",
}
RERANKING_ONLY = frozenset({"search", "freshness", "authority", "diversity"})
"""Settings that do not touch the fused order."""


def short_title(setting: str) -> str:
    """The setting's name on its tab: `Pool`, `Lexical share`, `RRF k`."""
    return setting[:1].upper() + setting[1:]


def table(sweep: Sweep) -> pd.DataFrame:
    """A row per value: the setting, `fused`, `final`, `unscored`."""
    frame = pd.DataFrame([point.model_dump() for point in sweep.points], columns=["at", "fused", "final", "unscored"])
    return frame.rename(columns={"at": sweep.setting})


def caption(sweep: Sweep) -> str:
    """The best value, the knee, how far it is above the present one, and what is not known; no best value where none is
    clearly better than another."""
    best, knee = sweep.best, sweep.knee
    setting = TITLES[sweep.setting] if sweep.setting in RERANKING_ONLY else sweep.setting
    missing = sum(point.final is None for point in sweep.points)
    told = ""
    known = {f"{point.final:.3f}" for point in sweep.points if point.final is not None}
    if best is not None and len(sweep.points) == missing + 1:
        told = f"{sweep.metric} is {known.pop()} at {setting} {best.at:g}, the only value that is scored."
    elif len(known) == 1:
        told = f"{sweep.metric} is the same ({known.pop()}) at every {setting} that is scored."
    elif sweep.flat and sweep.over_lowest is not None:
        told = (
            f"{sweep.metric} is {sweep.over_lowest.before:.3f} to {sweep.over_lowest.after:.3f}, depending on the "
            f"{setting}: no sure difference, even from the lowest to the highest ({_gain(sweep.over_lowest)})."
        )
    elif best is not None and best.final is not None:
        told = f"{sweep.metric} is highest ({best.final:.3f}) at {setting} {best.at:g}."
        if knee is not None and knee.at != best.at:
            told += f" {knee.at:g} already brings 95% of that gain ({knee.final:.3f})."
        if sweep.over_chosen is not None:
            told += f" {_over_chosen(sweep.chosen, sweep.over_chosen, len(sweep.points) - missing)}"
    if missing:
        told += f" {missing} of {len(sweep.points)} points need up to {sweep.unscored:,} pairs that are not scored yet."
    return told.strip() or "Nothing is scored yet."


def _over_chosen(chosen: float, found: Comparison, values: int) -> str:
    """How far the best of so many values is above the present one. The highest of many is partly so by chance, and the
    interval knows nothing of the others: a difference that it calls sure is a candidate."""
    if not found.clear:
        return f"Over {chosen:g}, as it is now, it is no sure gain: {_gain(found)}."
    return (
        f"Over {chosen:g}, as it is now, it is {_gain(found)}, on the questions that chose it among {values} values: "
        "check it on others."
    )


def _gain(found: Comparison) -> str:
    """`+0.012, 95% interval -0.004 to +0.028`."""
    return f"{found.difference:+.3f}, {bounds_text(found)}"


@once
def figure(sweep: Sweep, palette: Palette) -> go.Figure:
    """Two lines over the setting; the policy's value dashed, the knee a diamond."""
    fig = go.Figure()
    if sweep.setting not in RERANKING_ONLY:
        fig.add_trace(_line(sweep, "fused", palette.same, "dot"))
    fig.add_trace(_line(sweep, "final", palette.up, "solid"))
    knee = sweep.knee
    if knee is not None:
        fig.add_trace(
            go.Scatter(
                x=[knee.at],
                y=[knee.final],
                mode="markers+text",
                text=[f"knee: {knee.at:g}"],
                textposition="bottom right",
                marker={"symbol": "diamond", "size": 13, "color": palette.down},
                hoverinfo="skip",
            )
        )
    low, high = _range(sweep)
    start = " (not from 0)" * (low > 0)
    mark(fig, palette, f"now: {sweep.chosen:g}", x=sweep.chosen, above=True)
    fig.update_layout(
        **layout(
            palette,
            300,
            xaxis=axis(palette, TITLES[sweep.setting]),
            yaxis=axis(palette, f"mean {sweep.metric}{start}", tickformat=".2f", range=[low, high]),
            margin={"l": 8, "r": 8, "t": 24, "b": 8},
        )
    )
    return fig


def _range(sweep: Sweep) -> tuple[float, float]:
    """The values with some room around them, within what a measure can be: 0 to 1."""
    drawn = ("final",) if sweep.setting in RERANKING_ONLY else ("fused", "final")
    found = (getattr(point, which) for point in sweep.points for which in drawn)
    values = [value for value in found if value is not None]
    low, high = min(values, default=0.0), max(values, default=1.0)
    room = max(0.15 * (high - low), 0.05)
    return max(low - room, 0.0), min(high + room, 1.0)


def _line(sweep: Sweep, which: str, colour: str, dash: str) -> go.Scatter:
    values = [getattr(point, which) for point in sweep.points]
    names = {"fused": "before reranking", "final": "after"}
    last = max((n for n, value in enumerate(values) if value is not None), default=None)
    end = sweep.points[last] if last is not None else None
    below = end is not None and end.final is not None and (which == "final") == (end.final < end.fused)
    return go.Scatter(
        x=[point.at for point in sweep.points],
        y=values,
        mode="lines+markers+text",
        text=[names[which] if n == last else "" for n in range(len(values))],
        textposition="bottom left" if below else "top left",
        cliponaxis=False,
        textfont={"color": colour},
        line={"color": colour, "width": 2.5, "dash": dash},
        marker={"size": 6},
        hovertemplate=f"{sweep.setting} %{{x:g}}: %{{y:.3f}} {names[which]}<extra></extra>",
    )
