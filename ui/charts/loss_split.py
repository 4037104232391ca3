"""Where quality was lost: one bar from nothing to perfect, cut into what was reached and what each step lost."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from rag_core.evaluation.headroom import Headroom
from rag_core.schema.once import once
from rag_core.wording.metric_changes import headroom_sentence
from ui.charts.axes import axis
from ui.charts.palette import Palette, layout

PARTS = {
    "achieved": "reached",
    "signals": "lost to signals",
    "ranking": "left by the ranking",
    "first_pass": "cut by the first pass",
    "fusion": "outside the pool",
    "retrieval": "never found",
}
PATTERNS = {"achieved": "", "signals": "+", "ranking": "/", "first_pass": "-", "fusion": "x", "retrieval": "."}


def table(headroom: Headroom) -> pd.DataFrame:
    """A row per part: part, what it means, value, share of perfect."""
    rows = [{"part": name, "meaning": meaning, "value": getattr(headroom, name)} for name, meaning in PARTS.items()]
    frame = pd.DataFrame(rows)
    frame = frame[(frame["part"] != "first_pass") | (frame["value"] != 0)]
    return frame.assign(share=frame["value"] / max(headroom.perfect, 1e-9))


def caption(headroom: Headroom) -> str:
    """The split in words, and where it ends."""
    return f"{headroom_sentence(headroom)} Counted before threshold and top-k, which cut the order further."


@once
def figure(headroom: Headroom, palette: Palette) -> go.Figure:
    """The bar; a hatched part lets the page shine through. A part too thin for its label shows it on hover; one under
    zero (signals that helped) is left out."""
    shades = (palette.up, palette.text, palette.down, palette.text, palette.same, palette.faint)
    colours = dict(zip(PARTS, shades, strict=True))
    fig = go.Figure()
    for row in table(headroom).to_dict("records"):
        value = max(0.0, float(row["value"]))
        label = f"{row['meaning']}<br>{value:.3f}" if value >= 0.07 else ""
        fig.add_trace(
            go.Bar(
                x=[value],
                y=[""],
                orientation="h",
                text=[label],
                textposition="inside",
                insidetextanchor="middle",
                insidetextfont={"color": palette.text if PATTERNS[row["part"]] else palette.on},
                marker={
                    "color": colours[row["part"]],
                    "pattern": {"shape": PATTERNS[row["part"]], "fgcolor": palette.text, "size": 5, "solidity": 0.12},
                },
                hovertemplate=f"{row['meaning']}: {row['value']:.3f}<extra></extra>",
            )
        )
    fig.update_layout(
        **layout(
            palette,
            130,
            barmode="stack",
            xaxis=axis(palette, headroom.metric, range=[0, max(headroom.perfect, 1e-6)], tickformat=".1f"),
            yaxis={"visible": False, "fixedrange": True},
        )
    )
    return fig
