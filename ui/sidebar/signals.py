"""The signals in the sidebar: a switch, and the weight of each."""

from __future__ import annotations

import streamlit as st

from rag_core.schema.policy import SIGNAL_NAMES, Signals
from ui.sidebar.controls import CONTROLS, label_of, slider

AUTHORITY = (
    ("policy", 1.0),
    ("sla", 1.0),
    ("error-reference", 0.9),
    ("help-center", 0.8),
    ("release-notes", 0.7),
    ("handbook", 0.6),
    ("marketing", 0.3),
    ("chat", 0.2),
)
"""Authority by source; every other source counts 0.5."""


def choose() -> Signals:
    """Draw the signals and read them."""
    with st.expander("Signals", icon=":material/tune:"):
        on = st.toggle(label_of("sig"), key="sig", bind="query-params", help=CONTROLS["sig"].help)
        weights = {name: slider(f"w_{name}", 0.0, 1.0, 0.05, disabled=not on) for name in SIGNAL_NAMES}
    return Signals(on=on, sources=AUTHORITY, **weights)
