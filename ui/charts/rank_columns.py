"""Rank movement through every list of a recorded run: a column for each in the order of its steps, a line for each
passage.

A line goes through the lists that have the passage and skips the others. It is blue where the last list puts the
passage higher than the first that has it, orange where lower. Its end says what became of it, with the marks of
`rank_movement`. Ranks without a title are closer together, alike in every column.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import plotly.graph_objects as go

from rag_core.schema.base import Frozen
from rag_core.schema.once import once
from rag_core.schema.steps import StepKind
from rag_core.schema.trace import Trace
from rag_core.schema.trace_record import Outcome
from rag_core.wording.numbers import titles_of
from rag_core.wording.outcomes import outcome_text
from ui.charts import axes
from ui.charts.palette import Palette, layout, plain, squeezed
from ui.charts.rank_movement import MARKS, OPEN, ROW_PX, signs

MOST = 6
"""Columns that can be read side by side at 1280 pixels."""

LABEL_CHARS = 40
HEAD_CHARS = 20
CLOSE = 0.7
"""How far apart the ranks are that have no title, in rows."""
MARGIN = 0.6
"""Room for the titles on either side, as a share of the columns' width."""

WEIGHT = {StepKind.SEARCH: 0, StepKind.ADJUST: 1, StepKind.FUSION: 2, StepKind.RERANK: 3}
"""Which lists are shown first where not all fit."""


class Way(Frozen):
    """One passage through the columns: its rank in each, None where the list does not have it."""

    passage_id: str
    title: str
    ranks: tuple[int | None, ...]
    outcome: Outcome
    direction: Literal["up", "down", "same"]


def lists(trace: Trace) -> tuple[str, ...]:
    """The names of a recorded run's ranked lists, in the order of its steps; what was kept is a part of the last."""
    return tuple(one.name for one in trace.steps if one.kind is not StepKind.SELECT and one.hits)


def many(trace: Trace) -> bool:
    """True where a run has more lists than a first and a last one."""
    return trace.origin is not None and len(lists(trace)) > 2


def at_first(trace: Trace) -> tuple[str, ...]:
    """All lists; where they are more than can be read, the rerankers and fusions before the searches."""
    steps = {one.name: place for place, one in enumerate(trace.steps)}
    names = sorted(lists(trace), key=lambda name: (-WEIGHT[trace[name].kind], -steps[name]))[:MOST]
    return tuple(sorted(names, key=steps.__getitem__))


def ways(trace: Trace, names: Sequence[str]) -> list[Way]:
    """Every passage that one of these lists has, in the order of its best rank."""
    ranked = [trace[name].by_passage for name in names]
    ids = dict.fromkeys(hit.passage_id for name in reversed(names) for hit in trace[name].hits)
    titles = titles_of(trace.passages[one] for one in ids)
    found = []
    for one in ids:
        ranks = tuple(by[one].rank if one in by else None for by in ranked)
        there = [rank for rank in ranks if rank is not None]
        gained = there[0] - there[-1]
        direction: Literal["up", "down", "same"] = "up" if gained > 0 else "down" if gained < 0 else "same"
        found.append(
            Way(passage_id=one, title=titles[one], ranks=ranks, outcome=trace.outcome(one), direction=direction)
        )
    return found


def caption(trace: Trace, names: Sequence[str]) -> str:
    """`12 passages in 6 lists; 3 in all of them, 4 kept.`"""
    found = ways(trace, names)
    everywhere = sum(None not in one.ranks for one in found)
    number = sum(one.outcome == "kept" for one in found)
    kept = outcome_text(trace, "kept")
    return (
        f"{len(found)} passages in {len(names)} lists; {everywhere} in all of them, {number} {kept}. "
        "A line skips the lists that do not have the passage."
    )


def key(trace: Trace, names: Sequence[str]) -> str:
    """What the marks at the ends of the lines mean, as far as they are drawn."""
    return f"{signs(trace, {one.outcome for one in ways(trace, names)})} Titles: what is kept, and the chosen one."


@once
def figure(trace: Trace, palette: Palette, names: Sequence[str], chosen: str | None = None) -> go.Figure:
    """The chart of these lists. `chosen`: the passage id to draw on top of the others."""
    found = ways(trace, names)
    told = {one.passage_id for one in found if one.outcome == "kept" or one.passage_id == chosen}
    heights = _heights(found, told)
    places = [number / max(len(names) - 1, 1) for number in range(len(names))]
    fig = go.Figure()
    for one in sorted(found, key=lambda one: (one.passage_id == chosen, one.passage_id in told)):
        outcome = outcome_text(trace, one.outcome)
        fig.add_trace(
            _line(one, outcome, names, places, heights, palette, one.passage_id in told, one.passage_id == chosen)
        )
    labelled = [one for one in found if one.passage_id in told]
    fig.add_trace(_labels(labelled, 0, heights, palette))
    fig.add_trace(_labels(labelled, -1, heights, palette))
    _frame(fig, names, places, heights, palette)
    return fig


def _heights(found: Sequence[Way], told: set[str]) -> dict[int, float]:
    """Where each rank is drawn, from the top; a whole row where a title is beside it."""
    ends = {rank for one in found if one.passage_id in told for rank in (one.ranks[0], one.ranks[-1]) if rank}
    last = max((rank for one in found for rank in one.ranks if rank), default=1)
    return axes.heights(1.0 if rank in ends else CLOSE for rank in range(1, last + 1))


def _line(
    one: Way, outcome: str, names: Sequence[str], places: Sequence[float], heights: Mapping[int, float],
    palette: Palette, told: bool, chosen: bool,
) -> go.Scatter:  # fmt: skip
    there = [(place, rank, name) for place, rank, name in zip(places, one.ranks, names, strict=True) if rank]
    colours = {"up": palette.up, "down": palette.down, "same": palette.same}
    colour = colours[one.direction] if told else palette.faint
    mark = OPEN.get(one.outcome, MARKS[one.direction])
    way = "<br>".join(f"{plain(name, 30)} #{rank}" for _, rank, name in there)
    hover = f"<b>{plain(one.title, 80)}</b><br>{way}<br>{outcome}<extra></extra>"
    small = 6 if told else 4
    return go.Scatter(
        x=[place for place, _, _ in there],
        y=[heights[rank] for _, rank, _ in there],
        mode="lines+markers",
        line={"color": colour, "width": 3.5 if chosen else 2 if told else 1},
        marker={
            "color": colour,
            "symbol": [*["circle"] * (len(there) - 1), mark],
            "size": [*[small] * (len(there) - 1), 11 if told else 6],
            "line": {"color": colour, "width": 1.5},
        },
        customdata=[one.passage_id] * len(there),
        hovertemplate=hover,
    )


def _labels(found: Sequence[Way], end: Literal[0, -1], heights: Mapping[int, float], palette: Palette) -> go.Scatter:
    """Titles beside the first column (0) or the last (-1), of the passages that are in it."""
    rows = [(plain(squeezed(one.title, LABEL_CHARS)), rank) for one in found if (rank := one.ranks[end])]
    left = end == 0
    return go.Scatter(
        x=[-0.03 if left else 1.03] * len(rows),
        y=[heights[rank] for _, rank in rows],
        mode="text",
        text=[f"{title}  <b>{rank}</b>" if left else f"<b>{rank}</b>  {title}" for title, rank in rows],
        textposition="middle left" if left else "middle right",
        textfont={"size": 11.5, "color": palette.text},
        hoverinfo="skip",
    )


def _frame(
    fig: go.Figure, names: Sequence[str], places: Sequence[float], heights: Mapping[int, float], palette: Palette
) -> None:
    """The heads, on two rows where they are many, and a line for each column."""
    deepest = max(heights.values())
    for number, (name, place) in enumerate(zip(names, places, strict=True)):
        raised = 1.1 * (number % 2) if len(names) > 3 else 0.0
        fig.add_shape(
            type="line", x0=place, x1=place, y0=0.3 - raised, y1=deepest, line={"color": palette.grid}, layer="below"
        )
        head = f"<b>{plain(name, HEAD_CHARS)}</b>"
        font = {"size": 12, "color": palette.muted}
        fig.add_annotation(x=place, y=-0.4 - raised, text=head, showarrow=False, font=font)
    fig.update_layout(
        **layout(
            palette,
            max(240, round(90 + ROW_PX * deepest)),
            xaxis={"visible": False, "range": [-MARGIN, 1 + MARGIN], "fixedrange": True},
            yaxis={"visible": False, "range": [deepest + 0.8, -2.2 if len(names) > 3 else -1.0], "fixedrange": True},
            hovermode="closest",
        )
    )
