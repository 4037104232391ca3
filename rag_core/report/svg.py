"""Three still drawings for the report, from the same tables as the charts: rank movement, sorted scores, waterfall.

Plain SVG text: no script, no link, no font from elsewhere. Colours are CSS classes of the report's own style sheet.
Every text is escaped here.
"""

from __future__ import annotations

import html
from collections.abc import Hashable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import pandas as pd

from rag_core.analysis.run_tables import CUT, ENDED
from rag_core.wording.numbers import threshold_text

WIDTH = 960
ROW = 18
LABEL = 330


def rank_lines(movement: pd.DataFrame) -> str:
    """A line per candidate from its fused rank to its final one. `movement`: rag_core.analysis.run_tables.movement.

    Where there was a first pass, by way of its rank there; what it did not hand on ends there with a diamond, and what
    a reranker did not return ends with a square.
    """
    left, right = LABEL, WIDTH - LABEL
    places = max([1, *movement["before"], *movement["after"]])
    marks = {"up": "▲", "down": "▼", "same": "●"}
    parts = [_text(left, 14, "Fused rank", "end", "m"), _text(right, 14, "Final rank", "start", "m")]
    if movement["first_pass"].notna().any():
        parts.append(_text(WIDTH / 2, 14, "First pass", "middle", "m"))
    for row in movement.to_dict("records"):
        told = row["outcome"] == "kept"
        way = _way(row, left, right)
        parts += _lines(way, row["direction"] if told else "faint")
        if row["outcome"] in ENDED:
            parts.append(_text(way[-1][0], way[-1][1] + 4, "◇" if row["outcome"] == CUT else "□", "middle", "m"))
        if told:
            parts.append(_text(left - 8, way[0][1] + 4, f"{_cut(row['title'], 42)}  {row['before']}", "end"))
            mark = marks[row["direction"]]
            parts.append(_text(right + 8, way[-1][1] + 4, f"{row['after']}  {mark} {_cut(row['title'], 40)}", "start"))
    return _svg(30 + ROW * (places + 1), parts, "Rank movement")


def _way(row: Mapping[Hashable, Any], left: float, right: float) -> list[tuple[float, float]]:
    """One candidate's points: fused rank, rank in a first pass, final rank, as far as it came."""
    stops = [(left, row["before"]), (WIDTH / 2, row["first_pass"]), (right, row["after"])]
    came = stops[:2] if row["outcome"] in ENDED else stops
    return [(x, 24 + ROW * float(rank)) for x, rank in came if pd.notna(rank)]


def _lines(points: Sequence[tuple[float, float]], kind: str) -> list[str]:
    return [
        f'<line class="{kind}" x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}"/>'
        for (x1, y1), (x2, y2) in pairwise(points)
    ]


def score_dots(places: pd.DataFrame, minimum: float | None) -> str:
    """Scores from the highest down, the threshold across. `places`: rag_core.analysis.run_tables.score_places."""
    if places.empty:
        return ""
    high = max(float(places["score"].max()), minimum or 0.0)
    low = min(float(places["score"].min()), minimum if minimum is not None else 0.0, 0.0)
    height, span = 240, (high - low) or 1.0

    def y_of(score: float) -> float:
        return 20 + (height - 40) * (1 - (score - low) / span)

    parts = [_text(4, 14, f"{high:.4g}", "start", "m"), _text(4, height - 4, f"{low:.4g}", "start", "m")]
    step = (WIDTH - 80) / max(len(places), 1)
    for row in places.to_dict("records"):
        x, y = 60 + step * (row["place"] - 0.5), y_of(row["score"])
        shape = {"kept": "●", "cut by top-k": "○"}.get(row["outcome"], "×")
        parts.append(_text(x, y + 5, shape, "middle", "up" if row["outcome"] == "kept" else "m"))
    if minimum is not None:
        y = y_of(minimum)
        parts.append(f'<line class="cut" x1="56" y1="{y:.1f}" x2="{WIDTH}" y2="{y:.1f}"/>')
        parts.append(_text(WIDTH - 4, y - 5, f"threshold {threshold_text(minimum)}", "end", "m"))
    return _svg(height, parts, "Sorted scores")


def time_bars(lanes: pd.DataFrame) -> str:
    """A lane per step of the run; model loading is left to the table. `lanes`: rag_core.analysis.run_tables.lanes."""
    steps = lanes[lanes["kind"] == "inference"]
    end = max(1e-9, float((steps["started_ms"] + steps["took_ms"]).max()))
    left, span = 190, (WIDTH - 190) * 0.6
    parts = []
    for place, row in enumerate(steps.to_dict("records")):
        y = 8 + 24 * place
        x, wide = left + span * row["started_ms"] / end, max(1.5, span * row["took_ms"] / end)
        parts.append(_text(left - 8, y + 13, row["step"], "end"))
        parts.append(f'<rect class="bar" x="{x:.1f}" y="{y}" width="{wide:.1f}" height="17"/>')
        note = (
            "about " * row["estimated"]
            + f"{row['took_ms']:.1f} ms"
            + (f"  {_cut(row['note'], 60)}" if row["note"] else "")
        )
        parts.append(_text(x + wide + 6, y + 13, note, "start", "m"))
    return _svg(16 + 24 * len(steps), parts, "Where the time went")


def _svg(height: float, parts: list[str], name: str) -> str:
    body = "".join(parts)
    return f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="{html.escape(name)}">{body}</svg>'


def _text(x: float, y: float, text: str, anchor: str, kind: str = "t") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{html.escape(text)}</text>'


def _cut(text: str, limit: int) -> str:
    line = " ".join(str(text).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"
