"""The run as a waterfall: a lane per step, searches side by side in time. Model loading stands in the table
and the sentence only: it is paid once, and would dwarf everything else on the axis.
"""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from rag_core.latency import bars, duration
from rag_core.trace import Trace
from ui.charts.axes import axis
from ui.charts.palette import Palette, layout, plain

LANE_PX = 30
ACCENTS = ("First pass", "Rerank")
TOKENISE = ": tokenise"


def lanes(trace: Trace) -> pd.DataFrame:
    """A row per step (two where it paused): step, kind ("inference" or "load"), started_ms, took_ms, note."""
    rows = [bar.model_dump(include={"step", "kind", "started_ms", "took_ms", "note"}) for bar in bars(trace)]
    return pd.DataFrame(rows, columns=["step", "kind", "started_ms", "took_ms", "note"])


def reading(trace: Trace) -> str:
    """The slowest step and its share, what was spared by the cache, and model loading apart."""
    table = lanes(trace)
    steps = table[table["kind"] == "inference"]
    before = steps[steps["step"] != "Answer"]
    slowest = before.sort_values("took_ms", ascending=False).iloc[0]
    total = max(trace.took_ms, 1e-9)
    told = (
        f"{duration(trace.took_ms)} before the answer; {slowest['step']} took {slowest['took_ms'] / total:.0%} of it."
    )
    loads = table[table["kind"] == "load"]["took_ms"].sum()
    cached = sum(report.pairs_cached for _, report in trace.passes)
    spared = f" {cached} pair scores came from the cache." if cached else ""
    return f"{told}{spared}" + (f" Loading models took {duration(loads)} on top, once." if loads else "")


def figure(trace: Trace, palette: Palette) -> go.Figure:
    """Bars from start to end, the time written at the end of each lane."""
    table = lanes(trace)
    steps = table[table["kind"] == "inference"]
    last = ~steps.duplicated("step", keep="last")
    together = steps.groupby("step")["took_ms"].transform("sum")
    end = float((steps["started_ms"] + steps["took_ms"]).max()) or 1.0
    fig = go.Figure(
        go.Bar(
            orientation="h",
            y=[plain(step) for step in steps["step"]],
            x=steps["took_ms"].clip(lower=end * 0.003),
            base=steps["started_ms"],
            marker={
                "color": [palette.up if step.startswith(ACCENTS) else palette.same for step in steps["step"]],
                "pattern": {"shape": ["/" if step.endswith(TOKENISE) else "" for step in steps["step"]]},
            },
            text=[
                f"{duration(took)}  {plain(note, 70)}" * ends
                for took, note, ends in zip(together, steps["note"], last, strict=True)
            ],
            textposition="outside",
            textfont={"size": 12, "color": palette.text},
            cliponaxis=False,
            customdata=steps["started_ms"],
            hovertemplate="<b>%{y}</b><br>starts at %{customdata:.1f} ms<extra></extra>",
        )
    )
    fig.update_layout(
        **layout(
            palette,
            50 + LANE_PX * int(last.sum()),
            xaxis=axis(
                palette,
                "milliseconds from the start of the run",
                range=[0, end * 1.55],
                ticksuffix=" ms",
                tickformat=",.0f",
            ),
            yaxis=axis(palette, autorange="reversed", tickfont={"size": 13, "color": palette.text}),
            bargap=0.35,
        )
    )
    return fig
