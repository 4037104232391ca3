"""Colours of all charts, light and dark, and text made safe for plotly.

Up, down and kept are told apart by blue, orange and weight (Okabe and Ito's colour-blind safe pair), and always
by a mark as well. Plotly reads a subset of HTML in labels, so text from documents goes through `plain`.
"""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import Any

FONT = "Source Sans, Source Sans Pro, sans-serif"


@dataclass(frozen=True)
class Palette:
    """One theme's colours, as CSS colour strings."""

    up: str
    down: str
    same: str
    faint: str
    text: str
    muted: str
    grid: str
    band: str
    on: str
    """Text on a bar of a strong colour."""


LIGHT = Palette(
    up="#0072b2",
    down="#c8500a",
    same="#5b6875",
    faint="#c9d1d9",
    text="#1b2733",
    muted="#5b6875",
    grid="#e6ebf0",
    band="rgba(0,114,178,0.07)",
    on="#ffffff",
)
DARK = Palette(
    up="#56b4e9",
    down="#f0954a",
    same="#9aa7b4",
    faint="#3a4754",
    text="#e6ecf2",
    muted="#9aa7b4",
    grid="#26313c",
    band="rgba(86,180,233,0.10)",
    on="#0b1016",
)


def plain(text: str, limit: int = 60) -> str:
    """Text from a document as plotly shows it literally: one line, cut with an ellipsis, markup escaped."""
    line = " ".join(text.split())
    if len(line) > limit:
        line = line[: limit - 1].rstrip() + "…"
    return html.escape(line, quote=False)


def squeezed(text: str, limit: int) -> str:
    """The text with its middle left out where it is too long, so that a title's own end still tells it apart.

    >>> squeezed("Refunds for annual subscriptions: First purchase", 30)
    'Refunds for an…First purchase'
    """
    if len(text) <= limit:
        return text
    tail = limit // 2
    return f"{text[: limit - tail - 1].rstrip()}…{text[-tail:].lstrip()}"


def scatter(**fields: Any) -> dict[str, Any]:
    """A line or dots for `go.Figure(data=[...])`. Plotly checks a figure of plain dicts once, and one that grows trace
    by trace many times."""
    return {"type": "scatter", **fields}


def layout(palette: Palette, height: int, **more: Any) -> dict[str, Any]:
    """The layout that all charts share: transparent, no toolbar clutter, the theme's text colour."""
    return {
        "height": height,
        "autotypenumbers": "strict",
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": palette.text, "size": 13, "family": FONT},
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "showlegend": False,
        "hoverlabel": {"align": "left"},
        **more,
    }
