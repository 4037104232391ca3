"""The waterfall's lanes: one per step, also where a step paused."""

from __future__ import annotations

from rag_core.analysis.latency import bars
from tests.pipeline.test_search_round import laid
from ui.charts import waterfall
from ui.charts.palette import LIGHT


def test_a_lane_with_a_pause_is_one_lane_with_all_it_worked_written_at_its_end():
    trace = laid(0)
    drawn = waterfall.figure(trace, LIGHT).data[0]
    lane = [
        (float(base), float(took), text)
        for step, base, took, text in zip(drawn.y, drawn.base, drawn.x, drawn.text, strict=True)
        if step == "Extra search: extra 0"
    ]
    assert lane == [(0, 3, ""), (5, 4, "7.0 ms  dense list; 2 found; shares an embedding")]
    assert len(drawn.y) == len([bar for bar in bars(trace) if bar.kind == "inference"])
