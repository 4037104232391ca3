"""What the two cuts do to a whole set: threshold and top-k against what is answered, right and refused."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from rag_core.evaluation.cuts import Cut
from rag_core.schema.once import once
from rag_core.wording.numbers import threshold_text
from ui.charts.axes import axis, mark
from ui.charts.palette import Palette, layout

LINES = {
    "success": ("a relevant document kept", "solid", "up"),
    "precision": ("relevant share of what is kept", "dash", "down"),
    "answered": ("answered", "dot", "same"),
    "refused": ("unanswerable and refused", "dashdot", "text"),
}


LOG = {
    "type": "log",
    "tickvals": [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1],
    "ticktext": ["0.001", "0.003", "0.01", "0.03", "0.1", "0.3", "1"],
}


def table(cuts: Sequence[Cut]) -> pd.DataFrame:
    """A row per cut, as `Cut` says."""
    return pd.DataFrame([cut.model_dump() for cut in cuts], columns=list(Cut.model_fields))


def caption(cuts: Sequence[Cut], over: str) -> str:
    """The cut that keeps a relevant document for most questions, and the least that is not surely worse; none where
    these questions cannot tell one cut from another."""
    known = [cut for cut in cuts if cut.success is not None]
    if not known:
        return "No labelled question has a relevant document, so there is nothing to keep."
    best = max(known, key=_success)
    enough = min((cut for cut in known if not cut.fewer), key=lambda cut: cut.passages)
    if not any(cut.fewer for cut in known):
        least = min(known, key=lambda cut: cut.success or 0.0)
        setting = "top-k" if over == "top_k" else "threshold"
        if least.success == best.success:
            return f"{best.success:.0%} of the questions keep a relevant document, whatever the {setting}."
        told = f"{least.success:.0%} to {best.success:.0%} of the questions keep a relevant document, by the {setting}."
        return f"{told} These questions cannot tell one {setting} from another."
    told = (
        f"At most {best.success:.0%} of the questions keep a relevant document, at {_value(best, over)} "
        f"with {best.passages:.1f} passages each."
    )
    if enough.passages < best.passages:
        told += f" With {_value(enough, over)} it is {enough.success:.0%} with {enough.passages:.1f}: not surely fewer."
    return told


def _success(cut: Cut) -> tuple[float, float]:
    """Orders cuts by how many questions keep a relevant document, then by how few passages that takes."""
    return cut.success or 0.0, -cut.passages


def _value(cut: Cut, over: str) -> str:
    return f"top-k {cut.top_k}" if over == "top_k" else f"threshold {threshold_text(cut.threshold or 0.0)}"


@once
def figure(
    cuts: Sequence[Cut], over: str, now: float | None, title: str, palette: Palette, log: bool = False
) -> go.Figure:
    """A line per rate over `threshold` or `top_k`; the policy's own value dashed. `log`: thresholds by size, as of
    probabilities, of which most are close to 0."""
    frame = table(cuts)
    frame = frame[frame[over] > 0] if log else frame
    colours = {"up": palette.up, "down": palette.down, "same": palette.same, "text": palette.text}
    fig = go.Figure()
    for name, (label, dash, colour) in LINES.items():
        if frame[name].isna().all():
            continue
        fig.add_trace(
            go.Scatter(
                x=frame[over],
                y=frame[name],
                name=label,
                mode="lines",
                line={"color": colours[colour], "dash": dash, "width": 2.5},
                hovertemplate=f"{label}: %{{y:.0%}} at %{{x:.3g}}<extra></extra>",
            )
        )
    if now:
        mark(fig, palette, f"now: {now:g}", x=now, above=True, log=log)
    shared = layout(palette, 400, margin={"l": 8, "r": 8, "t": 24, "b": 120})
    shared["showlegend"] = True
    fig.update_layout(
        **shared,
        legend={"orientation": "h", "y": -0.28, "x": 0},
        xaxis=axis(palette, title, **(LOG if log else {})),
        yaxis=axis(palette, "share", range=[0, 1.03], tickformat=".0%"),
    )
    return fig
