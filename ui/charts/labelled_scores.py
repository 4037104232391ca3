"""How a labelled set scores: best scores of answerable questions upwards, of unanswerable ones downwards; beside it
the same for relevant and irrelevant pairs. Shares, since there are far more irrelevant pairs than relevant ones.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from rag_core.analysis.query_scores import QueryScores, auroc
from rag_core.schema.once import once
from rag_core.schema.spaces import ScoreSpace
from ui.charts.axes import axis
from ui.charts.palette import Palette, layout

BINS = 20
HEADROOM = 1.25
"""How far the axis goes past the longest bar, so that no bar stands behind a name."""
PANELS = {"best score of a question": ("answerable", "unanswerable"), "score of a pair": ("relevant", "irrelevant")}


def bins(queries: Sequence[QueryScores]) -> pd.DataFrame:
    """A row per bin and kind: panel, kind, from, to, count, share of its kind. Equal bins over the panel's span."""
    rows: list[dict[str, object]] = []
    for panel, kinds in PANELS.items():
        scores = {kind: _scores(queries, kind) for kind in kinds}
        every = [score for kind in kinds for score in scores[kind]]
        if not every:
            continue
        low, high = min(0.0, *every), max(1.0, *every) if max(every) <= 1 else max(every)
        for kind in kinds:
            rows += _counted(panel, kind, scores[kind], low, high)
    return pd.DataFrame(rows, columns=["panel", "kind", "from", "to", "count", "share"])


def _scores(queries: Sequence[QueryScores], kind: str) -> list[float]:
    if kind in ("answerable", "unanswerable"):
        wanted = kind == "answerable"
        return [query.best for query in queries if query.best is not None and query.answerable is wanted]
    return [score for query in queries for score in (query.relevant if kind == "relevant" else query.irrelevant)]


def _counted(panel: str, kind: str, scores: list[float], low: float, high: float) -> list[dict[str, object]]:
    width = (high - low) / BINS
    counts = [0] * BINS
    for score in scores:
        counts[min(BINS - 1, int((score - low) / width))] += 1
    return [
        {
            "panel": panel,
            "kind": kind,
            "from": low + width * place,
            "to": low + width * (place + 1),
            "count": count,
            "share": count / max(1, len(scores)),
        }
        for place, count in enumerate(counts)
    ]


def caption(queries: Sequence[QueryScores]) -> str:
    """How well the two kinds of question are parted."""
    answerable = sum(query.answerable for query in queries)
    parted = auroc(queries)
    if parted is None:
        return f"All {len(queries)} questions are of one kind; there is nothing to separate."
    return (
        f"An answerable question's best score is higher than an unanswerable one's in {parted:.0%} of pairs "
        f"({answerable} and {len(queries) - answerable} questions); 50% would be chance."
    )


@once
def figure(queries: Sequence[QueryScores], space: ScoreSpace, palette: Palette) -> go.Figure:
    """The two panels. What should score high stands up, what should score low hangs down, each named."""
    table = bins(queries)
    fig = make_subplots(rows=1, cols=2, subplot_titles=[f"<b>{panel.capitalize()}</b>" for panel in PANELS])
    for place, (panel, kinds) in enumerate(PANELS.items(), start=1):
        for kind, sign, colour in zip(kinds, (1, -1), (palette.up, palette.down), strict=True):
            rows = table[(table["panel"] == panel) & (table["kind"] == kind)]
            fig.add_trace(_bars(rows, kind, sign, colour), row=1, col=place)
            fig.add_annotation(
                text=f"{'▲' if sign > 0 else '▼'} {kind} ({int(rows['count'].sum()):,})",
                xref="x domain" if place == 1 else f"x{place} domain",
                yref="y domain" if place == 1 else f"y{place} domain",
                x=0.98,
                y=0.98 if sign > 0 else 0.02,
                showarrow=False,
                font={"size": 12, "color": colour},
            )
        fig.update_xaxes(**axis(palette, str(space)), row=1, col=place)
        shares = axis(palette, "share" if place == 1 else "", **_ticks(table[table["panel"] == panel]["share"].max()))
        fig.update_yaxes(**shares, row=1, col=place)
    fig.update_layout(**layout(palette, 300, barmode="relative", bargap=0.06, margin={"l": 8, "r": 8, "t": 30, "b": 8}))
    return fig


def _ticks(most: float) -> dict[str, object]:
    """Ticks of a mirrored axis: a share is positive whichever way its bar goes. The names stand clear of the bars."""
    step = next((one for one in (0.05, 0.1, 0.2, 0.25) if most / one <= 4), 0.5)
    places = [step * n for n in range(-int(most / step) - 1, int(most / step) + 2)]
    ticks = {"tickvals": places, "ticktext": [f"{abs(place):.0%}" for place in places]}
    return ticks | {"range": [-most * HEADROOM, most * HEADROOM]} if most else ticks


def _bars(rows: pd.DataFrame, kind: str, sign: int, colour: str) -> go.Bar:
    return go.Bar(
        x=(rows["from"] + rows["to"]) / 2,
        y=sign * rows["share"],
        marker={"color": colour, "pattern": {"shape": "" if sign > 0 else "/"}},
        customdata=rows[["from", "to", "count"]],
        hovertemplate=f"%{{customdata[2]}} {kind}, %{{customdata[0]:.3g}} to %{{customdata[1]:.3g}}<extra></extra>",
    )
