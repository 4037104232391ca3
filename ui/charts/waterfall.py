"""The run as a waterfall: a lane per step, searches side by side in time. Model loading stands in the table
and the sentence only: it is paid once, and would dwarf everything else on the axis.
"""

from __future__ import annotations

from rag_core.analysis.run_tables import lanes
from rag_core.wording.run_captions import latency_caption as caption

__all__ = ["caption", "figure", "lanes"]

import plotly.graph_objects as go

from rag_core.analysis.latency import duration
from rag_core.schema.once import once
from rag_core.schema.trace import Trace
from ui.charts.axes import axis
from ui.charts.palette import Palette, layout, plain

LANE_PX = 30
LOWEST_PX = 110
"""Less has no room for the axis."""
ACCENTS = ("First pass", "Rerank")
TOKENISE = ": tokenise"


@once
def figure(trace: Trace, palette: Palette) -> go.Figure:
    """Bars from start to end, the time written at the end of each lane."""
    table = lanes(trace)
    steps = table[table["kind"] == "inference"]
    last = ~steps.duplicated("step", keep="last")
    together = steps.groupby("step")["took_ms"].transform("sum")
    end = float((steps["started_ms"] + steps["took_ms"]).max()) or 1.0
    bars = {
        "type": "bar",
        "orientation": "h",
        "y": [plain(step) for step in steps["step"]],
        "x": list(steps["took_ms"].clip(lower=end * 0.003)),
        "base": list(steps["started_ms"]),
        "marker": {
            "color": [palette.up if step.startswith(ACCENTS) else palette.same for step in steps["step"]],
            "pattern": {"shape": ["/" if step.endswith(TOKENISE) else "" for step in steps["step"]]},
        },
        "text": [
            f"{'about ' * guess}{duration(took)}  {plain(note, 70)}" * ends
            for took, guess, note, ends in zip(together, steps["estimated"], steps["note"], last, strict=True)
        ],
        "textposition": "outside",
        "textfont": {"size": 12, "color": palette.text},
        "cliponaxis": False,
        "customdata": list(steps["started_ms"]),
        "hovertemplate": "<b>%{y}</b><br>starts at %{customdata:.1f} ms<extra></extra>",
    }
    return go.Figure(
        data=[bars],
        layout=layout(
            palette,
            max(LOWEST_PX, 50 + LANE_PX * int(last.sum())),
            xaxis=axis(
                palette,
                "milliseconds from the start of the run",
                range=[0, end * 1.55],
                ticksuffix=" ms",
                tickformat=",.0f",
            ),
            yaxis=axis(palette, autorange="reversed", tickfont={"size": 13, "color": palette.text}),
            bargap=0.35,
        ),
    )
